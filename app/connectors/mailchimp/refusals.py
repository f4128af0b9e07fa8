"""What Mailchimp's refusals mean, as one table: status, title and sentence to who must act (mailchimp.md §1.3). Pure.

The status alone does not tell a permanently deleted address from a missing product, and the sentences are all there is.
They name people; what we pass on does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.errors import (
    AppError,
    CredentialsRefused,
    LimitReached,
    MisdirectedConnection,
    RecordRefused,
    RemoteUnavailable,
    Throttled,
)

MAX_SENTENCE = 300

_ADDRESS = re.compile(r"[^\s\"'<>]{1,200}@[^\s\"'<>]{1,200}")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One line of the table. ``title`` and ``says`` are searched without regard to case; None fits everything.

    ``sentence`` is ours; without one Mailchimp's own is passed on, addresses taken out. What ``settles`` is nobody's to
    mend: the record is settled with this reason.
    """

    status: int
    title: str | None
    says: str | None
    error: type[AppError]
    code: str
    sentence: str = ""
    advice: str = ""
    settles: bool = False


MEND_RECORD = "Correct the record or the mapping row, then replay it."

REFUSALS: tuple[Refusal, ...] = (
    # -- people ------------------------------------------------------------------------------------------------------
    Refusal(400, "member exists", None, RecordRefused, "member_exists", "The audience has a contact with this address already."),
    Refusal(400, "forgotten email", None, RecordRefused, "permanently_deleted",
            "The address was permanently deleted from the audience; only the person can sign up again.", settles=True),
    Refusal(400, "compliance state", None, RecordRefused, "compliance_state",
            "The contact unsubscribed, bounced or is under review; only the person can subscribe again.", settles=True),
    Refusal(400, None, r"looks fake or invalid", RecordRefused, "address_looks_fake",
            "Mailchimp takes the address for a fake one.", settles=True),
    Refusal(400, None, r"signed up to a lot of lists", RecordRefused, "too_many_signups",
            "The address signed up to many audiences of all kinds of senders lately; Mailchimp allows no more for now.", settles=True),
    Refusal(400, None, r"provide a valid email|email address .{0,40}(?:invalid|not valid)", RecordRefused, "address_refused",
            "Mailchimp does not take the address for one.", "Correct the address at its source.", settles=True),
    Refusal(400, None, r"enter a complete address", RecordRefused, "incomplete_address",
            "The contact holds an incomplete postal address at Mailchimp, and so every change to it is refused.",
            "Complete or empty the address of this contact in Mailchimp, then replay it."),
    Refusal(400, None, r"merge fields were invalid", RecordRefused, "merge_field_refused", "", MEND_RECORD),
    Refusal(400, None, r"invalid interest", RecordRefused, "unknown_group",
            "A group that the mapping names does not exist in the audience.", "Choose one of the audience's groups in the mapping."),
    Refusal(400, None, r"cannot create more than|merge fields? .{0,40}limit|limit .{0,40}merge field", LimitReached, "merge_field_limit",
            "The audience has as many merge fields as the plan allows.", "Delete a merge field in Mailchimp, or upgrade the plan."),
    # -- the store ---------------------------------------------------------------------------------------------------
    Refusal(400, None, r"product with the provided variant id does not exist", RecordRefused, "variant_missing",
            "The store does not have a variant of this sale yet."),
    Refusal(400, None, r"product with the provided id does not exist", RecordRefused, "product_missing",
            "The store does not have a product of this sale yet."),
    Refusal(400, None, r"campaign with the provided id does not exist", RecordRefused, "campaign_unknown",
            "The campaign that the sale names is not one of this audience."),
    Refusal(400, None, r"store with the domain .{0,200}already exists", RecordRefused, "domain_taken",
            "Another store of this Mailchimp account has this domain.", "Enter another domain, or adopt that store."),
    Refusal(400, None, r"customer email already exists", RecordRefused, "customer_email_taken",
            "Another customer of the store has this address."),
    Refusal(400, None, r"already exists", RecordRefused, "already_exists", "Mailchimp has a record with this id already."),
    # -- webhooks ----------------------------------------------------------------------------------------------------
    Refusal(400, None, r"couldn't verify the url", RecordRefused, "webhook_unreachable",
            "Mailchimp could not reach the webhook's address, or did not get 200 from it.",
            "Check that PUBLIC_URL is reachable from the internet over https, without a redirect or an IP filter."),
    Refusal(400, None, r"multiple webhooks", RecordRefused, "webhook_exists", "The audience has a webhook with this address already."),
    Refusal(400, None, r"invalid url", RecordRefused, "webhook_url_invalid",
            "Mailchimp does not take the webhook's address.", "Check PUBLIC_URL."),
    # -- our own fault -----------------------------------------------------------------------------------------------
    Refusal(400, "json parse", None, RecordRefused, "request_unreadable", "Mailchimp could not read our request."),
    Refusal(400, None, None, RecordRefused, "record_refused", "", MEND_RECORD),
    # -- the account -------------------------------------------------------------------------------------------------
    Refusal(401, None, None, CredentialsRefused, "credentials_refused", "Mailchimp does not accept the API key or token.",
            "Make a new API key at Profile > Extras > API keys, or connect again; a key that was revoked never comes back."),
    Refusal(403, "user disabled", None, CredentialsRefused, "account_disabled", "The Mailchimp account is deactivated.",
            "Reactivate the account in Mailchimp, or use another one."),
    Refusal(403, None, r"contact limit|limit of [\d.,]+ contacts|too many contacts|more contacts", LimitReached, "contact_limit",
            "The plan of this Mailchimp account holds no more contacts.", "Archive contacts or upgrade the plan, then check the connection."),
    Refusal(403, None, r"\bplan\b|\blimit|upgrade|billing|payment|\btrial\b|suspended|paused", LimitReached, "plan_limit",
            "", "Look at Account > Billing in Mailchimp, then check the connection."),
    Refusal(403, None, None, CredentialsRefused, "missing_rights",
            "The user behind the key may not do that in this account.",
            "Give the user the role Manager or higher in Mailchimp, or use the key of one who has it."),
    Refusal(404, None, None, RecordRefused, "not_found", "Mailchimp does not have this record."),
    Refusal(405, None, None, RecordRefused, "method_not_allowed", "Mailchimp does not allow this for the record as it is now."),
    Refusal(426, None, None, MisdirectedConnection, "https_needed", "Mailchimp is spoken to over https only.",
            "Write the address with https://"),
)  # fmt: skip

