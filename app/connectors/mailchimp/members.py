"""Writing members: looking up how they stand, and carrying out one change at a time.

What is to be written is decided by :mod:`customers`. Here a refusal that concerns only a part of a member (one merge
field, a subscription that the person ended) costs that part, and the rest is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.connectors.allof import all_of
from app.connectors.base import (
    Applied,
    Change,
    Desired,
    Document,
    Existing,
    Intent,
    Leave,
    Steps,
    Wanted,
)
from app.connectors.mailchimp import customers, memberbody, refusals, restoring
from app.connectors.mailchimp.audience import Definition
from app.connectors.mailchimp.calls import Api, segment
from app.connectors.mailchimp.memberbody import filled_after
from app.connectors.mailchimp.memberchanges import (
    ArchiveMember,
    DeletePermanently,
    MemberChange,
    Note,
    PutMember,
    SetTags,
    WriteMember,
)
from app.connectors.mailchimp.notaddresses import NotAddresses
from app.connectors.mailchimp.roster import PAGE, Roster
from app.errors import RecordRefused, TimeError
from app.records.decision import TargetState

FEW = 3
"""So many are asked one by one even where the whole list is at hand: they answer with everything they hold."""
MOST_LISTED = 200_000
"""Audiences above this are never listed as a whole: it would take hundreds of calls, and memory."""


class MemberTarget:
    """The members of one audience, found by address, else by contact id."""

    address = customers.ADDRESS

    def __init__(
        self,
        api: Api,
        list_path: str,
        definition: Definition,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ):
        self._api = api
        self._path = f"{list_path}/members"
        self._definition = definition
        self._roster = Roster(api, list_path, monotonic=monotonic)
        self._not_addresses = NotAddresses(monotonic=monotonic)
        self._asked_singly = 0

    async def fetch_many(self, wanted: Sequence[Wanted]) -> Mapping[str, Existing]:
        """By key. A few are asked one by one, many are looked up in the roster; always as they stand now."""
        audience = await self._definition.look()
        if len(wanted) <= FEW or audience.contacts > MOST_LISTED:
            return await self._singly(wanted)
        if not self._roster.loaded:
            # The list pays when it takes fewer calls than were made without it.
            self._asked_singly += len(wanted)
            if self._asked_singly < audience.contacts / PAGE:
                return await self._singly(wanted)
            self._asked_singly = 0
        await self._roster.refresh()
        found: dict[str, Existing] = {}
        closer: list[Wanted] = []
        for each in wanted:
            hash_ = customers.member_hash(each.natural) if each.natural else None
            existing = self._roster.find(hash_, each.remote_id)
            if existing is None:
                continue
            found[each.key] = existing
            if each.whole and existing.state == "present":
                closer.append(each)
        seen = await self._singly(closer)
        for each in closer:
            if each.key not in seen:  # deleted for good, which no list of changes tells
                self._roster.forget(found.pop(each.key).remote_id)
        return found | seen

    async def learn(self) -> None:
        """Know the audience's own fields before documents are compared with what was written."""
        await self._definition.look()

    def fitted(self, desired: Desired) -> tuple[Desired, tuple[str, ...]]:
        """What this audience can hold of it."""
        document, warnings = memberbody.fitted(desired.document, self._definition.known)
        return replace(desired, document=document), warnings

    def steps(self, intent: Intent, existing: Existing | None) -> Steps:
        """See :func:`customers.steps`."""
        return customers.steps(intent, existing, self._definition.known)

    async def apply(self, change: Change) -> Applied | Leave:
        """Carry out one call."""
        match change:
            case WriteMember():
                return await self._write(change)
            case ArchiveMember():
                return await self._archive(change)
            case DeletePermanently():
                path = f"{self._at(change)}/actions/delete-permanent"
                await self._gone_is_fine("POST", path, operation="member.forget")
                self._roster.forget(change.member)
                return Applied(state="gone")
            case SetTags():
                return await self._set_tags(change)
            case Note():
                return Applied(warnings=change.warnings)
        raise AssertionError(f"not a change of members: {change.action}")

    def alike(self, field: str, wanted: Any, held: Any, document: Document) -> bool | None:  # noqa: ARG002 - the protocol's
        """See :func:`memberbody.alike`."""
        return memberbody.alike(field, wanted, held)

    def shown(self, document: Document) -> Document:
        """See :func:`customers.existing_member`."""
        return customers.existing_member(document).document

    def kept(self, existing: Existing, changes: Sequence[Change]) -> Mapping[str, tuple[Any, Any]]:
        """See :func:`restoring.kept`."""
        return restoring.kept(existing, changes)

    def restored(
        self, existing: Existing, before: Mapping[str, tuple[Any, Any]]
    ) -> tuple[tuple[Change, ...], tuple[str, ...]]:
        """See :func:`restoring.restored`."""
        return restoring.restored(existing, before)

    # --- looking up ---------------------------------------------------------------------------------------------

    async def _singly(self, wanted: Sequence[Wanted]) -> dict[str, Existing]:
        answers = await all_of(self._look(each) for each in wanted)
        return {each.key: answer for each, answer in zip(wanted, answers, strict=True) if answer is not None}

    async def _look(self, wanted: Wanted) -> Existing | None:
        names = [customers.member_hash(wanted.natural)] if wanted.natural else []
        names += [wanted.remote_id] if wanted.remote_id else []
        for name in names:
            if self._not_addresses.find(name) is not None:
                continue  # nobody can be there under it
            member = await self._member(name)
            if member is not None:
                return customers.existing_member(member)
        return None

    async def _member(self, name: str) -> Document | None:
        try:
            return await self._api.get(
                f"{self._path}/{segment(name)}",
                operation="member.get",
                params={"exclude_fields": "_links,stats"},
            )
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise
            return None

    # --- writing ------------------------------------------------------------------------------------------------

    async def _write(self, change: WriteMember) -> Applied | Leave:
        warnings, left_out = list(change.warnings), []
        if isinstance(change, PutMember) and (refusal := self._not_addresses.find(change.member)) is not None:
            return refusal
        while True:
            try:
                answer = await self._send(change)
                break
            except RecordRefused as refused:
                less = self._less(change, refused)
                if less is None:
                    return self._given_up(change, refused)
                gone = (
                    change.body.get("merge_fields", {}).keys() - less[0].body.get("merge_fields", {}).keys()
                )
                left_out += [f"merge_fields.{tag}" for tag in gone]
                change, warning = less
                warnings.append(warning)
        self._roster.note(answer)
        facts = {"filled": filled_after(change.filled, change.body.get("merge_fields", {}))}
        if answer.get("last_changed"):
            facts["marker"] = str(answer["last_changed"])
        return Applied(
            remote_id=str(answer.get("contact_id") or answer.get("id") or "") or None,
            warnings=tuple(warnings),
            facts=facts,
            left_out=tuple(left_out),
        )

    async def _send(self, change: WriteMember) -> Document:
        putting = isinstance(change, PutMember)
        return await self._api.call(
            "PUT" if putting else "PATCH",
            self._at(change),
            operation="member.put" if putting else "member.patch",
            # Only what is required is lifted by this; what is sent is still judged (mailchimp.md §2.3).
            params={"skip_merge_validation": "true"},
            body=change.wire(),
        )

    def _less(self, change: WriteMember, refused: RecordRefused) -> tuple[WriteMember, str] | None:
        """The same call without what was refused, where the rest may go; and a warning that says so."""
        sent = change.body.get("merge_fields", {})
        tag = (refused.field or "").rpartition(".")[2]
        if refused.code in ("merge_field_refused", "incomplete_address") and tag in sent:
            self._definition.doubt()
            return change.without(tag), f"merge_field_left_out: {tag} was refused by Mailchimp"
        if (
            refused.code == "compliance_state"
            and change.body.get("status")
            and not isinstance(change, PutMember)
        ):
            less = change.without(status=False)
            return less, "stays_unsubscribed: Mailchimp lets only the person subscribe again"
        return None

    def _given_up(self, change: WriteMember, refused: RecordRefused) -> Leave:
        if refused.code in refusals.SETTLED:
            erased = refused.code == "permanently_deleted"
            as_it_was: TargetState = "archived" if isinstance(change, PutMember) else "present"
            leave = Leave(refused.code, refused.detail, state="gone" if erased else as_it_was)
            if isinstance(change, PutMember):
                self._not_addresses.note(change.member, leave)
            return leave
        if refused.code in ("member_exists", "not_found"):
            # Somebody was quicker since it was looked up: look again, then decide again.
            self._roster.forget(change.member)
            raise TimeError("The contact changed in Mailchimp since it was looked up.", code="has_changed")
        raise refused

    async def _archive(self, change: ArchiveMember) -> Applied:
        before = change.status_before
        if before == "unknown":
            member = await self._member(change.member)
            before = str((member or {}).get("status") or "unknown")
        await self._gone_is_fine("DELETE", self._at(change), operation="member.delete")
        self._roster.note({"contact_id": change.member, "status": "archived"})
        return Applied(state="archived", facts={"archived_by": "us", "status_before": before})

    async def _set_tags(self, change: SetTags) -> Applied:
        tags = [{"name": name, "status": "active" if on else "inactive"} for name, on in change.tags.items()]
        body: Document = {"tags": tags}
        if change.quiet:
            body["is_syncing"] = True
        try:
            await self._api.call("POST", f"{self._at(change)}/tags", operation="tags.post", body=body)
        except RecordRefused as refused:
            if refused.code != "not_found":
                raise
            self._roster.forget(change.member)
            raise TimeError(
                "The contact vanished from Mailchimp before its tags were set.", code="has_changed"
            ) from None
        on = {name for name, on in change.tags.items() if on}
        self._roster.note_tags(change.member, on=on, off=change.tags.keys() - on)
        return Applied(warnings=change.warnings, facts=await self._marker(change) if change.marked else {})

    async def _marker(self, change: MemberChange) -> dict[str, str]:
        """When the contact was changed last: by us, just now."""
        try:
            member = await self._api.get(
                self._at(change), operation="member.get", params={"fields": "last_changed"}
            )
        except (RecordRefused, TimeError):  # what was sent is done all the same; then its echo is not known
            return {}
        return {"marker": str(member["last_changed"])} if member.get("last_changed") else {}

    async def _gone_is_fine(self, method: str, path: str, *, operation: str) -> None:
        try:
            await self._api.call(method, path, operation=operation)
        except RecordRefused as refused:
            if refused.code not in ("not_found", "method_not_allowed"):
                raise

    def _at(self, change: MemberChange) -> str:
        return f"{self._path}/{segment(change.member)}"
