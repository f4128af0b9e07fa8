"""Customers, orders, carts and promo rules: rules, literal refusals, and the mails that would have gone out."""

from __future__ import annotations

from typing import Any

import pytest

from app.sandbox.mailchimp.shopping import Shopping
from tests.sandbox.mailchimp.conftest import ANNA, BRAM, Shop, said

NOT_VALIDATED = (
    "The resource submitted could not be validated. For field-specific details, see the 'errors' array."
)
PROCESS = "We were unable to process the request."
NOT_FOUND = (404, "Resource Not Found", "The requested resource could not be found.")
STORE = "/ecommerce/stores/till"
CUSTOMERS = f"{STORE}/customers"
ORDERS = f"{STORE}/orders"
NO_PRODUCT = (
    400,
    "Bad Request",
    "A product with the provided ID does not exist in the account for this list.",
)
NO_VARIANT = (
    400,
    "Bad Request",
    "A product with the provided variant ID does not exist in the account for this list.",
)
NO_CAMPAIGN = (
    400,
    "Bad Request",
    "A campaign with the provided ID does not exist in the account for this list.",
)


@pytest.fixture
def till(shop: Shop) -> Shopping:
    """Our store with bread (one variant) and a jumper (two)."""
    till = Shopping.open(shop.account, "till", list_id="a1b2c3d4e5")
    till.stock("100", title="Bread", price=2.75)
    till.stock("200", title="Jumper", price=39.95, variants=("S", "M"))
    return till


def anna(**more: Any) -> dict[str, Any]:
    return {"id": "anna", "email_address": ANNA, "opt_in_status": False, **more}


def line(**more: Any) -> dict[str, Any]:
    return {"id": "1", "product_id": "100", "product_variant_id": "100", "quantity": 2, "price": 2.75, **more}


def order(**more: Any) -> dict[str, Any]:
    return {
        "id": "o1",
        "customer": anna(),
        "currency_code": "EUR",
        "order_total": 5.5,
        "lines": [line()],
        **more,
    }


# -- customers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "opt_in", "expected"),
    [
        (None, True, "subscribed"),
        (None, False, "transactional"),
        ("unsubscribed", True, "unsubscribed"),
        ("cleaned", True, "cleaned"),
        ("archived", True, "archived"),
        ("subscribed", False, "subscribed"),
        ("transactional", True, "transactional"),
    ],
)
async def test_the_contact_of_a_customer(
    shop: Shop, till: Shopping, before: str | None, opt_in: bool, expected: str
) -> None:
    if before is not None:
        shop.life.add(ANNA, status="subscribed" if before == "archived" else before)
    if before == "archived":
        shop.life.archive(ANNA)

    status, _ = await shop.call("PUT", f"{CUSTOMERS}/anna", anna(opt_in_status=opt_in, first_name="Anna"))

    assert (200, expected) == (status, shop.member().status)


async def test_a_customer_who_turns_from_false_to_true_is_subscribed_and_never_back(
    shop: Shop, till: Shopping
) -> None:
    await shop.call("PUT", f"{CUSTOMERS}/anna", anna())
    await shop.call("PUT", f"{CUSTOMERS}/anna", anna(opt_in_status=True))
    lifted = shop.member().status
    await shop.call("PUT", f"{CUSTOMERS}/anna", anna(opt_in_status=False))

    assert ("subscribed", "subscribed") == (lifted, shop.member().status)


async def test_an_order_first_makes_the_contact_transactional_for_good(shop: Shop, till: Shopping) -> None:
    await shop.call("POST", ORDERS, order())

    _, member = await shop.put(ANNA, status_if_new="subscribed")

    assert "transactional" == member["status"]