SETTLED = frozenset(refusal.code for refusal in REFUSALS if refusal.settles)
"""Codes of refusals that nobody can mend: the record is settled with the reason."""


def of_answer(
    status: int,
    problem: Mapping[str, Any] | None,
    *,
    writing: bool,
    retry_after: float | None = None,
    secret: str = "",
) -> AppError:
    """The error of an answer that is not 2xx. ``problem`` is its JSON object, None where there was none."""
    if status == 429 or (status == 403 and problem is None):
        return Throttled("Mailchimp asks for fewer requests.", retry_after=retry_after)
    if status >= 500 or status == 408:
        return RemoteUnavailable(
            f"Mailchimp answers with a problem of its own ({status}).",
            in_doubt=writing,
            retry_after=retry_after,
        )
    if 300 <= status < 400:
        return MisdirectedConnection(
            "What answers there sends us to another address.",
            advice="Check the address of the API; it must not redirect.",
            code="redirected",
        )
    if status in (404, 405) and problem is None:
        return not_the_api()
    found = problem or {}
    line = find(status, found)
    if line is None:
        return RecordRefused(
            sentence(found, secret=secret) or f"Mailchimp answers with status {status}.",
            code="request_refused",
        )
    detail = line.sentence or sentence(found, secret=secret) or "Mailchimp refused it."
    if issubclass(line.error, RemoteUnavailable | Throttled):
        raise AssertionError("times are decided above")
    return line.error(detail, advice=line.advice, field=field_of(found), code=line.code)


def find(status: int, problem: Mapping[str, Any]) -> Refusal | None:
    """The first line that fits."""
    title, says = str(problem.get("title", "")), _all_it_says(problem)
    for line in REFUSALS:
        if line.status != status:
            continue
        if line.title is not None and line.title not in title.lower():
            continue
        if line.says is None or re.search(line.says, says, re.IGNORECASE):
            return line
    return None


def not_the_api() -> MisdirectedConnection:
    """What answered is something else: a website, a proxy, another port."""
    return MisdirectedConnection(
        "What answers there is not Mailchimp's API.",
        advice="Check the address of the API: host, port, and the path /3.0.",
        code="html_answer",
    )


def field_of(problem: Mapping[str, Any]) -> str | None:
    """The field that the first complaint names."""
    for each in _errors(problem):
        name = str(each.get("field", "")).strip()
        if name:
            return name[:100]
    return None


def sentence(problem: Mapping[str, Any], *, secret: str = "") -> str:
    """Mailchimp's own words without addresses: its detail, or what it complains about field by field."""
    complaints = [
        f"{each.get('field')}: {each.get('message')}" if each.get("field") else str(each.get("message", ""))
        for each in _errors(problem)[:5]
    ]
    detail = str(problem.get("detail") or problem.get("title") or "")
    if complaints:
        detail = f"{detail.partition(' For field-specific')[0]} {'; '.join(complaints)}"
    return scrubbed(detail, secret=secret)


def scrubbed(text: str, *, secret: str = "") -> str:
    """Text of a remote in one line: no address, no secret, not long."""
    text = _SPACES.sub(" ", _ADDRESS.sub("…", text[:2000])).strip()
    if secret:
        text = text.replace(secret, "…")
    return text if len(text) <= MAX_SENTENCE else text[: MAX_SENTENCE - 1] + "…"


def _errors(problem: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = problem.get("errors")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _all_it_says(problem: Mapping[str, Any]) -> str:
    parts = [str(problem.get("detail", ""))[:2000]]
    parts += [str(each.get("message", ""))[:500] for each in _errors(problem)[:20]]
    return "\n".join(parts)
