"""Answers of a till, and a client that talks to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import respx
from pydantic import SecretStr

from app.connectors.mplus.calls import Till
from app.connectors.mplus.client import MplusClient
from app.connectors.mplus.models import MplusCredentials, MplusSettings

BASE = "https://api.mpluskassa.nl:50123"
SECRET = "s3cr&t/+ waarde"


class OpenGate:
    """Lets everybody through, and counts."""

    def __init__(self) -> None:
        self.inside = 0
        self.passed = 0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        self.inside += 1
        self.passed += 1
        try:
            yield
        finally:
            self.inside -= 1


@pytest.fixture
def gate():
    return OpenGate()


@pytest.fixture
async def make_till(gate):
    """Makes a till of an address; its HTTP client is closed at the end."""
    opened: list[httpx.AsyncClient] = []

    def make(base: str = BASE, *, secret: str = SECRET, seconds: float = 5.0, verify: object = True) -> Till:
        http = httpx.AsyncClient(verify=verify)
        opened.append(http)
        # what is shorter than people may set is for tests of a till that hangs
        settings = MplusSettings(base_url=base).model_copy(update={"answer_seconds": seconds})
        return Till(
            settings, MplusCredentials(ident="winkel 1", secret=SecretStr(secret)), http=http, gate=gate
        )

    yield make
    for http in opened:
        await http.aclose()


@pytest.fixture
def till(make_till):
    return make_till()


@pytest.fixture
def client(till):
    return MplusClient(till)


def _envelope(content: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:ns="urn:mplusqapi"><SOAP-ENV:Body>{content}</SOAP-ENV:Body></SOAP-ENV:Envelope>'
    ).encode()


@pytest.fixture
def soap_answer():
    """An HTTP answer with these elements in the operation's response element."""

    def answer(name: str, inner: str = "", *, version: str | None = None) -> httpx.Response:
        headers = {"Mplus-Service-Version": version} if version else {}
        return httpx.Response(200, content=_envelope(f"<ns:{name}>{inner}</ns:{name}>"), headers=headers)

    return answer


@pytest.fixture
def soap_fault():
    """An HTTP 500 with a fault."""

    def fault(code: str, text: str = "no", *, status: int = 500) -> httpx.Response:
        inner = (
            f"<faultcode>SOAP-ENV:{code}</faultcode><faultstring>{text}</faultstring><faultactor/><detail/>"
        )
        return httpx.Response(status, content=_envelope(f"<SOAP-ENV:Fault>{inner}</SOAP-ENV:Fault>"))

    return fault


@pytest.fixture
def answers(soap_answer, soap_fault):
    """Mock a till: operation → response, or a function of the request. Records the operations asked."""
    with respx.mock(assert_all_called=False) as mocked:

        def give(**operations):
            def respond(request: httpx.Request) -> httpx.Response:
                answer = operations.get(
                    request.headers["SOAPAction"], soap_fault("Client", "unknown operation")
                )
                if isinstance(answer, list):
                    answer = answer.pop(0)
                if isinstance(answer, Exception):
                    raise answer
                return answer(request) if callable(answer) else answer

            mocked.post(f"{BASE}/").mock(side_effect=respond)
            return mocked.calls

        yield give
