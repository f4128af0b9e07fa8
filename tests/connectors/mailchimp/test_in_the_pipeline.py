"""The customers flow with its shipped rows, from relation documents to the sandbox's audience, through real batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from app.connectors.base import Fetched, Found, Gone
from app.connectors.mailchimp.client import MailchimpClient
from app.pipeline.batch import BatchResult, run_batch
from app.pipeline.route import Route
from app.route_map import compiled
from app.store import flows, requests
from app.store.requests import Request
from app.store.session import Database
from app.store.tables import attempts, targets
from tests.connectors.mailchimp.conftest import ANNA, BRAM, Connect, Shop
from tests.machine.toys import RECOVERY, SEALER, make_flow

RELATION: dict[str, Any] = {
    "relationNumber": 1,
    "personName": "Anna de Wit",
    "email": ANNA,
    "telephone": "030 123 45 67",
    "address": "Markt 1",
    "zipcode": "3511 AA",
    "city": "Utrecht",
    "country": "Nederland",
    "birthDate": "1990-02-03",
    "customFields": {"Nieuwsbrief": "ja"},
    "active": True,
    "contactList": [],
}
SETTINGS = {"consent_source": "custom_field", "consent_field": "Nieuwsbrief"}
ADDRESS = {
    "addr1": "Markt 1",
    "addr2": "",
    "city": "Utrecht",
    "state": "-",
    "zip": "3511 AA",
    "country": "NL",
}


@dataclass
class Relations:
    """What a till would show."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    account: str = "till"

    def source(self, _kind: str) -> Relations:
        return self

    async def fetch_many(self, refs: Sequence[str]) -> Sequence[Fetched]:
        return [Found(ref, dict(self.rows[ref])) if ref in self.rows else Gone(ref) for ref in refs]


@dataclass
class Line:
    """One flow, ready to run."""

    db: Database
    route: Route
    relations: Relations
    shop: Shop

    async def edit(self, ref: str = "1", **changes: Any) -> BatchResult:
        """An edit at the till, and the batch that follows from it. None takes a value away."""
        row = self.relations.rows.get(ref, RELATION | {"relationNumber": int(ref)}) | changes
        self.relations.rows[ref] = {name: value for name, value in row.items() if value is not None}
        return await self.ring(ref)

    async def ring(self, *refs: str) -> BatchResult:
        async with self.db.write() as conn:
            await requests.request(
                conn, [Request(self.route.flow_id, ref) for ref in refs], clock=self.db.clock
            )
        self.shop.calls()
        return await run_batch(self.route)

    async def rows(self) -> list[Mapping[str, Any]]:
        async with self.db.read() as conn:
            found = await conn.execute(select(targets).where(targets.c.state != "new").order_by(targets.c.id))
            return list(found.mappings())

    async def attempts(self) -> list[Mapping[str, Any]]:
        async with self.db.read() as conn:
            return list((await conn.execute(select(attempts).order_by(attempts.c.id))).mappings())


@pytest.fixture
async def line(db: Database, connect: Connect, shop: Shop) -> Line:
    return await open_line(db, connect(shop.base_url), shop)


