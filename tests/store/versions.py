"""Databases as an earlier version left them, and the way on from there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alembic import command
from alembic.config import Config

from app.store.session import MIGRATIONS


def bring_to(path: Path, revision: str) -> None:
    """Bring the SQLite file at ``path``, made where it is not there, up to this revision."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = f"sqlite+aiosqlite:///{path}"
    with ThreadPoolExecutor(max_workers=1) as thread:  # a migration runs a loop of its own
        thread.submit(command.upgrade, config, revision).result()
