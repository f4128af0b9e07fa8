"""A script of failures, so that a sandbox server hurts exactly when and how it is told to.

A fault waits in line until a request fits its ``operation``, ``method`` and ``path`` patterns, is used ``times`` times
and is gone. The first fault in the line that fits is taken; nothing is random, so a test that failed fails again.

    status         answer ``status`` with ``body``; nothing is done
    hang           nothing is done and no answer comes, for ``seconds`` or until the caller gives up
    reset_before   the connection is reset; nothing is done
    reset_after    the request is done, then the connection is reset: the answer is lost
    late           the connection is reset, and the request is done ``seconds`` later (or when told to land)

``hold=True`` turns the two resets after the fact into silence: the caller waits until its own time is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from html import escape
from typing import Any, Literal, get_args

FaultKind = Literal["status", "hang", "reset_before", "reset_after", "late"]

HTML_REFUSED = "<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1></body></html>"
HTML_BAD_GATEWAY = (
    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)
TEXT_XML = "text/xml; charset=utf-8"
TEXT_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure and the requests it fits. ``skip`` lets that many fitting requests pass first."""

    kind: FaultKind = "status"
    times: int = 1
    skip: int = 0
    operation: str = "*"
    method: str = "*"
    path: str = "*"
    status: int = 503
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = (
        None  # None: a hang lasts until the caller leaves, a late write until it is told to land
    )
    hold: bool = False

    def fits(self, *, operation: str, method: str, path: str) -> bool:
        return (
            fnmatchcase(operation, self.operation)
            and fnmatchcase(method, self.method)
            and fnmatchcase(path, self.path)
        )


def soap_fault(*, code: str = "Server", text: str = "Internal error", times: int = 1, **fits: Any) -> Fault:
    """A SOAP fault as the till sends it: HTTP 500, unqualified children (mplus.md §1.2)."""
    return Fault(
        status=500, body=soap_fault_body(code=code, text=text), content_type=TEXT_XML, times=times, **fits
    )


def soap_fault_body(*, code: str, text: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="urn:mplusqapi">'
        f"<SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:{escape(code)}</faultcode>"
        f"<faultstring>{escape(text)}</faultstring><faultactor/><detail/>"
        "</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )


# What is asked for most, by name, over HTTP: {"preset": "throttled", "times": 3}
PRESETS: dict[str, Fault] = {
    "unavailable": Fault(status=503, body="Service Unavailable"),
    "throttled": Fault(
        status=429,
        content_type="application/problem+json",
        body='{"type":"https://mailchimp.com/developer/marketing/docs/errors/","title":"Too Many Requests",'
        '"status":429,"detail":"You have exceeded the limit of 10 simultaneous connections.","instance":""}',
    ),
    "throttled_plain": Fault(status=429, body="Too Many Requests"),
    "refused_html": Fault(status=403, body=HTML_REFUSED, content_type=TEXT_HTML),
    "bad_gateway": Fault(status=502, body=HTML_BAD_GATEWAY, content_type=TEXT_HTML),
    "soap_server": soap_fault(code="Server", text="The database is not available"),
    "soap_client": soap_fault(code="Client", text="The request cannot be handled"),
    "soap_authentication": soap_fault(code="Client.Authentication", text="Authentication failed"),
}


class Faults:
    """The line of waiting faults, and a fixed latency for everything."""

    def __init__(self) -> None:
        self.latency_ms: float = 0
        self.waiting: list[Fault] = []
        self.taken: int = 0

    def add(self, fault: Fault) -> None:
        self.waiting.append(fault)

    def fail_next(self, times: int = 1, /, kind: FaultKind = "status", **rest: Any) -> None:
        """``faults.fail_next(3, status=429)``, ``faults.fail_next(kind="reset_after", operation="updateRelation")``."""
        self.add(Fault(kind=kind, times=times, **rest))

    def take(self, *, operation: str, method: str, path: str) -> Fault | None:
        for at, fault in enumerate(self.waiting):
            if not fault.fits(operation=operation, method=method, path=path):
                continue
            if fault.skip:
                self.waiting[at] = replace(fault, skip=fault.skip - 1)
                continue
            if fault.times > 1:
                self.waiting[at] = replace(fault, times=fault.times - 1)
            else:
                del self.waiting[at]
            self.taken += 1
            return fault
        return None

    def clear(self) -> None:
        self.latency_ms = 0
        self.waiting.clear()

    def told(self, order: Mapping[str, Any]) -> None:
        """Take an order as it comes over HTTP; ValueError names what cannot be understood."""
        rest = dict(order)
        if "latency_ms" in rest:
            self.latency_ms = float(rest.pop("latency_ms"))
            if not rest:
                return
        preset = rest.pop("preset", None)
        if preset is not None and preset not in PRESETS:
            raise ValueError(f"there is no preset {preset!r}; there are {', '.join(sorted(PRESETS))}")
        soap = rest.pop("soap", None)
        base = PRESETS[preset] if preset is not None else Fault()
        if soap is not None:
            base = soap_fault(
                code=str(soap.get("code", "Server")), text=str(soap.get("text", "Internal error"))
            )
        unknown = set(rest) - set(Fault.__dataclass_fields__)
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        if rest.get("kind", "status") not in get_args(FaultKind):
            raise ValueError(f"a fault's kind is one of {', '.join(get_args(FaultKind))}")
        if isinstance(rest.get("body"), dict | list):
            raise ValueError("a fault's body is text; give JSON as a string, with its content_type")
        self.add(replace(base, **rest))

    def as_json(self) -> dict[str, Any]:
        return {
            "latency_ms": self.latency_ms,
            "taken": self.taken,
            "waiting": [asdict(f) for f in self.waiting],
        }
