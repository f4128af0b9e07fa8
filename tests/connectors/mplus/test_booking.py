from decimal import Decimal

import pytest

from app.connectors.base import Applied, Desired, Existing, Intent, Leave, Wanted
from app.connectors.mplus import booking
from app.connectors.mplus.booking import BookInvoice, BookOrder, Cancel, ChangeOrder, Pay
from app.connectors.mplus.models import Version
from app.errors import RecordRefused, RemoteUnavailable, TimeError

DOCUMENT = {
    "relationNumber": 17,
    "employeeNumber": 999999,
    "reference": "#1001",
    "deliveryAddress": {"name": "Jan", "city": "Utrecht"},
    "orderCategoryNumber": None,
    "lineList": [
        {
            "articleNumber": 1001,
            "text": "Trui",
            "quantity": Decimal(2),
            "price": Decimal("49.95"),
            "vatCode": 1,
            "discountAmount": None,
        }
    ],
}
PAYMENTS = ({"method": "WEB", "amount": Decimal("99.90")},)
SALE = {
    "relationNumber": 17,
    "employeeNumber": 999999,
    "reference": "#1001",
    "deliveryAddress": {"name": "Jan", "city": "Utrecht"},
    "lineList": [
        {
            "articleNumber": 1001,
            "text": "Trui",
            "data": {"quantity": Decimal(2), "price": Decimal("49.95"), "vatCode": 1},
        }
    ],
}
ORDER_SALE = SALE | {"orderId": "", "extOrderId": "shop-1"}
INVOICE_SALE = SALE | {"extInvoiceId": "shop-1"}


def intent(document=None, *, kind="order", **more):
    desired = None if document is None else Desired(document)
    return Intent(
        kind=kind, key="k", natural="shop-1", remote_id=None, desired=desired, document=document or {}, **more
    )


def there(kind="order", **held):
    return booking.existing_sale(kind, {f"{kind}Id": "u1", **held})


def key(document):
    return booking.idempotency_key("shop-1", document)


PAID = DOCUMENT | {"paymentList": list(PAYMENTS)}
PAY_KEY = booking.idempotency_key("pay shop-1", {"payments": PAYMENTS})


@pytest.mark.parametrize(
    ("wish", "existing", "steps"),
    [
        (intent(DOCUMENT), None, (BookOrder(external="shop-1", sale=ORDER_SALE, idempotency_key=key(DOCUMENT)),)),
        (
            intent(PAID, options={"payment": "final"}),
            None,
            (BookOrder(external="shop-1", sale=ORDER_SALE, payments=PAYMENTS, prepay=False, idempotency_key=key(PAID)),),
        ),
        (intent(PAID, kind="invoice"), None, (BookInvoice(external="shop-1", sale=INVOICE_SALE, payments=PAYMENTS),)),
        (
            intent(DOCUMENT, create=False),
            None,
            Leave("not_created", "The sale is not in the till, and this flow may not make it."),
        ),
        # Already there: nothing, whatever the flow wishes, as long as nothing differs and all is paid.
        (intent(DOCUMENT), there(reference="#1001", deliveryAddress={"name": "Jan", "city": "Utrecht", "addressId": "x"}), ()),
        (intent(DOCUMENT, update=False), there(reference="other"), ()),
        (intent(PAID, update=False), there(prepaidAmount=Decimal("99.90")), ()),
        (intent(PAID, update=False), there(fullyPaid=True), ()),
        (intent(PAID, update=False), there(paymentList=[{"method": "PIN"}]), ()),
        (intent(PAID, kind="invoice"), there("invoice", paidAmount=Decimal("99.90")), ()),
        # Made, but its payment was lost on the way.
        (
            intent(PAID, update=False),
            there(prepaidAmount=Decimal("0.00"), fullyPaid=False),
            (Pay(kind="order", id="u1", payments=PAYMENTS, idempotency_key=PAY_KEY),),
        ),
        (
            intent(PAID, kind="invoice"),
            there("invoice", paidAmount=Decimal("0.00")),
            (Pay(kind="invoice", id="u1", payments=PAYMENTS, idempotency_key=PAY_KEY),),
        ),
        (
            intent(DOCUMENT),
            there(reference="#1", deliveryAddress={"name": "Jan", "city": "Zeist"}),
            (ChangeOrder(id="u1", fields={"reference": "#1001", "deliveryAddress": {"name": "Jan", "city": "Utrecht"}}),),
        ),
        (
            intent(DOCUMENT),
            there(cancelState="ORDER-CANCEL-STATE-COMPLETE"),
            Leave("cancelled_in_till", "The sale was cancelled in the till; it stays so.", state="archived"),
        ),
        (intent(None), there(), (Cancel(kind="order", id="u1"),)),
        (intent(None, kind="invoice"), there("invoice"), (Cancel(kind="invoice", id="u1"),)),
        (intent(None), there(cancelState="ORDER-CANCEL-STATE-COMPLETE"), ()),
        (intent(None), None, ()),
    ],
)  # fmt: skip
def test_steps(wish, existing, steps):
    assert steps == booking.steps(wish, existing)


