"""The page of the API at ``/docs``: Swagger UI, served from here, so that reading it tells nobody else.

Its files are those of the package fastapi-offline; of that nothing else is used.
"""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from app.errors import NotFound

_PACKAGE = files("fastapi_offline") / "static"
_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere is loaded or called, whatever the page's scripts say. Swagger UI sets styles at its elements."""

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Till to audience: the API</title>
<link rel="icon" href="docs/favicon.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="reference"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

_START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  validatorUrl: null,
});
"""
"""Addresses are relative to the page, so that it works below a path of a proxy as well; no validator of others is asked."""

router = APIRouter(prefix="/docs", include_in_schema=False)


@router.get("")
def page() -> HTMLResponse:
    """The page."""
    return HTMLResponse(_PAGE, headers=_HEADERS)


@router.get("/start.js")
def start() -> Response:
    """What starts it; not in the page, so that the page may run no script of its own."""
    return Response(_START, media_type="text/javascript", headers=_HEADERS)


@router.get("/{name}")
def file(name: str) -> FileResponse:
    """One of the files that it is made of. Raises NotFound."""
    if name not in _FILES:
        raise NotFound("There is nothing at this address.", advice="The addresses are listed at /docs.")
    return FileResponse(str(_PACKAGE / name), media_type=_FILES[name], headers=_HEADERS)
