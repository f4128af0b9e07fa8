"""What a contacts flow does with the people of an audience, and which of it is written into the till."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from app.flows.nightly import KeepsBefore, NightlySettings
from app.flows.policies import ON_CONFLICT, Conflicts


class ContactsSettings(KeepsBefore, NightlySettings):
    """Settings of a flow from an audience to the till."""

    create_relations: bool = Field(
        default=False,
        title="Make relations for new subscribers",
        description=(
            "On: who subscribed and is not in the till becomes a relation. Off: only people whom the till knows already, by "
            "an earlier link or by exactly this address, are brought up to date. Contacts who never subscribed are never made."
        ),
        examples=[True],
    )
    update_existing: bool = Field(
        default=True,
        title="Update existing relations",
        description="Off: relations that are in the till already are left as they are.",
        examples=[True],
    )
    on_conflict: Conflicts = Field(
        default="target_wins",
        title="When both sides changed the same field",
        description=ON_CONFLICT,
        examples=["newest"],
    )
    consent_field: str | None = Field(
        default=None,
        title="Consent field",
        description=(
            "Name of the relation's custom field that records the consent to mailings: it becomes yes when the person "
            "subscribed and no when he unsubscribed or the address bounced. Empty: consent is not written into the till."
        ),
        examples=["Nieuwsbrief"],
    )
    consent_time_field: str | None = Field(
        default=None,
        title="Consent time field",
        description="Name of the custom field for the day of that consent or withdrawal. Written together with the former.",
        examples=["Nieuwsbrief sinds"],
    )
    consent_yes_word: str = Field(
        default="ja",
        min_length=1,
        title="Word for yes",
        description="What a text field gets for a consent; a yes/no field is ticked.",
        examples=["ja"],
    )
    consent_no_word: str = Field(
        default="nee",
        min_length=1,
        title="Word for no",
        description="What a text field gets for a withdrawal; a yes/no field is cleared.",
        examples=["nee"],
    )
    categories: dict[str, str] = Field(
        default_factory=dict,
        max_length=100,
        title="Tags and groups to relation categories",
        description=(
            "By the name of a tag, or the id of a group of interest: the number of the relation category in the till. Several "
            "may lead to one. A category that counts as consent in the customers flow counts no more where it came this way."
        ),
        examples=[{"VIP": "7"}],
    )
    categories_follow: Literal["add", "both"] = Field(
        default="add",
        title="When a tag or group is gone",
        description=(
            "`add`: the category stays. `both`: it is taken away, unless another tag or group leads to it. Categories that are not "
            "in the table are never touched; one that somebody set or took away in the till goes by `on_conflict`."
        ),
        examples=["both"],
    )
    on_archived: Literal["leave", "inactive"] = Field(
        default="leave",
        title="When a contact is archived",
        description="`leave`: the relation stays as it is. `inactive`: the relation is made inactive in the till.",
        examples=["leave"],
    )
    on_gone: Literal["leave", "inactive"] = Field(
        default="leave",
        title="When a contact is deleted for good",
        description="The same for somebody whom the audience does not show any more.",
        examples=["leave"],
    )
    when_filtered: Literal["leave", "inactive"] = Field(
        default="leave",
        title="When a contact no longer passes the filters",
        description="What happens to a relation that was written before and is now kept back by a filter.",
        examples=["leave"],
    )
    time_zone: str = Field(
        default="Europe/Amsterdam",
        title="Time zone",
        description="On whose clock the day of a consent is told; the integration's, where it has one.",
        examples=["Europe/Amsterdam"],
    )

    @field_validator("categories")
    @classmethod
    def numbers(cls, value: dict[str, str]) -> dict[str, str]:
        """Categories of the till are numbers above zero."""
        for name, category in value.items():
            if not (category.isascii() and category.isdigit() and 0 < int(category) < 2**31):
                raise ValueError(f"{name!r} must lead to the number of a relation category")
        return {name: str(int(category)) for name, category in value.items()}
