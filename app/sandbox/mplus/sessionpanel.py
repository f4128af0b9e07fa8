"""The panel's view of the shop floor: subscriptions, webhooks that were sent, and sessions to begin and end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.sandbox.control import Action, RefusedError, Shelf
from app.sandbox.mplus.part import Part, flag

if TYPE_CHECKING:
    from app.sandbox.mplus.sessions import Sessions


class SessionPanel(Part):
    """Keeps nothing itself."""

    @property
    def floor(self) -> Sessions:
        return self.till.sessions

    def shelves(self) -> Sequence[Shelf]:
        return [
            Shelf(
                "subscriptions",
                "Webhook subscriptions",
                ("subscription_id", "endpoint_url", "enabled"),
                lambda: {
                    s.subscription_id: {**asdict(s), "secret": "***"}
                    for s in self.floor.subscriptions.values()
                },
            ),
            Shelf(
                "sent",
                "Webhooks sent",
                ("event", "url", "blocking", "status", "verdict", "echoed"),
                lambda: {str(n): sent.as_json() for n, sent in enumerate(self.till.postman.log)},
                {"subscriptionId": "subscriptions"},
            ),
        ]

    def actions(self) -> Sequence[Action]:
        return [
            Action(
                "complete_session",
                "Complete a sale",
                (
                    ("relationNumber", "1 or empty"),
                    ("articleNumber", "10001"),
                    ("quantity", "1"),
                    ("method", "PIN"),
                ),
                self._complete,
            ),
            Action("credit_session", "Credit a sale", (("sessionId", "of a completed one"),), self._credit),
            Action(
                "select_relation", "Select a customer", (("relationNumber", "empty: let go"),), self._select
            ),
            Action("restart_till", "Restart the till program", (), self._restart),
            Action(
                "subscribe",
                "Subscribe a webhook",
                (
                    ("endpointUrl", "http://…/webhooks/mplus/token"),
                    ("secret", "base64"),
                    ("subscriptionId", "koppeling"),
                    ("events", "completeSession,selectRelation"),
                    ("blocking", "no"),
                ),
                self._subscribe,
            ),
            Action(
                "unsubscribe", "Remove a subscription", (("subscriptionId", "koppeling"),), self._unsubscribe
            ),
        ]

    async def _complete(self, fields: Mapping[str, Any]) -> Any:
        number = int(fields["relationNumber"]) if fields.get("relationNumber") else None
        if number is not None and number not in self.till.relations.cards:
            raise RefusedError(f"there is no relation {number}")
        lines = fields.get("lines", ())
        if fields.get("articleNumber"):
            lines = [{"articleNumber": fields["articleNumber"], "quantity": fields.get("quantity", 1)}]
        session, sent = await self.floor.complete(
            relation=number, lines=lines, method=fields.get("method", "PIN")
        )
        return {
            "sessionId": session.session_id,
            "receiptId": session.receipt_id,
            "invoiceId": session.invoice_id,
            "sent": [one.as_json() for one in sent],
        }

    async def _credit(self, fields: Mapping[str, Any]) -> Any:
        return {"sent": [one.as_json() for one in await self.floor.credit(fields["sessionId"])]}

    async def _select(self, fields: Mapping[str, Any]) -> Any:
        number = int(fields["relationNumber"]) if fields.get("relationNumber") else None
        return {"sent": [one.as_json() for one in await self.floor.select_relation(number)]}

    async def _restart(self, _: Mapping[str, Any]) -> Any:
        self.floor.restart()
        return {"instanceId": self.floor.instance}

    async def _subscribe(self, fields: Mapping[str, Any]) -> Any:
        names = fields.get("events")
        blocking = flag(fields.get("blocking", "no"))
        if isinstance(names, str):
            names = [name.strip() for name in names.split(",") if name.strip()]
        events = (
            dict(names) if isinstance(names, Mapping) else dict.fromkeys(names, blocking) if names else None
        )
        made = self.floor.subscribe(
            endpoint_url=str(fields["endpointUrl"]),
            secret=str(fields["secret"]),
            subscription_id=str(fields.get("subscriptionId", "koppeling")),
            events=events,
        )
        return {"webhookConsumerId": made.consumer_id}

    async def _unsubscribe(self, fields: Mapping[str, Any]) -> Any:
        return {"removed": self.floor.unsubscribe(str(fields["subscriptionId"]))}
