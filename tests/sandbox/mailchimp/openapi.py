"""Mailchimp's own description of its API as the judge of what the sandbox answers.

The description lies beside the checkout, in ``shared/specs``; the product never reads it.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.templating.paths.exceptions import PathError
from werkzeug.datastructures import Headers, ImmutableMultiDict

DESCRIPTION = Path(__file__).parents[4] / "shared" / "specs" / "mailchimp" / "connector.openapi.json"


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    for item in found["paths"].values():
        for operation in item.values():
            for answer in operation["responses"].values():
                for content in answer.get("content", {}).values():
                    allow_unset(content["schema"])
    for schema in found["components"]["schemas"].values():
        allow_unset(schema)
    return found


def allow_unset(node: Any) -> None:
    """Unset times and tracking codes come as "" from the real API, whatever the description says (mailchimp.md §1.5)."""
    if isinstance(node, dict):
        if node.get("format") == "date-time":
            del node["format"]
            node["pattern"] = r"^$|^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$"
        if node.get("enum") == ["prec"]:
            node["enum"] = ["prec", ""]
        for value in node.values():
            allow_unset(value)
    elif isinstance(node, list):
        for value in node:
            allow_unset(value)


@cache
def description() -> OpenAPI:
    return OpenAPI.from_dict(
        document(), config=Config(extra_media_type_deserializers={"application/problem+json": json.loads})
    )


class Asked:
    def __init__(self, request: httpx.Request) -> None:
        self.host_url = f"{request.url.scheme}://{request.url.netloc.decode()}"
        self.path = request.url.path
        self.method = request.method.lower()
        self.body = request.content or None
        self.content_type = request.headers.get("content-type", "application/json").split(";")[0]
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(list(request.url.params.multi_items())),
            header=Headers(dict(request.headers)),
            cookie=ImmutableMultiDict(),
        )


class Answered:
    def __init__(self, response: httpx.Response) -> None:
        self.data = response.content or None
        self.status_code = response.status_code
        self.headers = Headers(dict(response.headers))
        self.content_type = response.headers.get("content-type", "application/json").split(";")[0]


def judge(response: httpx.Response) -> None:
    """Raises when the answer is not what the description promises for this request.

    A path or method that the description does not know must have been refused.
    """
    try:
        description().validate_response(Asked(response.request), Answered(response))
    except PathError:
        assert response.status_code in (401, 404, 405, 414, 422), response.text


def described_path(request: httpx.Request) -> str:
    """The path as the description writes it: the one with the fewest parameters that fits."""
    wanted = request.url.path.split("/")
    fitting = [
        path
        for path in document_paths()
        if len(path.split("/")) == len(wanted)
        and all(part == there or part[:1] == "{" for part, there in zip(path.split("/"), wanted, strict=True))
    ]
    return min(fitting, key=lambda path: path.count("{"))


@cache
def document_paths() -> tuple[str, ...]:
    return tuple(document()["paths"])