@pytest.mark.parametrize(
    ("method", "path", "sent", "expected"),
    [
        ("PUT", "/anna", anna(email_address=BRAM),
         (400, "Bad Request", "An email address may not be changed once a customer is created")),
        ("PATCH", "/anna", {"email_address": BRAM},
         (400, "Bad Request", "An email address may not be changed once a customer is created")),
        ("PUT", "/other", anna(id="other", email_address=ANNA.upper()),
         (400, "Bad Request", "This customer email already exists")),
        ("POST", "", anna(), (400, "Bad Request", f"{PROCESS} A customer with the provided ID already exists in the account.")),
        ("PUT", "/other", anna(id="other", email_address=""),
         (400, "Invalid Resource", NOT_VALIDATED,
          ("email_address", "An email address is required to create a customer."))),
        ("PUT", "/other", {"id": "other", "email_address": BRAM},
         (400, "Invalid Resource", NOT_VALIDATED, ("", "Required fields were not provided: opt_in_status"))),
        ("PUT", f"/{'c' * 51}", anna(id="other", email_address=BRAM), NOT_FOUND),
        ("POST", "", anna(id="c" * 51, email_address=BRAM),
         (400, "Invalid Resource", NOT_VALIDATED,
          ("id", "This value is too long. It should have 50 characters or less."))),
        ("PUT", "/other", anna(id="other", email_address="x@example.com"),
         (400, "Invalid Resource", "x@example.com looks fake or invalid, please enter a real email address.")),
        ("PATCH", "/nosuch", {"company": "x"}, NOT_FOUND),
    ],
)  # fmt: skip
async def test_customers_that_are_refused(
    shop: Shop, till: Shopping, method: str, path: str, sent: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    await shop.call("POST", CUSTOMERS, anna())

    assert expected == said(await shop.call(method, f"{CUSTOMERS}{path}", sent))
    assert ["anna"] == list(till.store.customers)


async def test_a_customer_counts_his_orders(shop: Shop, till: Shopping) -> None:
    await shop.call("POST", ORDERS, order(order_total=0.1))
    await shop.call("POST", ORDERS, order(id="o2", order_total=0.2))
    await shop.call("POST", ORDERS, order(id="o3", order_total=9))
    await shop.call("PATCH", f"{ORDERS}/o3", {"cancelled_at_foreign": "2026-03-01T12:00:00Z"})
    counted = (await shop.call("GET", f"{CUSTOMERS}/anna"))[1]
    await shop.call("DELETE", f"{ORDERS}/o1")
    after = (await shop.call("PATCH", f"{CUSTOMERS}/anna", {"company": "De Wit", "orders_count": 99}))[1]

    assert (2, 0.3) == (counted["orders_count"], counted["total_spent"])
    assert (1, 0.2, "De Wit") == (after["orders_count"], after["total_spent"], after["company"])


async def test_customers_are_found_by_address(shop: Shop, till: Shopping) -> None:
    await shop.call("POST", CUSTOMERS, anna())
    await shop.call("POST", CUSTOMERS, anna(id="bram", email_address=BRAM))

    found = (await shop.call("GET", f"{CUSTOMERS}?email_address={BRAM}"))[1]
    every = (await shop.call("GET", f"{CUSTOMERS}?fields=customers.id,total_items"))[1]

    assert (["bram"], 1) == ([one["id"] for one in found["customers"]], found["total_items"])
    assert {"customers": [{"id": "anna"}, {"id": "bram"}], "total_items": 2} == every


async def test_after_deleting_a_customer_the_address_is_free(shop: Shop, till: Shopping) -> None:
    await shop.call("POST", CUSTOMERS, anna())
    assert (204, None) == await shop.call("DELETE", f"{CUSTOMERS}/anna")

    assert 200 == (await shop.call("POST", CUSTOMERS, anna(id="anna-2")))[0]


# -- orders ------------------------------------------------------------------------------------------------------


async def test_an_order_is_shown_whole(shop: Shop, till: Shopping) -> None:
    where = {"name": "Anna de Wit", "address1": "Markt 1", "city": "Utrecht", "postal_code": "3511 AA"}
    sent = order(
        financial_status="paid",
        tax_total=0.45,
        discount_total=1,
        processed_at_foreign="2018-06-12 01:20:05",
        billing_address=where,
        promos=[{"code": "BREAD", "amount_discounted": 1, "type": "fixed"}],
    )

    status, made = await shop.call("POST", ORDERS, sent)
    again = await shop.call("GET", f"{ORDERS}/o1")

    assert (200, (200, made)) == (status, again)
    del made["_links"]
    blank = dict.fromkeys(
        ("name", "address1", "address2", "city", "province", "province_code", "postal_code", "country",
         "country_code", "phone", "company"), ""
    )  # fmt: skip
    assert {
        "id": "o1",
        "store_id": "till",
        "customer": {
            "id": "anna",
            "email_address": ANNA,
            "sms_phone_number": "",
            "opt_in_status": False,
            "company": "",
            "first_name": "",
            "last_name": "",
            "orders_count": 1,
            "total_spent": 5.5,
            "address": {name: "" for name in blank if name not in ("name", "phone", "company")},
            "created_at": "2026-03-01T12:00:00+00:00",
            "updated_at": "2026-03-01T12:00:00+00:00",
        },
        "currency_code": "EUR",
        "order_total": 5.5,
        "tax_total": 0.45,
        "shipping_total": 0,
        "discount_total": 1,
        "financial_status": "paid",
        "fulfillment_status": "",
        "order_url": "",
        "landing_site": "",
        "campaign_id": "",
        "cart_id": "",
        "tracking_code": "",
        "tracking_number": "",
        "tracking_carrier": "",
        "tracking_url": "",
        "processed_at_foreign": "2018-06-12T01:20:05+00:00",
        "cancelled_at_foreign": "",
        "updated_at_foreign": "",
        "shipping_address": blank,
        "billing_address": {**blank, **where},
        "promos": [{"code": "BREAD", "amount_discounted": 1, "type": "fixed"}],
        "lines": [
            {
                "id": "1",
                "product_id": "100",
                "product_title": "Bread",
                "product_variant_id": "100",
                "product_variant_title": "Bread",
                "image_url": "",
                "quantity": 2,
                "price": 2.75,
                "discount": 0,
            }
        ],
        "outreach": {"id": "", "name": "", "type": "", "published_time": ""},
    } == made


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"lines": [line(), line(id="2", product_id="999")]}, NO_PRODUCT),
        ({"lines": [line(product_variant_id="999")]}, NO_VARIANT),
        ({"campaign_id": "839488a60b"}, NO_CAMPAIGN),
        ({"campaign_id": "of-another-list"}, NO_CAMPAIGN),
        ({"customer": anna(id="c" * 51)}, NOT_FOUND),
        ({"customer": {"id": "new"}},
         (400, "Invalid Resource", NOT_VALIDATED,
          ("email_address", "An email address is required to create a customer."))),
        ({"customer": anna(email_address="x@example.com")},
         (400, "Invalid Resource", "x@example.com looks fake or invalid, please enter a real email address.")),
        ({"lines": []},
         (400, "Invalid Resource", NOT_VALIDATED, ("lines", "Array contains 0 items, at least 1 required"))),
        ({"lines": [line(quantity=0.25)]},
         (400, "Invalid Resource", NOT_VALIDATED,
          ("lines.item:0.quantity", "Schema describes integer, number found instead"))),
        ({"order_total": "5.50"},
         (400, "Invalid Resource", NOT_VALIDATED, ("order_total", "Schema describes number, string found instead"))),
        ({"tracking_code": ""},
         (400, "Invalid Resource", NOT_VALIDATED,
          ("tracking_code", "Data presented is not one of the accepted values: prec."))),
        ({"promos": [{"code": "A", "amount_discounted": 1, "type": "gift"}]},
         (400, "Invalid Resource", NOT_VALIDATED,
          ("promos.item:0.type", "Data presented is not one of the accepted values: fixed, percentage."))),
        ({"currency_code": None, "customer": None},
         (400, "Invalid Resource", NOT_VALIDATED, ("", "Required fields were not provided: customer, currency_code"),
          ("customer", "Schema describes object, NULL found instead"),
          ("currency_code", "Schema describes string, NULL found instead"))),
    ],
)  # fmt: skip
async def test_orders_that_are_refused_leave_nothing(
    shop: Shop, till: Shopping, sent: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    shop.account.campaigns["of-another-list"] = "another"

    answer = await shop.call("POST", ORDERS, order(**sent))

    assert expected == said(answer)
    assert ({}, {}, {}) == (till.store.orders, till.store.customers, shop.audience.members)


async def test_the_second_post_is_refused(shop: Shop, till: Shopping) -> None:
    await shop.call("POST", ORDERS, order())

    assert (
        400,
        "Bad Request",
        f"{PROCESS} An order with the provided ID already exists in the account.",
    ) == said(await shop.call("POST", ORDERS, order()))


async def test_a_campaign_of_this_list_is_kept(shop: Shop, till: Shopping) -> None:
    shop.account.campaigns["839488a60b"] = "a1b2c3d4e5"

    status, made = await shop.call("POST", ORDERS, order(campaign_id="839488a60b"))

    assert (200, "839488a60b") == (status, made["campaign_id"])


async def test_a_line_may_bring_its_product(shop: Shop, till: Shopping) -> None:
    product = {"id": "300", "title": "Cake", "variants": [{"id": "300", "title": "Cake", "price": 9}]}

    status, made = await shop.call(
        "POST", ORDERS, order(lines=[line(product_id="300", product_variant_id="300", product=product)])
    )

    assert (200, "Cake", True) == (status, made["lines"][0]["product_title"], "300" in till.store.products)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_a_change_keeps_the_lines_it_does_not_mention(shop: Shop, till: Shopping, method: str) -> None:
    await shop.call("POST", ORDERS, order(promos=[{"code": "A", "amount_discounted": 1, "type": "fixed"}]))
    jumper = line(id="2", product_id="200", product_variant_id="200-2", quantity=1, price=39.95)
    change = {"lines": [jumper], "order_total": 45.45, "promos": []}

    status, changed = await shop.call(
        method, f"{ORDERS}/o1", change if method == "PATCH" else order(**change)
    )

    assert (200, 45.45, [], ["1", "2"]) == (
        status,
        changed["order_total"],
        changed["promos"],
        [one["id"] for one in changed["lines"]],
    )
    assert "Jumper M" == changed["lines"][1]["product_variant_title"]


async def test_put_makes_an_order_unless_it_is_not_there_yet(shop: Shop, till: Shopping) -> None:
    made = await shop.call("PUT", f"{ORDERS}/o1", order())
    shop.account.put_orders = False
    refused = await shop.call("PUT", f"{ORDERS}/o1", order())

    assert (200, "o1") == (made[0], made[1]["id"])
    assert (405, "Method Not Allowed") == said(refused)[:2]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"tracking_code": ""},
         (400, "Invalid Resource", NOT_VALIDATED,
          ("tracking_code", "Data presented is not one of the accepted values: prec."))),
        ({"lines": [{"id": "1", "product_id": "999"}]}, NO_PRODUCT),
        ({"lines": [{"id": "9", "quantity": 1}]},
         (400, "Bad Request", "Required fields were not provided: product_id, product_variant_id, price")),
        ({"lines": [{"quantity": 1}]},
         (400, "Invalid Resource", NOT_VALIDATED, ("lines.item:0", "Required fields were not provided: id"))),
        ({"campaign_id": "839488a60b"}, NO_CAMPAIGN),
        ({"customer": {"email_address": BRAM}},
         (400, "Bad Request", "An email address may not be changed once a customer is created")),
    ],
)  # fmt: skip
async def test_changes_that_are_refused(
    shop: Shop, till: Shopping, sent: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    made = (await shop.call("POST", ORDERS, order()))[1]

    assert expected == said(await shop.call("PATCH", f"{ORDERS}/o1", sent))
    assert (200, made) == await shop.call("GET", f"{ORDERS}/o1")


async def test_lines(shop: Shop, till: Shopping) -> None:
    await shop.call("POST", ORDERS, order())
    path = f"{ORDERS}/o1/lines"

    made = await shop.call("POST", path, line(id="2", product_id="200", product_variant_id="200-1"))
    doubled = await shop.call("POST", path, line(id="2"))
    changed = await shop.call("PATCH", f"{path}/2", {"quantity": 5})
    wrong = await shop.call("PATCH", f"{path}/2", {"product_variant_id": "100"})
    listed = (await shop.call("GET", f"{path}?fields=lines.id,total_items"))[1]

    assert ("Jumper S", 400, 5, NO_VARIANT) == (
        made[1]["product_variant_title"],
        doubled[0],
        changed[1]["quantity"],
        said(wrong),
    )
    assert {"lines": [{"id": "1"}, {"id": "2"}], "total_items": 2} == listed
    assert (204, None) == await shop.call("DELETE", f"{path}/1")
    assert NOT_FOUND == said(await shop.call("GET", f"{path}/1"))
    assert 200 == (await shop.call("GET", f"{path}/2"))[0]


async def test_an_order_keeps_its_lines_when_the_product_goes(shop: Shop, till: Shopping) -> None:
    await shop.call("POST", ORDERS, order())
    await shop.call("DELETE", f"{STORE}/products/100")

    shown = (await shop.call("GET", f"{ORDERS}/o1"))[1]

    assert ("100", "") == (shown["lines"][0]["product_id"], shown["lines"][0]["product_title"])


async def test_orders_of_all_stores(shop: Shop, till: Shopping) -> None:
    web = Shopping.open(shop.account, "web", list_id="a1b2c3d4e5")
    web.stock("A-1", title="Vase", price=24)
    web.order("1001", BRAM, [("A-1", 2)])
    await shop.call("POST", ORDERS, order())
    await shop.call("POST", ORDERS, order(id="o2"))

    every = (await shop.call("GET", "/ecommerce/orders?fields=orders.id,orders.store_id,total_items"))[1]
    annas = (await shop.call("GET", "/ecommerce/orders?customer_id=anna&count=1"))[1]
    none = (await shop.call("GET", f"{ORDERS}?has_outreach=true&campaign_id=x&outreach_id=y"))[1]
    ours = (await shop.call("GET", f"{ORDERS}?count=1&offset=1"))[1]

    assert [("o1", "till"), ("o2", "till"), ("1001", "web")] == [
        (one["id"], one["store_id"]) for one in every["orders"]
    ]
    assert (3, 2, 1, 0) == (
        every["total_items"],
        annas["total_items"],
        len(annas["orders"]),
        none["total_items"],
    )
    assert (["o2"], 2, "till") == (
        [one["id"] for one in ours["orders"]],
        ours["total_items"],
        ours["store_id"],
    )


# -- mails -------------------------------------------------------------------------------------------------------

CONFIRMED, INVOICED = "order_confirmation", "order_invoice"
SHIPPED, REFUNDED, CANCELLED = "order_shipped", "order_refunded", "order_cancelled"


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ({}, {}, []),
        ({"financial_status": "pending"}, {"financial_status": "paid"}, [CONFIRMED, INVOICED]),
        ({"financial_status": "paid"}, {"financial_status": "paid"}, [INVOICED]),
        ({"financial_status": "paid"}, {"financial_status": "pending"}, [INVOICED, CONFIRMED]),
        (
            {"financial_status": "paid"},
            {"financial_status": "partially_refunded", "order_total": 1},
            [INVOICED],
        ),
        ({"financial_status": "paid"}, {"financial_status": "refunded"}, [INVOICED, REFUNDED]),
        ({"financial_status": "paid"}, {"fulfillment_status": "shipped"}, [INVOICED, SHIPPED]),
        ({}, {"cancelled_at_foreign": "2026-03-01T12:00:00Z"}, [CANCELLED]),
        (
            {},
            {"cancelled_at_foreign": "2026-03-01T12:00:00Z", "financial_status": "cancelled"},
            [CANCELLED],
        ),
        ({"processed_at_foreign": "2020-01-01T00:00:00Z"}, {"order_total": 4}, []),
    ],
)
@pytest.mark.parametrize("syncing", [False, True])
async def test_order_notices(
    shop: Shop,
    till: Shopping,
    first: dict[str, Any],
    then: dict[str, Any],
    expected: list[str],
    syncing: bool,
) -> None:
    await shop.call("PATCH", STORE, {"is_syncing": syncing})
    await shop.call("POST", ORDERS, order(**first))
    await shop.call("PATCH", f"{ORDERS}/o1", then)

    assert ([] if syncing else [(kind, ANNA) for kind in expected]) == shop.mails()


