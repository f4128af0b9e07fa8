"""The secrets that an installation makes for itself once: sealing keys, the secret of the keyed hashes, the first admin key.

What the environment gives counts; the rest is generated into ``VAR_DIR/keys.json`` (mode 600) when it is first needed,
and read from there ever after. Losing that file means that sealed secrets cannot be opened any more.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from app.errors import AdministratorError
from app.sealing import Sealer
from app.settings import Settings

FILE = "keys.json"


@dataclass(frozen=True, slots=True)
class Keyring:
    """Fernet keys, newest first; the hash secret; the first admin API key."""

    seal_keys: tuple[str, ...]
    hash_secret: str
    admin_api_key: str

    def sealer(self) -> Sealer:
        """What seals and hashes with these."""
        return Sealer(keys=self.seal_keys, hash_secret=self.hash_secret)


def keyring(settings: Settings) -> Keyring:
    """The installation's secrets. Several processes may ask at once on a first start: they all get the same."""
    given = Keyring(
        seal_keys=tuple(key.get_secret_value() for key in settings.seal_keys),
        hash_secret=settings.hash_secret.get_secret_value() if settings.hash_secret else "",
        admin_api_key=settings.admin_api_key.get_secret_value() if settings.admin_api_key else "",
    )
    if given.seal_keys and given.hash_secret and given.admin_api_key:
        return given
    kept = _kept(settings.var_dir)
    return Keyring(
        seal_keys=given.seal_keys or kept.seal_keys,
        hash_secret=given.hash_secret or kept.hash_secret,
        admin_api_key=given.admin_api_key or kept.admin_api_key,
    )


def hash_of(settings: Settings) -> Callable[..., str]:
    """The installation's keyed hash, for whoever may not need it: its secret is looked for, or made, when it is first used."""
    return lambda *parts, **how: keyring(settings).sealer().keyed_hash(*parts, **how)


def _kept(folder: Path) -> Keyring:
    path = folder / FILE
    if not path.exists():
        _make(path)
    try:
        values = json.loads(path.read_text())
        return Keyring(
            seal_keys=tuple(values["seal_keys"]),
            hash_secret=values["hash_secret"],
            admin_api_key=values["admin_api_key"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise AdministratorError(
            f"The file {path} cannot be read as this installation's keys.",
            advice="Put back the copy you kept, or set SEAL_KEYS, HASH_SECRET and ADMIN_API_KEY.",
            code="keys_unreadable",
        ) from error


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = Keyring(
        seal_keys=(Fernet.generate_key().decode(),),
        hash_secret=secrets.token_urlsafe(32),
        admin_api_key=f"t2a_{secrets.token_urlsafe(32)}",
    )
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as out:
        json.dump(asdict(fresh), out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, path)  # whoever comes first wins; a key that sealed something is never overwritten
    except FileExistsError:
        pass
    finally:
        draft.unlink()