async def open_line(
    db: Database,
    client: MailchimpClient,
    shop: Shop,
    *,
    mapping: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Line:
    flow_id = await make_flow(db, source="till", target="audience")
    async with db.write() as conn:
        flow = await flows.change(
            conn, flow_id, now=0, settings=SETTINGS | settings, mapping=dict(mapping or {})
        )
    translation = compiled(flow, source="mplus", target="mailchimp")
    relations = Relations()
    route = Route(
        db=db, sealer=SEALER, flow_id=flow_id, record_kind="customer", source_connection_id="till",
        target_connection_id="audience", source_account="till", target_account="audience",
        source=relations,  # type: ignore[arg-type]
        target=client, translation=translation, direction="mplus→mailchimp", recovery=RECOVERY,
        options=translation.settings.model_dump(),
    )  # fmt: skip
    return Line(db, route, relations, shop)


async def test_a_relation_becomes_a_member_and_then_nothing_moves(line: Line) -> None:
    first = await line.edit()
    member = line.shop.member()
    again = await line.ring("1")

    assert {"delivered": 1} == dict(first.outcomes)
    assert ("subscribed", {
        "FNAME": "Anna", "LNAME": "de Wit", "PHONE": "+31301234567", "BIRTHDAY": "02/03", "ADDRESS": ADDRESS,
    }) == (member.status, member.merge_fields)  # fmt: skip
    assert ({"unchanged": 1}, []) == (dict(again.outcomes), line.shop.calls())


# --- what becomes empty -------------------------------------------------------------------------------------------


async def test_what_becomes_empty_is_emptied_once(line: Line) -> None:
    await line.edit()

    await line.edit(telephone=None)
    emptied = line.shop.member().merge_fields["PHONE"]
    [sent] = [entry.json() for entry in line.shop.sandbox.log.entries if entry.method == "PATCH"]
    again = await line.edit(note="x")

    assert ("", {"merge_fields": {"PHONE": ""}}) == (emptied, sent)
    assert ({"unchanged": 1}, []) == (dict(again.outcomes), line.shop.calls())


@pytest.mark.parametrize("gone", [("city",), ("address",), ("zipcode",), ("address", "city", "zipcode")])
async def test_an_address_is_complete_or_absent(line: Line, gone: tuple[str, ...]) -> None:
    await line.edit()
    await line.edit(**dict.fromkeys(gone))
    emptied = line.shop.member().merge_fields["ADDRESS"]
    again = await line.ring("1")
    await line.edit(**{name: RELATION[name] for name in gone})

    assert "" == emptied
    assert {"unchanged": 1} == dict(again.outcomes)
    assert ADDRESS == line.shop.member().merge_fields["ADDRESS"]


async def test_what_the_merchant_filled_stays(line: Line) -> None:
    """He typed it, or it said the same before we came: we never wrote it, so its source's silence is not ours to carry on."""
    line.shop.add(
        merge_fields={"FNAME": "Anna", "LNAME": "de Wit", "PHONE": "+31301234567", "ADDRESS": ADDRESS}
    )
    await line.edit(birthDate=None)
    line.shop.life.edit(ANNA, source="admin", merge_fields={"BIRTHDAY": "12/31"})

    silent = await line.edit(telephone=None, city=None)

    assert ("+31301234567", ADDRESS, "12/31") == tuple(
        line.shop.member().merge_fields[tag] for tag in ("PHONE", "ADDRESS", "BIRTHDAY")
    )
    assert {"unchanged": 1} == dict(silent.outcomes)
    assert ({"unchanged": 1}, []) == (dict((await line.ring("1")).outcomes), line.shop.calls())


async def test_a_value_that_the_field_never_took_empties_nothing(line: Line) -> None:
    """An incomplete address was never written, so that it vanished at the till says nothing about the merchant's."""
    await line.edit(city=None)
    line.shop.life.edit(ANNA, source="admin", merge_fields={"ADDRESS": ADDRESS})

    await line.edit(address=None, zipcode=None)

    assert ADDRESS == line.shop.member().merge_fields["ADDRESS"]


async def test_what_was_filled_is_remembered_through_a_lost_answer(line: Line, clock: Any) -> None:
    await line.edit()
    line.shop.sandbox.faults.fail_next(kind="reset_before", operation="member.patch")
    lost = await line.edit(personName="Anna Zwart")
    clock.advance(200)

    await line.edit(telephone=None)

    assert {"retrying": 1} == dict(lost.outcomes)
    assert ("Zwart", "") == tuple(line.shop.member().merge_fields[tag] for tag in ("LNAME", "PHONE"))


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ({"mode": "create"}, True),
        ({"mode": "if_empty"}, True),
        ({"mode": "update"}, False),
        ({"mode": "always"}, False),
        ({"when": {"field": "phone", "is": "not_empty"}}, True),
    ],
)
async def test_only_rows_that_always_write_empty(
    db: Database, connect: Connect, shop: Shop, row: dict[str, Any], kept: bool
) -> None:
    rows = [
        {"target": "email_address", "expression": "email"},
        {"target": "merge_fields.PHONE", "expression": "phone", **row},
    ]
    line = await open_line(db, connect(shop.base_url), shop, mapping={"leg2": rows})
    await line.edit()
    await line.edit(telephone="030 765 43 21")
    filled = shop.member().merge_fields["PHONE"]

    await line.edit(telephone=None)

    assert filled
    assert (filled if kept else "") == shop.member().merge_fields["PHONE"]
    assert {"unchanged": 1} == dict((await line.ring("1")).outcomes)