def test_the_idempotency_key_follows_the_sale_and_its_content():
    keys = {
        booking.idempotency_key("shop-1", {"a": 1, "b": Decimal("1.0")}),
        booking.idempotency_key("shop-1", {"b": Decimal("1.0"), "a": 1}),
        booking.idempotency_key("shop-2", {"a": 1, "b": Decimal("1.0")}),
        booking.idempotency_key("shop-1", {"a": 2, "b": Decimal("1.0")}),
    }

    assert len(keys) == 3
    assert key(DOCUMENT) == key(dict(DOCUMENT))


def test_a_changed_order_goes_back_whole_with_its_locks():
    order = {
        "orderId": "u1", "versionNumber": 3, "changeCounter": 4, "syncMarker": 9, "totalInclAmount": Decimal(5),
        "deliveryAddress": {"addressId": "x", "city": "Zeist"},
        "lineList": [{"lineId": "l", "articleNumber": 1, "data": {"quantity": Decimal(1), "totalInclAmount": Decimal(5)},
                      "preparationList": [{"lineId": "p", "data": {"quantity": Decimal(1), "vatPercentage": Decimal(21)}}]}],
    }  # fmt: skip

    expected = {
        "orderId": "u1",
        "versionNumber": 3,
        "changeCounter": 4,
        "deliveryAddress": {"addressId": "x", "city": "Utrecht"},
        "reference": "r",
        "lineList": [
            {
                "lineId": "l",
                "articleNumber": 1,
                "data": {"quantity": Decimal(1)},
                "preparationList": [{"lineId": "p", "data": {"quantity": Decimal(1)}}],
            }
        ],
    }
    assert expected == booking.changed(order, {"deliveryAddress": {"city": "Utrecht"}, "reference": "r"})


def test_summaries_hold_figures_only():
    paid = BookOrder(external="x", sale=ORDER_SALE, payments=PAYMENTS, idempotency_key="k")

    assert paid.summary() == "create order: 1 lines, 1 payments"
    assert ChangeOrder(id="u1", fields={"reference": "#1"}).summary() == "update the order: reference"
    assert Cancel(kind="invoice", id="u1").summary() == "credit the invoice"


# --- the calls --------------------------------------------------------------------------------------------------------


def operations(calls):
    return [call.request.headers["SOAPAction"] for call in calls]


def order_answer(soap_answer, name, word="CREATE-ORDER-RESULT-OK", *, queued="false", message="", order=True):
    whole = "<ns:order><ns:orderId>u1</ns:orderId><ns:orderNumber><ns:year>2026</ns:year><ns:number>5</ns:number></ns:orderNumber></ns:order>"
    return soap_answer(
        name,
        f"<ns:result>{word}</ns:result>{whole if order else ''}<ns:errorMessage>{message}</ns:errorMessage>"
        f"<ns:info><ns:orderId>u1</ns:orderId><ns:orderQueued>{queued}</ns:orderQueued></ns:info>",
    )


def found_order(soap_answer, inner="<ns:orderId>u1</ns:orderId>"):
    return soap_answer(
        "GetOrderResponse", f"<ns:result>GET-ORDER-RESULT-OK</ns:result><ns:order>{inner}</ns:order>"
    )


