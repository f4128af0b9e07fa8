"""API keys: made, hashed, presented, and how far they reach."""

from __future__ import annotations

import pytest

from app.errors import NotAllowed, NotAuthenticated
from app.sealing import Sealer
from app.security import Caller, hash_api_key, is_first_key, new_api_key, presented_key, require

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def sealer(secret: str = "one") -> Sealer:
    return Sealer(keys=(KEY,), hash_secret=secret)


def test_a_new_key_is_long_and_never_the_same() -> None:
    keys = {new_api_key() for _ in range(50)}

    assert len(keys) == 50
    assert all(key.startswith("t2a_") and len(key) == 47 for key in keys)


def test_only_a_keyed_hash_is_kept() -> None:
    hashed = hash_api_key(sealer(), "t2a_abc")

    assert len(hashed) == 64
    assert "t2a_abc" not in hashed
    assert hashed == hash_api_key(sealer(), "t2a_abc")
    assert hashed != hash_api_key(sealer("two"), "t2a_abc")
    assert hashed != hash_api_key(sealer(), "t2a_abd")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"authorization": "Bearer t2a_x"}, "t2a_x"),
        ({"authorization": "bearer   t2a_x "}, "t2a_x"),
        ({"x-api-key": "t2a_x"}, "t2a_x"),
        ({"authorization": "Bearer a", "x-api-key": "b"}, "a"),
    ],
)
def test_a_key_is_presented_in_either_header(headers: dict[str, str], expected: str) -> None:
    assert expected == presented_key(headers.get)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Basic eDp5"},
        {"authorization": "Bearer "},
        {"x-api-key": "  "},
    ],
)
def test_a_request_without_a_key_is_told_how_to_send_one(headers: dict[str, str]) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        presented_key(headers.get)

    assert "Authorization: Bearer" in caught.value.advice


def test_the_first_key_is_compared_whole() -> None:
    assert is_first_key("abc", first="abc")
    assert not is_first_key("abc", first="abcd")
    assert not is_first_key("abc", first=None)
    assert not is_first_key("é", first="abc")


@pytest.mark.parametrize(
    ("has", "needs", "allowed"),
    [
        ("read", "read", True),
        ("read", "operate", False),
        ("read", "admin", False),
        ("operate", "read", True),
        ("operate", "operate", True),
        ("operate", "admin", False),
        ("admin", "read", True),
        ("admin", "operate", True),
        ("admin", "admin", True),
        ("nonsense", "read", False),
    ],
)
def test_each_scope_includes_the_ones_before_it(has: str, needs: str, allowed: bool) -> None:
    caller = Caller(key_id="key_1", name="mine", scope=has)

    if allowed:
        require(caller, needs)  # type: ignore[arg-type]
        return
    with pytest.raises(NotAllowed) as caught:
        require(caller, needs)  # type: ignore[arg-type]
    assert needs in caught.value.detail
