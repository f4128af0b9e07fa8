"""Who is not let onto an audience, in Mailchimp's own sentences: checks that change nothing (mailchimp.md §1.3, §2.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.sandbox.mailchimp.audience import BILLED, Audience, Member, subscriber_hash
from app.sandbox.mailchimp.problems import ProblemError, invalid_resource, plan_refused
from app.sandbox.mailchimp.webhooks import Source

EMAIL = re.compile(
    r"[^@\s\x00-\x1f,;:<>()\[\]\\\"]+@[^@\s\x00-\x1f,;:<>()\[\]\\\".]+(\.[^@\s\x00-\x1f,;:<>()\[\]\\\".]+)+"
)
TRIED_BY_EVERYBODY = frozenset({"test", "asdf", "noone", "nobody"})


def check_address(audience: Audience, email: str) -> None:
    """Refuses what is no address, what looks fake, and what was deleted for good."""
    world = audience.account.world
    if len(email) > 254 or not EMAIL.fullmatch(email):
        raise invalid_resource("Please provide a valid email address.")  # inferred
    local, _, domain = email.lower().partition("@")
    if (
        domain in world.fake_domains
        or local in TRIED_BY_EVERYBODY
        or domain.endswith((".test", ".invalid", ".localhost"))
    ):
        raise invalid_resource(f"{email} looks fake or invalid, please enter a real email address.")
    if subscriber_hash(email) in audience.forgotten:
        raise ProblemError(
            400,
            "Forgotten Email Not Subscribed",
            f"{email} was permanently deleted and cannot be re-imported. "
            "The contact must re-subscribe to get back on the list.",
        )


def check_signups(audience: Audience, email: str, status: str) -> None:
    busy = audience.account.world.busy
    if busy and status in ("subscribed", "pending") and email.lower() in busy:
        raise invalid_resource(
            f"{email} has signed up to a lot of lists very recently; we're not allowing more signups for now"
        )


def check_plan(audience: Audience, status: str) -> None:
    """Title documented for plan limits; the sentence for the contact limit is *inferred*."""
    limit = audience.account.contact_limit
    if limit is not None and status in BILLED and audience.account.billed_contacts >= limit:
        raise plan_refused(
            f"Your plan's contact limit of {limit} has been reached. Please upgrade your plan to add more contacts."
        )


def check_interests(audience: Audience, body: Mapping[str, Any]) -> None:
    given = body.get("interests")
    if given:
        for interest_id in given:
            if audience.category_of(interest_id) is None:
                raise invalid_resource(f"Invalid interest ID: '{interest_id}'.")


def member_exists(email: str) -> ProblemError:
    return ProblemError(
        400,
        "Member Exists",
        f"{email} is already a list member. Use PUT to insert or update list members.",
    )


def check_standing(member: Member, status: str, *, source: Source) -> None:
    if source == "api" and member.in_compliance and status in ("subscribed", "transactional"):
        raise ProblemError(
            400,
            "Member In Compliance State",
            f"{member.email} is in a compliance state due to unsubscribe, bounce, or compliance review and cannot be "
            "subscribed.",
        )
