"""``VAR_DIR/run.json``: where a running installation is and how to speak to it, for scripts and for our own commands.

It holds the admin key, so only its owner reads it (mode 600). It stays after the end: the next start writes it anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from app.errors import AdministratorError

FILE = "run.json"


class TillAccount(BaseModel):
    """How to speak to the pretend till."""

    base_url: str
    ident: str
    secret: str


class AudienceAccount(BaseModel):
    """How to speak to the pretend Mailchimp."""

    base_url: str
    api_key: str
    list_id: str


class SandboxAccounts(BaseModel):
    """The accounts at the two sandbox servers."""

    mplus: TillAccount
    mailchimp: AudienceAccount


class RunFile(BaseModel):
    """What runs. Everything about sandboxes and demo is absent with SANDBOX=0."""

    model_config = ConfigDict(extra="ignore")

    api_url: str
    admin_api_key: str
    mplus_sandbox_url: str | None = None
    mailchimp_sandbox_url: str | None = None
    integration_id: str | None = None
    flow_id: str | None = None
    connection_ids: dict[str, str] = {}
    sandbox_accounts: SandboxAccounts | None = None

    def write(self, folder: Path) -> Path:
        """Put it in place in one step; only its owner may read it."""
        path = folder / FILE
        draft = folder / f".{FILE}.new"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(self.model_dump(exclude_none=True), out, indent=2)
            out.write("\n")
        draft.replace(path)
        return path


def read(folder: Path) -> RunFile | None:
    """What runs, or ran last; None when nothing ever did. Raises AdministratorError when the file is not ours."""
    path = folder / FILE
    try:
        found: Any = json.loads(path.read_text())
        return RunFile.model_validate(found)
    except FileNotFoundError:
        return None
    except (ValueError, ValidationError):
        raise AdministratorError(
            f"The file {path} cannot be read.",
            advice="It is written anew when everything is started again: python -m app up",
            code="run_file_unreadable",
        ) from None
