"""Ids that a store keeps: never cut, never odd, never the same for two."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from app.connectors.mailchimp.ids import LONGEST, store_id

FITS = re.compile(r"[A-Za-z0-9_-]{1,50}", re.ASCII)


def test_what_fits_stays() -> None:
    kept = ["10001", "AB-1_x", "8710398502056", "a" * LONGEST]

    assert kept == [store_id(each) for each in kept]


@given(st.text(max_size=200))
def test_every_name_has_an_id_that_is_kept(natural: str) -> None:
    assert FITS.fullmatch(store_id(natural))
    assert store_id(natural) == store_id(natural)


@given(st.text(max_size=200), st.text(max_size=200))
def test_two_names_are_two_ids(one: str, other: str) -> None:
    assert (store_id(one) == store_id(other)) == (one == other)


def test_names_that_begin_alike_or_look_like_ours_stay_apart() -> None:
    long = "x" * 60
    names = [long + "1", long + "2", "a/b", "a b", "a-b", "", " ", store_id("a/b")]

    assert len(names) == len({store_id(each) for each in names})
