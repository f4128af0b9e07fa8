"""The shipped rows of this side: from the till's documents to the records of the middle, and back.

Rows are data that a merchant may change; these are where everybody starts. ``OUT_ROWS`` read a document of the till,
``IN_ROWS`` write one. In a list's rows ``item`` is the element and ``whole`` the document around it.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.connectors.mplus.salerows import SALES_IN, street_line

Rows = tuple[tuple[str, str] | tuple[str, str, str], ...]


def _person(target: str, source: str, country: str) -> Rows:
    """What every person has, a relation's own or one of its contacts."""
    return (
        (f"{target}id", f"as_text({source}relationNumber)"),
        (f"{target}email", f"email({source}email)"),
        (f"{target}email_problem", f"email_problem({source}email)"),
        (f"{target}full_name", f"{source}personName"),
        (f"{target}first_name", f"first_name({source}personName, {source}personIsCompany)"),
        (f"{target}last_name", f"last_name({source}personName, {source}personIsCompany)"),
        (f"{target}phone", f"coalesce(phone({source}telephone, {country}), {source}telephone)"),
        (f"{target}mobile", f"coalesce(phone({source}mobile, {country}), {source}mobile)"),
        (f"{target}birthday", f"{source}birthDate"),
        (f"{target}categories", f"texts({source}categoryIds)"),
        (f"{target}custom", f"{source}customFields"),
    )


def _address(target: str, line: str, zipcode: str, city: str, country: str) -> Rows:
    """One address text in parts, and a country as somebody typed it."""
    return (
        (f"{target}.street", f"street({line}, {country})"),
        (f"{target}.number", f"house_number({line}, {country})"),
        (f"{target}.addition", f"house_addition({line}, {country})"),
        (f"{target}.layout", f"street_layout({line}, {country})"),
        (f"{target}.postal_code", f"{zipcode}"),
        (f"{target}.city", f"{city}"),
        (f"{target}.country", f"country_code({country}, `null`)"),
        (f"{target}.country_text", f"{country}"),
    )


def _relation(target: str, source: str) -> Rows:
    """A relation without its contacts."""
    return (
        *_person(target, source, f"{source}country"),
        (f"{target}company", f"{source}companyName"),
        (f"{target}active", f"{source}active"),
        *_address(
            f"{target}billing", f"{source}address", f"{source}zipcode", f"{source}city", f"{source}country"
        ),
        *_address(
            f"{target}shipping",
            f"{source}deliveryAddress",
            f"{source}deliveryZipcode",
            f"{source}deliveryCity",
            f"{source}deliveryCountry",
        ),
        (f"{target}website", f"{source}website"),
        (f"{target}vat_number", f"{source}vatNumber"),
        (f"{target}registration_number", f"{source}commerceNumber"),
        (f"{target}number", f"as_text({source}relationNumber)"),
        (f"{target}card_number", f"coalesce({source}cardNumber, {source}cardNumbers[0])"),
        (f"{target}price_group", f"as_text({source}priceGroupNumber)"),
        (f"{target}payment_days", f"{source}paymentWithinDays"),
        (f"{target}points", f"{source}points"),
        (f"{target}balance", f"{source}balance"),
        (f"{target}note", f"{source}extraText"),
        (f"{target}created_at", f"{source}createTimestamp"),
        (f"{target}changed_at", f"{source}changeTimestamp"),
    )


CUSTOMERS_OUT: Rows = (
    *_relation("", ""),
    # Only where they are read along: see the settings about loyalty.
    ("purchases.count", "purchases.count"),
    ("purchases.total", "purchases.total"),
    ("purchases.last", "purchases.last"),
    ("purchases.groups", "coalesce(purchases.groups, `[]`)"),
    ("contacts[]", "contactList"),
    *_person("contacts[].", "item.", "coalesce(item.country, whole.country)"),
)

# Nothing is emptied by these: what the record does not know is left out. The till's own spelling stays where it says
# the same (see ``customers.same_meaning``).
CUSTOMERS_IN: Rows = (
    ("name", "coalesce(company, full_name, full_name(first_name, last_name), email)"),
    ("companyName", "company"),
    (
        "contact",
        "if(company && full_name != company, coalesce(full_name, full_name(first_name, last_name)), `null`)",
    ),
    ("email", "email"),
    ("telephone", "phone"),
    ("mobile", "mobile"),
    ("birthDate", "iso_date(birthday)"),
    ("address", street_line("billing")),
    ("zipcode", "billing.postal_code"),
    ("city", "billing.city"),
    ("country", "coalesce(billing.country_text, billing.country)"),
    ("deliveryAddress", street_line("shipping")),
    ("deliveryZipcode", "shipping.postal_code"),
    ("deliveryCity", "shipping.city"),
    ("deliveryCountry", "coalesce(shipping.country_text, shipping.country)"),
    ("website", "website"),
    ("vatNumber", "vat_number"),
    ("commerceNumber", "registration_number"),
    ("paymentWithinDays", "payment_days"),
    ("extraText", "note", "create"),
)

