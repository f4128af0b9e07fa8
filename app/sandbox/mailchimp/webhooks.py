"""Audience webhooks: who wants to be told what, and the form that tells it (mailchimp.md §5).

There is no event for tags, orders, carts, products or customers. A contact that is not subscribed causes no event either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlencode

from app.sandbox.mailchimp.audience import Audience, Member

if TYPE_CHECKING:
    from collections.abc import Iterable

Source = Literal["user", "admin", "api"]

EVENTS = (
    "subscribe",
    "unsubscribe",
    "profile",
    "cleaned",
    "upemail",
    "campaign",
    "sms_subscribe",
    "sms_unsubscribe",
    "upsms",
    "sms_campaign",
)
SOURCES: tuple[Source, ...] = ("user", "admin", "api")
# What a webhook gets that names none. An open question of mailchimp.md §9; the defaults of the web form are taken.
DEFAULT_EVENTS = frozenset({"subscribe", "unsubscribe", "profile", "cleaned", "upemail"})
DEFAULT_SOURCES = frozenset({"user", "admin"})

Pairs = list[tuple[str, str]]


@dataclass(slots=True, eq=False)
class Webhook:
    id: str
    url: str
    list_id: str
    events: dict[str, bool]
    sources: dict[str, bool]
    secret: str | None  # None: made before the signing feature
    given_up: int = 0  # notices in a row that could not be delivered
    told: list[tuple[str, int]] = field(default_factory=list)  # (type, status) of the latest attempts

    def as_json(self) -> dict[str, Any]:
        """As GET shows it: the secret is told once, at creation, and never again."""
        return {
            "id": self.id,
            "url": self.url,
            "events": dict(self.events),
            "sources": dict(self.sources),
            "list_id": self.list_id,
            "signing_enabled": self.secret is not None,
        }


def listeners(audience: Audience, event: str, source: Source) -> list[Webhook]:
    """Campaign events ignore the sources."""
    return [
        hook
        for hook in audience.webhooks.values()
        if hook.events.get(event) and (event == "campaign" or hook.sources.get(source))
    ]


def tell(audience: Audience, event: str, *, source: Source, member: Member, **more: Any) -> None:
    if not audience.webhooks:
        return
    hooks = listeners(audience, event, source)
    if not hooks:
        return
    world = audience.account.world
    body = form(event, fired_at=world.clock.iso(), pairs=contents(event, audience, member, **more))
    for hook in hooks:
        world.postman.post(hook, body, event=event, audience=audience)


def form(event: str, *, fired_at: str, pairs: Pairs) -> bytes:
    head = [("type", event), ("fired_at", fired_at[:19].replace("T", " "))]
    return urlencode([*head, *pairs]).encode()


def contents(event: str, audience: Audience, member: Member, **more: Any) -> Pairs:
    match event:
        case "upemail":
            pairs = [
                ("data[list_id]", audience.id),
                ("data[new_id]", member.unique_email_id),
                ("data[new_email]", member.email),
                ("data[old_email]", more["old_email"]),
            ]
        case "cleaned":
            pairs = [
                ("data[list_id]", audience.id),
                ("data[campaign_id]", more.get("campaign_id", "")),
                ("data[reason]", more.get("reason", "hard")),
                ("data[email]", member.email),
            ]
        case "unsubscribe":
            pairs = [
                ("data[action]", more["action"]),
                ("data[reason]", more["reason"]),
                *person(audience, member),
            ]
            if more.get("campaign_id"):
                pairs.append(("data[campaign_id]", more["campaign_id"]))
        case "subscribe":
            pairs = [*person(audience, member), ("data[ip_signup]", member.ip_signup)]
        case _:
            pairs = person(audience, member)
    return pairs


def person(audience: Audience, member: Member) -> Pairs:
    return [
        ("data[id]", member.unique_email_id),
        ("data[web_id]", str(member.web_id)),
        ("data[list_id]", audience.id),
        ("data[email]", member.email),
        ("data[email_type]", member.email_type),
        *merges(audience, member),
        ("data[ip_opt]", member.ip_opt),
    ]


def merges(audience: Audience, member: Member) -> Pairs:
    at = "data[merges]"
    pairs = [(f"{at}[EMAIL]", member.email)]
    for tag in audience.fields:
        value = member.merge_fields.get(tag, "")
        if isinstance(value, dict):
            pairs += [(f"{at}[{tag}][{part}]", str(text)) for part, text in value.items()]
        else:
            pairs.append((f"{at}[{tag}]", str(value)))
    chosen = [one for one in audience.interest_names if member.interests.get(one)]
    pairs.append((f"{at}[INTERESTS]", ",".join(audience.interest_names[one] for one in chosen)))
    for number, category in enumerate(audience.categories.values()):
        names = [one.name for one in category.interests.values() if member.interests.get(one.id)]
        group = f"{at}[GROUPINGS][{number}]"
        pairs += [
            (f"{group}[id]", category.id),
            (f"{group}[unique_id]", category.id),
            (f"{group}[name]", category.title),
            (f"{group}[groups]", ",".join(names)),
        ]
    return pairs


def flags(given: Any, names: Iterable[str], default: frozenset[str]) -> dict[str, bool]:
    """What was asked for; a part that is named at all leaves what it does not name off."""
    if not isinstance(given, dict) or not given:
        return {name: name in default for name in names}
    return {name: bool(given.get(name, False)) for name in names}