async def test_a_row_that_was_taken_out_of_the_mapping_empties_nothing(
    db: Database, connect: Connect, shop: Shop
) -> None:
    client = connect(shop.base_url)
    line = await open_line(db, client, shop)
    await line.edit()
    async with db.write() as conn:
        flow = await flows.change(
            conn,
            line.route.flow_id,
            now=0,
            mapping={"leg2": [{"target": "email_address", "expression": "email"}]},
        )
    line.route = Route(
        **{name: getattr(line.route, name) for name in Route.__dataclass_fields__}
        | {"translation": compiled(flow, source="mplus", target="mailchimp")}
    )

    await line.edit(telephone=None)

    assert "+31301234567" == shop.member().merge_fields["PHONE"]


async def test_a_moved_address_is_emptied_too_and_a_foreign_contact_is_not(line: Line) -> None:
    await line.edit()
    await line.edit(email=BRAM, telephone=None)
    moved = line.shop.member(BRAM).merge_fields["PHONE"]
    line.shop.add("carla@klant-voorbeeld.nl", merge_fields={"BIRTHDAY": "12/31"})

    await line.edit(email="carla@klant-voorbeeld.nl", birthDate=None)

    assert "" == moved
    assert "archived" == line.shop.member(BRAM).status
    assert "12/31" == line.shop.member("carla@klant-voorbeeld.nl").merge_fields["BIRTHDAY"]


@pytest.mark.parametrize(("trigger", "mails"), [("webhook", [("tag_automation", ANNA)]), ("backfill", [])])
async def test_tags_of_a_backfill_start_no_automation(
    db: Database, connect: Connect, shop: Shop, trigger: str, mails: list[tuple[str, str]]
) -> None:
    rows = [
        {"target": "email_address", "expression": "email"},
        {"target": "tags", "expression": "['gold']"},
    ]
    line = await open_line(db, connect(shop.base_url), shop, mapping={"leg2": rows})
    line.relations.rows["1"] = RELATION
    shop.audience.tag_automations.add("gold")

    async with db.write() as conn:
        await requests.request(conn, [Request(line.route.flow_id, "1", trigger=trigger)], clock=db.clock)
    await run_batch(line.route)

    assert (1, mails) == (len(shop.member().tags), shop.mails())


# --- values without a place ----------------------------------------------------------------------------------------


async def test_a_value_is_sent_as_soon_as_there_is_a_field_for_it(
    db: Database, connect: Connect, shop: Shop
) -> None:
    rows = [
        {"target": "email_address", "expression": "email"},
        {"target": "merge_fields.SHOP", "expression": "'Utrecht'"},
    ]
    client = connect(shop.base_url)
    line = await open_line(db, client, shop, mapping={"leg2": rows})
    await line.edit()
    before = (await line.attempts())[-1]["warnings"]
    at_rest = await line.ring("1")

    [offered] = await client.missing_fields("customer", [row["target"] for row in rows])
    await client.make_field("customer", offered)
    after = await line.ring("1")

    assert ["merge_field_missing: the audience has no merge field SHOP"] == before
    assert {"unchanged": 1} == dict(at_rest.outcomes)
    assert ({"delivered": 1}, "Utrecht") == (dict(after.outcomes), shop.member().merge_fields["SHOP"])


# --- consent, standing, addresses, and back again (C-7, C-8, C-9, C-14) --------------------------------------------


def said(word: str | None) -> dict[str, Any]:
    return {"customFields": {} if word is None else {"Nieuwsbrief": word}}


