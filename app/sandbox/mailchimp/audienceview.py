"""Audiences and members in the form in which the API answers them (mailchimp.md §2)."""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp.audience import Audience, Member


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
