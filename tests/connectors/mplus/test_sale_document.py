"""A sale as the till's type: amounts from which the till reckons the right total, and everything missing told at once."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.base import Desired, Existing, Intent, Leave
from app.connectors.mplus import booking, customers
from app.connectors.mplus.booking import BookInvoice, BookOrder
from app.connectors.mplus.saledocument import as_sale, line_of, resolved, to_the_cent
from app.errors import RecordRefused, TimeError

D = Decimal


def reckoned(price, quantity, off):
    """As the till does it: in cents, half up, the discount off the whole line."""
    return (price * quantity).quantize(D("0.01"), rounding=ROUND_HALF_UP) - off


@given(
    cents=st.integers(-(10**7), 10**7),
    quantity=st.decimals(D("-999.999"), D("999.999"), places=3).filter(bool),
    discount=st.one_of(st.none(), st.integers(0, 10**5).map(lambda n: D(n).scaleb(-2))),
)
def test_the_till_reckons_exactly_the_total(cents, quantity, discount):
    total = D(cents).scaleb(-2)
    found = to_the_cent(total, quantity=quantity, discount=discount)

    assert total == reckoned(found["price"], quantity, found["discountAmount"])
    assert found["price"] == found["price"].quantize(D("0.01"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"articleNumber": 1, "quantity": D(2), "lineTotal": D("99.90")}, {"quantity": D(2), "price": D("49.95")}),
        (
            {"articleNumber": 1, "quantity": D(3), "lineTotal": D("10.00")},
            {"quantity": D(3), "price": D("3.34"), "discountAmount": D("0.02")},
        ),
        (
            {"articleNumber": 1, "quantity": D(2), "lineTotal": D("18.00"), "discountAmount": D("2.00")},
            {"quantity": D(2), "price": D("10.00"), "discountAmount": D("2.00")},
        ),
        ({"articleNumber": 1, "quantity": D(1), "lineTotal": D("-5.00")}, {"quantity": D(1), "price": D("-5.00")}),
        ({"articleNumber": 1, "quantity": D(-1), "lineTotal": D("-5.00")}, {"quantity": D(-1), "price": D("5.00")}),
        ({"articleNumber": 1, "quantity": D(2), "price": D("1.50")}, {"quantity": D(2), "price": D("1.50")}),
    ],
)  # fmt: skip
def test_a_line(line, expected):
    assert {"articleNumber": 1, "data": expected} == line_of(line)


def test_a_country_in_three_letters_and_what_only_one_kind_has():
    document = {"vatCountryIso3": "BE", "dueDate": "2026-03-01", "deliveryMethod": "AFHALEN", "totalInclAmount": D(1), "relation": {"email": "a@b.nl"}}  # fmt: skip

    order = as_sale(document, kind="order", external="1")
    invoice = as_sale(document, kind="invoice", external="1")

    assert {"vatCountryIso3": "BEL", "deliveryMethod": "AFHALEN", "lineList": [], "orderId": "", "extOrderId": "1"} == order  # fmt: skip
    assert {"vatCountryIso3": "BEL", "dueDate": "2026-03-01", "lineList": [], "extInvoiceId": "1"} == invoice


NAMED = {
    ("article", "AB"): Existing("1001"),
    ("article", "9"): Existing("9"),
    ("account", "8000"): Existing("3"),
}


def test_articles_and_accounts_by_their_numbers():
    document = {"lineList": [{"articleNumber": "AB", "accountNumber": "8000", "text": "Trui"}]}

    assert {"lineList": [{"articleNumber": 1001, "turnoverGroup": 3, "text": "Trui"}]} == resolved(
        document, NAMED, options={}
    )


@pytest.mark.parametrize(
    ("lines", "options", "error", "code", "said"),
    [
        (["X", "AB", "Y", "X", ""], {}, RecordRefused, "article_missing", "The till has no article for X, Y, line 5 (without a SKU). Nothing was written."),
        (["X"], {"missing_article": "hold"}, TimeError, "article_missing", "The till has no article for X. The order waits until it has."),
        (["X"], {"missing_article": "placeholder", "placeholder_article": "8"}, RecordRefused, "article_missing", "The till has no article for X. Nothing was written."),
    ],
)  # fmt: skip
def test_all_that_is_missing_in_one_sentence(lines, options, error, code, said):
    document = {"lineList": [{"articleNumber": name} for name in lines]}

    with pytest.raises(error) as caught:
        resolved(document, NAMED, options=options)
    assert (code, said) == (caught.value.code, caught.value.detail)


def test_a_placeholder_carries_the_name_it_stands_in_for():
    document = {"lineList": [{"articleNumber": "X", "text": "Vaas"}]}
    options = {"missing_article": "placeholder", "placeholder_article": "9"}

    assert [{"articleNumber": 9, "text": "X Vaas"}] == resolved(document, NAMED, options=options)["lineList"]


def test_an_account_without_a_group_fails_or_is_left():
    document = {"lineList": [{"articleNumber": "AB", "accountNumber": "1"}]}

    with pytest.raises(RecordRefused, match="No turnover group of the till books on account 1"):
        resolved(document, NAMED, options={})
    left = resolved(document, NAMED, options={"account_without_group": "leave"})
    assert [{"articleNumber": 1001}] == left["lineList"]


RELATION = {"name": "Sanne", "email": "a@b.nl", "city": "Utrecht"}
LINE = {"articleNumber": "AB", "quantity": D(1), "price": D(5)}


def wish(named=None, *, relation=RELATION, options=None, **document):
    whole = {"lineList": [LINE], **({"relation": relation} if relation else {}), **document}
    return Intent(
        kind="order", key="k", natural="w-1", remote_id=None, desired=None, document=whole,
        options={"relation_key": "abc", **(options or {})}, named=NAMED | (named or {}),
    )  # fmt: skip


def steps_of(intent):
    return booking.steps(replace(intent, desired=Desired(intent.document)), None)


def test_a_new_buyer_is_made_first_and_looked_up_by_the_booking():
    create, book = steps_of(wish())

    mark = customers.external_id("abc")
    assert {"extRelationId": mark, **RELATION} == create.fields
    assert ({"email": "a@b.nl", "extRelationId": mark}, None) == (book.buyer, book.sale.get("relationNumber"))
    assert isinstance(book, BookOrder)


def test_a_known_buyer_is_brought_up_to_date_where_he_differs():
    there = {
        ("relation", "a@b.nl"): Existing("7", document={"name": "Sanne", "email": "A@B.nl", "city": "Zeist"})
    }
    update, book = steps_of(wish(there))
    [only] = steps_of(wish(there, options={"update_relations": False}))

    assert (7, {"city": "Utrecht"}, 7) == (update.number, update.fields, book.sale["relationNumber"])
    assert (7, None) == (only.sale["relationNumber"], only.buyer)
    [of_history] = steps_of(wish(there, options={"backfill": True}))
    assert 7 == of_history.sale["relationNumber"]


def test_an_inactive_buyer_is_booked_on_and_left():
    there = {("relation", "a@b.nl"): Existing("7", state="archived", document={})}

    [book] = steps_of(wish(there))
    assert 7 == book.sale["relationNumber"]


def test_nobody_to_book_on():
    with pytest.raises(RecordRefused) as caught:
        steps_of(wish(relation=None))
    assert "no_relation" == caught.value.code
    with pytest.raises(RecordRefused):
        steps_of(wish(options={"create_relations": False}))
    [book] = steps_of(wish(options={"create_relations": False}, relationNumber=D(1000)))
    assert D(1000) == book.sale["relationNumber"]


def test_an_invoice_and_a_sale_that_nobody_may_make():
    intent = replace(wish(relationNumber=D(3), relation=None), kind="invoice", desired=Desired({}))
    [book] = booking.steps(intent, None)
    assert isinstance(book, BookInvoice)
    assert isinstance(booking.steps(replace(intent, create=False), None), Leave)
