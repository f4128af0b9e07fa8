"""Customers: till relations to members of an audience, with consent first.

Pure: a record, settings and what is known become a decision. Features C-1, C-3 to C-10, C-12, C-14.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.flows import loyalty
from app.flows.base import FlowKind, NamedField
from app.flows.loyalty import LoyaltySettings
from app.flows.nightly import KeepsBefore, NightlySettings
from app.flows.policies import ON_CONFLICT, Conflicts, archive_or_skip, archive_owned, is_yes, take_back
from app.records.customer import Consent, Customer, Person
from app.records.decision import TOLD, WITHDRAWN, Decision, Known, KnownTarget, Put, Skip

KIND = "customer"
SINCE = "no_since"
"""The fact that names the write of the other flow after which the till said no."""


class ConsentStatement(BaseModel):
    """A recorded statement that everybody in the till has consented; it is sent along as the proof."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    who: str = Field(
        min_length=2,
        title="Who states it",
        description="Name or function of the person who answers for it.",
        examples=["Shop owner"],
    )
    when: date = Field(title="When", description="The day of the statement.", examples=["2026-05-01"])
    ground: str = Field(
        min_length=5,
        title="On what ground",
        description="How the consent was given, in words that hold before a supervisor.",
        examples=["Signed at the counter on the loyalty form since 2019"],
    )


class CustomersSettings(LoyaltySettings, KeepsBefore, NightlySettings):
    """What a customers flow does, and about whom."""

    consent_source: Literal["never", "custom_field", "category", "statement"] = Field(
        default="never",
        title="Where consent is recorded",
        description=(
            "`custom_field`: a custom field of the relation says yes or no. `category`: relations in a category have consented. "
            "`statement`: you state once, below, that all have consented. `never`: nobody becomes subscribed through this flow."
        ),
        examples=["custom_field"],
    )
    consent_field: str | None = Field(
        default=None,
        title="Consent field",
        description="Name of the custom field, with `custom_field`.",
        examples=["nieuwsbrief"],
    )
    consent_time_field: str | None = Field(
        default=None,
        title="Consent time field",
        description="Name of the custom field that holds the day of consent, sent along as proof.",
        examples=["nieuwsbrief_datum"],
    )
    consent_yes: tuple[str, ...] = Field(
        default=("ja", "yes", "j", "y", "true", "1", "x"),
        title="Words that mean yes",
        description="Any other stated word means no; an empty field means that nothing is known.",
        examples=[["ja", "yes"]],
    )
    consent_category: str | None = Field(
        default=None,
        title="Consent category",
        description="Number of the relation category, with `category`.",
        examples=["7"],
    )
    consent_statement: ConsentStatement | None = Field(
        default=None,
        title="Consent statement",
        description="Who, when and on what ground, with `statement`.",
        examples=[
            {"who": "Shop owner", "when": "2026-05-01", "ground": "Signed at the counter on the loyalty form"}
        ],
    )
    contacts_share_consent: bool = Field(
        default=False,
        title="Contacts share the company's consent",
        description="A contact who has stated nothing counts as consented when the company has.",
        examples=[False],
    )
    without_consent: Literal["transactional", "skip"] = Field(
        default="transactional",
        title="New addresses without consent",
        description=(
            "`transactional`: created for receipts only, never mailed marketing. `skip`: not created. "
            "Each transactional contact counts as a contact on Mailchimp's bill, like any other."
        ),
        examples=["skip"],
    )
    on_withdrawal: Literal["unsubscribe", "leave"] = Field(
        default="unsubscribe",
        title="When consent changes from yes to no",
        description="`unsubscribe` cannot be undone by this service: Mailchimp lets only the person come back.",
        examples=["unsubscribe"],
    )
    update_existing: bool = Field(
        default=True,
        title="Update existing contacts",
        description="Off: contacts that are already in the audience are left as they are.",
        examples=[True],
    )
    on_conflict: Conflicts = Field(
        default="source_wins",
        title="When both sides changed the same field",
        description=ON_CONFLICT,
        examples=["newest"],
    )
    contacts: Literal["all", "main", "contacts"] = Field(
        default="all",
        title="Who of a company",
        description="`all`: the company's own address and every contact. `main`: only the company's own. `contacts`: only the contacts.",
        examples=["all"],
    )
    on_email_change: Literal["move", "new"] = Field(
        default="move",
        title="When an address changes",
        description=(
            "`move`: the same contact gets the new address and keeps its history. `new`: the old contact is archived, a new one made. "
            "Either way, old orders stay with the old store customer. Where the address was changed at Mailchimp, too, `on_conflict` "
            "decides which one counts; where Mailchimp's does, the contact stays and no new one is made."
        ),
        examples=["move"],
    )
    on_inactive: Literal["archive", "leave", "delete_permanently"] = Field(
        default="archive",
        title="When a relation becomes inactive",
        description="`delete_permanently` erases the contact for ever: the address can never be added again by us or by you.",
        examples=["archive"],
    )
    when_filtered: Literal["archive", "leave"] = Field(
        default="leave",
        title="When a contact no longer passes the filters",
        description="What happens to a contact that was sent before and is now kept back by a filter.",
        examples=["leave"],
    )
    on_gone: Literal["leave", "archive"] = Field(
        default="leave",
        title="When a relation is not found any more",
        description="The till deletes nothing, so an absent relation mostly means missing rights: `leave` is the safe choice.",
        examples=["leave"],
    )

    @model_validator(mode="after")
    def consent_is_complete(self) -> CustomersSettings:
        """A chosen consent source needs its own setting."""
        needed = {
            "custom_field": "consent_field",
            "category": "consent_category",
            "statement": "consent_statement",
        }
        name = needed.get(self.consent_source)
        if name is not None and not getattr(self, name):
            raise ValueError(f"consent_source is {self.consent_source!r}, so {name} must be filled in")
        return self


