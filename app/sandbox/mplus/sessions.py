"""The shop floor: till sessions that call the subscribed webhooks, and the subscriptions typed in by hand (mplus.md §2).

A webhook says that a session did something; it never says which record changed. A completed session leaves a receipt,
which becomes readable a little later than its webhook comes (``settings.receipt_delay_seconds``).

``sessionpanel.py`` has the panel.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from app.sandbox.control import RefusedError
from app.sandbox.mplus.part import Arguments, Handler, Part, Values
from app.sandbox.mplus.posting import Letter, Sent
from app.sandbox.mplus.schema import plain
from app.sandbox.mplus.signature import sign

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

SESSIONS_KEPT = 2_000
EVENTS = frozenset(
    {
        "startSession",
        "scanCode",
        "addSessionLine",
        "updateSessionLine",
        "removeSessionLine",
        "pauseSession",
        "resumeSession",
        "selectRelation",
        "startPayment",
        "cancelPayment",
        "mergeSession",
        "cancelSession",
        "completeSession",
        "creditSession",
        "customAction",
        "printBill",
        "backgroundPoll",
    }
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What Beheer > Instellingen > Webhooks holds. ``events``: name -> blocking."""

    consumer_id: str
    subscription_id: str
    endpoint_url: str
    secret: str
    events: Mapping[str, bool]
    enabled: bool = True
    name: str = "Koppeling"
    branch: int = 1
    workplace: int = 1


@dataclass(slots=True)
class Session:
    session_id: str
    lines: list[dict[str, Any]]
    relation: int | None
    payments: list[dict[str, Any]] = field(default_factory=list)
    receipt_id: str | None = None
    invoice_id: str | None = None  # of a sale on account
    credited: bool = False


