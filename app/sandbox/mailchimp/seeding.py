"""Fills an audience with believable contacts, the same ones for the same seed."""

from __future__ import annotations

import random
from itertools import islice

from app.sandbox import people
from app.sandbox.mailchimp import enrolment
from app.sandbox.mailchimp.audience import Audience

STATUSES = {"subscribed": 78, "unsubscribed": 10, "transactional": 9, "cleaned": 3}


def fill(audience: Audience, *, size: int, seed: int) -> None:
    """``size`` contacts, who came in by an import of the merchant: no mails, no compliance state of their own doing."""
    draw = random.Random(f"audience {seed}")
    welcome, audience.welcome = audience.welcome, False
    for person in islice(people.people(seed), size):
        if audience.find(person.email) is not None:
            continue
        body = {
            "email_address": person.email,
            "merge_fields": {"FNAME": person.first, "LNAME": person.last, "PHONE": person.mobile},
            "language": person.language,
        }
        status = draw.choices(list(STATUSES), list(STATUSES.values()))[0]
        enrolment.add(audience, body, status, source="admin", skip_required=True)
    audience.welcome = welcome
