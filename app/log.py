"""Logs: one wide line per unit of work, and never a person or a secret in it, whoever wrote the line.

Our own lines come from structlog; libraries' lines come from logging and pass the same redaction. Redaction is the last
step before rendering, tracebacks included, so a careless line loses a value and not somebody's privacy.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

HIDDEN = "[hidden]"
ADDRESS = "[address]"

_SECRET_NAME = re.compile(
    r"secret|token|passw|authorization|cookie|api_?key|credential|sealed|signature|(^|_)key$", re.IGNORECASE
)
_PERSONAL_NAME = re.compile(
    r"^(e?mail|e_mail|email_address|phone|mobile|telephone|(first|last|full)_?name)$", re.IGNORECASE
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # secret=… in a query string, a header or a traceback: the name stays, so that one sees what was there
    (re.compile(r"(?i)\b([\w-]*(?:secret|token|password|api_?key|apikey|signature|ident))=[^&\s\"'<>]+"), rf"\1={HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)(\bauthorization['\"]?\s*[:=]\s*['\"]?)(?!bearer|basic)[^\s'\",]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(/webhooks/[a-z]+/)[A-Za-z0-9_~.%-]{6,}"), rf"\1{HIDDEN}"),
    (re.compile(r"\bt2a_[A-Za-z0-9_-]{16,}"), HIDDEN),
    (re.compile(r"\b[0-9a-f]{32}-[a-z]{2,4}\d{1,3}\b"), HIDDEN),  # a Mailchimp API key
    (re.compile(r"\bgAAAAA[A-Za-z0-9_=-]{20,}"), HIDDEN),  # a sealed value
    (re.compile(r"(//)[^/\s:@]+:[^/\s@]+@"), rf"\1{HIDDEN}@"),  # user:password@ of an address
    (re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+"), ADDRESS),
)  # fmt: skip
_DEEPEST = 6
_QUICK = re.compile(r"[@=]|(?i:bearer|basic|authorization)|/webhooks/|t2a_|gAAAAA|-[a-z]{2,4}\d")


def redacted_text(text: str) -> str:
    """The text without secrets and addresses."""
    if _QUICK.search(text) is None:
        return text
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def redacted(value: Any, *, name: str = "", depth: int = 0) -> Any:
    """A value as it may be logged; ``name`` is the name it is logged under."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if _SECRET_NAME.search(name):
        return HIDDEN
    if _PERSONAL_NAME.search(name):
        return ADDRESS if "mail" in name.lower() else HIDDEN
    if isinstance(value, str):
        return redacted_text(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if depth >= _DEEPEST:
        return HIDDEN
    if isinstance(value, Mapping):
        return {
            redacted_text(str(key)): redacted(inner, name=str(key), depth=depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(inner, depth=depth + 1) for inner in value]
    return redacted_text(str(value))


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The processor: every field of a line, the line itself too."""
    for name, value in event.items():
        if not name.startswith("_"):
            event[name] = redacted(value, name=name)
    return event


_QUIET = {
    "httpx": logging.WARNING,  # logs every address at INFO
    "httpcore": logging.WARNING,
    "arq": logging.WARNING,  # two lines per job at INFO
    "alembic": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "asyncio": logging.WARNING,
    "uvicorn.error": logging.WARNING,
    "uvicorn.access": logging.CRITICAL + 1,  # paths hold webhook tokens
}


def configure_logging(
    *, format: Literal["auto", "json", "console"], level: str, role: str, stream: TextIO | None = None
) -> None:
    """Set up both kinds of logging for this process. ``role`` (api, worker, sandbox …) stands in every line."""
    out = stream or sys.stderr
    for_people = format == "console" or (format == "auto" and out.isatty())
    stamped = (
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
        if for_people
        else structlog.processors.TimeStamper(fmt="iso", utc=True)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        stamped,
        _role(role),
    ]
    rendering: list[structlog.typing.Processor] = [structlog.processors.format_exc_info, redact]
    if for_people:
        rendering.append(structlog.dev.ConsoleRenderer(colors=out.isatty(), pad_event_to=20))
    else:
        rendering.append(structlog.processors.JSONRenderer(ensure_ascii=False))

    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(True)
    for name, least in _QUIET.items():
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(least, logging.getLevelNamesMapping()[level]))
    logging.getLogger("uvicorn").handlers.clear()


def _role(role: str) -> structlog.typing.Processor:
    def add(
        _logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        event["role"] = role
        return event

    return add
