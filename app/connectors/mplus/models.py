"""What a connection to a till consists of: its address, who we are there, and the version it says it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import httpx
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from app.connectors.http import proper_address

# Service build from which an operation exists for certain (mplus.md §1.4); below it, or unknown, the older one is used.
SINCE = {
    "findRelationV2": 59,
    "createOrderV3": 59,
    "createOrderV2": 50,
    "payOrderV2": 59,
    "updateOrderV2": 50,
    "getStockHistoryV2": 59,
    "getOrdersByExtOrderIds": 63,
    "getCardCategoriesV2": 66,
}
RECENT = 59
OLDEST = 10
"""Below this, polls with filters lost changes (mplus.md §3.1)."""

_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,6}))?")


class MplusSettings(BaseModel):
    """Where a till's Q-API is. Host and port are the customer's own, given by MplusKASSA with ident and secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(
        title="Address of the Q-API",
        description="https, host and port as MplusKASSA gave them; a path only where they gave one.",
        examples=["https://api.mpluskassa.nl:50123"],
        max_length=300,
    )
    answer_seconds: float = Field(
        default=100.0,
        ge=5,
        le=120,
        title="Patience",
        description="Seconds to wait for an answer. Some calls are slow; after it the answer counts as lost.",
        examples=[100],
    )

    @field_validator("base_url")
    @classmethod
    def without_credentials(cls, value: str) -> str:
        """One address without query or user: the secret has its own field, and would be logged here."""
        url = proper_address(value, example="https://api.mpluskassa.nl:50123")
        return str(url)

    @property
    def url(self) -> httpx.URL:
        """The address as a URL."""
        return httpx.URL(self.base_url)

    @property
    def host(self) -> str:
        """The host name alone."""
        return self.url.host

    @property
    def port(self) -> int:
        """The port, the scheme's own when none is written."""
        return self.url.port or {"https": 443, "http": 80}[self.url.scheme]


class MplusCredentials(BaseModel):
    """Who we are at the till."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ident: str = Field(
        min_length=1,
        max_length=200,
        title="Ident",
        description="Given by MplusKASSA per partner and customer.",
        examples=["my-shop"],
    )
    secret: SecretStr = Field(
        min_length=1,
        title="Secret",
        description="Given by MplusKASSA. Kept sealed and never shown again.",
        examples=["•••"],
    )

    def target(self, url: httpx.URL) -> bytes:
        """Path and query of the real request, the only place where the secret is written out."""
        path = url.raw_path.partition(b"?")[0] or b"/"
        query = urlencode({"ident": self.ident, "secret": self.secret.get_secret_value()}, quote_via=quote)
        return path + b"?" + query.encode()


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """The build of the till's API service, such as 67.1.3; zeros when it is not known."""

    major: int = 0
    minor: int = 0
    revision: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.revision}" if self.known else "unknown"

    @property
    def known(self) -> bool:
        """Whether the till has said it."""
        return self.major > 0

    def has(self, operation: str) -> bool:
        """Whether this build surely has the operation."""
        return self.major >= SINCE.get(operation, 0)

    @classmethod
    def of_header(cls, value: str | None) -> Version | None:
        """From ``Mplus-Service-Version``, which every answer of a recent service carries."""
        found = _VERSION.search(value or "")
        return cls(int(found[1]), int(found[2]), int(found[3] or 0)) if found else None

    @classmethod
    def of_answer(cls, answer: dict[str, object]) -> Version:
        """From ``getApiVersion``: the service's numbers, not the protocol's, which are 1.0.0 for years."""
        numbers = (answer.get(f"service{part}Number") for part in ("Major", "Minor", "Revision"))
        return cls(*(number if isinstance(number, int) and number > 0 else 0 for number in numbers))