def named_fields(settings: CustomersSettings) -> dict[str, NamedField]:
    """The till's fields of consent, where it is read there."""
    if settings.consent_source != "custom_field":
        return {}
    names = {"consent_field": settings.consent_field, "consent_time_field": settings.consent_time_field}
    return {setting: NamedField("source", name) for setting, name in names.items() if name}


def consent_of(person: Person, settings: CustomersSettings) -> Consent:
    """What the person said, by the chosen source. A consent that a mapping row already stated is kept."""
    if person.consent.state != "unknown":
        return person.consent
    if settings.consent_source == "custom_field":
        stated = is_yes(person.custom.get(settings.consent_field or ""), yes=settings.consent_yes)
        if stated is None:
            return Consent()
        at = _moment(person.custom.get(settings.consent_time_field or ""))
        return Consent(state="yes" if stated else "no", at=at, source=f"till field {settings.consent_field}")
    if settings.consent_source == "category":
        stated = settings.consent_category in person.categories
        return Consent(state="yes" if stated else "no", source=f"till category {settings.consent_category}")
    if settings.consent_source == "statement" and settings.consent_statement is not None:
        made = settings.consent_statement
        at = datetime.fromisoformat(f"{made.when.isoformat()}T00:00:00+00:00")
        return Consent(state="yes", at=at, source=f"stated by {made.who}: {made.ground}")
    return Consent()


def _moment(value: object) -> datetime | None:
    """The time of a consent proof when it can be read as an aware ISO time or a plain date; otherwise None."""
    if isinstance(value, datetime):
        return value if value.tzinfo else None
    try:
        parsed = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return parsed if parsed.tzinfo else datetime.fromisoformat(f"{parsed.date().isoformat()}T00:00:00+00:00")


