"""What a person could do at this Mailchimp, as orders to the panel: a contact's life, the merchant's desk, its limits and moods."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from app.sandbox.control import Action, RefusedError
from app.sandbox.mailchimp.audience import Audience
from app.sandbox.mailchimp.audienceview import audience_json, member_json
from app.sandbox.mailchimp.lives import Life
from app.sandbox.mailchimp.problems import ProblemError
from app.sandbox.mailchimp.world import Account, Mailchimp

Order = Mapping[str, Any]
Run = Callable[[Order], Awaitable[Any]]


def audience_of(world: Mailchimp, order: Order) -> Audience:
    """The audience with ``list_id``, or the first one."""
    list_id = order.get("list_id")
    if list_id:
        try:
            return world.audience(str(list_id))
        except KeyError:
            raise RefusedError(f"there is no audience {list_id}") from None
    found = [one for account in world.accounts.values() for one in account.audiences.values()]
    if not found:
        raise RefusedError("there is no audience")
    return found[0]


def account_of(world: Mailchimp, order: Order) -> Account:
    """The account with ``account_id``, or the first one."""
    account_id = order.get("account_id")
    if account_id and account_id not in world.accounts:
        raise RefusedError(f"there is no account {account_id}")
    return world.accounts[account_id] if account_id else next(iter(world.accounts.values()))


def merge_fields_of(order: Order) -> dict[str, Any]:
    """``{"merge_fields": {...}}`` or, from a form, every field whose name is written in capitals."""
    return {
        **{name: value for name, value in order.items() if name.isupper()},
        **(order.get("merge_fields") or {}),
    }


def yes(value: Any) -> bool:
    return value in (True, 1) or str(value).lower() in ("1", "true", "yes", "on")


def actions(world: Mailchimp) -> list[Action]:
    email = ("email", "address")
    names = (("FNAME", "first name"), ("LNAME", "last name"))

    def on_member(
        name: str,
        title: str,
        fields: tuple[tuple[str, str], ...],
        do: Callable[[Life, str, Order], Any],
    ) -> Action:
        async def run(order: Order) -> Any:
            audience = audience_of(world, order)
            address = str(order.get("email", ""))
            try:
                do(Life(audience), address, order)
            except KeyError:
                raise RefusedError(f"{address!r} is not in audience {audience.id}") from None
            except ProblemError as problem:
                raise RefusedError(problem.detail) from None
            after = audience.find(str(order.get("new_email") or address))
            return (
                member_json(after, audience)
                if after is not None
                else {"email_address": address, "status": None}
            )

        return Action(name, title, (email, *fields), run)

    return [
        on_member(
            "sign_up",
            "The contact signs up",
            names,
            lambda life, who, order: life.sign_up(
                who,
                merge_fields=merge_fields_of(order),
                interests=order.get("interests"),
                language=order.get("language", ""),
                tags=order.get("tags") or (),
            ),
        ),
        on_member("confirm", "The contact confirms", (), lambda life, who, _: life.confirm(who)),
        on_member(
            "edit_profile",
            "The contact edits the profile",
            names,
            lambda life, who, order: life.edit(
                who,
                source=order.get("source", "user"),
                merge_fields=merge_fields_of(order),
                **{key: order[key] for key in ("interests", "language", "email_type") if key in order},
            ),
        ),
        on_member(
            "change_address",
            "The contact changes the address",
            (("new_email", "new address"),),
            lambda life, who, order: life.change_address(
                who, order["new_email"], source=order.get("source", "user")
            ),
        ),
        on_member(
            "unsubscribe",
            "The contact unsubscribes",
            (("reason", "manual or abuse"),),
            lambda life, who, order: life.unsubscribe(
                who, reason=order.get("reason", "manual"), source=order.get("source", "user")
            ),
        ),
        on_member(
            "clean",
            "The address bounces",
            (("reason", "hard or abuse"),),
            lambda life, who, order: life.clean(who, reason=order.get("reason", "hard")),
        ),
        on_member(
            "resubscribe", "The contact signs up again", (), lambda life, who, _: life.resubscribe(who)
        ),
        on_member(
            "add",
            "The merchant adds a contact",
            (("status", "subscribed"), *names),
            lambda life, who, order: life.add(
                who, status=order.get("status", "subscribed"), merge_fields=merge_fields_of(order)
            ),
        ),
        on_member("archive", "The merchant archives", (), lambda life, who, _: life.archive(who)),
        on_member(
            "delete_permanently", "The merchant deletes for good", (), lambda life, who, _: life.forget(who)
        ),
        on_member(
            "tag",
            "The merchant tags",
            (("tag", "tag"),),
            lambda life, who, order: life.tag(who, *(order.get("tags") or [order["tag"]])),
        ),
        on_member(
            "untag",
            "The merchant takes a tag away",
            (("tag", "tag"),),
            lambda life, who, order: life.untag(who, *(order.get("tags") or [order["tag"]])),
        ),
        on_member(
            "spoil_address",
            "An old form leaves an incomplete address",
            (("addr1", "street"),),
            lambda life, who, order: life.spoil_address(who, addr1=order.get("addr1", "")),
        ),
        Action("advance", "Let time pass", (("seconds", "seconds"),), _advance(world)),
        Action(
            "postman",
            "How webhooks are carried",
            (("silent", "1: lost"), ("copies", "2: each twice"), ("backwards", "1: latest first")),
            _postman(world),
        ),
        Action(
            "account",
            "Limits and habits of the account",
            (
                ("contact_limit", "number, or none"),
                ("writes_refused", "sentence, or none"),
                ("unsigned_webhooks", "1 or 0"),
                ("merge_field_limit", "30"),
            ),
            _account(world),
        ),
        Action(
            "audience",
            "Habits of an audience",
            (("double_optin", "1 or 0"), ("welcome", "1: welcome mail"), ("tag_automation", "tag")),
            _audience(world),
        ),
        Action("busy", "An address signed up too often", (email,), _busy(world)),
        Action("revoke", "Revoke an API key", (("key", "key"),), _revoke(world)),
    ]


def _advance(world: Mailchimp) -> Run:
    async def run(order: Order) -> Any:
        world.advance(float(order.get("seconds", 0)))
        return {"now": world.clock.iso()}

    return run


def _postman(world: Mailchimp) -> Run:
    async def run(order: Order) -> Any:
        postman = world.postman
        if "silent" in order:
            postman.silent = yes(order["silent"])
        if "copies" in order:
            postman.copies = int(order["copies"])
        if "backwards" in order:
            postman.backwards = yes(order["backwards"])
        if "pace" in order:
            postman.pace = float(order["pace"])
        return postman.as_json()

    return run


def _account(world: Mailchimp) -> Run:
    async def run(order: Order) -> Any:
        account = account_of(world, order)
        if "contact_limit" in order:
            limit = order["contact_limit"]
            account.contact_limit = None if limit in (None, "", "none") else int(limit)
        if "writes_refused" in order:
            sentence = order["writes_refused"]
            account.writes_refused = "" if sentence in (None, "none") else str(sentence)
        if "unsigned_webhooks" in order:
            account.unsigned_webhooks = yes(order["unsigned_webhooks"])
        if "put_orders" in order:
            account.put_orders = yes(order["put_orders"])
        if "merge_field_limit" in order:
            account.merge_field_limit = int(order["merge_field_limit"])
        if "disabled" in order or "role" in order:
            for login in account.logins:
                login.disabled = yes(order.get("disabled", login.disabled))
                login.role = str(order.get("role", login.role))
        return {
            "id": account.id,
            "key": account.key,
            "contact_limit": account.contact_limit,
            "writes_refused": account.writes_refused,
            "unsigned_webhooks": account.unsigned_webhooks,
        }

    return run


def _audience(world: Mailchimp) -> Run:
    async def run(order: Order) -> Any:
        audience = audience_of(world, order)
        if "double_optin" in order:
            audience.double_optin = yes(order["double_optin"])
        if "welcome" in order:
            audience.welcome = yes(order["welcome"])
        if "tag_automation" in order:
            audience.tag_automations.add(str(order["tag_automation"]))
        return audience_json(audience, with_total=True)

    return run


def _busy(world: Mailchimp) -> Run:
    async def run(order: Order) -> Any:
        world.busy.add(str(order["email"]).lower())
        return {"busy": sorted(world.busy)}

    return run


def _revoke(world: Mailchimp) -> Run:
    async def run(order: Order) -> Any:
        known = world.credentials.get(str(order["key"]))
        if known is None:
            raise RefusedError("there is no such key")
        known[0].revoke(str(order["key"]))
        return {"revoked": True}

    return run
