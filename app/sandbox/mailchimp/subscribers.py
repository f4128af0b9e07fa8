"""Life at Mailchimp's side: every few seconds a contact of an audience does something, the same things for a seed.

    subscribers = sandbox.world.subscribers_of(audience)
    subscribers.step()

People sign up, edit their profile, get another address, unsubscribe, bounce and come back; webhooks tell of it as they
would. What happened is told as a sentence without names or addresses.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.sandbox.mailchimp.lives import Life
from app.sandbox.people import Address, Person, address, person

if TYPE_CHECKING:
    from app.sandbox.mailchimp.audience import Audience, Member
    from app.sandbox.mailchimp.server import MailchimpSandbox

NEWCOMERS = 7_000_000  # people of a seed from this place on: never those of the till
READ_WITHIN_S = 120.0
"""Nobody does anything in an audience that nobody reads: a flow that only writes would be surprised by strangers."""


class Subscribers:
    """One deed after another. ``step`` does the next one and says what it was."""

    def __init__(self, audience: Audience, *, seed: int = 1) -> None:
        self.audience = audience
        self.seed = seed
        self.steps = 0
        self._draw = random.Random(f"subscribers {seed}")

    @property
    def life(self) -> Life:
        return Life(self.audience)

    def step(self) -> str:
        self.steps += 1
        deeds = (
            self.signs_up,
            self.edits,
            self.changes_address,
            self.unsubscribes,
            self.bounces,
            self.comes_back,
        )
        deed = self._draw.choices(deeds, (30, 25, 15, 12, 5, 13))[0]
        return deed() or self.signs_up()

    # what cannot be done, because there is nobody to do it, says nothing

    def signs_up(self) -> str:
        newcomer = self._newcomer(1)
        member = self.life.sign_up(
            newcomer.email, merge_fields=self._profile(newcomer), language=newcomer.language
        )
        if member.status == "pending":
            self.life.confirm(newcomer.email)
        return f"contact {member.web_id}: signed up"

    def edits(self) -> str:
        member = self._one("subscribed")
        if member is None:
            return ""
        deed = self._draw.choice(("moved house", "new telephone number", "new name"))
        changed: dict[str, Any] = {"LNAME": self._newcomer(2).last}
        if deed == "moved house":
            changed = {"ADDRESS": _address(address(self._draw, self._draw.choice(("NL", "NL", "BE"))))}
        elif deed == "new telephone number":
            changed = {"PHONE": f"06-{self._draw.randrange(10_000_000, 59_999_999)}"}
        self.life.edit(member.email, merge_fields=changed)
        return f"contact {member.web_id}: {deed}"

    def changes_address(self) -> str:
        member = self._one("subscribed")
        if member is None:
            return ""
        self.life.change_address(member.email, self._newcomer(3).email)
        return f"contact {member.web_id}: new e-mail address"

    def unsubscribes(self) -> str:
        member = self._one("subscribed")
        if member is None:
            return ""
        self.life.unsubscribe(member.email)
        return f"contact {member.web_id}: unsubscribed"

    def bounces(self) -> str:
        member = self._one("subscribed")
        if member is None:
            return ""
        self.life.clean(member.email)
        return f"contact {member.web_id}: the address bounced"

    def comes_back(self) -> str:
        member = self._one("unsubscribed")
        if member is None:
            return ""
        self.life.resubscribe(member.email)
        if member.status == "pending":
            self.life.confirm(member.email)
        return f"contact {member.web_id}: came back"

    def _one(self, status: str) -> Member | None:
        found = [member for member in self.audience.members.values() if member.status == status]
        return self._draw.choice(found) if found else None

    def _newcomer(self, kind: int) -> Person:
        return person(self.seed, NEWCOMERS * kind + self.steps)

    def _profile(self, one: Person) -> dict[str, Any]:
        given = {"FNAME": one.first, "LNAME": one.last, "PHONE": one.mobile, "ADDRESS": _address(one.address)}
        return {tag: value for tag, value in given.items() if tag in self.audience.fields}


def _address(one: Address) -> dict[str, str]:
    return {
        "addr1": one.line,
        "city": one.city,
        "state": "-",
        "zip": one.zipcode,
        "country": one.country,
    }


async def live(
    sandbox: MailchimpSandbox, *, every: float = 4.0, told: Callable[[str], None] = lambda _: None
) -> None:
    """Until cancelled, in every audience whose people somebody reads. Uses the time of the loop."""
    read: dict[str, float] = {}
    seen = 0
    now = asyncio.get_running_loop().time
    while True:
        await asyncio.sleep(every)
        for entry in sandbox.log.find(operation="members.get"):
            # Whoever lists people by their last change, with all that they are, brings them somewhere.
            if (
                entry.number > seen
                and entry.query.get("sort_field") == "last_changed"
                and "fields" not in entry.query
            ):
                read[entry.path.split("/lists/")[-1].split("/")[0]] = now()
            seen = max(seen, entry.number)
        for list_id, at in read.items():
            if now() - at <= READ_WITHIN_S:
                told(sandbox.world.subscribers_of(sandbox.world.audience(list_id)).step())
