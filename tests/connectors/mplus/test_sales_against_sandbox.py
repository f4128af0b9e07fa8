"""Sales read from and booked in a till that behaves as the reference says, over real sockets: to the cent, and never twice."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from pydantic import SecretStr

from app.connectors.base import Desired, Found, Gone, Intent, Leave, Opening, Wanted
from app.connectors.mplus.connector import open_client
from app.connectors.mplus.models import MplusCredentials, MplusSettings
from app.errors import RecordRefused, RemoteUnavailable
from app.sandbox.faults import Fault
from app.sandbox.mplus.till import create_till
from app.sandbox.serving import serving

SIMPLE, BY_WEIGHT = 10_010, 10_012
EXTERNAL = "shop-1"


@pytest.fixture
async def shop():
    """A till with 30 relations and no sales yet."""
    till = create_till(size=30, seed=1, articles=60, sales=0)
    async with serving(till) as base:
        till.base = base
        yield till


@pytest.fixture
async def client(shop, gate):
    async with httpx.AsyncClient() as http:
        credentials = MplusCredentials(ident="sandbox", secret=SecretStr("sandbox-secret"))
        yield open_client(
            Opening(MplusSettings(base_url=shop.base, answer_seconds=5), credentials, http, gate)
        )


# --- reading ----------------------------------------------------------------------------------------------------------


def order(shop, relation=4, **more):
    line = {"articleNumber": SIMPLE, "data": {"quantity": 2, "price": 1000}}
    return shop.orders.create({"relationNumber": relation, "employeeNumber": 1, "lineList": [line], **more})


async def sales(client, kind):
    """Every sale of a sequence by its reference, by pages of three, the oldest first."""
    since, found = 1, []
    while True:
        page = await client.changes(kind, since=since, limit=3)
        found += sorted(page.found, key=lambda record: record.position)
        since = page.position + 1
        if not page.more:
            return {record.ref: record.document for record in found}


async def test_where_relations_first_bought_on_whatever_paper(client, shop):
    now = shop.now()
    with shop.back_then(now - timedelta(days=9)):
        first = order(shop, financialBranchNumber=3)
    with shop.back_then(now - timedelta(days=12)):
        shop.orders.cancel(order(shop, financialBranchNumber=2))
    await shop.sessions.complete(
        relation=4,
        lines=[{"articleNumber": SIMPLE, "priceIncl": 20, "quantity": 1}],
        payments=[{"method": "PIN", "amount": 20}],
    )
    found = await client.first_sales(["4", "5", "no number"])

    assert {"4": (f"order:{first['orderId']}", "3")} == {
        relation: (each.sale, each.branch) for relation, each in found.items()
    }


async def test_a_receipt_as_it_is_read(client, shop):
    await shop.sessions.complete(
        relation=2,
        lines=[
            {"articleNumber": SIMPLE, "priceIncl": 20, "quantity": 2, "discountPercentage": 10},
            {"articleNumber": BY_WEIGHT, "priceIncl": 8, "quantity": 1.25},
        ],
        payments=[{"method": "CADEAUKAART", "amount": 6}, {"method": "PIN", "amount": 40}],
    )
    [(ref, found)] = (await sales(client, "receipt")).items()

    row = shop.receipts.cards.rows[ref.removeprefix("receipt:")]
    assert {
        "kind": "receipt", "id": row["receiptId"], "number": f"1.1.{row['receiptNumber']['year']}.1",
        "totalInclAmount": Decimal("46.00"), "totalExclAmount": Decimal("38.92"), "taxTotal": Decimal("7.08"), "paid": Decimal("46.00"),
        "financial": "paid", "fulfilment": "shipped", "isRevenue": True, "pricesIncludeVat": True, "relatedIds": [],
        "discountTotal": Decimal("4.00"),
    } == {name: found[name] for name in ("kind", "id", "number", "totalInclAmount", "totalExclAmount", "taxTotal", "paid", "financial",
          "fulfilment", "isRevenue", "pricesIncludeVat", "relatedIds", "discountTotal")}  # fmt: skip
    assert [
        (Decimal(2), Decimal("18.00"), Decimal("36.00"), Decimal("4.00"), Decimal(21)),
        (Decimal("1.25"), Decimal("8.00"), Decimal("10.00"), None, Decimal(9)),
    ] == [
        (one["quantity"], one["unitPrice"], one["totalInclAmount"], one.get("discount"), one["vatPercentage"])
        for one in found["lineList"]
    ]
    assert shop.relations.cards.rows[2]["email"] == found["relation"]["email"]
    assert [("CADEAUKAART", Decimal("6.00")), ("PIN", Decimal("40.00"))] == [
        (one["method"], one["amount"]) for one in found["paymentList"]
    ]


async def test_money_without_a_sale_is_no_revenue(client, shop):
    shop.counter.cash(5_000, "wisselgeld")
    shop.counter.cash(-500, "bloemen")
    shop.counter.transfer(2_000, source="CONTANT", to="PIN")
    shop.counter.top_up(2_500, "9000123456", relation=2)
    shop.counter.deposit(25)
    shop.counter.settle_invoice(
        shop.invoices.create(
            {"relationNumber": 2, "employeeNumber": 1, "lineList": [{"articleNumber": SIMPLE}]}
        )
    )
    await shop.sessions.complete(relation=2, method="CADEAUKAART")

    found = (await sales(client, "receipt")).values()

    assert [False] * 6 + [True] == [one["isRevenue"] for one in found]
    assert [["gift_card"], ["deposit"], ["payment"], ["product"]] == [
        [line["role"] for line in one["lineList"]] for one in list(found)[3:]
    ]


async def test_a_credit_names_what_it_gives_back(client, shop):
    session, _ = await shop.sessions.complete(relation=2)
    await shop.sessions.credit(session.session_id)
    invoice = shop.invoices.create(
        {"relationNumber": 2, "employeeNumber": 1, "lineList": [{"articleNumber": SIMPLE}]}
    )
    shop.invoices.credit(invoice)

    receipts = list((await sales(client, "receipt")).values())
    invoices = list((await sales(client, "invoice")).values())

    assert ["paid", "refunded"] == [one["financial"] for one in receipts]
    assert f"receipt:{session.receipt_id}" == receipts[1]["creditOf"]
    assert f"invoice:{invoice['invoiceId']}" == invoices[1]["creditOf"]
    assert Decimal("-106.99") == invoices[1]["totalInclAmount"]


async def test_one_sale_that_exists_three_times_knows_itself(client, shop):
    first, second = order(shop), order(shop)
    shop.orders.pay(first, [{"method": "PIN", "amount": 2_000}], prepay=False)
    shop.orders.receipted(shop.orders.deliver(second))

    orders, invoices, receipts = [await sales(client, kind) for kind in ("order", "invoice", "receipt")]

    [invoice], [receipt] = invoices, receipts
    assert [[invoice], []] == [orders[f"order:{one['orderId']}"]["relatedIds"] for one in (first, second)]
    assert [f"order:{first['orderId']}"] == invoices[invoice]["relatedIds"]
    assert [f"order:{second['orderId']}"] == receipts[receipt]["relatedIds"]


@pytest.mark.parametrize(
    ("deed", "financial", "fulfilment"),
    [
        (lambda shop, one: None, "open", "none"),
        (lambda shop, one: shop.orders.pay(one, [{"method": "PIN", "amount": 500}], prepay=True), "partly_paid", "none"),
        (lambda shop, one: shop.orders.pay(one, [{"method": "PIN", "amount": 2_000}], prepay=True), "paid", "none"),
        (lambda shop, one: shop.orders.deliver(one, {one["lineList"][0]["lineId"]: Decimal(1)}), "open", "partly_shipped"),
        (lambda shop, one: shop.orders.deliver(one), "open", "shipped"),
        (lambda shop, one: shop.orders.pay(one, [{"method": "PIN", "amount": 2_000}], prepay=False), "paid", "shipped"),
        (lambda shop, one: shop.orders.cancel(one), "cancelled", "none"),
    ],
)  # fmt: skip
async def test_states_of_an_order(client, shop, deed, financial, fulfilment):
    made = order(shop)
    deed(shop, made)

    [found] = await client.source("order").fetch_many([f"order:{made['orderId']}"])

    assert (financial, fulfilment) == (found.document["financial"], found.document["fulfilment"])


async def test_references_of_all_three_kinds(client, shop):
    made = order(shop)
    _, _, invoice = shop.orders.pay(made, [{"method": "PIN", "amount": 2_000}], prepay=False)
    session, _ = await shop.sessions.complete()
    refs = [f"order:{made['orderId']}", f"invoice:{invoice}", f"receipt:{session.receipt_id}"]

    fetched = await client.source("order").fetch_many([*refs, "receipt:none", "quote:1"])

    assert refs == [one.ref for one in fetched if isinstance(one, Found)]
    assert {"receipt:none", "quote:1"} == {one.ref for one in fetched if isinstance(one, Gone)}
    assert "relation" not in fetched[2].document


@pytest.mark.parametrize("limit", [1, 2, 5, 500])
async def test_every_sale_is_seen_once_whatever_the_page(client, shop, limit):
    for number in range(1, 8):
        await shop.sessions.complete(relation=number)
        order(shop, relation=number)
    shop.orders.cancel(next(iter(shop.orders.cards.rows.values())))

    for kind in ("order", "receipt"):
        since, seen = 1, []
        while True:
            page = await client.changes(kind, since=since, limit=limit)
            seen += [change.ref for change in page.changed]
            since = page.position + 1
            if not page.more:
                break
        assert 7 == len(set(seen)) == len(seen)
        assert (await client.marks())[kind] == since - 1


async def test_a_receipt_that_comes_late_is_seen_when_it_is_there(client, shop):
    shop.settings.receipt_delay_seconds = 3_600
    await shop.sessions.complete(relation=1)
    mark = (await client.marks())["receipt"]
    early = await client.changes("receipt", since=mark + 1)
    shop.receipts.late = [(shop.now(), row) for _, row in shop.receipts.late]
    late = await client.changes("receipt", since=early.position + 1)

    assert (0, 0, 1) == (mark, len(early.found), len(late.found))


# --- booking ----------------------------------------------------------------------------------------------------------

DOCUMENT = {
    "relationNumber": 4,
    "employeeNumber": 999999,
    "reference": "#1001",
    "vatMethod": "VAT-METHOD-INCLUSIVE",
    "deliveryAddress": {"name": "Jan", "address": "Singel 1", "city": "Utrecht"},
    "lineList": [
        {
            "articleNumber": SIMPLE,
            "text": "Trui",
            "quantity": Decimal(2),
            "price": Decimal("49.95"),
            "vatCode": 2,
        },
        {
            "articleNumber": BY_WEIGHT,
            "quantity": Decimal("1.5"),
            "price": Decimal("8.00"),
            "discountAmount": Decimal("1.00"),
        },
    ],
}
PAYMENTS = [{"method": "IDEAL", "amount": Decimal("110.90"), "externalReference": "tr_1"}]
PAID = DOCUMENT | {"paymentList": PAYMENTS}
SERVICES = {67: "createOrderV3", 57: "createOrderV2", 49: "createOrder"}


def intent(document=PAID, *, kind="order", **more):
    desired = Desired(document) if document is not None else None
    return Intent(
        kind=kind, key="k", natural=EXTERNAL, remote_id=None, desired=desired, document=document or {}, **more
    )


async def once(client, wish, remote_id=None):
    """One run: look, decide, do. What was done, and the number it got."""
    target = client.target(wish.kind)
    found = await target.fetch_many([Wanted(wish.kind, "k", wish.natural, remote_id)])
    steps = target.steps(wish, found.get("k"))
    done = []
    for change in () if isinstance(steps, Leave) else steps:
        done.append(await target.apply(change))
        remote_id = done[-1].remote_id or remote_id
    return done, remote_id


async def until_quiet(client, wish, tries=20):
    """Run after run, each from what the till has, until there is nothing to do. How many runs it took."""
    for run in range(tries):
        try:
            done, _ = await once(client, wish)
        except RemoteUnavailable:
            continue
        if not done:
            return run
    raise AssertionError("it never comes to rest")


def booked(shop):
    """What stands in the till: orders as (external, total, paid), and the same of invoices."""
    return (
        [
            (one["extOrderId"], one["totalInclAmount"], one["prepaidAmount"])
            for one in shop.orders.cards.rows.values()
        ],
        [
            (one["extInvoiceId"], one["totalInclAmount"], one["paidAmount"])
            for one in shop.invoices.cards.rows.values()
        ],
    )


def asked(shop, *operations):
    return [entry.operation for entry in shop.log.entries if entry.operation in operations]


WRITES = (
    "createOrderV3",
    "createOrderV2",
    "createOrder",
    "payOrderV2",
    "payOrder",
    "saveInvoice",
    "payInvoice",
    "creditInvoice",
    "cancelOrder",
)


@pytest.mark.parametrize(("service", "operation"), SERVICES.items())
async def test_an_order_is_booked_paid_and_left_alone(client, shop, service, operation):
    shop.settings.service_major = service
    [applied], number = await once(client, intent())
    again, _ = await once(client, intent(), number)

    [row] = shop.orders.cards.rows.values()
    assert ([], number, ()) == (again, row["orderId"], applied.warnings)
    assert [operation, *(["payOrder"] if service < 59 else [])] == asked(shop, *WRITES)
    assert {
        "extOrderId": EXTERNAL, "relationNumber": 4, "employeeNumber": 999999, "reference": "#1001", "totalInclAmount": 11090,
        "totalExclAmount": 9265, "prepaidAmount": 11090, "fullyPaid": True, "deliveryAddress": {"name": "Jan", "address": "Singel 1", "city": "Utrecht"},
    } == {name: row[name] for name in ("extOrderId", "relationNumber", "employeeNumber", "reference", "totalInclAmount", "totalExclAmount",
          "prepaidAmount", "fullyPaid", "deliveryAddress")}  # fmt: skip
    assert [("Trui", 2, 0, 4995, 9990), ("Overhemd Kade 4", 15, 1, 800, 1100)] == [
        (
            one["text"],
            *(one["data"][name] for name in ("quantity", "decimalPlaces", "price", "totalInclAmount")),
        )
        for one in row["lineList"]
    ]
    assert ["tr_1"] == [one["externalReference"] for one in row["paymentList"]]


@pytest.mark.parametrize("service", SERVICES)
async def test_paid_at_last_ships_and_invoices(client, shop, service):
    shop.settings.service_major = service
    await once(client, intent(options={"payment": "final"}))

    [row] = shop.orders.cards.rows.values()
    [invoice] = shop.invoices.cards.rows.values()
    assert ("ORDER-DELIVERY-STATE-COMPLETE", [invoice["invoiceId"]], 11090) == (
        row["deliveryState"],
        row["invoiceIds"],
        invoice["paidAmount"],
    )


async def test_an_invoice_is_booked_and_paid(client, shop):
    [applied], number = await once(client, intent(kind="invoice"))
    again, _ = await once(client, intent(kind="invoice"), number)

    assert ([], [], [(EXTERNAL, 11090, 11090)]) == (again, *booked(shop))
    assert {"number": f"{shop.now().year}.1"} == applied.facts


LOST = [
    (service, kind, operation)
    for service, kind, operations in (
        (67, "order", ("createOrderV3",)),
        (57, "order", ("createOrderV2", "payOrder")),
        (49, "order", ("createOrder", "payOrder")),
        (67, "invoice", ("saveInvoice", "payInvoice")),
    )
    for operation in operations
]


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize(("service", "kind", "operation"), LOST)
async def test_nothing_is_booked_twice_when_an_answer_is_lost(
    client, shop, service, kind, operation, fault, times
):
    shop.settings.service_major = service
    shop.faults.fail_next(times, kind=fault, operation=operation)

    assert await until_quiet(client, intent(kind=kind)) >= 1
    expected = [(EXTERNAL, 11090, 11090)]
    assert (expected, []) == booked(shop) if kind == "order" else ([], expected) == booked(shop)


async def test_a_write_that_lands_late_is_the_same_write(client, shop):
    """Both ways of the newest service carry a key: the repeated call and the late one are one."""
    shop.faults.fail_next(kind="late", operation="createOrderV3")
    with pytest.raises(RemoteUnavailable):
        await once(client, intent())
    await once(client, intent())
    await shop.door.land()

    assert ([(EXTERNAL, 11090, 11090)], []) == booked(shop)


async def test_a_payment_that_lands_late_is_the_same_payment(client, shop):
    await once(client, intent(DOCUMENT))
    shop.faults.fail_next(kind="late", operation="payOrderV2")
    with pytest.raises(RemoteUnavailable):
        await once(client, intent())
    await once(client, intent())
    await shop.door.land()

    assert ([(EXTERNAL, 11090, 11090)], []) == booked(shop)


@pytest.mark.parametrize("service", [57, 49])
async def test_an_older_service_refuses_the_late_twin(client, shop, service):
    shop.settings.service_major = service
    shop.faults.fail_next(kind="late", operation=SERVICES[service])
    with pytest.raises(RemoteUnavailable):
        await once(client, intent())
    await once(client, intent())
    await shop.door.land()

    assert ([(EXTERNAL, 11090, 11090)], []) == booked(shop)


async def test_a_lost_cancel_does_not_undo_itself(client, shop):
    _, number = await once(client, intent(DOCUMENT))
    shop.faults.fail_next(2, kind="reset_after", operation="cancelOrder")
    shop.faults.fail_next(kind="reset_before", operation="cancelOrder")

    await until_quiet(client, intent(None))
    assert "ORDER-CANCEL-STATE-COMPLETE" == shop.orders.cards.rows[number]["cancelState"]


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
async def test_a_lost_credit_is_not_given_twice(client, shop, fault):
    await once(client, intent(kind="invoice"))
    shop.faults.fail_next(kind=fault, operation="creditInvoice")
    wish = intent(None, kind="invoice")
    with pytest.raises(RemoteUnavailable):
        await once(client, wish)
    [applied], _ = await once(client, wish)

    assert "archived" == applied.state
    assert [11090, -11090] == [row["totalInclAmount"] for row in shop.invoices.cards.rows.values()]


async def test_a_refused_payment_leaves_the_order_and_says_so(client, shop):
    wish = intent(DOCUMENT | {"paymentList": [{"method": "CHEQUE", "amount": Decimal("110.90")}]})
    [applied], _ = await once(client, wish)

    assert (
        "payment_failed: The order was made, its payment was refused. Payment method CHEQUE is disabled",
    ) == applied.warnings
    assert ([(EXTERNAL, 11090, 0)], []) == booked(shop)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"relationNumber": 999}, "Relation 999 does not exist"),
        ({"employeeNumber": 5}, "Employee 5 does not exist"),
        ({"entryBranchNumber": 2}, "workplaceNumber is required for branch 2"),
        ({"orderCategoryNumber": 9}, "Order category 9 does not exist"),
        ({"lineList": [{"articleNumber": 5, "quantity": Decimal(1)}]}, "Article 5 does not exist"),
        ({"lineList": []}, "needs at least one line"),
        ({"lineList": [{"articleNumber": SIMPLE, "quantity": Decimal(1), "vatCode": 9}]}, "The rate for VAT-code 9 is not properly configured"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("service", "kind"), [(67, "order"), (49, "order"), (67, "invoice")])
async def test_a_sale_that_the_till_refuses_is_not_there(client, shop, kind, service, change, sentence):
    shop.settings.service_major = service
    with pytest.raises(RecordRefused, match=sentence):
        await once(client, intent(PAID | change, kind=kind))

    assert ([], []) == booked(shop)


async def test_a_closed_period_is_named(client, shop):
    shop.settings.closed_through = shop.now().date()
    with pytest.raises(RecordRefused, match="is in a closed period"):
        await once(client, intent())


@pytest.mark.parametrize("service", SERVICES)
async def test_a_queued_order_is_not_made_again_and_is_paid_in_the_end(client, shop, service):
    shop.settings.service_major = service
    shop.settings.queue_orders = True
    [applied], number = await once(client, intent())
    waiting, _ = await once(client, intent(), number)
    shop.orders.release_queue()
    after = [(await once(client, intent(), number))[0] for _ in range(2)]

    assert (True, []) == (applied.warnings[0].startswith("order_queued"), waiting)
    assert ([(EXTERNAL, 11090, 11090)], []) == booked(shop)
    assert ([0, 0] if service == 67 else [1, 0]) == [len(done) for done in after]


@pytest.mark.parametrize("service", SERVICES)
async def test_what_may_change_later_is_changed_under_the_lock(client, shop, service):
    shop.settings.service_major = service
    _, number = await once(client, intent())
    await once(client, intent(PAID | {"reference": "#1001b"}), number)
    again, _ = await once(client, intent(PAID | {"reference": "#1001b"}), number)

    row = shop.orders.cards.rows[number]
    assert ("#1001b", 2, 11090, []) == (row["reference"], row["versionNumber"], row["totalInclAmount"], again)


async def test_prices_without_vat(client, shop):
    lines = [{"articleNumber": SIMPLE, "quantity": Decimal(3), "price": Decimal("8.26"), "vatCode": 2}]
    await once(client, intent(DOCUMENT | {"vatMethod": "VAT-METHOD-EXCLUSIVE", "lineList": lines}))
    [row] = shop.orders.cards.rows.values()
    [found] = await client.source("order").fetch_many([f"order:{row['orderId']}"])

    assert (Decimal("29.98"), Decimal("24.78"), Decimal("5.20")) == tuple(
        found.document[name] for name in ("totalInclAmount", "totalExclAmount", "taxTotal")
    )


async def test_random_faults_never_double_anything(client, shop):
    """Every write may fail in any way at any time, on any service; in the end each sale is there once, and paid once."""
    draw = random.Random(7)
    for number in range(60):
        shop.settings.service_major = draw.choice(tuple(SERVICES))
        client.till.version = type(client.till.version)(shop.settings.service_major)
        for operation in WRITES:
            if draw.random() < 0.3:
                kind = draw.choice(("reset_before", "reset_after", "status"))
                shop.faults.add(Fault(kind=kind, operation=operation, times=draw.choice((1, 1, 2))))
        kind = draw.choice(("order", "invoice"))
        wish = Intent(
            kind=kind, key="k", natural=f"shop-{number}", remote_id=None, desired=Desired(PAID), document=PAID
        )
        await until_quiet(client, wish)
        shop.faults.clear()

    orders, invoices = booked(shop)
    assert 60 == len({name for name, *_ in orders + invoices}) == len(orders) + len(invoices)
    assert {(11090, 11090)} == {amounts for _, *pair in orders + invoices for amounts in [tuple(pair)]}
    taken = sum(one["change"] for one in shop.stock.history if one["articleNumber"] == SIMPLE)
    assert -2 * len(invoices) == taken
    assert 2 * len(orders) == shop.stock.level(1, SIMPLE)["reserved"]
