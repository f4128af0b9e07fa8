"""Contacts: members of an audience to till relations, and their consent with them.

Pure: a record, settings and what is known become a decision. Nothing here ever subscribes anybody: the till only learns
what a person said at Mailchimp. Features C-2, C-8b, C-9.
"""

from __future__ import annotations

from app.flows.base import FlowKind, NamedField
from app.flows.contactsettings import ContactsSettings
from app.flows.policies import archive_or_skip, take_back
from app.records.customer import Customer
from app.records.decision import TOLD, WITHDRAWN, Decision, Known, KnownTarget, Put, Skip
from app.values.dates import iso, wall_clock

KIND = "customer"
CATEGORIES = "categories"
"""The fact that names the categories that came from Mailchimp: none of them is a consent that the till recorded."""


def decide(contact: Customer, settings: ContactsSettings, known: Known) -> Decision:
    """Put the one relation that is this person. Nobody is put away because of another address."""
    if not contact.active:
        return archive_or_skip(
            known,
            Skip("archived", "The contact is archived in Mailchimp."),
            kinds=(KIND,),
            archive=settings.on_archived == "inactive",
        )
    if contact.email is None:
        problem = contact.email_problem or "missing"
        return Decision(skip=Skip(f"email_{problem}", "The contact has no e-mail address that can be used."))
    there = known.counterpart
    if there is not None and there.facts.get("person", "main") != "main":
        return Decision(
            skip=Skip(
                "contact_of_company", "He is a contact of a company in the till; the company keeps his data."
            )
        )
    target = known.find(KIND, contact.email)
    before = target or _before(known)
    was = _said(before, withdrawn=there is not None and there.facts.get(WITHDRAWN) == "yes")
    echo = contact.consent.state == "yes" and there is not None and there.facts.get("consent") == "yes"
    wishes = _categories(contact, settings)
    given = " ".join(sorted(number for number, on in wishes.items() if on))
    put = Put(
        kind=KIND,
        natural=contact.email,
        record=contact.model_copy(update={"category_wishes": wishes}),
        moves_from=before.key if before is not None and before is not target else None,
        linked=there.ref if there is not None else None,
        create=settings.create_relations and contact.consent.state == "yes",
        update=settings.update_existing,
        facts={"consent": _remembered(contact, was)}
        | _told(contact, settings, was, echo=echo)
        | ({CATEGORIES: given} if settings.categories else {}),
        options=_consent(contact, settings, was, echo=echo)
        | ({"only": "subscribers"} if settings.create_relations else {}),
    )
    return Decision(puts=(put,))


def _categories(contact: Customer, settings: ContactsSettings) -> dict[str, bool]:
    """Categories that his tags and groups lead to, with no for those that they lead to no more."""
    his = {*contact.tags, *contact.groups}
    wishes: dict[str, bool] = {}
    for name, category in settings.categories.items():
        wishes[category] = wishes.get(category, False) or name in his
    return wishes if settings.categories_follow == "both" else {c: on for c, on in wishes.items() if on}


def derives(settings: ContactsSettings) -> dict[str, frozenset[str]]:
    """By category, the tags and groups that lead to it."""
    found: dict[str, frozenset[str]] = {}
    for name, category in settings.categories.items():
        place = f"category_wishes.{category}"
        found[place] = found.get(place, frozenset()) | {f"tags.{name}", f"groups.{name}"}
    return found


def named_fields(settings: ContactsSettings) -> dict[str, NamedField]:
    """The till's fields that consent is written to."""
    if settings.consent_field is None:
        return {}
    names = {"consent_field": settings.consent_field, "consent_time_field": settings.consent_time_field}
    return {setting: NamedField("target", name) for setting, name in names.items() if name}


def _before(known: Known) -> KnownTarget | None:
    """The relation that this person was until now, under another address."""
    return next(
        (t for t in known.targets if t.kind == KIND and t.own and t.remote_id and t.state != "archived"), None
    )


def _said(before: KnownTarget | None, *, withdrawn: bool) -> str | None:
    """What was known to be said; ``withdrawn``: the till said no since, and Mailchimp was told."""
    was = before.facts.get("consent") if before is not None else None
    return "no" if was == "yes" and withdrawn else was


def _remembered(contact: Customer, was: str | None) -> str:
    """What was said last: a contact who is pending, or gets receipts only, said nothing new."""
    said = contact.consent.state
    return was if said == "unknown" and was is not None else said


def _told(contact: Customer, settings: ContactsSettings, was: str | None, *, echo: bool) -> dict[str, str]:
    """Into which field of the till news of a yes or a no was written, and which: what stands there afterwards was said since."""
    told = _consent(contact, settings, was, echo=echo)
    if "consent_is_news" in told and settings.update_existing:
        return {TOLD: f"{told['consent']} {settings.consent_field}"}
    return {}


def _consent(contact: Customer, settings: ContactsSettings, was: str | None, *, echo: bool) -> dict[str, str]:
    """What the target's steps are to record: only where it was said for the first time, or newly. ``echo``: the till said so
    first, and may have said otherwise since."""
    said = contact.consent
    if settings.consent_field is None or said.state == "unknown" or said.state == was:
        return {}
    told: dict[str, str] = {"consent": said.state}
    if said.at is not None:
        told["consent_day"] = iso(wall_clock(said.at, settings.time_zone).date())
    if was is not None and not echo:
        told["consent_is_news"] = "yes"
    return told


def gone(settings: ContactsSettings, known: Known) -> Decision:
    """A contact that is not found any more: by policy, and only after a second read."""
    skip = Skip("not_found", "Mailchimp does not show this contact any more.")
    return archive_or_skip(known, skip, kinds=(KIND,), archive=settings.on_gone == "inactive")


def filtered(settings: ContactsSettings, known: Known, skip: Skip) -> Decision:
    """A contact that a filter keeps back: made inactive where the setting says so and it was written before."""
    return archive_or_skip(known, skip, kinds=(KIND,), archive=settings.when_filtered == "inactive")


def reach(contact: Customer) -> frozenset[tuple[str, str]]:
    """The address that a contact speaks of."""
    return frozenset({(KIND, contact.email)}) if contact.email else frozenset()


CONTACTS = FlowKind(
    name="contacts",
    record_kind="contact",
    way=("audience", "till"),
    record=Customer,
    settings=ContactsSettings,
    decide=decide,
    gone=gone,
    filtered=filtered,
    target_kinds=(KIND,),
    begins="beginning",
    tags="tags",
    list_keys={"customer": "id"},
    put_list_keys={"email": "email"},
    reach=reach,
    undo=take_back(KIND),
    derives=derives,
    named_fields=named_fields,
)
