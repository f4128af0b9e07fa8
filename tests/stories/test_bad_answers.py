"""A till that answers with what is no answer: nothing of it is stored, nothing is lost, and what it was is told."""

from __future__ import annotations

import pytest

from app.sandbox.faults import HTML_BAD_GATEWAY, TEXT_HTML, TEXT_XML, Fault
from tests.shop import CONSENT, Shop
from tests.stories.test_polls import add, cursor

ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY file SYSTEM "file:///etc/passwd">]><x>&b;&file;</x>'
)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(ENTITIES, TEXT_XML), (HTML_BAD_GATEWAY, TEXT_HTML), ("<a><b></a>", TEXT_XML), ("", TEXT_XML), ("{}", "application/json")],
    ids=["entities", "HTML", "cut off", "nothing", "JSON"],
)  # fmt: skip
@pytest.mark.parametrize("operation", ["getCurrentSyncMarkers", "getRelations"])
async def test_what_is_no_answer_is_asked_again(shop: Shop, operation: str, body: str, kind: str) -> None:
    flow_id = await shop.flow("customers", CONSENT)
    add(shop, "Anna")
    bad = Fault(status=200, body=body, content_type=kind, operation=operation, times=3)
    shop.till.faults.add(bad)
    for _ in range(3):
        await shop.poll()
        await shop.deliver()

    assert (0, {}) == (await cursor(shop, flow_id), shop.content())

    shop.till.faults.clear()
    await shop.check(shop.till_id)
    await shop.rest()

    assert ["anna@klant-voorbeeld.nl"] == list(shop.content())
    assert {False} >= {raised for _, raised in await shop.alerts()}


@pytest.mark.parametrize(
    ("odd", "by", "why"),
    [
        ("<ns:active>true", "<ns:active>perhaps", "active: true or false expected."),
        ("<ns:points>0", "<ns:points>many", "points: whole number expected."),
        ("<ns:mon>3", "<ns:mon>13", "createTimestamp: moment of the calendar expected."),
    ],
)
async def test_one_record_that_cannot_be_read_holds_up_no_other(
    shop: Shop, odd: str, by: str, why: str
) -> None:
    """It is quarantined with its field, and its value is told to nobody; mended in the till, it goes."""
    flow_id = await answered_oddly(shop, odd, by)

    assert ["anna@klant-voorbeeld.nl"] == list(shop.content())
    assert {"1": ("delivered", None), "2": ("quarantined", "unreadable_record")} == await shop.outcomes()
    [reason] = [row["reason"] for row in await shop.attempts() if row["outcome"] == "quarantined"]
    assert reason == (
        f"The till's answer to getRelations cannot be read: {why} Look at this record in the till and save it again; "
        "if that does not help, ask MplusKASSA's support."
    )

    shop.till.faults.clear()
    assert 1 == await shop.replay(flow_id, failed=True)
    await shop.quiet()

    assert ["anna@klant-voorbeeld.nl", "bram@klant-voorbeeld.nl"] == list(shop.content())


async def test_a_record_without_its_number_is_none(shop: Shop) -> None:
    """Nobody can say whose it is: the one that was asked for counts as not shown."""
    await answered_oddly(shop, "<ns:relationNumber>2</ns:relationNumber>", "")

    assert ["anna@klant-voorbeeld.nl"] == list(shop.content())
    assert {"1": ("delivered", None), "2": ("skipped", "not_found")} == await shop.outcomes()


async def answered_oddly(shop: Shop, odd: str, by: str) -> str:
    """Two people are noticed, and from then on the till answers with one of them spoilt; the flow."""
    flow_id = await shop.flow("customers", CONSENT)
    for name in ("Anna", "Bram"):
        add(shop, name)
    await shop.poll()
    told = shop.till.log.find(operation="getRelations")[-1].answer.decode()
    number = told.index("<ns:relationNumber>2<")
    spoilt = told[:number] + told[number:].replace(odd, by, 1)
    assert spoilt != told
    shop.till.faults.add(
        Fault(status=200, body=spoilt, content_type=TEXT_XML, operation="getRelations", times=20)
    )
    await shop.quiet()
    return flow_id