def not_found(soap_answer):
    return soap_answer("GetOrderResponse", "<ns:result>GET-ORDER-RESULT-NOT-FOUND</ns:result>")


def paid(soap_answer, name, word="PAY-ORDER-RESULT-OK"):
    return soap_answer(name, f"<ns:result>{word}</ns:result><ns:errorMessage/>")


BOOKING = BookOrder(external="shop-1", sale=ORDER_SALE, payments=PAYMENTS, idempotency_key="key-1")


@pytest.mark.parametrize(
    ("version", "asked"),
    [
        (67, ["createOrderV3"]),
        (57, ["createOrderV2", "payOrder"]),
        (40, ["createOrder", "payOrder"]),
    ],
)
async def test_an_order_by_the_newest_call_that_the_till_has(client, answers, soap_answer, version, asked):
    client.till.version = Version(version)
    calls = answers(
        createOrderV3=order_answer(soap_answer, "CreateOrderV3Response"),
        createOrderV2=order_answer(soap_answer, "CreateOrderV2Response"),
        createOrder=order_answer(soap_answer, "CreateOrderResponse", order=False),
        payOrder=paid(soap_answer, "PayOrderResponse"),
    )

    applied = await client.target("order").apply(BOOKING)

    assert (applied.remote_id, applied.state, applied.warnings) == ("u1", "present", ())
    assert operations(calls) == asked
    sent = "".join(call.request.content.decode() for call in calls)
    assert ("<ns1:idempotencyKey>key-1<" in sent) is (version == 67)
    assert sent.count("<ns1:amount>9990</ns1:amount>") == 1
    assert sent.count("<ns1:prepay>true</ns1:prepay>") == 1
    assert (
        "<ns1:quantity>2</ns1:quantity><ns1:decimalPlaces>0</ns1:decimalPlaces><ns1:price>4995</ns1:price>"
        in sent
    )


async def test_the_orders_number_is_kept_for_people(client, answers, soap_answer):
    client.till.version = Version(67)
    answers(createOrderV3=order_answer(soap_answer, "CreateOrderV3Response"))

    assert await client.target("order").apply(BOOKING) == Applied("u1", facts={"number": "2026.5"})


@pytest.mark.parametrize(
    ("word", "queued", "warning"),
    [
        (
            "CREATE-ORDER-RESULT-OK",
            "true",
            "order_queued: the order waits in a branch and can be found there later",
        ),
        (
            "CREATE-ORDER-RESULT-PAYMENT-FAILED",
            "false",
            "payment_failed: The order was made, its payment was refused. Methode onbekend",
        ),
    ],
)
async def test_made_with_a_warning(client, answers, soap_answer, word, queued, warning):
    client.till.version = Version(67)
    answers(
        createOrderV3=order_answer(
            soap_answer, "CreateOrderV3Response", word, queued=queued, message="Methode onbekend"
        )
    )

    applied = await client.target("order").apply(BOOKING)

    assert (applied.remote_id, applied.warnings) == ("u1", (warning,))


async def test_an_order_that_is_there_already_is_found_and_not_made_again(client, answers, soap_answer):
    client.till.version = Version(67)
    calls = answers(
        createOrderV3=order_answer(
            soap_answer,
            "CreateOrderV3Response",
            "CREATE-ORDER-RESULT-EXT-ORDER-ID-ALREADY-EXISTS",
            order=False,
        ),
        findOrder=found_order(soap_answer),
    )

    applied = await client.target("order").apply(BOOKING)

    assert (applied.remote_id, applied.warnings) == (
        "u1",
        ("already_there: the till had this sale; it was not made again",),
    )
    assert operations(calls) == ["createOrderV3", "findOrder"]


async def test_a_number_that_is_used_up_and_not_to_be_found_is_refused(client, answers, soap_answer):
    client.till.version = Version(67)
    answers(
        createOrderV3=order_answer(
            soap_answer,
            "CreateOrderV3Response",
            "CREATE-ORDER-RESULT-EXT-ORDER-ID-ALREADY-EXISTS",
            order=False,
        ),
        findOrder=not_found(soap_answer),
    )

    with pytest.raises(RecordRefused) as raised:
        await client.target("order").apply(BOOKING)
    assert raised.value.code == "already_exists"


