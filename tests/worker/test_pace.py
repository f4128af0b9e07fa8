"""The size of the next batch, as a table."""

from __future__ import annotations

import pytest

from app.worker.pace import next_limit


@pytest.mark.parametrize(
    ("limit", "claimed", "seconds", "expected"),
    [
        pytest.param(50, 50, 2.0, 50, id="just right"),
        pytest.param(50, 50, 0.1, 100, id="quick: doubles at most"),
        pytest.param(150, 150, 0.1, 200, id="quick: never beyond the most"),
        pytest.param(50, 50, 10.0, 10, id="slow: shrinks at once"),
        pytest.param(50, 50, 100.0, 5, id="very slow: never below the least"),
        pytest.param(5, 5, 0.5, 10, id="small batches that go quickly grow again"),
        pytest.param(50, 7, 0.1, 50, id="not full and quick: says nothing"),
        pytest.param(50, 7, 7.0, 5, id="not full and slow: shrinks all the same"),
        pytest.param(50, 0, 0.0, 50, id="empty: says nothing"),
        pytest.param(50, 50, 0.0, 100, id="no time at all"),
    ],
)
def test_as_many_as_fit_into_two_seconds(limit: int, claimed: int, seconds: float, expected: int) -> None:
    assert expected == next_limit(limit, claimed=claimed, seconds=seconds)
