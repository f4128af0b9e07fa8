"""Turns: where two databases are at hand, every test keeps at least one of them, and those of the machine keep both."""

from __future__ import annotations

import pytest

from tests import conftest


@pytest.fixture(autouse=True)
def _two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "BACKENDS", ["sqlite", "postgresql"])


def kept(nodeid: str) -> list[str]:
    """The databases that this test runs on."""
    return [each for each in conftest.BACKENDS if conftest.has_its_turn(nodeid.format(each))]


def test_a_story_runs_on_one_and_stories_on_both() -> None:
    turns = [kept(f"tests/stories/test_a.py::test_{n}[{{}}]") for n in range(100)]

    assert all(len(each) == 1 for each in turns)
    assert 30 < sum(each == ["sqlite"] for each in turns) < 70


def test_the_store_runs_on_both() -> None:
    assert ["sqlite", "postgresql"] == kept("tests/store/test_a.py::test_one[{}]")


def test_what_needs_no_database_always_runs() -> None:
    assert conftest.has_its_turn("tests/values/test_money.py::test_cents[1-2]")