CONTACT = "contact"
"""A person of an audience who is to become a relation."""

# A contact of an audience has one name and one number: in which fields of a relation they stand, see ``placing.py``.
# What the record does not know is left out.
CONTACTS_IN: Rows = (
    ("personName", "coalesce(full_name, full_name(first_name, last_name))"),
    ("companyName", "company"),
    ("email", "email"),
    ("phoneNumber", "coalesce(mobile, phone)"),
    ("address", street_line("billing")),
    ("zipcode", "billing.postal_code"),
    ("city", "billing.city"),
    ("country", "coalesce(billing.country, billing.country_text)"),
    # By the table of the flow's settings: numbers of categories with yes or no; others stay as they are.
    ("categories", "if(category_wishes, category_wishes, null())"),
)

PRODUCTS_OUT: Rows = (
    ("id", "as_text(productNumber)"),
    ("title", "coalesce(description, articleList[0].description)"),
    ("description", "coalesce(extraText, articleList[0].extraText)"),
    ("short_description", "articleList[0].invoiceText"),
    ("brand", "articleList[0].brandName"),
    ("categories", "texts(groupNumbers)"),
    ("category_name", "groups[0].name"),
    ("category_path", "groups[0].path"),
    ("active", "length(articleList[?active != `false`]) > `0`"),
    ("web_shop", "length(articleList[?webshop]) > `0`"),
    ("tax_class", "as_text(articleList[0].vatCode)"),
    ("published_at", "min(articleList[].createTimestamp)"),
    ("changed_at", "max(articleList[].changeTimestamp)"),
    ("images[]", "images"),
    ("images[].id", "as_text(item.imageId)"),
    ("images[].url", "item.imageUrl"),
    ("images[].hash", "item.imageHash"),
    ("images[].skus", "texts(item.articleNumbers)"),
    ("variants[]", "articleList"),
    ("variants[].sku", "as_text(item.articleNumber)"),
    ("variants[].external_id", "item.extArticleId"),
    ("variants[].plu", "item.pluNumber"),
    ("variants[].title", "coalesce(item.description, whole.description)"),
    ("variants[].gtin", "gtin(item.barcode)"),
    (
        "variants[].gtin_problem",
        "if(item.barcode && !gtin_valid(item.barcode), 'The check digit is wrong.', `null`)",
    ),
    ("variants[].price_incl", "item.priceIncl"),
    ("variants[].price_excl", "item.priceExcl"),
    ("variants[].vat_code", "as_text(item.vatCode)"),
    ("variants[].vat_rate", "item.vatPercentage"),
    ("variants[].active", "item.active"),
    ("variants[].discontinued", "item.discontinued"),
    ("variants[].web_shop", "if(item.webshop, `true`, `false`)"),
    ("variants[].stock_managed", "item.stockArticle"),
    # Only where the stock is read along: what can be sold in all branches, in whole pieces.
    ("variants[].quantity", "if(item.stock, max([floor(sum(item.stock[].amountFree)), `0`]), `null`)"),
    ("variants[].attributes.colour", "item.colour"),
    ("variants[].attributes.size", "item.size"),
    ("variants[].image_url", "item.imageList[0].imageUrl"),
    ("variants[].unit", "coalesce(item.unit, item.siUnit)"),
    ("variants[].turnover_group", "as_text(item.turnoverGroup)"),
    ("variants[].price_groups", "item.priceGroups"),
    ("variants[].custom", "item.customFields"),
)

# What a shop's product says. The price is the one that the shop states; the till reckons the other. ``sku`` is how the shop
# knows the article: it is compared and looked up by it, and becomes its external id.
PRODUCTS_IN: Rows = (
    ("description", "title"),
    ("extraText", "description"),
    ("groupNumbers", "categories"),
    ("articleList[]", "variants"),
    ("articleList[].sku", "item.sku"),
    ("articleList[].articleNumber", "item.number"),
    ("articleList[].pluNumber", "item.plu"),
    ("articleList[].description", "item.title"),
    ("articleList[].barcode", "item.gtin"),
    ("articleList[].colour", "item.attributes.colour"),
    ("articleList[].size", "item.attributes.size"),
    ("articleList[].brandName", "whole.brand"),
    ("articleList[].vatCode", "item.vat_code"),
    ("articleList[].turnoverGroup", "item.turnover_group"),
    ("articleList[].priceIncl", "item.price_incl"),
    ("articleList[].priceExcl", "item.price_excl"),
    ("articleList[].webshop", "item.visible"),
    ("articleList[].stockArticle", "`true`", "create"),
    ("images[]", "images"),
    ("images[].id", "item.id"),
    ("images[].url", "item.url"),
    ("images[].skus", "item.skus"),
)