def people_of(customer: Customer, settings: CustomersSettings) -> tuple[tuple[str, Customer], ...]:
    """Everybody of a relation who can be written to, each once, as (who, whole record with that person's own data)."""
    persons: list[tuple[str, Person]] = []
    if settings.contacts != "contacts" or not customer.contacts:
        persons.append(("main", customer))
    if settings.contacts != "main":
        persons += [
            (person.id or f"contact-{i}", person) for i, person in enumerate(customer.contacts, start=1)
        ]
    company_consent = consent_of(customer, settings)
    seen: set[str] = set()
    people: list[tuple[str, Customer]] = []
    for who, person in persons:
        if person.email is None or person.email in seen:
            continue
        seen.add(person.email)
        consent = consent_of(person, settings)
        if person is not customer and consent.state == "unknown" and settings.contacts_share_consent:
            consent = company_consent
        own = {name: getattr(person, name) for name in Person.model_fields} | {
            "consent": consent,
            "contacts": (),
        }
        if person is not customer:
            own |= loyalty.NOT_HIS
        people.append((who, customer.model_copy(update=own)))
    return tuple(people)


def decide(customer: Customer, settings: CustomersSettings, known: Known) -> Decision:
    """Put everybody who can be written to; archive owned members who are no longer among them."""
    if not customer.active:
        if settings.on_inactive == "leave":
            return Decision(
                skip=Skip("inactive", "The relation is inactive in the till; the contact is left as it is.")
            )
        skip = Skip("inactive", "The relation is inactive in the till.")
        forever = settings.on_inactive == "delete_permanently"
        return archive_or_skip(known, skip, kinds=(KIND,), archive=True, permanently=forever)

    people = people_of(loyalty.with_tags(customer, settings), _believing(settings, known))
    if not people:
        return archive_or_skip(
            known, _unreachable(customer), kinds=(KIND,), archive=settings.on_inactive != "leave"
        )

    wanted = {known.hashed(KIND, person.email or "") for _, person in people}
    left = [t for t in known.targets if t.kind == KIND and t.key not in wanted and t.stands]
    puts: list[Put] = []
    warnings: list[str] = []
    for who, person in people:
        target = known.find(KIND, person.email or "")
        before = _before(who, left) if target is None else None
        moves = before is not None and settings.on_email_change == "move"
        if before is not None:
            warnings.append("address_changed: old orders stay with the old store customer")
        if before is not None and moves:
            left.remove(before)
        put = _put(
            who,
            person,
            settings=settings,
            before=target or before,
            said_no=_said_no(who, known),
            told=_told(known, settings, "yes") if who == "main" else "",
            its_own=who == "main" and bool(_told(known, settings, "no")),
        )
        if before is not None:
            put = replace(put, moves_from=before.key) if moves else replace(put, stands_for=before.key)
        puts.append(put)
    # Only those who were really left behind: a new contact must not archive its neighbour.
    gone = archive_owned(Known(targets=tuple(left)), kinds=(KIND,), reason="address_left")
    return Decision(puts=tuple(puts), archives=gone, warnings=tuple(warnings))


def _believing(settings: CustomersSettings, known: Known) -> CustomersSettings:
    """A category that a tag at Mailchimp brought about is no consent: nobody is subscribed by his own tag."""
    there = known.counterpart
    if there is None or settings.consent_category not in there.facts.get("categories", "").split():
        return settings
    return settings.model_copy(update={"consent_source": "never"})


def _told(known: Known, settings: CustomersSettings, word: str) -> str:
    """Which write of the other flow put Mailchimp's yes or no into the very field where consent is recorded, where that is what
    it told last; empty: none."""
    there = known.counterpart
    field = settings.consent_field if settings.consent_source == "custom_field" else None
    if there is None or field is None or there.facts.get(TOLD) != f"{word} {field}":
        return ""
    return there.facts.get("marker", "")