async def test_other_automations(shop: Shop, till: Shopping) -> None:
    till.store.automations = {"first_purchase", "abandoned_cart"}
    shop.audience.welcome = True
    await shop.call("POST", f"{STORE}/carts", cart())
    await shop.call(
        "POST", ORDERS, order(financial_status="paid", processed_at_foreign="2026-03-01T12:00:00Z")
    )
    await shop.call("POST", ORDERS, order(id="o2", processed_at_foreign="2026-03-01T12:00:00Z"))

    assert 1 == till.abandon_carts()
    assert [("first_purchase", ANNA), ("abandoned_cart", ANNA)] == shop.mails()

    await shop.call("DELETE", f"{STORE}/carts/c1")
    assert 0 == till.abandon_carts()


# -- carts and promo rules ---------------------------------------------------------------------------------------


def cart(**more: Any) -> dict[str, Any]:
    return order(**{"id": "c1", "checkout_url": "https://winkel-voorbeeld.nl/c1", **more})


async def test_carts(shop: Shop, till: Shopping) -> None:
    path = f"{STORE}/carts"

    made = await shop.call("POST", path, cart())
    doubled = await shop.call("POST", path, cart())
    missing = await shop.call("POST", path, cart(id="c2", lines=[line(product_id="999")]))
    stranger = await shop.call("POST", path, cart(id="c2", customer=anna(id="c" * 51)))
    changed = await shop.call("PATCH", f"{path}/c1", {"order_total": 9, "lines": [line(id="2", quantity=1)]})
    added = await shop.call("POST", f"{path}/c1/lines", line(id="3"))
    edited = await shop.call("PATCH", f"{path}/c1/lines/3", {"quantity": 7})

    assert (200, 400, NO_PRODUCT, NOT_FOUND) == (made[0], doubled[0], said(missing), said(stranger))
    assert (9, ["1", "2"]) == (changed[1]["order_total"], [one["id"] for one in changed[1]["lines"]])
    assert (2, 7) == (added[1]["quantity"], edited[1]["quantity"])
    assert (204, None) == await shop.call("DELETE", f"{path}/c1/lines/3")
    assert 2 == (await shop.call("GET", f"{path}/c1/lines"))[1]["total_items"]
    assert 200 == (await shop.call("GET", f"{path}/c1/lines/2"))[0]
    assert 1 == (await shop.call("GET", path))[1]["total_items"]
    assert (204, None) == await shop.call("DELETE", f"{path}/c1")
    assert NOT_FOUND == said(await shop.call("GET", f"{path}/c1"))