class Sessions(Part):
    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.subscriptions: dict[str, Subscription] = {}
        self.sessions: dict[str, Session] = {}
        self.counter = 0
        self.instance = self._id("instance", 0)

    def operations(self) -> Mapping[str, Handler]:
        return {"getWebhookConsumers": self.get_consumers}

    def clear(self) -> None:
        """Sessions go; what was typed into the back office stays, as it does in a real till."""
        self.sessions.clear()

    def state(self) -> Mapping[str, Any]:
        return {
            "subscriptions": [{**asdict(s), "secret": "***"} for s in self.subscriptions.values()],
            "sessions": {key: asdict(session) for key, session in self.sessions.items()},
            "webhooksSent": [sent.as_json() for sent in self.till.postman.log],
        }

    def get_consumers(self, arguments: Arguments) -> Values:
        workplace = arguments["request"]["workplace"]
        if not self.allowed("webhooks") or not self.till.settings.webhook_module:
            return {"webhookConsumerList": []}
        return {"webhookConsumerList": [_consumer(one, workplace) for one in self.subscriptions.values()]}

    # what is typed into the back office

    def subscribe(
        self,
        *,
        endpoint_url: str,
        secret: str,
        subscription_id: str = "koppeling",
        events: Mapping[str, bool] | None = None,
        enabled: bool = True,
    ) -> Subscription:
        """``events`` names -> blocking; default: completeSession, creditSession and selectRelation, not blocking."""
        chosen = (
            dict.fromkeys(("completeSession", "creditSession", "selectRelation"), False)
            if events is None
            else events
        )
        unknown = set(chosen) - set(EVENTS)
        if unknown:
            raise RefusedError(f"there is no event {', '.join(sorted(unknown))}")
        try:
            sign(b"", secret)
        except ValueError as mistake:
            raise RefusedError(str(mistake)) from None
        consumer_id = self._id("consumer", len(self.subscriptions))
        made = Subscription(
            consumer_id, subscription_id, endpoint_url.rstrip("/"), secret, dict(chosen), enabled
        )
        self.subscriptions[consumer_id] = made
        return made

    def unsubscribe(self, subscription_id: str) -> int:
        gone = [key for key, one in self.subscriptions.items() if one.subscription_id == subscription_id]
        for key in gone:
            del self.subscriptions[key]
        return len(gone)

    # what happens at the till

    async def select_relation(self, number: int | None) -> list[Sent]:
        """A cashier picks a customer, or lets go (None)."""
        relation = None
        if number is not None:
            row = self.till.relations.cards.get(number)
            if row is None:
                raise RefusedError(f"there is no relation {number}")
            relation = {"relation": plain(row)}
        session = self.open(number)
        return await self.fire("selectRelation", session, selectRelation=relation)

    async def complete(
        self,
        *,
        relation: int | None = None,
        lines: Sequence[Mapping[str, Any]] = (),
        method: str = "PIN",
        payments: Sequence[Mapping[str, Any]] = (),
    ) -> tuple[Session, list[Sent]]:
        """Paid and finished. ``lines``: articleNumber, quantity, priceIncl in euros, text, and if wanted
        discountPercentage, discountAmount, promotion; ``payments``: method, amount in euros, giftcardNumber."""
        session = self.open(relation, lines)
        total = round(sum(due(line) for line in session.lines), 2)
        chosen = payments or ({"method": method, "amount": total},)
        session.payments = [{"description": one["method"], **one} for one in chosen]
        try:
            self.till.counter.sold(session)
        except RefusedError:
            del self.sessions[session.session_id]
            raise
        sent = await self.fire("completeSession", session, completeSession={"payments": session.payments})
        return session, sent

    async def credit(self, session_id: str) -> list[Sent]:
        session = self.sessions.get(session_id)
        if session is None:
            raise RefusedError(f"there is no session {session_id}")
        self.till.counter.credited(session)
        return await self.fire("creditSession", session)

    def open(self, relation: int | None, lines: Sequence[Mapping[str, Any]] = ()) -> Session:
        session_id = self._id("session", self.till.ids.count("session"))
        told = [self._line(line, self._id(session_id, at)) for at, line in enumerate(lines or ({},))]
        made = Session(session_id, told, relation)
        self.sessions[session_id] = made
        if len(self.sessions) > SESSIONS_KEPT:
            del self.sessions[next(iter(self.sessions))]
        return made

    def _line(self, line: Mapping[str, Any], line_id: str) -> dict[str, Any]:
        """What is not said comes from the article; without any, it is a coffee."""
        number = int(line.get("articleNumber", 1))
        card = self.till.catalogue.article(number) or {"priceIncl": 250, "description": "Koffie"}
        more = {
            name: line[name]
            for name in ("discountPercentage", "discountAmount", "promotion")
            if line.get(name)
        }
        return {
            "lineId": line_id,
            "articleNumber": number,
            "priceIncl": float(line.get("priceIncl", card.get("priceIncl", 0) / 100)),
            "quantity": float(line.get("quantity", 1)),
            "text": str(line.get("text", card.get("description", ""))),
            **more,
        }

    def restart(self) -> None:
        """The till program starts anew: another instance, and the counter begins again."""
        self.instance = self._id("instance", self.counter)
        self.counter = 0

    async def fire(self, event: str, session: Session | None, **own: Any) -> list[Sent]:
        """One call to every enabled subscription that wants the event."""
        if not self.till.settings.webhook_module:
            return []
        self.counter += 1
        now = self.till.now()
        sent = []
        for one in list(self.subscriptions.values()):
            if not one.enabled or event not in one.events:
                continue
            payload: dict[str, Any] = {
                "event": {
                    "eventBlocking": one.events[event],
                    "eventCounter": self.counter,
                    "eventTimestamp": now.isoformat(timespec="milliseconds"),
                },
                "sender": {
                    "branchNumber": one.branch,
                    "workplaceNumber": one.workplace,
                    "instanceId": self.instance,
                },
            }
            if session is not None:
                payload["session"] = self._session(session)
            payload.update(own)
            self.till.postman.seconds = self.till.settings.webhook_seconds
            letter = Letter(
                f"{one.endpoint_url}/{event}",
                one.subscription_id,
                one.secret,
                payload,
                one.events[event],
                event,
            )
            sent.append(await self.till.postman.post(letter, now=now))
        return sent

    def _session(self, session: Session) -> dict[str, Any]:
        told: dict[str, Any] = {"sessionId": session.session_id, "lines": session.lines}
        row = self.till.relations.cards.get(session.relation) if session.relation is not None else None
        if row is not None:
            told["relation"] = {"relationNumber": row["relationNumber"], "name": row["name"]}
        invoice = self.till.invoices.cards.get(session.invoice_id) if session.invoice_id is not None else None
        if invoice is not None:
            told["invoice"] = {"invoiceId": invoice["invoiceId"], **invoice["invoiceNumber"]}
        return told

    def _id(self, what: str, number: int) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"till {what} {number}"))


def due(line: Mapping[str, Any]) -> float:
    """Euros of a session's line after its discounts."""
    amount = line["priceIncl"] * line["quantity"] * (100 - line.get("discountPercentage", 0)) / 100
    return float(amount - line.get("discountAmount", 0))


def _consumer(one: Subscription, workplace: Mapping[str, int]) -> dict[str, Any]:
    return {
        "webhookConsumerId": one.consumer_id,
        "applicationName": one.name,
        "subscriptionId": one.subscription_id,
        "endpointUrl": one.endpoint_url,
        "authenticationType": "WEBHOOK-AUTHENTICATION-TYPE-TOKEN",
        "authenticationScope": "",
        "webhookConsumerEventList": [
            {"eventName": name, "blocking": blocking, "enabled": True}
            for name, blocking in one.events.items()
        ],
        "enabled": one.enabled,
        "workplaceKey": workplace,
    }
