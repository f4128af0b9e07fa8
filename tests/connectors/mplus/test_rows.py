"""The shipped rows through the real mapping: documents of the till become records of the middle, and come back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.mplus import customers, orders, products
from app.connectors.mplus.rows import IN_ROWS, OUT_ROWS
from app.connectors.mplus.saledocument import as_sale
from app.mapping.rows import RowMapping, parse_rows
from app.records.category import Category
from app.records.customer import Address, Customer, Person
from app.records.order import Order, OrderAddress, OrderLine, OrderPayment, VatSum
from app.records.product import Product, ProductImage, Variant
from app.records.stock import BranchStock, StockLevel
from app.sandbox.mplus.relationseed import seeded_relations

RECORDS = {
    "customer": Customer,
    "product": Product,
    "category": Category,
    "stock": StockLevel,
    "order": Order,
}
OUT = {kind: RowMapping.compile(parse_rows(rows)) for kind, rows in OUT_ROWS.items()}
IN = {kind: RowMapping.compile(parse_rows(rows)) for kind, rows in IN_ROWS.items()}


def record(kind, document):
    return RECORDS[kind].model_validate(OUT[kind].apply(document).document)


def written(kind, of, settings=None):
    return IN[kind].apply(of.model_dump(), settings=settings).document


def test_every_kind_has_rows():
    assert OUT_ROWS.keys() == RECORDS.keys()


def test_a_person():
    relation = customers.read(
        {
            "relationNumber": 17,
            "active": True,
            "createTimestamp": "2023-01-03T14:00:00+00:00",
            "changeTimestamp": "2026-06-01T10:00:00+00:00",
            "name": " Jan van den Berg ",
            "companyName": "",
            "address": "Kerkstraat 12a",
            "zipcode": "1234 AB",
            "city": "Utrecht",
            "country": "Nederland",
            "telephone": "030 2345678",
            "mobile": "geen",
            "email": " Jan@Voorbeeld.NL",
            "birthDate": "1980-02-29",
            "points": 12,
            "balance": Decimal("1.50"),
            "priceGroupNumber": 3,
            "paymentWithinDays": 14,
            "cardNumbers": ["990017"],
            "categoryIds": [1, 5],
            "extraText": "Belt vooraf",
            "customFieldList": [
                {"fieldName": "Nieuwsbrief", "dataType": "DATA-TYPE-BOOL", "boolValue": True}
            ],
        }
    )

    expected = Customer(
        id="17",
        number="17",
        email="jan@voorbeeld.nl",
        full_name="Jan van den Berg",
        first_name="Jan",
        last_name="van den Berg",
        phone="+31302345678",
        mobile="geen",
        birthday=date(1980, 2, 29),
        categories=("1", "5"),
        custom={"Nieuwsbrief": True},
        billing=Address(
            street="Kerkstraat",
            number="12",
            addition="a",
            layout="{street} {number}{addition}",
            postal_code="1234 AB",
            city="Utrecht",
            country="NL",
            country_text="Nederland",
        ),
        card_number="990017",
        price_group="3",
        payment_days=14,
        points=12,
        balance="1.50",
        note="Belt vooraf",
        created_at=datetime(2023, 1, 3, 14, tzinfo=UTC),
        changed_at=datetime(2026, 6, 1, 10, tzinfo=UTC),
    )
    assert expected == record("customer", relation)


def test_a_company_with_contacts():
    relation = customers.read(
        {
            "relationNumber": 24,
            "active": False,
            "name": "Bouwbedrijf in 't Veld V.O.F.",
            "companyName": "Bouwbedrijf in 't Veld V.O.F.",
            "contact": "Ruben Vos",
            "email": "info@intveld.nl",
            "country": "België",
            "telephone": "02 512 34 56",
            "deliveryAddress": "Rue de la Station 5 bte 3",
            "deliveryCity": "Liège",
            "deliveryCountry": "Belgique",
            "vatNumber": "BE0123456789",
            "commerceNumber": "78331923",
            "website": "https://intveld.nl",
            "contactList": [
                {
                    "relationNumber": 25,
                    "name": "Ruben Vos",
                    "email": "ruben@intveld.nl",
                    "mobile": "0470 12 34 56",
                },
                {"name": "Els De Smet", "email": "kapot@", "categoryIds": [5]},
            ],
        }
    )

    expected = Customer(
        id="24",
        number="24",
        active=False,
        email="info@intveld.nl",
        full_name="Ruben Vos",
        first_name="Ruben",
        last_name="Vos",
        company="Bouwbedrijf in 't Veld V.O.F.",
        phone="+3225123456",
        billing=Address(country="BE", country_text="België"),
        shipping=Address(
            street="Rue de la Station",
            number="5",
            addition="bte 3",
            city="Liège",
            country="BE",
            country_text="Belgique",
        ),
        website="https://intveld.nl",
        vat_number="BE0123456789",
        registration_number="78331923",
        contacts=(
            Person(
                id="25",
                email="ruben@intveld.nl",
                full_name="Ruben Vos",
                first_name="Ruben",
                last_name="Vos",
                mobile="+32470123456",
            ),
            Person(
                email_problem="invalid",
                full_name="Els De Smet",
                first_name="Els",
                last_name="De Smet",
                categories=("5",),
            ),
        ),
    )
    assert expected == record("customer", relation)


@pytest.mark.parametrize(
    ("relation", "names", "company"),
    [
        (
            {"name": "Bakkerij Jansen", "companyName": "Bakkerij Jansen"},
            ("Bakkerij Jansen", None),
            "Bakkerij Jansen",
        ),
        ({"name": "Jansen", "companyName": "Jansen", "contact": "Piet Jansen"}, ("Piet", "Jansen"), "Jansen"),
        ({"name": "Berg, J. van den"}, ("J.", "van den Berg"), None),
        ({"name": "Fam. de Vries"}, ("Fam. de Vries", None), None),
        ({"name": "X", "contact": "Piet Jansen"}, ("X", None), None),
        ({}, (None, None), None),
    ],
)
def test_names(relation, names, company):
    read = record("customer", customers.read({"relationNumber": 1} | relation))

    assert (names, company) == ((read.first_name, read.last_name), read.company)


def test_a_relation_without_anything_is_a_customer_without_anything():
    assert Customer(id="1", number="1", email_problem="missing") == record(
        "customer", customers.read({"relationNumber": 1})
    )


def test_products():
    product = products.with_groups(
        products.read(
            {
                "productNumber": 10,
                "description": "Trui",
                "extraText": "Warm",
                "groupNumbers": [2],
                "articleList": [
                    {
                        "articleNumber": 1001,
                        "description": "Trui rood M",
                        "colour": "rood",
                        "size": "M",
                        "barcode": "2000000100012",
                        "priceIncl": Decimal("49.95"),
                        "priceExcl": Decimal("41.28"),
                        "vatCode": 1,
                        "vatPercentage": Decimal(21),
                        "webshop": True,
                        "stockArticle": True,
                        "brandName": "Wolmerk",
                        "turnoverGroup": 5,
                        "createTimestamp": "2025-01-01T10:00:00+00:00",
                        "changeTimestamp": "2026-01-01T10:00:00+00:00",
                        "imageList": [{"imageId": 3, "imageUrl": "https://till.nl/3.jpg", "imageHash": "h"}],
                        "priceGroupList": [{"priceGroupNumber": 2, "priceIncl": Decimal("45.00")}],
                    },
                    {
                        "articleNumber": 1002,
                        "pluNumber": "T2",
                        "active": False,
                        "discontinued": True,
                        "stockArticle": False,
                    },
                ],
            }
        ),
        {2: {"groupNumber": 2, "name": "Truien", "path": ["Truien"]}},
    )

    expected = Product(
        id="10",
        title="Trui",
        description="Warm",
        brand="Wolmerk",
        categories=("2",),
        category_name="Truien",
        category_path=("Truien",),
        active=True,
        web_shop=True,
        tax_class="1",
        published_at=datetime(2025, 1, 1, 10, tzinfo=UTC),
        changed_at=datetime(2026, 1, 1, 10, tzinfo=UTC),
        images=(ProductImage(id="3", url="https://till.nl/3.jpg", hash="h", skus=("1001",)),),
        variants=(
            Variant(
                sku="1001",
                title="Trui rood M",
                gtin="2000000100012",
                price_incl=Decimal("49.95"),
                price_excl=Decimal("41.28"),
                vat_code="1",
                vat_rate=Decimal(21),
                attributes={"colour": "rood", "size": "M"},
                image_url="https://till.nl/3.jpg",
                turnover_group="5",
                price_groups={"2": Decimal("45.00")},
            ),
            Variant(
                sku="1002",
                title="Trui",
                plu="T2",
                active=False,
                discontinued=True,
                stock_managed=False,
                web_shop=False,
            ),
        ),
    )
    assert expected == record("product", product)


@pytest.mark.parametrize(
    ("articles", "active", "web_shop"),
    [
        ([{"active": False}, {"active": False}], False, False),
        ([{"active": False}, {}], True, False),
        ([{"webshop": False}, {"webshop": True}], True, True),
        ([], False, False),
    ],
)
def test_a_product_is_what_its_articles_are(articles, active, web_shop):
    whole = {
        "productNumber": 1,
        "articleList": [{"articleNumber": n, **a} for n, a in enumerate(articles, 1)],
    }
    product = record("product", products.read(whole))

    assert (active, web_shop) == (product.active, product.web_shop)


@pytest.mark.parametrize(
    ("barcode", "gtin", "problem"),
    [
        ("2000000100012", "2000000100012", None),
        ("2000000100013", "2000000100013", "The check digit is wrong."),
        ("0012345678905", "0012345678905", None),
        ("", None, None),
    ],
)
def test_a_barcode_is_text_with_a_check_digit(barcode, gtin, problem):
    whole = {"productNumber": 1, "articleList": [{"articleNumber": 1, "barcode": barcode}]}
    [variant] = record("product", products.read(whole)).variants

    assert (gtin, problem) == (variant.gtin, variant.gtin_problem)


def test_categories():
    group = {
        "groupNumber": 2,
        "name": "Truien",
        "parentGroupNumber": 1,
        "path": ["Kleding", "Truien"],
        "productNumbers": [10, 11],
        "sortOrder": 4,
        "isDeleted": True,
    }

    expected = Category(
        id="2",
        name="Truien",
        parent_id="1",
        path=("Kleding", "Truien"),
        product_ids=("10", "11"),
        position=4,
        deleted=True,
    )
    assert expected == record("category", group)


def test_stock():
    document = {
        "articleNumber": 7,
        "stockArticle": True,
        "isDayStockArticle": False,
        "branches": [
            {"branchNumber": 1, "stockId": 5, "amountFree": Decimal(10), "amountReserved": Decimal(3), "amountIncoming": Decimal(20)},
            {"stockId": 6, "amountFree": Decimal("-2")},
        ],
    }  # fmt: skip

    expected = StockLevel(
        sku="7",
        branches=(
            BranchStock(branch="1", free=Decimal(10), reserved=Decimal(3), incoming=Decimal(20)),
            BranchStock(branch="1", free=Decimal(-2)),
        ),
    )
    assert expected == record("stock", document)


def test_sales():
    receipt = orders.read("receipt")(
        {
            "receiptId": "r1",
            "receiptNumber": {"branchNumber": 1, "workplaceNumber": 2, "year": 2026, "number": 7},
            "receiptType": "RECEIPT-TYPE-RECEIPT",
            "state": "RECEIPT-STATE-PAID",
            "orderIds": ["o1"],
            "relationNumber": 17,
            "entryTimestamp": "2026-06-01T10:00:00+00:00",
            "financialDate": "2026-06-01",
            "financialBranchNumber": 1,
            "workplaceNumber": 2,
            "employeeNumber": 5,
            "totalInclAmount": Decimal("94.90"),
            "totalExclAmount": Decimal("78.43"),
            "paidAmount": Decimal("94.90"),
            "vatMethod": "VAT-METHOD-INCLUSIVE",
            "versionNumber": 1,
            "changeCounter": 2,
            "vatGroupList": [
                {
                    "vatCode": 1,
                    "vatPercentage": Decimal(21),
                    "exclAmount": Decimal("78.43"),
                    "vatAmount": Decimal("16.47"),
                }
            ],
            "lineList": [
                {
                    "lineId": "l1",
                    "articleNumber": 1001,
                    "text": "Trui",
                    "data": {
                        "quantity": Decimal(2),
                        "price": Decimal("49.95"),
                        "originalPrice": Decimal("49.95"),
                        "totalInclAmount": Decimal("94.90"),
                        "turnoverGroup": 5,
                        "vatCode": 1,
                        "vatPercentage": Decimal(21),
                    },
                },
                {"articleNumber": 0, "text": "Bedankt!"},
            ],
            "paymentList": [{"method": "PIN", "amount": Decimal("94.90"), "externalReference": "x1"}],
        }
    )
    document = orders.with_relation(
        receipt, {17: customers.read({"relationNumber": 17, "name": "Jan Bos", "email": "jan@x.nl"})}
    )

    expected = Order(
        id="receipt:r1",
        kind="receipt",
        number="1.2.2026.7",
        related_ids=("order:o1",),
        customer_ref="17",
        customer=Customer(
            id="17", number="17", email="jan@x.nl", full_name="Jan Bos", first_name="Jan", last_name="Bos"
        ),
        lines=(
            OrderLine(
                id="l1",
                sku="1001",
                title="Trui",
                quantity=Decimal(2),
                unit_price=Decimal("47.4500"),
                discount=Decimal("5.00"),
                total=Decimal("94.90"),
                vat_code="1",
                vat_rate=Decimal(21),
                account="5",
            ),
            OrderLine(id="2", title="Bedankt!", role="text"),
        ),
        total=Decimal("94.90"),
        total_excl=Decimal("78.43"),
        tax_total=Decimal("16.47"),
        discount_total=Decimal("5.00"),
        paid=Decimal("94.90"),
        vat=(VatSum(code="1", rate=Decimal(21), base=Decimal("78.43"), amount=Decimal("16.47")),),
        financial="paid",
        fulfilment="shipped",
        payments=(OrderPayment(method="PIN", amount=Decimal("94.90"), reference="x1"),),
        branch="1",
        workplace="2",
        employee="5",
        financial_date=date(2026, 6, 1),
        placed_at=datetime(2026, 6, 1, 10, tzinfo=UTC),
        version="1.2",
    )
    assert expected == record("order", document)


def test_a_sale_without_a_customer_has_none():
    order = record(
        "order",
        orders.read("order")(
            {
                "orderId": "a",
                "deliveryAddress": {"name": "Bedrijf", "contact": "Els", "companyName": "Bedrijf"},
            }
        ),
    )

    assert (order.customer, order.customer_ref, order.billing) == (None, None, None)
    assert order.shipping == OrderAddress(name="Els", company="Bedrijf")


def test_a_shops_order_becomes_a_sale_of_the_till():
    order = Order(
        id="shop-1",
        number="#1001",
        customer_ref="17",
        total=Decimal("99.90"),
        lines=(OrderLine(id="1", sku="1001", title="Trui", quantity=Decimal(2), unit_price=Decimal("49.95"), vat_code="1"),),
        shipping=OrderAddress(name="Jan Bos", street="Kerkstraat", number="12", addition="a", postal_code="1234 AB", city="Utrecht", country="NL"),
        payments=(OrderPayment(method="WEB", amount=Decimal("99.90")),),
        financial_date=date(2026, 6, 1),
    )  # fmt: skip

    document = written("order", order, settings={"branch": "2", "workplace": "3"})

    expected = {
        "relationNumber": Decimal(17),
        "employeeNumber": Decimal(999999),
        "entryBranchNumber": Decimal(2),
        "financialBranchNumber": Decimal(2),
        "workplaceNumber": Decimal(3),
        "reference": "#1001",
        "vatMethod": "VAT-METHOD-INCLUSIVE",
        "financialDate": "2026-06-01",
        "totalInclAmount": Decimal("99.90"),
        "deliveryAddress": {
            "name": "Jan Bos",
            "address": "Kerkstraat 12 a",
            "zipcode": "1234 AB",
            "city": "Utrecht",
            "country": "NL",
        },
        "lineList": [
            {
                "articleNumber": "1001",
                "text": "Trui",
                "quantity": Decimal(2),
                "price": Decimal("49.95"),
                "discountAmount": Decimal(0),
                "vatCode": Decimal(1),
            }
        ],
        "paymentList": [{"method": "WEB", "amount": Decimal("99.90")}],
    }
    assert expected == document
    assert as_sale(document, kind="order", external="shop-1")["extOrderId"] == "shop-1"


# --- coming to rest: what was read, written back, is no change ----------------------------------------------------------


def test_a_believable_shop_comes_to_rest():
    restless = {}
    for row in seeded_relations(size=300, seed=7):
        document = customers.read({name: value for name, value in row.items() if name in READ_AS_TOLD})
        back = written("customer", record("customer", document))
        changes = customers.differences(back, document)
        if changes:
            restless[row["relationNumber"]] = {
                name: (document.get(name), value) for name, value in changes.items()
            }

    assert restless == {}


READ_AS_TOLD = {
    "relationNumber", "active", "name", "companyName", "contact", "email", "telephone", "mobile", "address", "zipcode",
    "city", "country", "deliveryAddress", "deliveryZipcode", "deliveryCity", "deliveryCountry", "website", "vatNumber",
    "commerceNumber", "paymentWithinDays",
}  # fmt: skip
WORDS = st.text(alphabet="abcdeABC éëÖ'.-,&0123456789", max_size=25)


@given(
    st.fixed_dictionaries(
        {"relationNumber": st.just(1)},
        optional={
            "name": WORDS,
            "companyName": WORDS,
            "contact": WORDS,
            "email": st.sampled_from(["jan@x.nl", " Jan@X.NL ", "kapot", ""]),
            "telephone": st.sampled_from(["06-12345678", "+32 470 12 34 56", "geen", "030 234"]),
            "address": WORDS,
            "zipcode": st.sampled_from(["1234 AB", "1234ab", "x"]),
            "city": WORDS,
            "country": st.sampled_from(["Nederland", "BE", "belgique", "Ergens", ""]),
            "birthDate": st.dates().map(str),
        },
    )
)
def test_any_relation_comes_to_rest_after_one_write(relation):
    document = customers.read(relation)
    first = customers.differences(written("customer", record("customer", document)), document)
    settled = customers.read(document | first)
    second = customers.differences(written("customer", record("customer", settled)), settled)

    assert second == {}