async def test_an_order_that_is_refused(client, answers, soap_answer):
    client.till.version = Version(67)
    answers(
        createOrderV3=order_answer(
            soap_answer,
            "CreateOrderV3Response",
            "CREATE-ORDER-RESULT-FAILED",
            message="Periode gesloten",
            order=False,
        )
    )

    with pytest.raises(RecordRefused, match="Periode gesloten"):
        await client.target("order").apply(BOOKING)


async def test_a_lost_answer_is_in_doubt_and_never_tried_the_older_way(client, answers, soap_fault):
    client.till.version = Version(67)
    calls = answers(createOrderV3=soap_fault("Server"))

    with pytest.raises(RemoteUnavailable) as raised:
        await client.target("order").apply(BOOKING)
    assert raised.value.in_doubt
    assert operations(calls) == ["createOrderV3"]


async def test_on_an_older_till_a_refused_payment_does_not_undo_the_order(client, answers, soap_answer):
    client.till.version = Version(57)
    answers(
        createOrderV2=order_answer(soap_answer, "CreateOrderV2Response"),
        payOrder=paid(soap_answer, "PayOrderResponse", "PAY-ORDER-RESULT-PAYMENT-INSUFFICIENT"),
    )

    applied = await client.target("order").apply(BOOKING)

    assert (applied.remote_id, applied.warnings) == (
        "u1",
        ("payment_failed: The payment is less than what is due.",),
    )


async def test_an_invoice_is_saved_and_then_paid(client, answers, soap_answer):
    info = "<ns:info><ns:invoiceId>i1</ns:invoiceId><ns:invoiceNumber><ns:year>2026</ns:year><ns:number>7</ns:number></ns:invoiceNumber></ns:info>"
    calls = answers(
        saveInvoice=soap_answer(
            "SaveInvoiceResponse", f"<ns:result>SAVE-INVOICE-RESULT-OK</ns:result>{info}<ns:errorMessage/>"
        ),
        payInvoice=paid(soap_answer, "PayInvoiceResponse", "PAY-INVOICE-RESULT-OK"),
    )

    applied = await client.target("invoice").apply(
        BookInvoice(external="shop-1", sale=INVOICE_SALE, payments=PAYMENTS)
    )

    assert applied == Applied("i1", facts={"number": "2026.7"})
    assert operations(calls) == ["saveInvoice", "payInvoice"]


async def test_an_invoice_that_is_there_already(client, answers, soap_answer):
    answers(
        saveInvoice=soap_answer(
            "SaveInvoiceResponse", "<ns:result>SAVE-INVOICE-RESULT-EXT-INVOICE-ID-ALREADY-EXISTS</ns:result>"
        ),
        findInvoice=soap_answer(
            "GetInvoiceResponse",
            "<ns:result>GET-INVOICE-RESULT-OK</ns:result><ns:invoice><ns:invoiceId>i1</ns:invoiceId></ns:invoice>",
        ),
    )

    applied = await client.target("invoice").apply(BookInvoice(external="shop-1", sale=INVOICE_SALE))

    assert (applied.remote_id, len(applied.warnings)) == ("i1", 1)


async def test_look_ups_come_before_anything_is_made(client, answers, soap_answer):
    calls = answers(findOrder=[found_order(soap_answer), not_found(soap_answer)])

    found = await client.target("order").fetch_many(
        [
            Wanted("order", "ka", "shop-1", None),
            Wanted("order", "kb", "shop-2", None),
            Wanted("order", "kc", None, "u9"),
        ]
    )

    assert operations(calls) == ["findOrder", "findOrder"]
    assert found.keys() == {"ka", "kc"}
    assert (found["ka"].remote_id, found["ka"].state, found["ka"].document["id"]) == ("u1", "present", "u1")
    assert found["kc"] == Existing("u9", whole=False)


def test_a_sale_that_waits_in_a_queue_is_not_made_again():
    assert booking.steps(intent(PAID), Existing("u9", whole=False)) == ()