def _put(
    who: str,
    person: Customer,
    *,
    settings: CustomersSettings,
    before: KnownTarget | None,
    said_no: bool,
    told: str,
    its_own: bool,
) -> Put:
    consent = person.consent.state
    was = before.facts.get("consent") if before is not None else None
    told_before = before.facts.get(SINCE, "") if before is not None else ""
    since = consent == "no" and was != "yes" and bool(told) and told != told_before
    if since:
        was = "yes"  # Mailchimp's, which the till knew of: its no is a later word
    # An empty consent field after a yes changes nothing: missing rights at the till look the same, and an
    # unsubscribe by us could never be taken back.
    remembered = was if consent == "unknown" and was is not None else consent
    if consent == "yes" and was != "yes":
        subscription = "subscribe"
    # A no that only came from Mailchimp is not told back there: whoever signed up again since said yes after it.
    elif consent == "no" and was == "yes" and settings.on_withdrawal == "unsubscribe" and not its_own:
        subscription = "unsubscribe"
    else:
        subscription = "keep"
    return Put(
        kind=KIND,
        natural=person.email or "",
        record=person,
        create=consent == "yes" or settings.without_consent == "transactional",
        update=settings.update_existing,
        facts={"consent": remembered, "person": who}
        | ({SINCE: told} if since else {})
        | _withdrawn(before, subscription=subscription, consent=consent),
        options={
            "if_new": "subscribed" if consent == "yes" and not said_no else "transactional",
            "subscription": subscription,
        },
    )


def _withdrawn(before: KnownTarget | None, *, subscription: str, consent: str) -> dict[str, str]:
    """Whether the till's no unsubscribes him, as long as the till does not say yes again."""
    if subscription == "unsubscribe":
        return {WITHDRAWN: "yes"}
    return {WITHDRAWN: ""} if consent == "yes" and before is not None and before.facts.get(WITHDRAWN) else {}


def _before(who: str, left: list[KnownTarget]) -> KnownTarget | None:
    """The owned member that this person was until now, when the address changed and the person is the same."""
    surely = (target for target in left if target.own and target.state == "present")
    return next((target for target in surely if target.facts.get("person", "main") == who), None)


def _said_no(who: str, known: Known) -> bool:
    """Whether this person had unsubscribed under an address that was put away since."""
    return any(
        target.own
        and target.state == "archived"
        and target.facts.get("person", "main") == who
        and target.facts.get("status_before") == "unsubscribed"
        for target in known.targets
    )


def _unreachable(customer: Customer) -> Skip:
    if customer.email_problem == "invalid" or any(c.email_problem == "invalid" for c in customer.contacts):
        return Skip("email_invalid", "The e-mail address cannot be one; mend it in the till.")
    return Skip("email_missing", "The relation has no e-mail address.")


def gone(settings: CustomersSettings, known: Known) -> Decision:
    """A relation that is not found any more: by policy, and only after a second read."""
    skip = Skip("not_found", "The till does not show this relation any more; missing rights look the same.")
    return archive_or_skip(known, skip, kinds=(KIND,), archive=settings.on_gone == "archive")


def filtered(settings: CustomersSettings, known: Known, skip: Skip) -> Decision:
    """A relation that a filter keeps back: archived where the setting says so and it was sent before."""
    return archive_or_skip(known, skip, kinds=(KIND,), archive=settings.when_filtered == "archive")


def reach(customer: Customer) -> frozenset[tuple[str, str]]:
    """Every address that a relation speaks of, its own and those of its contacts."""
    return frozenset((KIND, person.email) for person in (customer, *customer.contacts) if person.email)


CUSTOMERS = FlowKind(
    name="customers",
    record_kind=KIND,
    record=Customer,
    settings=CustomersSettings,
    decide=decide,
    gone=gone,
    filtered=filtered,
    target_kinds=(KIND,),
    begins="beginning",
    tags="tags",
    list_keys={"customer": "number"},
    put_list_keys={"email": "email"},
    reach=reach,
    also=loyalty.beside,
    parts=loyalty.parts,
    undo=take_back(KIND),
    named_fields=named_fields,
)
