"""The HTTP client that all connectors share: verified TLS, patient with slow answers, silent about addresses."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import httpx

from app.errors import InvalidInput
from app.metrics import remote_requests, remote_seconds

# Mailchimp goes on with a call for up to 120 s (mailchimp.md §1.4); giving up earlier would leave more in doubt.
TIMEOUT = httpx.Timeout(connect=10.0, read=125.0, write=30.0, pool=None)


class CountingTransport(httpx.AsyncHTTPTransport):
    """Counts and times each call under the system's name, which the connector puts into the extensions."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One call."""
        system, started = str(request.extensions.get("system", "other")), time.perf_counter()
        outcome = "failed"
        try:
            response = await super().handle_async_request(request)
            outcome = f"{response.status_code // 100}xx"
            return response
        finally:
            remote_requests.labels(system, outcome).inc()
            remote_seconds.labels(system).observe(time.perf_counter() - started)


def new_client(*, connections: int = 50) -> httpx.AsyncClient:
    """A client without redirects (a redirect would carry credentials elsewhere) and without the environment's proxies."""
    limits = httpx.Limits(
        max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30
    )
    transport = CountingTransport(verify=True, limits=limits, trust_env=False)
    return httpx.AsyncClient(transport=transport, timeout=TIMEOUT, follow_redirects=False, trust_env=False)


def secure_only(url: str, *, sandbox: bool, field: str = "base_url") -> str:
    """The URL, if it may be used. Outside sandbox mode only https may; raises InvalidInput naming the field."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("The address must begin with https:// and name a host.", field=field)
    if parts.scheme == "http" and not sandbox:
        raise InvalidInput(
            "Plain http would send the secret readable over the line.",
            field=field,
            advice="Use the https address; http is for the sandbox only.",
        )
    return url
