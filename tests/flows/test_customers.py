"""The customers flow as a table: who is put, archived or skipped, and what is said about consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from app.flows.customers import KIND, CustomersSettings, consent_of, decide, filtered, gone
from app.records.customer import Consent, Customer, Person
from app.records.decision import TOLD, Archive, Counterpart, Decision, Known, KnownTarget, Skip

FIELD = {"consent_source": "custom_field", "consent_field": "nieuwsbrief"}
CHANGED = "address_changed: old orders stay with the old store customer"


def key(natural: str) -> str:
    return f"{KIND}:{natural}"


def member(
    natural: str, *, consent: str = "unknown", person: str = "main", state: Any = "present"
) -> KnownTarget:
    facts = {"consent": consent, "person": person}
    return KnownTarget(
        kind=KIND, key=key(natural), remote_id=f"id-{natural}", own=True, state=state, facts=facts
    )


def ann(**values: Any) -> Customer:
    return Customer(**({"email": "ann@winkel.nl", "full_name": "Ann de Wit"} | values))


def says(word: str, **values: Any) -> Customer:
    return ann(custom={"nieuwsbrief": word}, **values)


def told(decision: Decision) -> dict[str, Any]:
    """The decision in short, so that a table can hold it."""
    short: dict[str, Any] = {}
    if decision.puts:
        short["puts"] = [
            (
                put.natural,
                put.facts["consent"],
                put.options["if_new"],
                put.options["subscription"],
                put.create,
                put.moves_from,
            )
            for put in decision.puts
        ]
    if decision.archives:
        short["archives"] = [
            (archive.key, archive.reason, archive.permanently) for archive in decision.archives
        ]
    if decision.skip:
        short["skip"] = decision.skip.code
    if decision.warnings:
        short["warnings"] = list(decision.warnings)
    return short


A = "ann@winkel.nl"
COMPANY = {
    "company": "Wit BV",
    "contacts": (Person(id="8", email="bo@winkel.nl"), Person(id="9", email="cas@winkel.nl")),
}

CASES: list[tuple[str, dict[str, Any], Customer, tuple[KnownTarget, ...], dict[str, Any]]] = [
    ("no consent source: never subscribed", {}, ann(), (), {"puts": [(A, "unknown", "transactional", "keep", True, None)]}),
    ("without consent: skip means not created", {"without_consent": "skip"}, ann(), (), {"puts": [(A, "unknown", "transactional", "keep", False, None)]}),
    ("consent yes, new", FIELD, says("Ja "), (), {"puts": [(A, "yes", "subscribed", "subscribe", True, None)]}),
    ("consent no, new", FIELD, says("nee"), (), {"puts": [(A, "no", "transactional", "keep", True, None)]}),
    ("yes stays yes: nothing is sent again", FIELD, says("ja"), (member(A, consent="yes"),), {"puts": [(A, "yes", "subscribed", "keep", True, None)]}),
    ("no becomes yes", FIELD, says("ja"), (member(A, consent="no"),), {"puts": [(A, "yes", "subscribed", "subscribe", True, None)]}),
    ("yes becomes no", FIELD, says("nee"), (member(A, consent="yes"),), {"puts": [(A, "no", "transactional", "unsubscribe", True, None)]}),
    ("yes becomes no, left alone by setting", FIELD | {"on_withdrawal": "leave"}, says("nee"), (member(A, consent="yes"),), {"puts": [(A, "no", "transactional", "keep", True, None)]}),
    ("yes becomes empty: missing rights never unsubscribe", FIELD, says(""), (member(A, consent="yes"),), {"puts": [(A, "yes", "transactional", "keep", True, None)]}),
    ("no that was never a yes unsubscribes nobody", FIELD, says("nee"), (member(A, consent="unknown"),), {"puts": [(A, "no", "transactional", "keep", True, None)]}),
    ("no address", {}, ann(email=None, email_problem="missing"), (), {"skip": "email_missing"}),
    ("no usable address", {}, ann(email=None, email_problem="invalid"), (), {"skip": "email_invalid"}),
    ("address taken away", {}, ann(email=None, email_problem="missing"), (member(A),), {"archives": [(key(A), "email_missing", False)]}),
    ("inactive and unknown", {}, ann(active=False), (), {"skip": "inactive"}),
    ("inactive and known", {}, ann(active=False), (member(A),), {"archives": [(key(A), "inactive", False)]}),
    ("inactive, left by setting", {"on_inactive": "leave"}, ann(active=False), (member(A),), {"skip": "inactive"}),
    ("inactive, erased by explicit choice", {"on_inactive": "delete_permanently"}, ann(active=False), (member(A),), {"archives": [(key(A), "inactive", True)]}),
    ("inactive and archived before", {}, ann(active=False), (member(A, state="archived"),), {"skip": "inactive"}),
    ("address changed: the member moves", FIELD, says("ja", email="new@winkel.nl"), (member(A, consent="yes"),), {"puts": [("new@winkel.nl", "yes", "subscribed", "keep", True, key(A))], "warnings": [CHANGED]}),
    ("address changed: a new member by setting", {"on_email_change": "new"}, ann(email="new@winkel.nl"), (member(A),), {"puts": [("new@winkel.nl", "unknown", "transactional", "keep", True, None)], "archives": [(key(A), "address_left", False)], "warnings": [CHANGED]}),
    (
        "a company and its contacts are three members",
        {},
        ann(**COMPANY),
        (),
        {"puts": [(natural, "unknown", "transactional", "keep", True, None) for natural in (A, "bo@winkel.nl", "cas@winkel.nl")]},
    ),
    ("only the company's own", {"contacts": "main"}, ann(**COMPANY), (), {"puts": [(A, "unknown", "transactional", "keep", True, None)]}),
    ("each person once", {}, ann(company="Wit BV", contacts=(Person(id="8", email=A),)), (), {"puts": [(A, "unknown", "transactional", "keep", True, None)]}),
    (
        "one contact's address changes, nobody else moves",
        {"contacts": "contacts"},
        ann(company="Wit BV", contacts=(Person(id="8", email="bob@winkel.nl"), Person(id="9", email="cas@winkel.nl"))),
        (member("bo@winkel.nl", person="8"), member("cas@winkel.nl", person="9")),
        {"puts": [("bob@winkel.nl", "unknown", "transactional", "keep", True, key("bo@winkel.nl")), ("cas@winkel.nl", "unknown", "transactional", "keep", True, None)], "warnings": [CHANGED]},
    ),
    (
        "a contact leaves the company",
        {"contacts": "contacts"},
        ann(company="Wit BV", contacts=(Person(id="9", email="cas@winkel.nl"),)),
        (member("bo@winkel.nl", person="8"), member("cas@winkel.nl", person="9")),
        {"puts": [("cas@winkel.nl", "unknown", "transactional", "keep", True, None)], "archives": [(key("bo@winkel.nl"), "address_left", False)]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "record", "targets", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_decision(
    settings: dict[str, Any], record: Customer, targets: tuple[KnownTarget, ...], expected: dict[str, Any]
) -> None:
    decision = decide(record, CustomersSettings(**settings), Known(targets=targets))

    assert expected == told(decision)


def test_who_had_unsubscribed_when_he_was_put_away_is_not_subscribed_under_another_address() -> None:
    before = member(A, consent="yes", state="archived")
    put_away = replace(before, facts=before.facts | {"archived_by": "us", "status_before": "unsubscribed"})
    decision = decide(
        says("ja", email="new@winkel.nl"), CustomersSettings(**FIELD), Known(targets=(put_away,))
    )

    assert ["transactional"] == [put.options["if_new"] for put in decision.puts]


@pytest.mark.parametrize(
    ("told_there", "word", "settings", "expected"),
    [
        ("yes nieuwsbrief", "nee", {}, "unsubscribe"),
        ("no nieuwsbrief", "nee", {}, "keep"),
        ("yes other field", "nee", {}, "keep"),
        ("yes nieuwsbrief", "", {}, "keep"),
        ("yes nieuwsbrief", "nee", {"on_withdrawal": "leave"}, "keep"),
    ],
)
def test_a_no_after_a_yes_that_mailchimp_told_the_till_is_a_withdrawal(
    told_there: str, word: str, settings: dict[str, Any], expected: str
) -> None:
    there = Counterpart("c1", {TOLD: told_there, "marker": "17"})
    known = Known(targets=(member(A, consent="no"),), counterpart=there)
    decision = decide(says(word), CustomersSettings(**FIELD | settings), known)

    assert [expected] == [put.options["subscription"] for put in decision.puts]


def test_a_company_puts_whole_records_with_each_persons_own_data() -> None:
    decision = decide(ann(**COMPANY, vat_number="NL1"), CustomersSettings(), Known())

    assert [
        ("Wit BV", "NL1", A, "Ann de Wit"),
        ("Wit BV", "NL1", "bo@winkel.nl", None),
        ("Wit BV", "NL1", "cas@winkel.nl", None),
    ] == [
        (put.record.company, put.record.vat_number, put.record.email, put.record.full_name)  # type: ignore[attr-defined]
        for put in decision.puts
    ]


@pytest.mark.parametrize(
    ("settings", "person", "expected"),
    [
        ({}, Person(custom={"nieuwsbrief": "ja"}), Consent()),
        (FIELD, Person(), Consent()),
        (FIELD, Person(custom={"nieuwsbrief": True}), Consent(state="yes", source="till field nieuwsbrief")),
        (
            FIELD | {"consent_time_field": "sinds"},
            Person(custom={"nieuwsbrief": "JA", "sinds": "2024-03-05"}),
            Consent(state="yes", at=datetime(2024, 3, 5, tzinfo=UTC), source="till field nieuwsbrief"),
        ),
        (FIELD | {"consent_time_field": "sinds"}, Person(custom={"nieuwsbrief": "ja", "sinds": "lente"}), Consent(state="yes", source="till field nieuwsbrief")),
        ({"consent_source": "category", "consent_category": "7"}, Person(categories=("3", "7")), Consent(state="yes", source="till category 7")),
        ({"consent_source": "category", "consent_category": "7"}, Person(), Consent(state="no", source="till category 7")),
        (
            {"consent_source": "statement", "consent_statement": {"who": "Owner", "when": "2026-05-01", "ground": "Signed form"}},
            Person(),
            Consent(state="yes", at=datetime(2026, 5, 1, tzinfo=UTC), source="stated by Owner: Signed form"),
        ),
        (FIELD, Person(consent=Consent(state="no", source="a row"), custom={"nieuwsbrief": "ja"}), Consent(state="no", source="a row")),
    ],
)  # fmt: skip
def test_consent_source(settings: dict[str, Any], person: Person, expected: Consent) -> None:
    assert expected == consent_of(person, CustomersSettings(**settings))


@pytest.mark.parametrize(("share", "expected"), [(False, ["yes", "unknown"]), (True, ["yes", "yes"])])
def test_contacts_share_the_companys_consent_only_by_setting(share: bool, expected: list[str]) -> None:
    record = says("ja", company="Wit BV", contacts=(Person(id="8", email="bo@winkel.nl"),))

    decision = decide(record, CustomersSettings(**FIELD, contacts_share_consent=share), Known())  # type: ignore[arg-type]

    assert expected == [put.facts["consent"] for put in decision.puts]


@pytest.mark.parametrize("source", ["custom_field", "category", "statement"])
def test_a_consent_source_without_its_setting_is_refused(source: str) -> None:
    with pytest.raises(ValidationError, match="must be filled in"):
        CustomersSettings(consent_source=source)  # type: ignore[arg-type]


def test_a_vanished_relation_is_left_alone_unless_asked() -> None:
    known = Known(targets=(member(A),))

    assert "not_found" == gone(CustomersSettings(), known).skip.code  # type: ignore[union-attr]
    assert (Archive(kind=KIND, key=key(A), reason="not_found"),) == gone(
        CustomersSettings(on_gone="archive"), known
    ).archives


def test_a_filtered_relation_follows_its_policy() -> None:
    known, skip = Known(targets=(member(A),)), Skip("filtered", "filtered by rule shop only", filtered=True)

    assert Decision(skip=skip) == filtered(CustomersSettings(), known, skip)
    assert (Archive(kind=KIND, key=key(A), reason="filtered"),) == filtered(
        CustomersSettings(when_filtered="archive"), known, skip
    ).archives
