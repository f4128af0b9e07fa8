"""The connection check: what stands in the way, said in one sentence, with what to do about it.

It calls as a flow would: who are we (credentials, version), what moved (markers), may we read relations. Every error
that a call can raise has its own code, and every code its own advice here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.connectors.base import Diagnosis
from app.connectors.mplus.calls import Till
from app.connectors.mplus.models import OLDEST, RECENT, Version
from app.errors import AppError, CredentialsRefused, RecordRefused, TimeError

MAX_WORKPLACES = 12
"""Webhooks are listed per workplace, one call each; a chain of forty shops need not be asked forty times."""

ADVICE: Mapping[str, str] = {
    "dns_not_found": "Check the spelling of the host name; the usual one is api.mpluskassa.nl.",
    "connection_refused": "Check the port: it is the customer's own and was given with ident and secret. If it is right, the till's service is off.",
    "connect_timeout": "Check host and port, and whether a firewall between here and the till lets this port through.",
    "no_connection": "Check host and port, and whether this machine reaches the internet.",
    "answer_timeout": "The till is busy or stuck: try again in some minutes, then ask MplusKASSA's support.",
    "answer_lost": "Try again; if it stays so, something between here and the till cuts connections.",
    "unreadable_answer": "Check host and port: what answers there is not the Q-API, or something on the way changes its answers.",
    "throttled": "Wait some minutes; other programs may be calling the same till.",
    "remote_unavailable": "Nothing to change: the till reports a problem of its own. If it stays, ask MplusKASSA's support.",
}
MISSING_RIGHTS = "Ask MplusKASSA, or whoever keeps the Partner page of this customer, to allow the function for this ident."


@dataclass(frozen=True, slots=True)
class WebhookState:
    """Whether the till's own settings name our address. ``asked`` of ``of`` workplaces were looked at."""

    asked: int
    of: int
    with_us: int
    blocking: int = 0

    @property
    def sentence(self) -> str:
        """For the connection's page."""
        if self.of == 0:
            return "no workplace could be listed"
        where = f"{self.with_us} of {self.asked} workplaces call us"
        return where + (f" ({self.of} in all)" if self.of > self.asked else "")


@dataclass(frozen=True, slots=True)
class Glance:
    """One call that shows one record of a kind. What is not allowed is absent, as if it were not there (mplus.md §1)."""

    kind: str
    mark: str
    operation: str
    arguments: Mapping[str, Any]
    path: str


_ONE = {"syncMarker": 1, "syncMarkerLimit": 1}
_EMPTY = {"articlePluNumbers": (), "articleBarcodes": (), "includeLineList": False}
GLANCES = (
    Glance("relations", "relationSyncMarker", "getRelations", {"request": _ONE}, "relationList/relation"),
    Glance(
        "articles",
        "articleSyncMarker",
        "getProducts",
        {"request": {"pluNumbers": (), **_ONE}},
        "productList/product",
    ),
    Glance(
        "receipts", "receiptSyncMarker", "getReceipts", {"request": {**_ONE, **_EMPTY}}, "receiptList/receipt"
    ),
)


async def seen(till: Till, glance: Glance) -> bool:
    """Whether the till shows one record of the kind. A refusal counts as unseen for all but relations."""
    try:
        answer = await till.call(glance.operation, glance.arguments)
    except (CredentialsRefused, RecordRefused):
        if glance.kind == "relations":
            raise
        return False
    return next(iter(answer.elements(glance.path)), None) is not None


