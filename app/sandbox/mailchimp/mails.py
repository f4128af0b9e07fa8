"""The mails that Mailchimp would have sent. Nothing is sent; tests read here that nobody was written to by our doing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

MailKind = Literal[
    "opt_in_confirmation",  # a pending contact is asked to confirm
    "welcome",  # the audience's welcome automation
    "tag_automation",
    "order_confirmation",
    "order_invoice",
    "order_shipped",
    "order_refunded",
    "order_cancelled",
    "abandoned_cart",
    "first_purchase",
]


@dataclass(frozen=True, slots=True)
class Mail:
    at: str
    kind: MailKind
    email: str
    list_id: str
    store_id: str = ""
    about: str = ""  # the tag's name, the order's or cart's id


class MailLog:
    def __init__(self) -> None:
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> None:
        self.sent.append(mail)

    def find(self, *, email: str | None = None, kind: MailKind | None = None) -> list[Mail]:
        return [
            mail
            for mail in self.sent
            if (email is None or mail.email.lower() == email.lower()) and (kind is None or mail.kind == kind)
        ]

    def clear(self) -> None:
        self.sent.clear()

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(mail) for mail in self.sent]
