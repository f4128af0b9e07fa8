"""The shipped rows by which a sale of a shop becomes one of the till's: head, addresses, lines, payments, and its relation.

Lines name their article as the shop does, and ``relation`` is the buyer as the till should have him: both are looked up
before anything is written (:mod:`salenames`). Settings that these rows read: employee_number, branch, workplace,
delivery_method, order_category.
"""

from __future__ import annotations

Rows = tuple[tuple[str, str] | tuple[str, str, str], ...]


def street_line(source: str) -> str:
    """An address on one line, as it was written."""
    return (
        f"street_line({source}.street, {source}.number, {source}.addition, {source}.country, {source}.layout)"
    )


def _address(target: str, source: str) -> Rows:
    return (
        (f"{target}.name", f"coalesce({source}.company, {source}.name)"),
        (f"{target}.contact", f"if({source}.company, {source}.name, `null`)"),
        (f"{target}.companyName", f"{source}.company"),
        (
            f"{target}.address",
            street_line(source),
        ),
        (f"{target}.zipcode", f"{source}.postal_code"),
        (f"{target}.city", f"{source}.city"),
        (f"{target}.country", f"coalesce({source}.country_text, {source}.country)"),
    )


def _home(source: str, *, street: str, zipcode: str, city: str, country: str) -> Rows:
    """One of a relation's two addresses."""
    return (
        (
            f"relation.{street}",
            street_line(source),
        ),
        (f"relation.{zipcode}", f"{source}.postal_code"),
        (f"relation.{city}", f"{source}.city"),
        (f"relation.{country}", f"coalesce({source}.country_text, {source}.country)"),
    )


_PERSON = "coalesce(customer.full_name, full_name(customer.first_name, customer.last_name))"

RELATION: Rows = (
    ("relation.name", f"coalesce(customer.company, {_PERSON}, customer.email)"),
    ("relation.companyName", "customer.company"),
    (
        "relation.contact",
        f"if(customer.company && customer.full_name != customer.company, {_PERSON}, `null`)",
    ),
    ("relation.email", "customer.email"),
    ("relation.telephone", "customer.phone"),
    ("relation.mobile", "customer.mobile"),
    *_home("customer.billing", street="address", zipcode="zipcode", city="city", country="country"),
    *_home(
        "customer.shipping",
        street="deliveryAddress",
        zipcode="deliveryZipcode",
        city="deliveryCity",
        country="deliveryCountry",
    ),
    ("relation.vatNumber", "customer.vat_number"),
    ("relation.commerceNumber", "customer.registration_number"),
    ("relation.paymentWithinDays", "customer.payment_days"),
)
"""What is known of a buyer; what is not known is left as the till has it."""

SALES_IN: Rows = (
    ("relationNumber", "number(customer_ref)"),
    *RELATION,
    ("employeeNumber", "number(coalesce(employee, settings.employee_number, `999999`))"),
    ("entryBranchNumber", "number(coalesce(branch, settings.branch, `1`))"),
    ("financialBranchNumber", "number(coalesce(branch, settings.branch, `1`))"),
    ("workplaceNumber", "number(coalesce(workplace, settings.workplace))"),
    ("reference", "coalesce(reference, number)"),
    (
        "vatMethod",
        "if(taxed == 'shifted', 'VAT-METHOD-SHIFTED', if(taxed == 'none', 'VAT-METHOD-NONE', "
        "if(prices_include_vat, 'VAT-METHOD-INCLUSIVE', 'VAT-METHOD-EXCLUSIVE')))",
    ),
    ("vatCountryIso3", "tax_country"),
    ("financialDate", "iso_date(financial_date)"),
    ("dueDate", "iso_date(due_date)"),
    ("entryTimestamp", "placed_at"),
    ("deliveryMethod", "coalesce(delivery_method, settings.delivery_method)"),
    ("orderCategoryNumber", "number(coalesce(category, settings.order_category))"),
    ("totalInclAmount", "total"),
    *_address("deliveryAddress", "shipping"),
    *_address("invoiceAddress", "billing"),
    ("lineList[]", "lines"),
    ("lineList[].articleNumber", "item.sku"),
    ("lineList[].text", "item.title"),
    ("lineList[].quantity", "item.quantity"),
    (
        "lineList[].price",
        "if(whole.prices_include_vat, item.unit_price, coalesce(item.unit_price_excl, item.unit_price))",
    ),
    ("lineList[].discountAmount", "item.discount"),
    (
        "lineList[].lineTotal",
        "if(whole.prices_include_vat, item.total, coalesce(item.total_excl, item.total))",
    ),
    ("lineList[].vatCode", "number(item.vat_code)"),
    ("lineList[].accountNumber", "item.account"),
    ("paymentList[]", "payments"),
    ("paymentList[].method", "item.method"),
    ("paymentList[].amount", "item.amount"),
    ("paymentList[].externalReference", "item.reference"),
)
"""Leg 2: an Order record to an order or an invoice of the till."""
