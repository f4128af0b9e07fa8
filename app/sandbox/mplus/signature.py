"""How the till signs its webhooks and expects our answers signed (mplus.md §2.2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac


def sign(body: bytes, secret: str) -> str:
    """base64(HMAC-SHA256(key = base64-decoded secret, message = the exact body)). ValueError for a secret that is no base64."""
    try:
        key = base64.b64decode(secret, validate=True)
    except binascii.Error:
        raise ValueError("the secret key of a webhook is base64") from None
    return base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()


def signed(body: bytes, secret: str, signature: str) -> bool:
    return hmac.compare_digest(sign(body, secret), signature)
