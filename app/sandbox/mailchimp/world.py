"""Everything that the sandbox's Mailchimp knows: accounts with their users and keys, audiences, stores, mails sent.

In-process tests reach it as ``sandbox.world``; clients see it only through the API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import md5
from typing import TYPE_CHECKING, Any

from app.sandbox.mailchimp.audience import Audience
from app.sandbox.mailchimp.batches import Batch, BatchWebhook, Mill
from app.sandbox.mailchimp.clock import Clock
from app.sandbox.mailchimp.mails import Mail, MailKind, MailLog
from app.sandbox.mailchimp.postman import Postman
from app.sandbox.mailchimp.subscribers import Subscribers

if TYPE_CHECKING:
    from app.sandbox.mailchimp.store import Store

FAKE_DOMAINS = frozenset({"example.com", "example.org", "example.net"})
SIMULTANEOUS = 10  # requests at once, per user and not per key


@dataclass(slots=True, eq=False)
class Login:
    """A user of an account. All his keys share his ten simultaneous requests."""

    id: str
    email: str
    role: str = "owner"
    disabled: bool = False
    in_flight: int = 0
    peak: int = 0
    refused: int = 0  # requests answered with 429


@dataclass(slots=True, eq=False)
class Account:
    id: str
    name: str
    world: Mailchimp
    dc: str = "us6"
    timezone: str = "Europe/Amsterdam"
    logins: list[Login] = field(default_factory=list)
    keys: dict[str, Login] = field(default_factory=dict)
    audiences: dict[str, Audience] = field(default_factory=dict)
    stores: dict[str, Store] = field(default_factory=dict)
    batches: dict[str, Batch] = field(default_factory=dict)
    batch_webhooks: dict[str, BatchWebhook] = field(default_factory=dict)
    campaigns: dict[str, str] = field(default_factory=dict)  # campaign id -> list id
    contact_limit: int | None = None  # the plan's; None: no limit
    merge_field_limit: int = 30  # per audience
    writes_refused: str = ""  # a sentence here refuses every write, as an account does that is over its plan
    unsigned_webhooks: bool = False  # webhooks as before the signing feature: no secret, no header
    put_orders: bool = True  # PUT of orders is unproven (mailchimp.md §0.7); False answers 405

    def open_login(self, email: str, *, role: str = "owner") -> Login:
        login = Login(id=str(self.world.next_number()), email=email, role=role)
        self.logins.append(login)
        return login

    def open_key(self, login: Login | None = None, *, key: str | None = None) -> str:
        """A new API key of the user, or the given text as an API key or OAuth token of his."""
        made = key or f"{self.world.digest('key')}-{self.dc}"
        self.keys[made] = login or self.logins[0]
        self.world.credentials[made] = (self, self.keys[made])
        return made

    def revoke(self, key: str) -> None:
        del self.keys[key], self.world.credentials[key]

    @property
    def key(self) -> str:
        """The first key, for those who need just one."""
        return next(iter(self.keys))

    def open_audience(self, name: str, *, id: str | None = None, **settings: Any) -> Audience:
        """``open_audience("Newsletter", double_optin=True, welcome=True)``: with the five default merge fields."""
        world = self.world
        audience = Audience(
            id=id or world.next_id("list"),
            name=name,
            account=self,
            web_id=world.next_number(),
            date_created=world.clock.iso(),
            contact={
                "company": self.name,
                "address1": "Markt 1",
                "address2": "",
                "city": "Utrecht",
                "state": "",
                "zip": "3511 AA",
                "country": "NL",
                "phone": "",
            },
            campaign_defaults={"from_name": self.name, "from_email": "", "subject": "", "language": "nl"},
            **settings,
        ).with_default_fields()
        self.audiences[audience.id] = audience
        return audience

    @property
    def billed_contacts(self) -> int:
        return sum(audience.billed_contacts for audience in self.audiences.values())


class Mailchimp:
    """The whole of it. ``now`` gives the time; ``pace`` scales the waiting between a webhook's retries;
    ``batch_seconds`` pass before a batch is worked off."""

    def __init__(
        self, *, now: Callable[[], datetime] | None = None, pace: float = 1.0, batch_seconds: float = 2.0
    ) -> None:
        self.clock = Clock(now)
        self.mails = MailLog()
        self.postman = Postman(self.clock, pace=pace)
        self.mill = Mill(self.clock, seconds=batch_seconds)
        self.accounts: dict[str, Account] = {}
        self.credentials: dict[str, tuple[Account, Login]] = {}
        self.fake_domains: set[str] = set(FAKE_DOMAINS)
        self.subscribers: dict[
            str, Subscribers
        ] = {}  # by list id: who does something there, once somebody did
        self.busy: set[str] = set()  # addresses that "signed up to a lot of lists very recently"
        self.put_forgets = False  # PUT in a store forgets what it does not mention: not documented either way
        self._made = 0

    def clear(self) -> None:
        self.accounts.clear()
        self.credentials.clear()
        self.mails.clear()
        self.postman.clear()
        self.mill.clear()
        self.busy.clear()
        self.subscribers.clear()
        self._made = 0

    def memory(self) -> dict[str, Any]:
        """Everything that must outlive this process, as it is held; not a copy."""
        return {
            "accounts": self.accounts,
            "credentials": self.credentials,
            "mails": self.mails.sent,
            "notices": self.postman.waiting,
            "batches": self.mill.waiting,
            "fake_domains": self.fake_domains,
            "busy": self.busy,
            "subscribers": self.subscribers,
            "made": self._made,
        }

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take over what another process held; the requests it was busy with are gone."""
        self.accounts, self.credentials = memory["accounts"], memory["credentials"]
        self.mails.sent = memory["mails"]
        self.postman.waiting, self.mill.waiting = memory["notices"], memory["batches"]
        self.fake_domains, self.busy, self._made = memory["fake_domains"], memory["busy"], memory["made"]
        self.subscribers = memory.get("subscribers", {})
        for account in self.accounts.values():
            for login in account.logins:
                login.in_flight = 0
            self.mill.resume(account)

    def advance(self, seconds: float) -> None:
        """Let time pass without waiting; what becomes due by it is due."""
        self.clock.advance(seconds)
        self.postman.ring()
        self.mill.ring()

    def next_number(self) -> int:
        self._made += 1
        return self._made

    def digest(self, kind: str) -> str:
        """32 hex digits that nobody had before and that are the same in the next run."""
        return md5(f"{kind} {self.next_number()}".encode(), usedforsecurity=False).hexdigest()

    def next_id(self, kind: str) -> str:
        return self.digest(kind)[:10]

    def open_account(self, name: str, *, key: str | None = None, dc: str = "us6") -> Account:
        """An account with an owner and one API key."""
        account = Account(id=self.digest("account")[:12], name=name, world=self, dc=dc)
        self.accounts[account.id] = account
        account.open_login(f"owner{len(self.accounts)}@merchant-voorbeeld.nl")
        account.open_key(key=key)
        return account

    def audience(self, list_id: str) -> Audience:
        """Whatever account it belongs to; KeyError when there is none."""
        for account in self.accounts.values():
            if list_id in account.audiences:
                return account.audiences[list_id]
        raise KeyError(list_id)

    def subscribers_of(self, audience: Audience) -> Subscribers:
        """The life of the people in one audience."""
        return self.subscribers.setdefault(audience.id, Subscribers(audience))

    def mail(self, kind: MailKind, *, email: str, list_id: str, store_id: str = "", about: str = "") -> None:
        self.mails.send(Mail(self.clock.iso(), kind, email, list_id, store_id, about))
