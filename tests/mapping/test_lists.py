"""Addresses on lists: kept as keyed hashes, found all the same, refused where they could never be found."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from app.errors import InvalidInput
from app.mapping.filters import FilterSet
from app.mapping.lists import Hashes, Lists, Untouched, protected

HASHES = Hashes(of=lambda address: hashlib.md5(address.encode()).hexdigest(), key="0123abcd")
OTHERS = Hashes(of=HASHES.of, key="99999999")
JAN = HASHES.entry("jan@winkel.nl")


def kept(**lists: Any) -> Lists:
    return protected(Lists.model_validate(lists), HASHES)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"block": {"email": [" Jan@Winkel.NL "]}}, {"block": {"email": [JAN]}}),
        ({"block": {"email": ["jan@winkel.nl", "JAN@winkel.nl", JAN]}}, {"block": {"email": [JAN]}}),
        ({"allow": {"email": [JAN], "sku": ["A 1"]}}, {"allow": {"email": [JAN], "sku": ["A 1"]}}),
        ({"block": {"email": ["", " "]}}, {"block": {"email": []}}),
        ({"block": {"customer": ["jan@winkel.nl"]}}, {"block": {"customer": ["jan@winkel.nl"]}}),
        ({}, {}),
    ],
)
def test_addresses_are_kept_as_hashes_each_person_once(given: Any, expected: Any) -> None:
    once = kept(**given)

    assert expected == once.model_dump(mode="json", exclude_unset=True)
    assert once == protected(once, HASHES)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("jan.winkel.nl", "invalid_input"),
        ("*@winkel.nl", "invalid_input"),
        (OTHERS.entry("jan@winkel.nl"), "foreign_hash"),
        ("hashed:", "foreign_hash"),
        (JAN[:-1], "foreign_hash"),
    ],
)
def test_what_could_never_be_found_is_refused_with_its_place_and_without_the_value(
    value: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        kept(allow={"email": ["jan@winkel.nl", value]})

    assert ("lists.allow.email[1]", code) == (refused.value.field, refused.value.code)
    assert value not in f"{refused.value.detail} {refused.value.advice}"


def judged(lists: Lists, email: Any) -> str | None:
    compiled = FilterSet.compile((), stage="after", lists=lists, keys={"email": "email"}, hashes=HASHES)
    found = compiled.judge({"email": email})
    return None if found is None else found.by


@pytest.mark.parametrize(
    ("lists", "email", "by"),
    [
        ({"block": {"email": ["jan@winkel.nl"]}}, "Jan@winkel.nl", "the block list"),
        ({"block": {"email": ["jan@winkel.nl"]}}, "an@winkel.nl", None),
        ({"block": {"email": ["jan@winkel.nl"]}}, None, None),
        ({"block": {"email": ["jan@winkel.nl"]}}, ["an@winkel.nl", "jan@winkel.nl"], "the block list"),
        ({"allow": {"email": ["jan@winkel.nl"]}}, "JAN@winkel.nl", None),
        ({"allow": {"email": ["jan@winkel.nl"]}}, "an@winkel.nl", "the allow list"),
        ({"allow": {"email": ["jan@winkel.nl"]}}, None, "the allow list"),
        ({"allow": {"email": ["jan@winkel.nl"]}}, ["jan@winkel.nl", "an@winkel.nl"], "the allow list"),
        ({"allow": {"email": ["jan@winkel.nl"]}, "block": {"email": ["jan@winkel.nl"]}}, "jan@winkel.nl", "the block list"),
    ],
)  # fmt: skip
def test_a_hashed_address_is_found_as_the_address_itself_is(lists: Any, email: Any, by: str | None) -> None:
    assert by == judged(Lists.model_validate(lists), email) == judged(kept(**lists), email)


@pytest.mark.parametrize("name", ["block", "allow"])
def test_target_records_of_listed_people_are_known_by_their_key(name: str) -> None:
    listed = kept(**{name: {"email": ["jan@winkel.nl"]}})
    untouched = Untouched.compile(listed, {"email": "email"})

    def names(kind: str, address: str) -> bool:
        return untouched.names(kind, HASHES.of(address), lambda _kind, natural: HASHES.of(natural))

    assert ([True, False] if name == "block" else [False, True]) == [
        names("customer", "jan@winkel.nl"),
        names("customer", "an@winkel.nl"),
    ]
    assert not names("product", "jan@winkel.nl")


def test_hashes_of_another_key_do_not_pass_in_silence() -> None:
    foreign = Lists.model_validate({"block": {"email": [OTHERS.entry("jan@winkel.nl")]}})

    for hashes in (HASHES, None):
        with pytest.raises(InvalidInput) as refused:
            FilterSet.compile((), stage="after", lists=foreign, keys={"email": "email"}, hashes=hashes)
        assert "foreign_hash" == refused.value.code