async def diagnose(till: Till, *, webhook_url: str | None = None) -> Diagnosis:
    """Never raises what a connection can be wrong about."""
    try:
        answer = await till.document("getApiVersion")
    except AppError as error:
        return failed(error)
    version = Version.of_answer(answer)
    till.version = version if version.known else till.version
    details = {"version": str(till.version), "address": f"{till.host}:{till.port}"}
    if 0 < version.major < OLDEST:
        return Diagnosis(
            ok=False,
            code="old_version",
            sentence=f"The till's API service is {version}; below {OLDEST}.0 it loses changes.",
            advice="Have the till and its API service updated by MplusKASSA.",
            details=details,
        )
    warnings = version_warnings(version, answer)
    try:
        marks = await till.document("getCurrentSyncMarkers")
        details["branches"] = str(len((await till.document("getBranches")).get("branches", ())))
        hidden = [
            glance.kind
            for glance in GLANCES
            if marks.get(glance.mark, 0) > 0 and not await seen(till, glance)
        ]
    except (CredentialsRefused, RecordRefused) as error:
        # Who we are was accepted a moment ago, so this is about what we may do.
        return Diagnosis(
            ok=False,
            code="missing_rights",
            sentence=f"The credentials are right, but the till does not let them read relations and markers: {error.detail}",
            advice=MISSING_RIGHTS,
            details=details,
        )
    except AppError as error:
        return failed(error, details=details)
    if "relations" in hidden:
        return Diagnosis(
            ok=False,
            code="missing_rights",
            sentence="The till has relations, but shows none of them to this ident.",
            advice=MISSING_RIGHTS,
            details=details,
        )
    if hidden:
        warnings.append(
            f"The till shows no {' and no '.join(hidden)} to this ident; the right to read them may be missing."
        )
    if webhook_url:
        state = await webhooks_of(till, webhook_url)
        details["webhooks"] = state.sentence
        if state.with_us == 0:
            warnings.append("No workplace calls our webhook address; polling alone does the work.")
        if state.blocking:
            warnings.append(
                "Our webhook is set to blocking at some workplaces: the cashier waits for us. Non-blocking is enough."
            )
    return Diagnosis(
        ok=True,
        code="ok",
        sentence=f"The till answers; its API service is {till.version}.",
        details=details,
        warnings=tuple(warnings),
    )


def failed(error: AppError, *, details: Mapping[str, str] | None = None) -> Diagnosis:
    """The error of a call as a finding."""
    advice = error.advice or ADVICE.get(error.code, "")
    if not advice and isinstance(error, TimeError):
        advice = ADVICE["remote_unavailable"]
    return Diagnosis(ok=False, code=error.code, sentence=error.detail, advice=advice, details=details or {})


def version_warnings(version: Version, answer: Mapping[str, Any]) -> list[str]:
    """What a person should know about this service before relying on it."""
    warnings: list[str] = []
    if not version.known:
        warnings.append("The till does not say which build its API service is; the oldest calls are used.")
    elif version.major < RECENT:
        warnings.append(
            f"The API service {version} is older than {RECENT}.0: orders are made by the older calls, which look up first and can "
            "take longer. An update by MplusKASSA helps."
        )
    if answer.get("majorNumber", 1) != 1:
        warnings.append(
            f"The till speaks protocol {answer['majorNumber']}, this service was built for protocol 1."
        )
    if answer.get("isSlaveApi"):
        warnings.append(
            "This is the service of one branch, not of the head office: it may show a part of the data."
        )
    return warnings


async def webhooks_of(till: Till, url: str) -> WebhookState:
    """Whether the back office names our address, workplace by workplace. Problems here are no broken connection."""
    try:
        branches = (await till.document("getBranches")).get("branches", ())
        workplaces = [
            {
                "branchNumber": branch.get("branchNumber", 0),
                "workplaceNumber": workplace.get("workplaceNumber", 0),
            }
            for branch in branches
            for workplace in branch.get("workplaces", ())
        ]
        asked = workplaces[:MAX_WORKPLACES]
        ours = []
        for workplace in asked:
            answer = await till.document("getWebhookConsumers", {"request": {"workplace": workplace}})
            ours.append([c for c in answer.get("webhookConsumerList", ()) if calls_us(c, url)])
    except AppError:
        return WebhookState(asked=0, of=0, with_us=0)
    return WebhookState(
        asked=len(asked),
        of=len(workplaces),
        with_us=sum(1 for consumers in ours if consumers),
        blocking=sum(1 for consumers in ours if any(blocks(consumer) for consumer in consumers)),
    )


def calls_us(consumer: Mapping[str, Any], url: str) -> bool:
    """An enabled subscription whose base address is ours; a slash at the end does not matter."""
    return consumer.get("enabled") is not False and str(consumer.get("endpointUrl", "")).strip().rstrip(
        "/"
    ) == url.rstrip("/")


def blocks(consumer: Mapping[str, Any]) -> bool:
    """Whether a cashier waits for any event of this subscription."""
    return any(
        event.get("blocking") and event.get("enabled")
        for event in consumer.get("webhookConsumerEventList", ())
    )
