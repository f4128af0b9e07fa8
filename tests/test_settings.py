"""The environment: what counts, what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.settings import Settings


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://shop:s@db/shop", "postgresql+asyncpg://shop:s@db/shop"),
        ("postgresql://shop:s@db/shop", "postgresql+asyncpg://shop:s@db/shop"),
        ("postgresql+asyncpg://shop:s@db/shop", "postgresql+asyncpg://shop:s@db/shop"),
        ("sqlite:////srv/shop.sqlite3", "sqlite+aiosqlite:////srv/shop.sqlite3"),
    ],
)
def test_a_database_is_named_as_one_is_used_to(given: str, used: str) -> None:
    assert used == settings(database_url=given).database


@pytest.mark.parametrize(
    "given", ["mysql://db/shop", "postgresql://", "shop.sqlite3", "postgresql+psycopg://db/shop"]
)
def test_another_database_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="must begin with postgresql:// or sqlite:///"):
        settings(database_url=given)


def test_what_is_tried_out_lives_apart() -> None:
    assert ("sqlite+aiosqlite:///x/demo/data.sqlite3", "sqlite+aiosqlite:///x/data.sqlite3") == (
        settings(var_dir=Path("x")).database,
        settings(var_dir=Path("x"), sandbox=False).database,
    )


def test_real_accounts_ring_by_https_only() -> None:
    assert "https://link.shop.example/" == str(
        settings(sandbox=False, public_url="https://link.shop.example").public_url
    )
    assert "http://127.0.0.1:8000/" == str(settings(public_url="http://127.0.0.1:8000").public_url)
    with pytest.raises(ValidationError, match="must begin with https:// for real accounts"):
        settings(sandbox=False, public_url="http://link.shop.example")


def test_an_empty_variable_is_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PUBLIC_URL", "SEAL_KEYS", "ADMIN_API_KEY", "DATABASE_URL", "METRICS_KEY"):
        monkeypatch.setenv(name, "")
    found = settings()

    assert (None, (), None, None, None) == (
        found.public_url,
        found.seal_keys,
        found.admin_api_key,
        found.database_url,
        found.metrics_key,
    )


def test_every_setting_stands_in_the_readme() -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text()

    assert [] == [name for name in Settings.model_fields if f"`{name.upper()}`" not in text]
