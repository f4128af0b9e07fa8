"""The relations of a seed: what a shop's customer list looks like after some years, every awkward case included.

By a relation's place in the list it is decided what it is, so that each kind of case occurs in any twenty of them:

    3, 13      a company with two contacts and one           8         without e-mail address
    7          a company without contacts                    11        shares the address of the one before
    17         inactive                                      14        an address that cannot be one, or looks fake
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from app.sandbox.mplus.cards import (
    BUSINESS,
    MAILING,
    NEWSLETTER,
    NEWSLETTER_SINCE,
    PRIVATE,
    RELATION_FIELDS,
    SALUTATION,
    SHOE_SIZE,
    VIP,
    custom_field,
)
from app.sandbox.mplus.organisation import BEGIN
from app.sandbox.people import Address, Person, company, person

BROKEN = (
    "jan@",
    "info.voorbeeld.nl",
    "a b@klant-voorbeeld.nl",
    "test@example.com",
    "piet@klant-voorbeeld,nl",
)


def seeded_relations(*, size: int, seed: int) -> Iterator[dict[str, Any]]:
    before = ""
    for index in range(size):
        relation = seeded_relation(seed, index, address_before=before)
        before = relation["email"] or before
        yield relation


def seeded_relation(seed: int, index: int, *, address_before: str) -> dict[str, Any]:
    draw = random.Random(f"relation {seed} {index}")
    kind = index % 20
    number = index + 1
    created = BEGIN + timedelta(minutes=90 * index % 1_000_000)
    common: dict[str, Any] = {
        "relationNumber": number,
        "extRelationId": "",
        "createTimestamp": created,
        # Before the next one was made: moments of change rise with markers, as at a real till.
        "changeTimestamp": created + timedelta(minutes=draw.randrange(300) * 90 // 300),
        "active": kind != 17,
        "points": draw.choice((0, 0, 0, draw.randrange(1, 900))),
        "balance": draw.choice((0, 0, 0, draw.randrange(1, 20_000))),
        "relationCode": f"K{number:06}",
    }
    if kind in (3, 7, 13):
        return {**common, **company_card(seed, index, contacts={3: 2, 13: 1, 7: 0}[kind], draw=draw)}
    card = {**common, **person_card(person(seed, index), draw=draw)}
    if kind == 8:
        card["email"] = ""
    elif kind == 11 and address_before:
        card["email"] = address_before
    elif kind == 14:
        card["email"] = BROKEN[index // 20 % len(BROKEN)]
    return card


def person_card(one: Person, *, draw: random.Random) -> dict[str, Any]:
    consents = draw.random() < 0.55
    since = date(2023, 2, 1) + timedelta(days=draw.randrange(600))
    fields = [custom_field(RELATION_FIELDS, NEWSLETTER, consents)]
    if consents:
        fields.append(custom_field(RELATION_FIELDS, NEWSLETTER_SINCE, since))
    fields.append(custom_field(RELATION_FIELDS, SALUTATION, draw.choice(("dhr.", "mevr.", ""))))
    if draw.random() < 0.2:
        fields.append(custom_field(RELATION_FIELDS, SHOE_SIZE, draw.randrange(70, 96) * 5, decimals=1))
    return {
        "name": one.name,
        **postal(one.address),
        "telephone": one.phone if draw.random() < 0.4 else "",
        "mobile": one.mobile if draw.random() < 0.7 else "",
        "email": one.email,
        "birthDate": one.birth_date if draw.random() < 0.4 else None,
        "categoryIds": [PRIVATE, *([VIP] if draw.random() < 0.05 else []), *([MAILING] if consents else [])],
        "customFieldList": fields,
        "canEarnPoints": True,
        "canRedeemPoints": True,
    }


def company_card(seed: int, index: int, *, contacts: int, draw: random.Random) -> dict[str, Any]:
    firm = company(seed, index, contacts=contacts)
    consents = draw.random() < 0.4
    return {
        "name": firm.name,
        "companyName": firm.name,
        **postal(firm.address),
        "contact": firm.contacts[0].name if firm.contacts else "",
        "telephone": firm.phone,
        "email": firm.email,
        "website": f"https://{firm.email.rsplit('@', 1)[1]}",
        "vatNumber": firm.vat_number,
        "commerceNumber": firm.commerce_number,
        "paymentWithinDays": draw.choice((14, 30)),
        "categoryIds": [BUSINESS, *([MAILING] if consents else [])],
        "customFieldList": [custom_field(RELATION_FIELDS, NEWSLETTER, consents)],
        "contactList": [
            {"name": one.name, "email": one.email, "mobile": one.mobile, "telephone": firm.phone}
            for one in firm.contacts
        ],
    }


def postal(address: Address) -> dict[str, str]:
    return {
        "address": address.line,
        "zipcode": address.zipcode,
        "city": address.city,
        "country": address.country_text,
    }