async def test_promo_rules_and_codes(shop: Shop, till: Shopping) -> None:
    rules = f"{STORE}/promo-rules"
    rule = {"id": "r1", "description": "A tenth off", "amount": 0.1, "type": "percentage", "target": "total"}
    code = {"id": "k1", "code": "BREAD", "redemption_url": "https://winkel-voorbeeld.nl/?c=BREAD"}

    made = await shop.call("POST", rules, rule)
    doubled = await shop.call("POST", rules, rule)
    changed = await shop.call(
        "PATCH", f"{rules}/r1", {"amount": 0.2, "starts_at": "2026-03-01T00:00:00+01:00"}
    )
    made_code = await shop.call("POST", f"{rules}/r1/promo-codes", code)
    changed_code = await shop.call("PATCH", f"{rules}/r1/promo-codes/k1", {"usage_count": 3})
    too_long = await shop.call("POST", rules, {**rule, "id": "r2", "title": "t" * 101})

    assert (200, 400, 0.2, "2026-02-28T23:00:00+00:00") == (
        made[0],
        doubled[0],
        changed[1]["amount"],
        changed[1]["starts_at"],
    )
    assert (200, 3, 400) == (made_code[0], changed_code[1]["usage_count"], too_long[0])
    assert ["BREAD"] == [
        one["code"] for one in (await shop.call("GET", f"{rules}/r1/promo-codes"))[1]["promo_codes"]
    ]
    assert 200 == (await shop.call("GET", f"{rules}/r1/promo-codes/k1"))[0]
    assert 200 == (await shop.call("GET", f"{rules}/r1"))[0]
    assert 1 == (await shop.call("GET", rules))[1]["total_items"]
    assert (204, None) == await shop.call("DELETE", f"{rules}/r1/promo-codes/k1")
    assert (204, None) == await shop.call("DELETE", f"{rules}/r1")


