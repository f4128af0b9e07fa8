"""Seals what must rest unreadable, and hashes what must be found again without being known.

Sealing is MultiFernet: the first key seals, all keys unseal, so keys rotate by putting a new one in front.
Hashes are keyed (HMAC-SHA256 with a key derived from the installation's secret): a bare md5 of an address can be
guessed, a keyed one cannot without the secret. The hash key does not rotate, or nothing would be found again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.errors import AdministratorError


class Sealer:
    """Seals bytes and texts, and makes keyed hashes.

    ``keys`` are urlsafe base64 Fernet keys, newest first; ``hash_secret`` is any long text that never changes.
    """

    def __init__(self, *, keys: tuple[str, ...], hash_secret: str):
        if not keys:
            raise ValueError("at least one sealing key is needed")
        self._fernet = MultiFernet([Fernet(key) for key in keys])
        self._hash_key = hashlib.sha256(b"keyed-hash\0" + hash_secret.encode()).digest()

    def seal(self, text: str) -> bytes:
        """The text, readable only with one of our keys."""
        return self._fernet.encrypt(text.encode())

    def unseal(self, token: bytes) -> str:
        """The text that was sealed. Raises AdministratorError when no key of ours fits."""
        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken as error:
            raise AdministratorError(
                "A sealed value cannot be opened with the keys at hand.",
                advice="Put the key that sealed it back into SEAL_KEYS, behind the newest one.",
                code="seal_broken",
            ) from error

    def seal_json(self, value: Any) -> bytes:
        """A JSON value, sealed."""
        return self.seal(json.dumps(value, separators=(",", ":"), default=str))

    def unseal_json(self, token: bytes) -> Any:
        """The JSON value that was sealed."""
        return json.loads(self.unseal(token))

    def keyed_hash(self, *parts: str, length: int = 32) -> str:
        """Hex digest of the parts; parts cannot run into each other."""
        raws = [part.encode() for part in parts]
        message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in raws)
        # In one call: one for each leaf of each record is a tenth of what a delivery costs.
        return hmac.digest(self._hash_key, message, "sha256").hex()[:length]


def target_key(sealer: Sealer, kind: str, natural: str) -> str:
    """The key of a record at a target, by what it is known by: keyed, so that it cannot be guessed."""
    return sealer.keyed_hash("target", kind, natural)
