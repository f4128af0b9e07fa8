"""Every error of the service, by who must act, because that decides what happens next.

    AppError
    ├── CallerError                    whoever called our API must change the request (4xx)
    │   ├── InvalidInput        422    a field cannot be used; names it
    │   ├── NotAuthenticated    401    no key, or an unknown one
    │   ├── NotAllowed          403    the key's scope does not reach this far
    │   ├── NotFound            404
    │   ├── Conflict            409    the present state forbids it
    │   ├── BodyTooLarge        413
    │   ├── BadSignature        400/401  a webhook that is not what it claims to be
    │   └── UnreadableBody      400    a webhook body that cannot be parsed
    ├── TimeError                      nobody must act: the same call may succeed later (503)
    │   ├── RemoteUnavailable          refused, reset before an answer, 5xx, SOAP Server fault
    │   ├── Throttled                  429, or Mailchimp's 403 without JSON: the account backs off
    │   ├── Interrupted                this worker stops, or its lease ended: another goes on with it
    │   └── DatabaseAway
    └── AdministratorError             a person must change a setting, an account or a record (409)
        ├── CredentialsRefused         401/403: confirmed by the connection check before it breaks one
        ├── LimitReached               plan, contact or field limits: the flow is blocked
        ├── MisdirectedConnection      wrong address, wrong port, TLS, missing list: connection check
        ├── RecordRefused              the remote refused this one record: quarantined
        └── MappingFailed              a row or rule cannot apply to this record: quarantined

``code`` is one lower-case word group that metrics, API, dashboard, logs and docs share. ``detail`` is a sentence
for a person, ``advice`` says what to do. Neither holds a person's data: they name fields and kinds of value.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Actor = Literal["caller", "time", "administrator"]


class AppError(Exception):
    """Base of all errors that we raise on purpose."""

    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something went wrong on our side"
    who: ClassVar[Actor] = "administrator"
    status: ClassVar[int] = 500

    def __init__(
        self, detail: str = "", *, advice: str = "", field: str | None = None, code: str | None = None
    ):
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.advice = advice
        self.field = field
        if (
            code is not None
        ):  # a narrower code of the same class, such as record_refused -> address_looks_fake
            self.code = code  # type: ignore[misc]

    def __reduce__(self) -> str:
        raise TypeError("errors are handled where they are raised, never pickled")


# --- the caller must act ----------------------------------------------------------------------------------------


class CallerError(AppError):
    """The request itself must change."""

    code, title, who, status = "bad_request", "The request cannot be handled", "caller", 400


class InvalidInput(CallerError):
    """A field of the request cannot be used; ``field`` names it."""

    code, title, status = "invalid_input", "A field cannot be used", 422


class NotAuthenticated(CallerError):
    """No API key, or one that is not known here."""

    code, title, status = "not_authenticated", "An API key is needed", 401


class NotAllowed(CallerError):
    """The key is known, its scope is too small."""

    code, title, status = "not_allowed", "This key may not do that", 403


class NotFound(CallerError):
    """Nothing is known by that id."""

    code, title, status = "not_found", "There is nothing by that name", 404


class Conflict(CallerError):
    """The present state forbids the request."""

    code, title, status = "conflict", "The present state forbids this", 409


class BodyTooLarge(CallerError):
    """The body passed the cap while it was streamed."""

    code, title, status = "body_too_large", "The body is too large", 413


class BadSignature(CallerError):
    """A webhook whose signature is missing, stale or wrong."""

    code, title, status = "invalid_signature", "The signature does not fit the body", 400


class UnreadableBody(CallerError):
    """A webhook body that cannot be parsed."""

    code, title, status = "unreadable_body", "The body cannot be read", 400


# --- time must act ----------------------------------------------------------------------------------------------


class TimeError(AppError):
    """The same call may succeed later.

    ``in_doubt``: the call left us and its answer was lost, so the remote may or may not have acted.
    ``retry_after``: seconds the remote asked for, if it did.
    """

    code, title, who, status = "later", "Try again later", "time", 503

    def __init__(
        self,
        detail: str = "",
        *,
        in_doubt: bool = False,
        retry_after: float | None = None,
        code: str | None = None,
    ):
        super().__init__(detail, code=code)
        self.in_doubt = in_doubt
        self.retry_after = retry_after


class RemoteUnavailable(TimeError):
    """The other system is away, slow, or answered 5xx."""

    code, title = "remote_unavailable", "The other system is away"


class Throttled(TimeError):
    """The other system asks for fewer calls: the whole account backs off."""

    code, title = "throttled", "The other system asks us to slow down"


class Interrupted(TimeError):
    """This worker was told to stop, or its lease ended, before the call was sent: another goes on with it."""

    code, title = "interrupted", "Another worker goes on with this"


class DatabaseAway(TimeError):
    """Our own database cannot be reached."""

    code, title = "database_away", "The database is away"


# --- an administrator must act ----------------------------------------------------------------------------------


class AdministratorError(AppError):
    """A person must change a setting, an account or a record."""

    code, title, who, status = "administrator", "Somebody must change something", "administrator", 409


class CredentialsRefused(AdministratorError):
    """The remote refused our credentials or rights."""

    code, title = "credentials_refused", "The credentials were refused"


class LimitReached(AdministratorError):
    """The account's plan, contact or field limit refuses writes: the flow is blocked until a check passes."""

    code, title = "limit_reached", "The account's limit is reached"


class MisdirectedConnection(AdministratorError):
    """The connection's settings lead nowhere: DNS, TLS, port, data centre, missing list."""

    code, title = "misdirected_connection", "The connection leads nowhere"


class RecordRefused(AdministratorError):
    """The remote refused this one record, with its own sentence in ``detail``."""

    code, title = "record_refused", "The other system refused this record"


class MappingFailed(AdministratorError):
    """A row or rule cannot apply to this record. ``row`` names it."""

    code, title = "mapping_failed", "A mapping row cannot apply"

    def __init__(
        self,
        detail: str,
        *,
        row: str = "",
        advice: str = "",
        field: str | None = None,
        code: str | None = None,
    ):
        super().__init__(detail, advice=advice, field=field, code=code)
        self.row = row