# -- other shops -------------------------------------------------------------------------------------------------


async def test_orders_appear_in_another_shops_store_by_the_panel(shop: Shop) -> None:
    async def act(name: str, **fields: Any) -> tuple[int, Any]:
        answer = await shop.http.post(f"/_sandbox/actions/{name}", json={"store_id": "web", **fields})
        return answer.status_code, answer.json()

    await act("open_store", domain="web-voorbeeld.nl", platform="web shop")
    await act("stock", sku="A-1", title="Vase", price=24)
    placed = await act("place_order", id="1001", email=ANNA, items="A-1*2")
    changed = await act("change_order", id="1001", financial_status="refunded")
    refused = await act("place_order", id="1002", email=ANNA, items=[["nosuch", 1]])
    doubled = await act("place_order", id="1001", email=ANNA, items=[["A-1", 1]])
    filled = await act("fill_store", size=5)
    through_api = (await shop.call("GET", "/ecommerce/stores/web/orders/1001"))[1]

    assert (200, 48, "paid", "refunded") == (
        placed[0],
        placed[1]["order_total"],
        placed[1]["financial_status"],
        changed[1]["financial_status"],
    )
    assert ((422, "there is no variant nosuch in store web"), 422) == (
        (refused[0], refused[1]["detail"]),
        doubled[0],
    )
    assert {"products": 8, "orders": 6} == filled[1]
    assert "refunded" == through_api["financial_status"]
    assert [("order_invoice", ANNA), ("order_refunded", ANNA)] == shop.mails()
    assert 200 == (await shop.http.get("/_sandbox/kinds/orders/web/1001")).status_code
    assert 6 == len((await shop.http.get("/_sandbox/state")).json()["accounts"][0]["stores"][0]["orders"])
