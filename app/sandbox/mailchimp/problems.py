"""What Mailchimp says when it refuses: problem documents with the literal titles and sentences of mailchimp.md §1.3.

Clients have to live with these texts, because the status alone does not tell a permanently deleted address from a
missing product. Sentences that nobody has reported are marked *inferred* where they are raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

TYPE = "https://mailchimp.com/developer/marketing/docs/errors/"
NOT_VALIDATED = (
    "The resource submitted could not be validated. For field-specific details, see the 'errors' array."
)

FieldErrors = list[dict[str, str]]


class ProblemError(Exception):
    """A refusal on its way to the client."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        errors: FieldErrors | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    def document(self, *, instance: str) -> dict[str, Any]:
        document: dict[str, Any] = {
            "type": TYPE,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        }
        if self.errors is not None:
            document["errors"] = self.errors
        return document


def invalid(errors: FieldErrors) -> ProblemError:
    return ProblemError(400, "Invalid Resource", NOT_VALIDATED, errors=errors)


def invalid_field(field: str, message: str) -> ProblemError:
    return invalid([{"field": field, "message": message}])


def invalid_resource(detail: str) -> ProblemError:
    return ProblemError(400, "Invalid Resource", detail)


def bad_request(detail: str) -> ProblemError:
    return ProblemError(400, "Bad Request", detail)


def unprocessable(detail: str) -> ProblemError:
    """The sentence that starts every "already exists"."""
    return bad_request(f"We were unable to process the request. {detail}")


def not_found() -> ProblemError:
    return ProblemError(404, "Resource Not Found", "The requested resource could not be found.")


def not_allowed(allow: Iterable[str]) -> ProblemError:
    return ProblemError(
        405,
        "Method Not Allowed",
        "The requested method and resource are not compatible. "
        "See the Allow header for this resource's available methods.",
        headers={"Allow": ", ".join(sorted(allow))},
    )


def json_unreadable() -> ProblemError:
    return ProblemError(400, "JSON Parse Exception", "We encountered an unspecified JSON parsing error.")


def key_missing() -> ProblemError:
    return ProblemError(401, "API Key Missing", "Your request did not include an API key.")


def key_invalid() -> ProblemError:
    return ProblemError(
        401,
        "API Key Invalid",
        "Your API key may be invalid, or you've attempted to access the wrong datacenter.",
    )


def forbidden() -> ProblemError:
    return ProblemError(403, "Forbidden", "You don't have permission to access this resource.")


def user_disabled() -> ProblemError:
    return ProblemError(403, "User Disabled", "This account has been deactivated.")


def plan_refused(detail: str = "User does not have access to the requested operation") -> ProblemError:
    """Refused for the plan. Title and default sentence documented; which limit is meant is *inferred*."""
    return ProblemError(403, "Authorization Failure", detail)


def too_many_connections() -> ProblemError:
    return ProblemError(429, "TooManyRequests", "You have exceeded the limit of 10 simultaneous connections.")


def too_many_pending_batches() -> ProblemError:
    return ProblemError(
        429,
        "TooManyRequests",
        "You have more than 500 pending webhooks. Please wait for some to complete before adding any more batches.",
    )


def method_override_refused() -> ProblemError:
    return ProblemError(
        422,
        "InvalidMethodOverride",
        "You can only use the X-HTTP-Method-Override header with the POST method.",
    )


# What the header X-Trigger-Error provokes, by the name it is sent under.
TRIGGERS: dict[str, ProblemError] = {
    "BadRequest": bad_request("Your request could not be processed."),
    "InvalidAction": ProblemError(
        400, "Invalid Action", "The action requested was not valid for this resource."
    ),
    "InvalidResource": invalid([]),
    "JSONParseException": json_unreadable(),
    "APIKeyMissing": key_missing(),
    "APIKeyInvalid": key_invalid(),
    "Forbidden": forbidden(),
    "UserDisabled": user_disabled(),
    "AuthorizationFailure": plan_refused(),
    "ResourceNotFound": not_found(),
    "MethodNotAllowed": not_allowed(["GET"]),
    "ResourceNestingTooDeep": ProblemError(
        414, "Resource Nesting Too Deep", "The sub-resource requested is nested too deeply."
    ),
    "InvalidMethodOverride": method_override_refused(),
    "TooManyRequests": too_many_connections(),
    "InternalServerError": ProblemError(
        500,
        "InternalServerError",
        "A deep, internal error has occurred during the processing of your request. Please contact support.",
    ),
}
