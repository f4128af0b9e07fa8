"""The examples of the API's texts. They name what the demo of `make run` holds, so that they work when pasted there."""

from __future__ import annotations

from typing import Any

TILL = "con_demo_till"
AUDIENCE = "con_demo_list"
INTEGRATION = "int_demo"
FLOW = "flow_demo_customers"
CONNECTION = TILL
KEY = "key_5f1c09ab3d22"

SANDBOX_TILL = {"ident": "sandbox", "secret": "sandbox-secret"}
SANDBOX_TILL_URL = "http://127.0.0.1:8001"

NEW_TILL: dict[str, Any] = {
    "system": "mplus",
    "name": "Till in Utrecht",
    "settings": {"base_url": SANDBOX_TILL_URL},
    "credentials": SANDBOX_TILL,
}
NEW_AUDIENCE: dict[str, Any] = {
    "system": "mailchimp",
    "name": "Newsletter",
    "settings": {"list_id": "a1b2c3d4e5", "base_url": "http://127.0.0.1:8002/3.0"},
    "credentials": {"api_key": "0123456789abcdef0123456789abcdef-us6"},
}
