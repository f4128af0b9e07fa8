"""What the till says no with, and who must act: statuses, faults and result words as errors.

Sentences come from the till itself where it has one, cut short and cleared of addresses and of our own secret, since
they end in logs and on screens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.connectors.mplus.soap import Fault, NotSoap
from app.errors import (
    AdministratorError,
    AppError,
    CredentialsRefused,
    MisdirectedConnection,
    RecordRefused,
    RemoteUnavailable,
    Throttled,
    TimeError,
)

MAX_SENTENCE = 300
_ADDRESS = re.compile(r"[^\s@<>\"']{1,80}@[^\s@<>\"']{1,120}")
_LONG_NUMBER = re.compile(r"\d{7,}")

# Endings of the result words of all operations (mplus.md §4); the longest that fits decides.
_OK = ("-OK", "-NO-CHANGES", "-PENDING", "-ALREADY-CANCELLED", "-ALREADY-DELIVERED", "OK-ORDER-QUEUED")
_NOT_FOUND = ("-NOT-FOUND", "-NOTFOUND")
_CODES = (
    ("-ALREADY-EXISTS", "already_exists", "Another record already carries this external number."),
    ("-NUMBER-ALREADY-TAKEN", "number_taken", "The number is already taken by another record."),
    ("-UNDO-CANCEL-OK", "cancel_undone", "The order was cancelled already, and this call undid that."),
    ("-NO-STOCK-ARTICLE", "no_stock_article", "The article is not kept in stock."),
    ("-ARTICLE-NOT-FOUND", "article_not_found", "The till has no article of that number."),
    ("-BRANCH-NOT-FOUND", "branch_not_found", "The till has no branch of that number."),
    ("-NOT-ALLOWED", "not_allowed_in_till", "The till does not allow this change."),
    ("-PAYMENT-INSUFFICIENT", "payment_insufficient", "The payment is less than what is due."),
    ("-PAYMENT-FAILED", "payment_failed", "The order was made, its payment was refused."),
    ("-PAYMENT-TOO-HIGH", "payment_too_high", "The payment is more than what is due."),
    ("-ORDER-ALREADY-INVOICED", "already_invoiced", "The order is already invoiced."),
)


def sentence(text: str, *, secrets: tuple[str, ...] = ()) -> str:
    """The till's own words on one short line, without addresses, long numbers and secrets."""
    line = " ".join(text.split())
    for secret in secrets:
        if len(secret) > 2:
            line = line.replace(secret, "•••")
    return _LONG_NUMBER.sub("•••", _ADDRESS.sub("•••", line))[:MAX_SENTENCE]


def of_fault(fault: Fault, *, operation: str, writing: bool, secrets: tuple[str, ...] = ()) -> AppError:
    """``Client.Auth…``: the secret; ``Client…``: this request; ``Server…`` or anything else: later (mplus.md §1.2)."""
    said = sentence(fault.text, secrets=secrets)
    head, _, sub = fault.code.partition(".")
    if head == "Client" and sub.startswith("Auth"):
        return CredentialsRefused(
            f"The till refused the credentials: {said}" if said else "The till refused the credentials.",
            advice="Check ident and secret of the connection, and whether the partner still has access.",
        )
    if head == "Client":
        return RecordRefused(
            f"The till cannot handle {operation}: {said}" if said else f"The till cannot handle {operation}.",
            advice="Correct what the till names; if it names nothing, its service may be too old for this call.",
            code="client_fault",
        )
    return RemoteUnavailable(f"The till reports a problem of its own: {said or fault.code}", in_doubt=writing)


def of_status(
    status: int, *, writing: bool, retry_after: float | None = None, port: int | None = None
) -> AppError:
    """The error of an HTTP status that brought no SOAP."""
    where = f"port {port}" if port else "this address"
    if status in (401, 403):
        return CredentialsRefused(
            f"The till's server answered {status}: the credentials or rights were refused.",
            advice="Check ident and secret of the connection, and whether the partner still has access.",
        )
    if status == 429:
        return Throttled("The till's server asks for fewer calls.", retry_after=retry_after)
    if 300 <= status < 400:
        return MisdirectedConnection(
            f"The server at {where} sends us elsewhere; the secret is not sent after it.",
            advice="Enter the final address and port of the Q-API as the vendor gave them.",
            code="redirected",
        )
    if status in (404, 405, 410):
        return MisdirectedConnection(
            f"The server at {where} knows no such page ({status}): it is not the Q-API, or the path is wrong.",
            advice="Check host, port and path; the port is the customer's own, given with ident and secret.",
            code="wrong_path",
        )
    if status in (400, 411, 413, 414, 415, 422):
        return RecordRefused(f"The till's server cannot take this request ({status}).", code="client_fault")
    error = RemoteUnavailable(f"The till's server answered {status}.", in_doubt=writing)
    error.retry_after = retry_after
    return error


def of_not_soap(found: NotSoap, *, writing: bool, port: int | None = None) -> AppError:
    """Bytes with a good status that are no answer. After a write it counts as a lost answer."""
    if found.kind == "html" and not writing:
        return MisdirectedConnection(
            f"A web page answers at {f'port {port}' if port else 'this address'}, not the Q-API.",
            advice="Check host and port: the till's own port is needed, not the website's.",
            code="html_answer",
        )
    code = "html_answer" if found.kind == "html" else "unreadable_answer"
    return RemoteUnavailable(str(found), in_doubt=writing, code=code)


def unreadable(operation: str, field: str) -> AdministratorError:
    """The error of a record, or of a whole answer, whose values are not what their types promise."""
    return AdministratorError(
        f"The till's answer to {operation} cannot be read: {field}.",
        advice="Look at this record in the till and save it again; if that does not help, ask MplusKASSA's support.",
        code="unreadable_record",
        field=field.partition(":")[0] or None,
    )


def of_result(
    document: Mapping[str, Any], *, operation: str, secrets: tuple[str, ...] = ()
) -> AppError | None:
    """None when the result word means that it is done; ``not_found`` and others by their code.

    A word that nobody knows is a refusal: nothing is taken for done that does not say so.
    """
    word = document.get("result") or document.get("resultCode")
    if not isinstance(word, str) or not word:
        return unreadable(operation, "result: a result word expected")
    said = sentence(
        str(document.get("errorMessage") or document.get("message") or document.get("errorMsg") or ""),
        secrets=secrets,
    )
    if word.endswith("-HAS-CHANGED"):  # another hand was quicker: read again, then try again
        return TimeError("The record changed in the till since it was read.", code="has_changed")
    for ending, code, plain in _CODES:
        if word.endswith(ending):
            return RecordRefused(f"{plain} {said}".strip(), advice=_advice(code), code=code)
    if word == "OK" or word.endswith(_OK):
        return None
    if word.endswith(_NOT_FOUND):
        return RecordRefused(f"The till does not find it. {said}".strip(), code="not_found")
    return RecordRefused(
        f"The till refused it: {said}" if said else f"The till refused it and gave no reason ({operation}).",
        advice="Correct what the till names, then replay this record.",
    )


def _advice(code: str) -> str:
    return {
        "cancel_undone": "Cancel the order again in the till.",
        "number_taken": "Leave the number empty, or choose a free one.",
        "not_allowed_in_till": "Ask the till's administrator for the right to change this kind of record.",
    }.get(code, "Correct the record at its source or in the till, then replay it.")
