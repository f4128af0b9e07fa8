"""There and back: what the customers flow writes of a relation, read again as a contact, leaves nothing to write into the till.

Names, addresses and telephone numbers go through two systems with fields of other shapes. Whatever spelling comes back,
the till's own must stay; otherwise both flows would write to each other for ever (features T9).
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.connectors.base import Document, Found, Intent
from app.connectors.mailchimp import contacts, memberbody
from app.connectors.mailchimp.fields import Audience, MergeField
from app.connectors.mplus import customers
from app.flows.registry import flow_kind
from app.records.decision import Known, KnownTarget
from app.route_map import compiled
from app.store.flows import Flow
from app.translation import RowTranslation

ADDRESS = "anna@winkel.nl"
AUDIENCE = Audience(
    fields={
        tag: MergeField(tag=tag, name=tag, type=kind)
        for tag, kind in (
            ("FNAME", "text"),
            ("LNAME", "text"),
            ("PHONE", "phone"),
            ("ADDRESS", "address"),
            ("COMPANY", "text"),
        )
    }
)


def translation(
    kind: str, *, source: str, target: str, mapping: dict[str, Any] | None = None, **chosen: Any
) -> RowTranslation:
    told = flow_kind(kind)
    flow = Flow(
        id=kind, integration_id="int", kind=kind, record_kind=told.record_kind, source_connection_id=source,
        target_connection_id=target, settings=told.settings.model_validate(chosen).model_dump(mode="json"), mapping=mapping or {},
        version=1, state="running", state_code=None, state_detail=None, approved_at=1, window_ms=0, deadline_ms=0,
        schedule=None, opens_at=0, created_at=0, updated_at=0,
    )  # fmt: skip
    return compiled(flow, source=source, target=target)


THERE = translation("customers", source="mplus", target="mailchimp")
BACK = translation("contacts", source="mailchimp", target="mplus", create_relations=True)


def key(kind: str, natural: str) -> str:
    return f"{kind}:{natural}"


def member_of(relation: dict[str, Any]) -> Document:
    """The contact at Mailchimp after the customers flow wrote it."""
    plan = THERE.plan(Found("7", customers.read(relation)), Known(hashed=key))
    assert plan.decision.puts, plan.decision.skip
    body, _ = memberbody.body_of(plan.desired[0].document, AUDIENCE, emptying=False)
    return {"contact_id": "c1", "email_address": ADDRESS, "status": "subscribed", **body}


def written_back(relation: dict[str, Any], **edited: Any) -> tuple[Any, ...]:
    """What the contacts flow would write into the till; ``edited`` are merge fields that a person changed meanwhile."""
    member = member_of(relation)
    member["merge_fields"] = {**member.get("merge_fields", {}), **edited}
    there = KnownTarget("customer", key("customer", ADDRESS), "7", own=True)
    plan = BACK.plan(Found("c1", contacts.read(member)), Known(targets=(there,), hashed=key))
    [put], [desired] = plan.decision.puts, plan.desired
    intent = Intent(
        kind="customer",
        key=key("customer", ADDRESS),
        natural=put.natural,
        remote_id="7",
        desired=desired,
        document=desired.document,
        options=dict(put.options),
    )
    existing = customers.existing_relation(customers.read(relation))
    steps = customers.steps(intent, existing)
    assert isinstance(steps, tuple)
    return steps


def relation(**fields: Any) -> dict[str, Any]:
    filled = {name: value for name, value in fields.items() if value}
    return {"relationNumber": 7, "email": ADDRESS, "active": True, **filled}


WORDS = st.text(
    st.characters(categories=("Lu", "Ll", "Lo"), include_characters=" -'.éçßæø", max_codepoint=0x5FF),
    min_size=1,
    max_size=30,
)
GIVEN = st.sampled_from(["Anna", "Jan", "A.B.", "Jean-Luc", "Ömer", "Fatima Zahra", "李", "משה"])
BETWEEN = st.sampled_from(["", "van den ", "de ", "'t ", "von ", "Van der ", "van 't "])
FAMILY = st.sampled_from(["Berg", "Hoek-Jansen", "Smit", "Müller", "O'Brien", "王", "Vandenberghe"])
NAMES = st.one_of(
    st.builds(lambda given, between, family: f"{given} {between}{family}", GIVEN, BETWEEN, FAMILY),
    st.builds(lambda given, between, family: f"{family}, {given} {between}".strip(), GIVEN, BETWEEN, FAMILY),
    FAMILY,
    WORDS,
)
STREETS = st.sampled_from(
    [
        "Kerkstraat",
        "Straße des 17. Juni",
        "Rue de la Loi",
        "Plein 1944",
        "1e Constantijn Huygensstraat",
        "Laan 40-45",
    ]
)
NUMBERS = st.builds(
    lambda number, addition: f"{number}{addition}",
    st.integers(min_value=1, max_value=9999),
    st.sampled_from(["", "a", " a", "-hs", " bis", "/2", " bus 4", "-3 hoog"]),
)
PLACES = st.sampled_from(
    [
        ("Nederland", "1012 AB", "Amsterdam"),
        ("NL", "1012ab", "Amsterdam"),
        ("", "1012AB", "Amsterdam"),
        ("België", "1000", "Brussel"),
        ("Duitsland", "10115", "Berlin"),
        ("DE", "80331", "München"),
        ("France", "75001", "Paris"),
        ("Verenigd Koninkrijk", "SW1A 1AA", "London"),
        ("Atlantis", "1", "Onder Water"),
    ]
)
PHONES = st.one_of(
    st.sampled_from(
        [
            "06-12345678",
            "+31 6 12345678",
            "0031612345678",
            "020 123 45 67",
            "+32 472 91 11 47",
            "0172/1234567",
            "bel me",
        ]
    ),
    st.text("0123456789 +-()/", max_size=20),
)


@settings(deadline=None, max_examples=150)
@given(NAMES)
def test_a_name_stays(name: str) -> None:
    assert () == written_back(relation(name=name))


@settings(deadline=None, max_examples=150)
@given(STREETS, NUMBERS, PLACES)
def test_an_address_stays(street: str, number: str, place: tuple[str, str, str]) -> None:
    country, postal_code, city = place
    card = relation(
        name="Anna Smit", address=f"{street} {number}", zipcode=postal_code, city=city, country=country
    )

    assert () == written_back(card)


@settings(deadline=None, max_examples=150)
@given(WORDS, PLACES)
def test_an_address_without_a_number_stays(line: str, place: tuple[str, str, str]) -> None:
    country, postal_code, city = place

    assert () == written_back(
        relation(name="Anna Smit", address=line, zipcode=postal_code, city=city, country=country)
    )


@settings(deadline=None, max_examples=150)
@given(PHONES, PLACES, st.sampled_from(["telephone", "mobile"]))
def test_a_telephone_number_stays(number: str, place: tuple[str, str, str], field: str) -> None:
    assert () == written_back(relation(name="Anna Smit", country=place[0], **{field: number}))


TYPED = st.one_of(
    st.sampled_from(
        ["06-87654321", "0470/12.34.56", "030 901820", "+49 (0)30 901820", "0031 6 87654321", "bel me", "12"]
    ),
    st.builds(
        lambda start, digits: f"{start}{digits}",
        st.sampled_from(["06", "06-", "+31 6 ", "0032 4", "04", "+49 30 ", "030/", "(020) "]),
        st.text("0123456789 -/.", min_size=5, max_size=11),
    ),
    st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20).filter(str.strip),
)


@settings(deadline=None, max_examples=200)
@given(TYPED, st.sampled_from(["NL", "BE", "DE", ""]), st.booleans())
def test_a_number_typed_at_mailchimp_is_written_once(typed: str, country: str, known: bool) -> None:
    """Into the till, whatever it held before; read there again and written back, it leaves nothing to write."""
    address = (
        {"ADDRESS": {"addr1": "Dam 1", "city": "Stad", "zip": "1", "country": country}} if country else {}
    )
    card = relation(name="Anna Smit", mobile="06-12345678" if known else "")
    writes = written_back(card, PHONE=typed, **address)
    for write in writes:
        card |= write.fields

    assert () == written_back(card, PHONE=typed, **address)
    assert () == written_back(card)


@settings(deadline=None, max_examples=150)
@given(WORDS, NAMES)
def test_a_company_stays(company: str, contact: str) -> None:
    assert () == written_back(relation(name=company, companyName=company, contact=contact))


@pytest.mark.parametrize(
    ("field", "edited"),
    [
        ("FNAME", "Anneke"),
        ("PHONE", "+31687654321"),
        ("ADDRESS", {"addr1": "Dam 1", "city": "Amsterdam", "zip": "1012JS"}),
    ],
)
def test_an_edit_does_come_back(field: str, edited: object) -> None:
    """The other tests would also pass if nothing were ever written."""
    card = relation(
        name="Anna Smit", telephone="0612345678", address="Kerkstraat 1", zipcode="1012AB", city="Amsterdam"
    )

    assert 1 == len(written_back(card, **{field: edited}))
