"""An audience and its members, as Mailchimp keeps and shows them (mailchimp.md §2).

State only: who may change it, and what follows from a change, is in ``enrolment.py``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import md5
from typing import TYPE_CHECKING, Any

from app.sandbox.mailchimp.mergefields import MergeField, default_fields

if TYPE_CHECKING:
    from app.sandbox.mailchimp.webhooks import Webhook
    from app.sandbox.mailchimp.world import Account

BILLED = ("subscribed", "unsubscribed", "transactional")  # what counts as a contact on the bill


def subscriber_hash(email: str) -> str:
    return md5(email.strip().lower().encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def unique_id(email: str) -> str:
    """The address's own id in every audience: ten hex digits, and not the start of the md5 hash."""
    return md5(
        b"unique " + email.strip().lower().encode("utf-8", "replace"), usedforsecurity=False
    ).hexdigest()[:10]


@dataclass(slots=True, eq=False)
class Member:
    email: str
    id: str
    unique_email_id: str
    contact_id: str
    web_id: int
    status: str = ""
    in_compliance: bool = (
        False  # unsubscribed by the contact or the API, or bounced: the API cannot subscribe it
    )
    email_type: str = "html"
    merge_fields: dict[str, Any] = field(default_factory=dict)
    interests: dict[str, bool] = field(default_factory=dict)
    permissions: dict[str, bool] = field(default_factory=dict)
    language: str = ""
    vip: bool = False
    latitude: float = 0
    longitude: float = 0
    ip_signup: str = ""
    timestamp_signup: str = ""
    ip_opt: str = ""
    timestamp_opt: str = ""
    unsubscribe_reason: str = ""
    unsubscribed_at: str = ""
    source: str = "API - Generic"
    tags: dict[int, str] = field(default_factory=dict)  # tag id -> when it was added
    last_changed: str = ""


@dataclass(slots=True)
class Interest:
    id: str
    name: str
    display_order: int = 0


@dataclass(slots=True)
class InterestCategory:
    id: str
    title: str
    type: str
    display_order: int = 0
    interests: dict[str, Interest] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Audience:
    id: str
    name: str
    account: Account
    web_id: int
    date_created: str
    double_optin: bool = False
    welcome: bool = False  # a welcome automation is switched on
    tag_automations: set[str] = field(default_factory=set)  # names of tags that start a mail
    marketing_permissions: bool = False
    permission_texts: dict[str, str] = field(default_factory=dict)  # marketing_permission_id -> text
    email_type_option: bool = False
    permission_reminder: str = "You bought something from us and asked to hear more."
    use_archive_bar: bool = True
    notify_on_subscribe: str = ""
    notify_on_unsubscribe: str = ""
    contact: dict[str, str] = field(default_factory=dict)
    campaign_defaults: dict[str, str] = field(default_factory=dict)
    fields: dict[str, MergeField] = field(default_factory=dict)  # by tag
    next_merge_id: int = 1
    categories: dict[str, InterestCategory] = field(default_factory=dict)
    tag_ids: dict[str, int] = field(default_factory=dict)  # name -> id
    tag_names: dict[int, str] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)  # by the md5 of the address
    by_contact_id: dict[str, Member] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)  # hashes of permanently deleted addresses
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)  # members by status

    def with_default_fields(self) -> Audience:
        for one in default_fields():
            self.add_field(one)
        return self

    def add_field(self, one: MergeField) -> MergeField:
        self.fields[one.tag] = one
        self.next_merge_id = max(self.next_merge_id, one.merge_id + 1)
        return one

    def find(self, ident: str) -> Member | None:
        """By md5 hash, by the address itself, or by contact_id: whatever stood in the path."""
        if "@" in ident:
            ident = subscriber_hash(ident)
        return self.members.get(ident) or self.members.get(ident.lower()) or self.by_contact_id.get(ident)

    def member(self, email: str) -> Member:
        """The member with this address; KeyError when there is none."""
        return self.members[subscriber_hash(email)]

    def tag_id(self, name: str) -> int:
        """The tag's number; an unknown name becomes a tag."""
        known = self.tag_ids.get(name)
        if known is None:
            known = self.tag_ids[name] = self.account.world.next_number()
            self.tag_names[known] = name
        return known

    def category_of(self, interest_id: str) -> InterestCategory | None:
        return next((one for one in self.categories.values() if interest_id in one.interests), None)

    @property
    def interest_names(self) -> dict[str, str]:
        return {
            interest.id: interest.name
            for category in self.categories.values()
            for interest in category.interests.values()
        }

    @property
    def total_contacts(self) -> int:
        return sum(self.counts.values())

    @property
    def billed_contacts(self) -> int:
        return sum(self.counts[status] for status in BILLED)

    def open_field(self, tag: str, **more: Any) -> MergeField:
        """Define a merge field from inside the process: ``open_field("SHOP", type="text", required=True)``."""
        return self.add_field(
            MergeField(self.next_merge_id, tag, more.pop("name", tag), more.pop("type", "text"), **more)
        )

    def open_category(self, title: str, *names: str, type: str = "checkboxes") -> InterestCategory:
        """A group with its interests: ``open_category("Interests", "Bread", "Cake")``."""
        world = self.account.world
        category = InterestCategory(world.next_id("category"), title, type)
        for name in names:
            interest = Interest(world.next_id("interest"), name)
            category.interests[interest.id] = interest
        self.categories[category.id] = category
        return category

    def open_permission(self, text: str) -> str:
        self.marketing_permissions = True
        permission_id = self.account.world.next_id("permission")
        self.permission_texts[permission_id] = text
        return permission_id
