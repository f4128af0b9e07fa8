"""How a caller says who he is: an API key or an OAuth token, and what a token's metadata tell (mailchimp.md §1.1, §1.2)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from app.sandbox.mailchimp.world import Account, Login


def credential(authorization: bytes) -> str:
    """The key of ``Basic base64(anything:key)``, ``Bearer key`` or, at the metadata, ``OAuth key``; "" if there is none."""
    scheme, _, rest = authorization.decode("latin-1").partition(" ")
    match scheme.lower():
        case "bearer" | "oauth":
            return rest.strip()
        case "basic":
            try:
                return base64.b64decode(rest, validate=True).decode("utf-8").partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                return ""
    return ""


def oauth_metadata(account: Account, login: Login, *, base_url: str) -> Mapping[str, Any]:
    return {
        "dc": account.dc,
        "role": login.role,
        "accountname": account.name,
        "user_id": account.id,
        "login": {"email": login.email, "login_id": login.id, "login_name": login.email},
        "login_url": "https://login.mailchimp.com",
        "api_endpoint": base_url,
    }