@pytest.mark.parametrize(("version", "asked"), [(67, "payOrderV2"), (57, "payOrder")])
async def test_pay(client, answers, soap_answer, version, asked):
    client.till.version = Version(version)
    calls = answers(
        payOrderV2=paid(soap_answer, "PayOrderV2Response"), payOrder=paid(soap_answer, "PayOrderResponse")
    )

    applied = await client.target("order").apply(
        Pay(kind="order", id="u1", payments=PAYMENTS, idempotency_key="k")
    )

    assert applied == Applied("u1")
    assert operations(calls) == [asked]


async def test_an_order_that_another_hand_changed_is_tried_again(client, answers, soap_answer):
    client.till.version = Version(67)
    answers(
        getOrder=found_order(soap_answer),
        updateOrderV2=soap_answer(
            "UpdateOrderV2Response", "<ns:result>UPDATE-ORDER-RESULT-ORDER-HAS-CHANGED</ns:result>"
        ),
    )

    with pytest.raises(TimeError) as raised:
        await client.target("order").apply(ChangeOrder(id="u1", fields={"reference": "r"}))
    assert (raised.value.code, raised.value.in_doubt) == ("has_changed", False)


async def test_no_changes_counts_as_done(client, answers, soap_answer):
    client.till.version = Version(67)
    answers(
        getOrder=found_order(soap_answer),
        updateOrderV2=soap_answer(
            "UpdateOrderV2Response", "<ns:result>UPDATE-ORDER-RESULT-NO-CHANGES</ns:result>"
        ),
    )

    assert await client.target("order").apply(ChangeOrder(id="u1", fields={"reference": "r"})) == Applied(
        "u1"
    )


@pytest.mark.parametrize("word", ["OK", "PENDING", "ALREADY-CANCELLED"])
async def test_cancel_uses_the_call_that_never_toggles(client, answers, soap_answer, word):
    calls = answers(
        cancelOrder=soap_answer(
            "CancelOrderResponse", f"<ns:result>CANCEL-ORDER-RESULT-{word}</ns:result><ns:message/>"
        )
    )

    assert await client.target("order").apply(Cancel(kind="order", id="u1")) == Applied("u1", "archived")
    assert operations(calls) == ["cancelOrder"]


async def test_a_cancel_that_was_undone_is_no_success(client, answers, soap_answer):
    answers(
        cancelOrder=soap_answer(
            "CancelOrderResponse", "<ns:result>CANCEL-ORDER-RESULT-UNDO-CANCEL-OK</ns:result>"
        )
    )

    with pytest.raises(RecordRefused) as raised:
        await client.target("order").apply(Cancel(kind="order", id="u1"))
    assert raised.value.code == "cancel_undone"


INVOICE_ANSWER = (
    "<ns:result>GET-INVOICE-RESULT-OK</ns:result><ns:invoice><ns:invoiceId>i1</ns:invoiceId><ns:relationNumber>17</ns:relationNumber>"
    "<ns:financialDate><ns:day>5</ns:day><ns:mon>3</ns:mon><ns:year>2026</ns:year></ns:financialDate></ns:invoice>"
)


@pytest.mark.parametrize(
    ("credited", "more"), [("", ["creditInvoice"]), ("i2", ["creditInvoice"]), ("i1", [])]
)
async def test_an_invoice_is_credited_unless_it_is_already(client, answers, soap_answer, credited, more):
    other = f"<ns:creditedInvoiceId>{credited}</ns:creditedInvoiceId>" if credited else ""
    calls = answers(
        getInvoice=soap_answer("GetInvoiceResponse", INVOICE_ANSWER),
        getInvoices=soap_answer(
            "GetInvoicesResponse", f"<ns:invoiceList><ns:invoice>{other}</ns:invoice></ns:invoiceList>"
        ),
        creditInvoice=soap_answer("CreditInvoiceResponse", "<ns:result>CREDIT-INVOICE-RESULT-OK</ns:result>"),
    )

    applied = await client.target("invoice").apply(Cancel(kind="invoice", id="i1"))

    assert (applied.remote_id, applied.state, len(applied.warnings)) == ("i1", "archived", int(not more))
    assert operations(calls) == ["getInvoice", "getInvoices", *more]
    asked = calls[1].request.content.decode()
    assert (
        "<ns1:year>2026</ns1:year></ns1:fromFinancialDate><ns1:relationNumbers>17</ns1:relationNumbers>"
        in asked
    )
