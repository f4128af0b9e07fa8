"""Everything that comes from the environment, read once by the composition roots."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, HttpUrl, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """One installation's settings. Names in the environment are the field names in capitals."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    var_dir: Path = Field(
        default=Path("var"), description="Where the database file, generated keys and run.json live"
    )
    database_url: str | None = Field(
        default=None,
        description="sqlite+aiosqlite:///… or postgresql+asyncpg://…; default: an SQLite file in VAR_DIR, for the sandboxes in VAR_DIR/demo",
    )
    redis_url: str | None = Field(
        default=None, description="Default: an embedded server, its life tied to ours"
    )
    key_prefix: str = Field(
        default="t2a", description="Prefix of every Redis key, so that installations can share one"
    )
    sandbox: bool = Field(
        default=True, description="1: try it against two built-in servers; 0: real accounts, https only"
    )
    public_url: HttpUrl | None = Field(
        default=None,
        description="The https address the outside sees; without it nothing can be pushed and polling does the work",
    )
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    mplus_sandbox_port: int = Field(default=8001, ge=0, le=65535)
    mailchimp_sandbox_port: int = Field(default=8002, ge=0, le=65535)
    seal_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Fernet keys, newest first, separated by commas; generated once into VAR_DIR when absent",
    )
    hash_secret: SecretStr | None = Field(
        default=None, description="Secret of the keyed hashes; never changes; generated once"
    )
    admin_api_key: SecretStr | None = Field(
        default=None, description="The first admin key; generated once when absent"
    )
    metrics_key: SecretStr | None = Field(
        default=None, description="Needed to read /metrics from elsewhere than loopback"
    )
    worker_metrics_host: str = Field(
        default="127.0.0.1", description="Where a worker serves its own /metrics, without a key"
    )
    worker_metrics_port: int = Field(default=0, ge=0, le=65535, description="The port for that; 0 for none")
    poll_interval_s: float = Field(
        default=30.0, gt=0, description="Default seconds between polls of a connection"
    )
    attempt_retention_days: int = Field(default=30, ge=1)
    event_retention_days: int = Field(default=14, ge=1)
    mailchimp_concurrency: int = Field(
        default=5, ge=1, le=10, description="Simultaneous requests per Mailchimp user"
    )
    mplus_concurrency: int = Field(
        default=2, ge=1, le=10, description="Simultaneous requests per till address"
    )
    max_webhook_bytes: int = Field(default=1_000_000, ge=1024)
    worker_jobs: int = Field(
        default=10, ge=1, le=100, description="Delivery jobs that one worker runs at once"
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: lines for people on a terminal, JSON everywhere else"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    demo_life_s: float = Field(
        default=4.0,
        ge=0,
        description="Sandbox: seconds between edits in the till, and of contacts in an audience that a contacts flow reads; 0 for none",
    )

    @field_validator("seal_keys", mode="before")
    @classmethod
    def split_keys(cls, value: object) -> object:
        """Keys come as one comma-separated text."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("database_url")
    @classmethod
    def with_driver(cls, value: str | None) -> str | None:
        """The usual forms of both databases get the driver that we use."""
        if value is None or not value.strip():
            return None
        kind, _, rest = value.strip().partition("://")
        driver = {
            "postgres": "postgresql+asyncpg",
            "postgresql": "postgresql+asyncpg",
            "postgresql+asyncpg": "postgresql+asyncpg",
            "sqlite": "sqlite+aiosqlite",
            "sqlite+aiosqlite": "sqlite+aiosqlite",
        }.get(kind)
        if driver is None or not rest:
            raise ValueError("must begin with postgresql:// or sqlite:///")
        return f"{driver}://{rest}"

    @field_validator("public_url")
    @classmethod
    def reachable_by_tls(cls, value: HttpUrl | None, info: ValidationInfo) -> HttpUrl | None:
        """Secrets travel in the path and behind the signature, so real accounts ring by https only."""
        if value is not None and value.scheme != "https" and not info.data.get("sandbox", True):
            raise ValueError("must begin with https:// for real accounts")
        return value

    @property
    def data_dir(self) -> Path:
        """Where the data live: what is tried out against the sandboxes stays apart from the real accounts."""
        return self.var_dir / "demo" if self.sandbox else self.var_dir

    @property
    def database(self) -> str:
        """The database URL, SQLite in ``data_dir`` by default."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'data.sqlite3'}"
