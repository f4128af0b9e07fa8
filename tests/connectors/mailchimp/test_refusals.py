"""What Mailchimp's refusals mean: its literal answers, one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.mailchimp.refusals import MAX_SENTENCE, REFUSALS, SETTLED, find, of_answer, scrubbed
from app.errors import AppError

INVALID = "The resource submitted could not be validated. For field-specific details, see the 'errors' array."


def problem(title: str, detail: str, **errors: str) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "about:blank", "title": title, "detail": detail, "instance": ""}
    if errors:
        found["errors"] = [{"field": field, "message": message} for field, message in errors.items()]
    return found


# status, problem as it comes, class, code, field
ANSWERS: list[tuple[int, dict[str, Any], str, str, str | None]] = [
    (400, problem("Member Exists", "a@b.nl is already a list member. Use PUT to insert or update list members."),
     "RecordRefused", "member_exists", None),
    (400, problem("Forgotten Email Not Subscribed", "a@b.nl was permanently deleted and cannot be re-imported. The contact must re-subscribe to get back on the list."),
     "RecordRefused", "permanently_deleted", None),
    (400, problem("Member In Compliance State", "a@b.nl is in a compliance state due to unsubscribe, bounce, or compliance review and cannot be subscribed."),
     "RecordRefused", "compliance_state", None),
    (400, problem("Invalid Resource", "a@b.nl looks fake or invalid, please enter a real email address."), "RecordRefused", "address_looks_fake", None),
    (400, problem("Invalid Resource", "a@b.nl has signed up to a lot of lists very recently; we're not allowing more signups for now"),
     "RecordRefused", "too_many_signups", None),
    (400, problem("Invalid Resource", "Please provide a valid email address."), "RecordRefused", "address_refused", None),
    (400, problem("Invalid Resource", "Your merge fields were invalid.", ADDRESS="Please enter a complete address"),
     "RecordRefused", "incomplete_address", "ADDRESS"),
    (400, problem("Invalid Resource", "Your merge fields were invalid.", FNAME="Please enter a value"), "RecordRefused", "merge_field_refused", "FNAME"),
    (400, problem("Invalid Resource", "Invalid interest ID: '0'."), "RecordRefused", "unknown_group", None),
    (400, problem("Invalid Resource", INVALID, **{"variants.item:0.backorders": "Schema describes string, integer found instead"}),
     "RecordRefused", "record_refused", "variants.item:0.backorders"),
    (400, problem("Bad Request", "A product with the provided ID does not exist in the account for this list."), "RecordRefused", "product_missing", None),
    (400, problem("Bad Request", "A product with the provided variant ID does not exist in the account for this list."), "RecordRefused", "variant_missing", None),
    (400, problem("Bad Request", "A campaign with the provided ID does not exist in the account for this list."), "RecordRefused", "campaign_unknown", None),
    (400, problem("Bad Request", "We were unable to process the request. A product with the provided ID already exists in the account."),
     "RecordRefused", "already_exists", None),
    (400, problem("Bad Request", "This customer email already exists"), "RecordRefused", "customer_email_taken", None),
    (400, problem("Bad Request", "We were unable to process the request. A store with the domain a.nl already exists in the account."),
     "RecordRefused", "domain_taken", None),
    (400, problem("Invalid Resource", INVALID, url="We couldn't verify the URL is working. Please double check and try again. HTTP Code: 302"),
     "RecordRefused", "webhook_unreachable", "url"),
    (400, problem("Invalid Resource", INVALID, url="Sorry, you can't set up multiple WebHooks for one URL"), "RecordRefused", "webhook_exists", "url"),
    (400, problem("Invalid Resource", INVALID, url="Invalid URL"), "RecordRefused", "webhook_url_invalid", "url"),
    (400, problem("JSON Parse Exception", "We encountered an unspecified JSON parsing error."), "RecordRefused", "request_unreadable", None),
    (401, problem("API Key Invalid", "Your API key may be invalid, or you've attempted to access the wrong datacenter."), "CredentialsRefused", "credentials_refused", None),
    (403, problem("User Disabled", "This account has been deactivated."), "CredentialsRefused", "account_disabled", None),
    (403, problem("Forbidden", "You don't have permission to access this resource."), "CredentialsRefused", "missing_rights", None),
    (403, problem("Forbidden", "Your plan's contact limit of 500 has been reached. Please upgrade your plan to add more contacts."),
     "LimitReached", "contact_limit", None),
    (403, problem("Forbidden", "This account's billing is overdue."), "LimitReached", "plan_limit", None),
    (404, problem("Resource Not Found", "The requested resource could not be found."), "RecordRefused", "not_found", None),
    (405, problem("Method Not Allowed", "The requested method and resource are not compatible."), "RecordRefused", "method_not_allowed", None),
    (422, problem("Method Override", "The method override is not allowed."), "RecordRefused", "request_refused", None),
    (426, problem("Upgrade Required", "Use TLS."), "MisdirectedConnection", "https_needed", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "said", "kind", "code", "field"),
    ANSWERS,
    ids=[f"{n}-{row[3]}" for n, row in enumerate(ANSWERS)],
)
def test_what_a_refusal_means(
    status: int, said: dict[str, Any], kind: str, code: str, field: str | None
) -> None:
    error = of_answer(status, said, writing=True)

    assert (kind, code, field) == (type(error).__name__, code, error.field)
    assert error.detail.strip()
    assert "a@b.nl" not in error.detail


def test_each_line_of_the_table_is_met() -> None:
    met = {id(find(status, said)) for status, said, *_ in ANSWERS}

    missed = [line.code for line in REFUSALS if id(line) not in met]
    assert ["merge_field_limit"] == missed  # met by the sandbox's own answer, in test_fields.py


def test_what_nobody_can_mend_is_settled() -> None:
    assert {
        "permanently_deleted", "compliance_state", "address_looks_fake", "too_many_signups", "address_refused",
    } == SETTLED  # fmt: skip


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("a@b.nl\n  and  'Anna.b+c@d.e'", "… and '…'"),
        ("the key 0123-us6 is wrong", "the key … is wrong"),
        ("x" * 400, "x" * (MAX_SENTENCE - 1) + "…"),
    ],
)
def test_scrubbed(text: str, clean: str) -> None:
    assert clean == scrubbed(text, secret="0123-us6")


ODD: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["field", "message", "a"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(
    status=st.integers(300, 599),
    said=st.none() | st.dictionaries(st.sampled_from(["title", "detail", "errors", "status"]), ODD),
    writing=st.booleans(),
)
def test_any_refusal_has_a_meaning(status: int, said: dict[str, Any] | None, writing: bool) -> None:
    error = of_answer(status, said, writing=writing)

    assert isinstance(error, AppError)
    assert error.detail
    assert len(error.detail) <= 400
