"""What a connection consists of: accepted, refused with a sentence, and where it leads."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from app.connectors.mailchimp.connector import CONNECTOR
from app.connectors.mailchimp.models import MailchimpCredentials, MailchimpSettings, account, base_url
from tests.connectors.mailchimp.conftest import KEY, LIST


def credentials(**values: str) -> MailchimpCredentials:
    return MailchimpCredentials.model_validate(values)


@pytest.mark.parametrize(
    ("given", "who", "leads_to"),
    [
        (None, {"api_key": KEY}, "https://us6.api.mailchimp.com/3.0"),
        ("  ", {"api_key": f" {KEY} "}, "https://us6.api.mailchimp.com/3.0"),
        (None, {"api_key": "a-key-without-its-end"}, "https://api.mailchimp.com/3.0"),
        (None, {"token": KEY}, "https://api.mailchimp.com/3.0"),
        ("http://127.0.0.1:8002/3.0/", {"api_key": KEY}, "http://127.0.0.1:8002/3.0"),
    ],
)
def test_where_it_leads(given: str | None, who: dict[str, str], leads_to: str) -> None:
    settings = MailchimpSettings(list_id=LIST, base_url=given)

    assert (
        leads_to == base_url(settings, credentials(**who)) == CONNECTOR.address(settings, credentials(**who))
    )


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"list_id": ""}, "list_id"),
        ({"list_id": "../lists"}, "list_id"),
        ({"list_id": LIST, "base_url": "us6.api.mailchimp.com"}, "base_url"),
        ({"list_id": LIST, "base_url": "ftp://us6.api.mailchimp.com"}, "base_url"),
        ({"list_id": LIST, "base_url": "https://key:secret@us6.api.mailchimp.com"}, "base_url"),
        ({"list_id": LIST, "base_url": "https://us6.api.mailchimp.com?apikey=secret"}, "base_url"),
        ({"list_id": LIST, "answer_seconds": 1}, "answer_seconds"),
        ({"list_id": LIST, "audience": "x"}, "audience"),
    ],
)
def test_settings_that_cannot_be_used(values: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        MailchimpSettings.model_validate(values)

    assert [(field,)] == [error["loc"] for error in refused.value.errors()]


@pytest.mark.parametrize(
    "values", [{}, {"api_key": KEY, "token": "a-token"}, {"api_key": "short"}, {"key": KEY}]
)
def test_credentials_that_cannot_be_used(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        credentials(**values)

    assert KEY not in str(refused.value.errors(include_input=False))


def test_an_account_is_known_by_its_credentials_and_does_not_tell_them() -> None:
    one, other = credentials(api_key=KEY), MailchimpCredentials(token=SecretStr("another token"))

    assert account(one) == account(credentials(api_key=f"{KEY} ")) != account(other)
    assert not {KEY, KEY[:8]} & {account(one), account(one).removeprefix("mailchimp:")[:8]}
    assert KEY not in repr(one)
