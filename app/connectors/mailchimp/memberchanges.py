"""The calls that change one member, as values. ``member`` is a contact id, or the hash of an address that is new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from app.connectors.base import Change, Document, Mails


class MemberChange(Change):
    """One call about one member. Every one of them may be sent twice."""

    member: str
    warnings: tuple[str, ...] = ()

    def summary(self) -> str:
        """The call in words."""
        return self.action.replace("_", " ")


class WriteMember(MemberChange):
    """A call with a body. ``interests`` and ``marketing_permissions`` are objects of yes and no here.

    ``filled`` are the tags of merge fields that hold what we wrote earlier.
    """

    body: Document
    filled: frozenset[str] = frozenset()

    def summary(self) -> str:
        """Names of fields, and the status where one is sent."""
        names = [f"merge_fields.{tag}" for tag in self.body.get("merge_fields", {})]
        names += [name for name in self.body if name not in ("merge_fields", "status", "status_if_new")]
        status = self.body.get("status") or self.body.get("status_if_new")
        said = f"{self.action.replace('_', ' ')}{f' as {status}' if status else ''}"
        return f"{said}: {', '.join(sorted(names))}" if names else said

    def wire(self) -> dict[str, Any]:
        """The body as Mailchimp wants it."""
        body = dict(self.body)
        permissions = body.get("marketing_permissions")
        if isinstance(permissions, dict):
            body["marketing_permissions"] = [
                {"marketing_permission_id": key, "enabled": enabled} for key, enabled in permissions.items()
            ]
        return body

    def without(self, *tags: str, status: bool = True) -> WriteMember:
        """The same call without these merge fields, or without the status."""
        merge_fields = {
            tag: each for tag, each in self.body.get("merge_fields", {}).items() if tag not in tags
        }
        body = {name: value for name, value in self.body.items() if name != "merge_fields"}
        if merge_fields:
            body["merge_fields"] = merge_fields
        if not status:
            body = {
                name: value
                for name, value in body.items()
                if name not in ("status", "timestamp_opt", "ip_opt")
            }
        return self.model_copy(update={"body": body})


class PutMember(WriteMember):
    """``PUT``: adds an address, or brings back a member that we archived ourselves."""

    action: ClassVar[str] = "put_member"

    def made_as(self) -> str | None:
        """The status of a new member."""
        return self.body.get("status_if_new")


class PatchMember(WriteMember):
    """``PATCH`` of a member that is there, without a status unless will has changed."""

    action: ClassVar[str] = "patch_member"


class ArchiveMember(MemberChange):
    """``DELETE``: out of sight, with its history kept. ``status_before`` is how it may come back."""

    action: ClassVar[str] = "archive_member"
    status_before: str = "unknown"

    def if_done(self) -> Mapping[str, str]:
        """That it was us, and as what the member may come back."""
        return {"archived_by": "us", "status_before": self.status_before}


class DeletePermanently(MemberChange):
    """Erased; the address can never be imported again."""

    action: ClassVar[str] = "delete_permanently"


class Note(MemberChange):
    """No call: what stands there stays so, and the log says why."""

    action: ClassVar[str] = "note"

    def summary(self) -> str:
        """Nothing was sent."""
        return "nothing sent"


class SetTags(MemberChange):
    """Tags by name, on or off. ``quiet`` holds back the automations that a tag starts. ``marked``: the marker that the contact
    has afterwards is asked for, since the call does not tell it."""

    action: ClassVar[str] = "set_tags"
    tags: dict[str, bool]
    quiet: bool = False
    marked: bool = Field(default=False, exclude=True)

    def summary(self) -> str:
        """How many, not which: names of tags may say much about a person."""
        on = sum(self.tags.values())
        return f"set tags: {on} on, {len(self.tags) - on} off"


def mails(change: Change) -> Mails:
    """Who is to confirm gets a mail for certain; a new subscriber gets the welcome mail where the merchant made one.

    A status is sent only where it changes, and a tag only where it is new, so each one counts.
    """
    if isinstance(change, SetTags):
        new = tuple(name for name, on in change.tags.items() if on)
        return Mails(tags=new, tag_mails=0 if change.quiet else len(new))
    if not isinstance(change, WriteMember):
        return Mails()
    status = change.body.get("status") or change.body.get("status_if_new")
    return Mails(confirmations=int(status == "pending"), welcomes=int(status == "subscribed"))
