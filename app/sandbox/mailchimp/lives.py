"""What happens at Mailchimp's side of the fence: a contact's own doing, and the merchant's at his desk.

    life = Life(sandbox.world.audience(list_id))
    life.sign_up("someone@klant-voorbeeld.nl", merge_fields={"FNAME": "Noor"})
    life.unsubscribe("someone@klant-voorbeeld.nl")

A contact's doing has the source ``user``, the merchant's ``admin``; webhooks and the compliance state depend on it.
Nothing here is held back by the rules that only bind the API: whoever signs up himself gets in, deleted for good or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.sandbox.mailchimp import enrolment
from app.sandbox.mailchimp.audience import Audience, Member, subscriber_hash
from app.sandbox.mailchimp.webhooks import Source


class Life:
    def __init__(self, audience: Audience) -> None:
        self.audience = audience

    # -- the contact ---------------------------------------------------------------------------------------------

    def sign_up(
        self,
        email: str,
        *,
        merge_fields: Mapping[str, Any] | None = None,
        interests: Mapping[str, bool] | None = None,
        language: str = "",
        tags: Iterable[str] = (),
        ip: str = "198.51.100.7",
    ) -> Member:
        """Through the sign-up form. With double opt-in the contact is pending until ``confirm``."""
        audience = self.audience
        audience.forgotten.discard(subscriber_hash(email))
        now = audience.account.world.clock.iso()
        body = {
            "email_address": email,
            "merge_fields": dict(merge_fields or {}),
            "interests": dict(interests or {}),
            "language": language,
            "ip_signup": ip,
            "timestamp_signup": now,
        }
        status = "pending" if audience.double_optin else "subscribed"
        known = audience.find(email)
        if known is None:
            return enrolment.add(audience, body, status, source="user", skip_required=True, tags=tags)
        wanted = known.status if known.status == "subscribed" else status
        return enrolment.update(audience, known, body, wanted, source="user", skip_required=True)

    def resubscribe(self, email: str, **more: Any) -> Member:
        return self.sign_up(email, **more)

    def confirm(self, email: str, *, ip: str = "198.51.100.7") -> Member:
        """The click in the confirmation mail."""
        member = self.audience.member(email)
        if member.status != "pending":
            raise ValueError(f"{email} is {member.status}, there is nothing to confirm")
        member.ip_opt = ip
        enrolment.set_status(self.audience, member, "subscribed", source="user")
        return member

    def edit(self, email: str, *, source: Source = "user", **changes: Any) -> Member:
        """``edit(email, merge_fields={...}, interests={...}, language="fr")``."""
        return enrolment.update(
            self.audience, self.audience.member(email), changes, None, source=source, skip_required=True
        )

    def change_address(self, email: str, new_email: str, *, source: Source = "user") -> Member:
        member = self.audience.member(email)
        return enrolment.patch(
            self.audience, member, {"email_address": new_email}, source=source, skip_required=True
        )

    def unsubscribe(
        self, email: str, *, reason: str = "manual", campaign_id: str = "", source: Source = "user"
    ) -> Member:
        """``reason="abuse"`` is a spam complaint."""
        member = self.audience.member(email)
        enrolment.set_status(
            self.audience, member, "unsubscribed", source=source, reason=reason, campaign_id=campaign_id
        )
        return member

    def clean(self, email: str, *, reason: str = "hard", campaign_id: str = "4fjk2ma9xd") -> Member:
        """The address bounced, or its owner complained to his provider."""
        member = self.audience.member(email)
        enrolment.set_status(
            self.audience, member, "cleaned", source="user", reason=reason, campaign_id=campaign_id
        )
        return member

    # -- the merchant --------------------------------------------------------------------------------------------

    def add(self, email: str, *, status: str = "subscribed", **more: Any) -> Member:
        """By hand or by an import in the web pages; a known contact is updated."""
        body = {"email_address": email, **more}
        known = self.audience.find(email)
        if known is None:
            return enrolment.add(self.audience, body, status, source="admin", skip_required=True)
        return enrolment.update(self.audience, known, body, status, source="admin", skip_required=True)

    def archive(self, email: str) -> Member:
        member = self.audience.member(email)
        enrolment.archive(self.audience, member, source="admin")
        return member

    def forget(self, email: str) -> None:
        """Delete for good."""
        enrolment.forget(self.audience, self.audience.member(email), source="admin")

    def tag(self, email: str, *names: str) -> Member:
        member = self.audience.member(email)
        for name in names:
            enrolment.add_tag(self.audience, member, name, quiet=False)
        return member

    def untag(self, email: str, *names: str) -> Member:
        member = self.audience.member(email)
        for name in names:
            enrolment.remove_tag(self.audience, member, name)
        return member

    def spoil_address(self, email: str, **parts: str) -> Member:
        """Leave an incomplete address on a member, as old forms did: from then on every API update fails."""
        member = self.audience.member(email)
        member.merge_fields["ADDRESS"] = {
            "addr1": "",
            "addr2": "",
            "city": "",
            "state": "",
            "zip": "",
            **parts,
        }
        return member