CATEGORIES_OUT: Rows = (
    ("id", "as_text(groupNumber)"),
    ("name", "name"),
    ("parent_id", "as_text(parentGroupNumber)"),
    ("path", "path"),
    ("product_ids", "texts(productNumbers)"),
    ("position", "sortOrder"),
    ("deleted", "isDeleted"),
)

STOCK_OUT: Rows = (
    ("sku", "as_text(articleNumber)"),
    ("managed", "stockArticle"),
    ("day_stock", "isDayStockArticle"),
    ("branches[]", "branches"),
    ("branches[].branch", "coalesce(as_text(item.branchNumber), '1')"),
    ("branches[].free", "item.amountFree"),
    ("branches[].reserved", "item.amountReserved"),
    ("branches[].incoming", "item.amountIncoming"),
)


def _order_address(target: str, source: str) -> Rows:
    return (
        (f"{target}.name", f"coalesce({source}.contact, {source}.name)"),
        (f"{target}.company", f"{source}.companyName"),
        *_address(target, f"{source}.address", f"{source}.zipcode", f"{source}.city", f"{source}.country"),
    )


ORDERS_OUT: Rows = (
    ("id", "concat(kind, ':', id)"),
    ("kind", "kind"),
    ("number", "number"),
    ("external_id", "coalesce(extOrderId, extInvoiceId, extReceiptId)"),
    ("related_ids", "relatedIds"),
    ("credit_of", "creditOf"),
    ("credit_related_ids", "creditRelatedIds"),
    ("customer_ref", "as_text(relationNumber)"),
    *(row for row in _relation("customer.", "relation.") if row[0] != "customer.email_problem"),
    ("customer.email_problem", "if(relation, email_problem(relation.email), `null`)"),
    ("total", "totalInclAmount"),
    ("total_excl", "totalExclAmount"),
    ("tax_total", "taxTotal"),
    ("paid", "paid"),
    ("discount_total", "discountTotal"),
    ("prices_include_vat", "pricesIncludeVat"),
    ("financial", "financial"),
    ("fulfilment", "fulfilment"),
    ("is_revenue", "isRevenue"),
    *_order_address("billing", "invoiceAddress"),
    *_order_address("shipping", "deliveryAddress"),
    ("branch", "as_text(financialBranchNumber)"),
    ("workplace", "as_text(workplaceNumber)"),
    ("employee", "as_text(employeeNumber)"),
    ("category", "as_text(coalesce(orderCategoryNumber, salesCategoryNumber))"),
    ("delivery_method", "deliveryMethod"),
    ("reference", "reference"),
    ("financial_date", "financialDate"),
    ("placed_at", "entryTimestamp"),
    ("version", "concat(versionNumber, '.', changeCounter)"),
    ("lines[]", "lineList"),
    ("lines[].id", "item.lineId"),
    ("lines[].sku", "as_text(item.articleNumber)"),
    ("lines[].product", "as_text(item.productNumber)"),
    ("lines[].title", "item.text"),
    ("lines[].role", "item.role"),
    ("lines[].quantity", "item.quantity"),
    ("lines[].unit", "item.siUnit"),
    ("lines[].unit_price", "item.unitPrice"),
    ("lines[].unit_price_excl", "item.priceExcl"),
    ("lines[].discount", "item.discount"),
    (
        "lines[].promotion",
        "coalesce(item.salePromotionData.description, item.salePromotionData.salePromotionId)",
    ),
    ("lines[].total", "item.totalInclAmount"),
    ("lines[].total_excl", "item.totalExclAmount"),
    ("lines[].vat_code", "as_text(item.vatCode)"),
    ("lines[].vat_rate", "item.vatPercentage"),
    ("lines[].account", "as_text(item.turnoverGroup)"),
    ("vat[]", "vatGroupList"),
    ("vat[].code", "as_text(item.vatCode)"),
    ("vat[].rate", "item.vatPercentage"),
    ("vat[].base", "item.exclAmount"),
    ("vat[].amount", "item.vatAmount"),
    ("payments[]", "paymentList"),
    ("payments[].method", "item.method"),
    ("payments[].amount", "item.amount"),
    ("payments[].at", "item.entryTimestamp"),
    ("payments[].reference", "coalesce(item.externalReference, item.externalPaymentId)"),
)


OUT_ROWS: Mapping[str, Rows] = {
    "customer": CUSTOMERS_OUT,
    "product": PRODUCTS_OUT,
    "category": CATEGORIES_OUT,
    "stock": STOCK_OUT,
    "order": ORDERS_OUT,
}
"""By kind of record: document of the till → record."""

IN_ROWS: Mapping[str, Rows] = {
    "customer": CUSTOMERS_IN,
    CONTACT: CONTACTS_IN,
    "product": PRODUCTS_IN,
    "order": SALES_IN,
}
"""By kind of target record: record → document of the till."""
