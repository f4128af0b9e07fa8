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


def member_json(member: Member, audience: Audience) -> dict[str, Any]:
    values = member.merge_fields
    merge_fields = {tag: values.get(tag, "") for tag in audience.fields}
    names = audience.tag_names
    set_interests = member.interests
    return {
        "id": member.id,
        "email_address": member.email,
        "unique_email_id": member.unique_email_id,
        "contact_id": member.contact_id,
        "full_name": f"{merge_fields.get('FNAME', '')} {merge_fields.get('LNAME', '')}".strip(),
        "web_id": member.web_id,
        "email_type": member.email_type,
        "status": member.status,
        "unsubscribe_reason": member.unsubscribe_reason if member.status == "unsubscribed" else "",
        "consents_to_one_to_one_messaging": True,
        "sms_phone_number": "",
        "sms_subscription_status": "",
        "sms_subscription_last_updated": "",
        "merge_fields": merge_fields,
        "interests": {
            interest: set_interests.get(interest, False)
            for category in audience.categories.values()
            for interest in category.interests
        },
        "stats": {"avg_open_rate": 0, "avg_click_rate": 0},
        "ip_signup": member.ip_signup,
        "timestamp_signup": member.timestamp_signup,
        "ip_opt": member.ip_opt,
        "timestamp_opt": member.timestamp_opt,
        "member_rating": 2,
        "last_changed": member.last_changed,
        "language": member.language,
        "vip": member.vip,
        "email_client": "",
        "location": {
            "latitude": member.latitude,
            "longitude": member.longitude,
            "gmtoff": 0,
            "dstoff": 0,
            "country_code": "",
            "timezone": "",
            "region": "",
        },
        "marketing_permissions": [
            {"marketing_permission_id": key, "text": text, "enabled": member.permissions.get(key, False)}
            for key, text in audience.permission_texts.items()
        ],
        "source": member.source,
        "tags_count": len(member.tags),
        "tags": [{"id": tag, "name": names[tag]} for tag in member.tags],
        "list_id": audience.id,
    }


MEMBER_KEYS = [
    "id",
    "email_address",
    "unique_email_id",
    "contact_id",
    "full_name",
    "web_id",
    "email_type",
    "status",
    "unsubscribe_reason",
    "consents_to_one_to_one_messaging",
    "sms_phone_number",
    "sms_subscription_status",
    "sms_subscription_last_updated",
    "merge_fields",
    "interests",
    "stats",
    "ip_signup",
    "timestamp_signup",
    "ip_opt",
    "timestamp_opt",
    "member_rating",
    "last_changed",
    "language",
    "vip",
    "email_client",
    "location",
    "marketing_permissions",
    "source",
    "tags_count",
    "tags",
    "list_id",
]


def audience_json(audience: Audience, *, with_total: bool) -> dict[str, Any]:
    counts = audience.counts
    stats: dict[str, Any] = {
        "member_count": counts["subscribed"],
        "unsubscribe_count": counts["unsubscribed"],
        "cleaned_count": counts["cleaned"],
        "member_count_since_send": counts["subscribed"],
        "unsubscribe_count_since_send": counts["unsubscribed"],
        "cleaned_count_since_send": counts["cleaned"],
        "campaign_count": 0,
        "campaign_last_sent": "",
        "merge_field_count": len(audience.fields),
        "avg_sub_rate": 0,
        "avg_unsub_rate": 0,
        "target_sub_rate": 0,
        "open_rate": 0,
        "click_rate": 0,
        "last_sub_date": "",
        "last_unsub_date": "",
    }
    if with_total:
        stats["total_contacts"] = audience.total_contacts
    return {
        "id": audience.id,
        "web_id": audience.web_id,
        "name": audience.name,
        "contact": audience.contact,
        "permission_reminder": audience.permission_reminder,
        "use_archive_bar": audience.use_archive_bar,
        "campaign_defaults": audience.campaign_defaults,
        "notify_on_subscribe": audience.notify_on_subscribe,
        "notify_on_unsubscribe": audience.notify_on_unsubscribe,
        "date_created": audience.date_created,
        "list_rating": 0,
        "email_type_option": audience.email_type_option,
        "subscribe_url_short": f"http://eepurl.example/{audience.id}",
        "subscribe_url_long": f"https://sandbox.list-manage.example/subscribe?id={audience.id}",
        "beamer_address": f"us6-{audience.id}@inbound.mailchimp.example",
        "visibility": "prv",
        "double_optin": audience.double_optin,
        "has_welcome": audience.welcome,
        "marketing_permissions": audience.marketing_permissions,
        "modules": [],
        "stats": stats,
    }


LIST_KEYS = [
    "id",
    "web_id",
    "name",
    "contact",
    "permission_reminder",
    "use_archive_bar",
    "campaign_defaults",
    "notify_on_subscribe",
    "notify_on_unsubscribe",
    "date_created",
    "list_rating",
    "email_type_option",
    "subscribe_url_short",
    "subscribe_url_long",
    "beamer_address",
    "visibility",
    "double_optin",
    "has_welcome",
    "marketing_permissions",
    "modules",
    "stats",
]