@pytest.mark.parametrize(
    ("double_optin", "words", "statuses"),
    [
        (False, (None, "ja", None, "nee"), ("transactional", "subscribed", "subscribed", "unsubscribed")),
        (False, ("nee", "ja", "nee", "ja"), ("transactional", "subscribed", "unsubscribed", "unsubscribed")),
        (True, ("nee", "ja", "nee"), ("transactional", "pending", "unsubscribed")),
    ],
)
async def test_each_transition_of_consent(
    line: Line, double_optin: bool, words: tuple[str | None, ...], statuses: tuple[str, ...]
) -> None:
    line.shop.audience.double_optin = double_optin
    seen = []
    for word in words:
        await line.edit(**said(word))
        seen.append(line.shop.member().status)

    assert statuses == tuple(seen)
    confirmations = [kind for kind, _ in line.shop.mails()]
    assert (["opt_in_confirmation"] if double_optin else []) == confirmations


async def test_a_withdrawal_may_be_left_to_the_person(db: Database, connect: Connect, shop: Shop) -> None:
    line = await open_line(db, connect(shop.base_url), shop, on_withdrawal="leave")
    await line.edit(**said("ja"))

    await line.edit(**said("nee"))

    assert "subscribed" == shop.member().status


@pytest.mark.parametrize("leave", ["unsubscribe", "clean", "archive"])
async def test_who_left_at_mailchimp_never_comes_back_by_our_doing(line: Line, leave: str) -> None:
    await line.edit(**said("ja"))
    getattr(line.shop.life, leave)(ANNA)
    status = line.shop.member().status

    seen = []
    for change in (
        said("nee"),
        said("ja"),
        {"personName": "Anna Zwart"},
        {"active": False},
        {"active": True},
    ):
        await line.edit(**change)
        seen.append(line.shop.member().status)

    assert {status, "archived"} >= set(seen)
    assert status == seen[0] == seen[2]
    assert "subscribed" not in seen


async def test_an_archived_member_gets_no_write(line: Line) -> None:
    await line.edit()
    line.shop.life.archive(ANNA)

    left = await line.edit(personName="Anna Zwart")

    writes = [entry.operation for entry in line.shop.sandbox.log.entries if entry.method != "GET"]
    assert ({"skipped": 1}, [], "de Wit") == (
        dict(left.outcomes),
        writes,
        line.shop.member().merge_fields["LNAME"],
    )


async def test_inactive_is_archived_and_active_again_comes_back(line: Line) -> None:
    await line.edit()
    await line.edit(active=False)
    away = line.shop.member().status

    back = await line.edit(active=True, telephone=None)

    member = line.shop.member()
    assert ("archived", {"delivered": 1}, "subscribed", "") == (
        away,
        dict(back.outcomes),
        member.status,
        member.merge_fields["PHONE"],
    )
    assert {"unchanged": 1} == dict((await line.ring("1")).outcomes)


@pytest.mark.parametrize(("setting", "left"), [("move", []), ("new", ["archived"])])
async def test_an_address_that_changes(
    db: Database, connect: Connect, shop: Shop, setting: str, left: list[str]
) -> None:
    line = await open_line(db, connect(shop.base_url), shop, on_email_change=setting)
    await line.edit()
    contact = shop.member().contact_id

    await line.edit(email=BRAM)

    assert (setting == "move") == (shop.member(BRAM).contact_id == contact)
    assert ["subscribed", *left] == sorted((m.status for m in shop.audience.members.values()), reverse=True)
    warned = (await line.attempts())[-1]["warnings"]
    assert ["address_changed: old orders stay with the old store customer"] == warned


async def test_an_address_that_changes_back_to_one_that_we_put_away(line: Line) -> None:
    """The new address had a contact of its own, so the old one was archived by us: it may come back."""
    await line.edit()
    line.shop.add(BRAM, status="subscribed")
    await line.edit(email=BRAM)
    away = line.shop.member().status

    await line.edit(email=ANNA)

    assert ("archived", "subscribed", "archived") == (
        away,
        line.shop.member().status,
        line.shop.member(BRAM).status,
    )
    assert {"unchanged": 1} == dict((await line.ring("1")).outcomes)
