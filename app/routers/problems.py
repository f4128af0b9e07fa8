"""Errors as the caller sees them: problem+json (RFC 9457) with the codes of ``app/errors.py``.

No input value is ever repeated in an answer: a wrong field may hold a secret or somebody's address.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from app.errors import AppError, CallerError, DatabaseAway, InvalidInput, NotFound, TimeError
from app.routers.union_errors import meant

log = structlog.get_logger("api")

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5


class FieldProblem(BaseModel):
    """One field that cannot be used."""

    field: str = Field(description="Dotted path of the field", examples=["settings.list_id"])
    message: str = Field(examples=["Field required"])


class Problem(BaseModel):
    """What went wrong, who must act, and how."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:problem:invalid_input",
                "title": "A field cannot be used",
                "status": 422,
                "detail": "colour: there is no field by that name here.",
                "code": "invalid_input",
                "who": "caller",
                "advice": "",
                "field": "colour",
                "errors": [{"field": "colour", "message": "There is no field by that name here."}],
                "request_id": "5f1c09ab3d22",
            }
        }
    )

    type: str = Field(description="`urn:problem:` and the code")
    title: str
    status: int
    detail: str = Field(description="One sentence for a person; never holds personal data")
    code: str = Field(description="The same word in answers, logs, metrics and the attempt log")
    who: str = Field(description="Who must act: caller, time or administrator")
    advice: str = Field(description="What to do about it; may be empty")
    field: str | None = Field(default=None, description="The field that is meant, if it is one")
    errors: list[FieldProblem] | None = Field(default=None, description="Every field that cannot be used")
    request_id: str | None = Field(
        default=None, description="Name it when asking for help: logs and attempts carry it"
    )


def body_of(
    error: AppError, *, request_id: str | None, errors: Sequence[dict[str, str]] | None = None
) -> dict[str, Any]:
    """The problem document of an error."""
    document: dict[str, Any] = {
        "type": f"urn:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "who": error.who,
        "advice": error.advice,
    }
    if error.field is not None:
        document["field"] = error.field
    if errors:
        document["errors"] = list(errors)
    if request_id is not None:
        document["request_id"] = request_id
    return document


def answer(
    error: AppError, *, request_id: str | None, errors: Sequence[dict[str, str]] | None = None
) -> JSONResponse:
    """The answer to a request that failed."""
    headers = {}
    if isinstance(error, TimeError):
        headers["Retry-After"] = str(int(error.retry_after or RETRY_AFTER_S))
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(
        body_of(error, request_id=request_id, errors=errors),
        error.status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


_PLAIN = (("Tuple", "List"), ("tuple", "list"), ("Dictionary", "Object"), ("dictionary", "object"))
"""Python's words for what stands in JSON."""


def field_problems(errors: Sequence[Any], body: Any = None) -> list[dict[str, str]]:
    """What pydantic found, as dotted paths and sentences, without the values."""
    if body is not None and all(error["loc"][:1] == ("body",) for error in errors):
        inside = [{**error, "loc": error["loc"][1:]} for error in errors]
        errors = [{**error, "loc": ("body", *error["loc"])} for error in meant(inside, body)]
    found = []
    for error in errors:
        where = [str(part) for part in error["loc"]]
        if where[:1] in (["body"], ["query"], ["path"], ["header"]):
            where = where[1:]
        message = str(error["msg"]).removeprefix("Value error, ").replace(" after validation", "")
        for python, plain in _PLAIN:
            message = message.replace(python, plain)
        if message.startswith("Value should have at "):  # a secret, which pydantic measures as it does a list
            message = message.replace("items", "characters")
        if error["type"] == "extra_forbidden":
            message = "There is no field by that name here."
        elif error["type"] == "json_invalid":
            where, message = [], "The body is not JSON."
        elif error["type"] in ("model_attributes_type", "dict_type") and not where:
            message = "The body must be a JSON object, sent with Content-Type: application/json."
        found.append({"field": ".".join(where), "message": message[:500]})
    return found


def from_validation(errors: Sequence[Any], body: Any = None) -> tuple[InvalidInput, list[dict[str, str]]]:
    """The error that stands for what pydantic found: it names the first field, and lists all."""
    found = field_problems(errors, body)
    first = found[0] if found else {"field": "", "message": "The request cannot be read."}
    detail = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return InvalidInput(detail, field=first["field"] or None), found


class MethodNotAllowed(CallerError):
    """The address is known, the method is not."""

    code, title, status = "method_not_allowed", "That method is not known here", 405


def from_http(error: HTTPException) -> AppError:
    """The framework's own refusals, in our words."""
    if error.status_code == 404:
        return NotFound("There is nothing at this address.", advice="The addresses are listed at /docs.")
    if error.status_code == 405:
        return MethodNotAllowed(
            "This address does not know that method.", advice="The methods are listed at /docs."
        )
    if error.status_code == 413:
        from app.errors import BodyTooLarge

        return BodyTooLarge("The body is larger than what this address takes.")
    if error.status_code < 500:
        return InvalidInput("The body cannot be read.", advice="Send JSON in UTF-8, not too deeply nested.")
    return AppError()


def is_database_away(error: DBAPIError) -> bool:
    """Whether the database itself is away, as against a statement it refuses."""
    if error.connection_invalidated or isinstance(error, InterfaceError):
        return True
    return isinstance(error, OperationalError)


def request_id_of(request: Request) -> str | None:
    """The id that the middleware gave this request."""
    state = request.scope.get("state") or {}
    return state.get("request_id")


def install(app: FastAPI) -> None:
    """Put the handlers on the application."""

    @app.exception_handler(AppError)
    async def app_error(request: Request, error: AppError) -> JSONResponse:
        return answer(error, request_id=request_id_of(request))

    @app.exception_handler(RequestValidationError)
    async def validation_error(request: Request, error: RequestValidationError) -> JSONResponse:
        made, errors = from_validation(error.errors(), error.body)
        return answer(made, request_id=request_id_of(request), errors=errors)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        return answer(from_http(error), request_id=request_id_of(request))

    @app.exception_handler(DBAPIError)
    async def database_error(request: Request, error: DBAPIError) -> JSONResponse:
        if not is_database_away(error):
            raise error
        log.warning("database.away", kind=type(error.orig).__name__)
        return answer(DatabaseAway("The database cannot be reached."), request_id=request_id_of(request))

    @app.exception_handler(OSError)
    async def connection_error(request: Request, error: OSError) -> JSONResponse:
        # asyncpg raises plain ConnectionRefusedError and its kin while the pool connects.
        log.warning("database.away", kind=type(error).__name__)
        return answer(DatabaseAway("The database cannot be reached."), request_id=request_id_of(request))

    @app.exception_handler(Exception)
    async def fault(request: Request, _error: Exception) -> JSONResponse:
        # A fault of ours is a problem document too; it is raised on, and logged around every request.
        return answer(AppError(), request_id=request_id_of(request))


def dumped(document: dict[str, Any]) -> bytes:
    """A problem document as bytes, for answers made outside of the framework."""
    return json.dumps(document, separators=(",", ":")).encode()
