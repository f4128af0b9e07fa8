"""Calls on promo rules and their codes (mailchimp.md §3.5)."""

from __future__ import annotations

from typing import Any

from app.sandbox.mailchimp.call import Call, lookup
from app.sandbox.mailchimp.clock import wire_time
from app.sandbox.mailchimp.problems import unprocessable
from app.sandbox.mailchimp.shapes import at_most, boolean, integer, number, one_of, record, time
from app.sandbox.mailchimp.store import LONGEST_ID, PromoRule, Store
from app.sandbox.mailchimp.storecalls import store_of

RULE_TIMES = ("starts_at", "ends_at", "created_at_foreign", "updated_at_foreign")
CODE_TIMES = ("created_at_foreign", "updated_at_foreign")
RULE = {
    "title": at_most(100),
    "description": at_most(255),
    **dict.fromkeys(RULE_TIMES, time),
    "amount": number,
    "type": one_of("fixed", "percentage"),
    "target": one_of("per_item", "total", "shipping"),
    "enabled": boolean,
}
CODE = {
    "code": at_most(50),
    "redemption_url": at_most(2_000),
    "usage_count": integer,
    "enabled": boolean,
    **dict.fromkeys(CODE_TIMES, time),
}
NEW_RULE = record(("id", "description", "amount", "type", "target"), id=at_most(LONGEST_ID), **RULE)
RULE_CHANGE = record((), **RULE)
NEW_CODE = record(("id", "code", "redemption_url"), id=at_most(LONGEST_ID), **CODE)
CODE_CHANGE = record((), **CODE)


def rule_json(rule: PromoRule) -> dict[str, Any]:
    data = rule.data
    return {
        "id": rule.id,
        "title": data.get("title", ""),
        "description": data.get("description", ""),
        "amount": data.get("amount", 0),
        "type": data.get("type", "fixed"),
        "target": data.get("target", "total"),
        "enabled": data.get("enabled", True),
        **{name: data.get(name, "") for name in RULE_TIMES},
    }


def code_json(code: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": code["id"],
        "code": code.get("code", ""),
        "redemption_url": code.get("redemption_url", ""),
        "usage_count": code.get("usage_count", 0),
        "enabled": code.get("enabled", True),
        **{name: code.get(name, "") for name in CODE_TIMES},
    }


def plain(body: dict[str, Any], names: dict[str, Any], times: tuple[str, ...]) -> dict[str, Any]:
    kept = {name: body[name] for name in names if name in body}
    for name in times:
        if kept.get(name):
            kept[name] = wire_time(kept[name])
    return kept


def rule_of(call: Call) -> tuple[Store, PromoRule]:
    store = store_of(call)
    return store, lookup(store.promo_rules, call.args[1])


def get_rules(call: Call) -> dict[str, Any]:
    store = store_of(call)
    return call.page(
        "promo_rules", store.promo_rules.values(), rule_json, keys=("id", *RULE), store_id=store.id
    )


def get_rule(call: Call) -> dict[str, Any]:
    return call.answer(rule_json(rule_of(call)[1]))


def post_rule(call: Call) -> dict[str, Any]:
    store = store_of(call)
    body = call.body(NEW_RULE)
    if body["id"] in store.promo_rules:
        raise unprocessable("A promo rule with the provided ID already exists in the account.")
    rule = store.promo_rules[body["id"]] = PromoRule(body["id"], plain(body, RULE, RULE_TIMES))
    return call.answer(rule_json(rule))


def patch_rule(call: Call) -> dict[str, Any]:
    _, rule = rule_of(call)
    rule.data.update(plain(call.body(RULE_CHANGE), RULE, RULE_TIMES))
    return call.answer(rule_json(rule))


def delete_rule(call: Call) -> None:
    store, rule = rule_of(call)
    del store.promo_rules[rule.id]


def get_codes(call: Call) -> dict[str, Any]:
    store, rule = rule_of(call)
    return call.page("promo_codes", rule.codes.values(), code_json, keys=("id", *CODE), store_id=store.id)


def get_code(call: Call) -> dict[str, Any]:
    return call.answer(code_json(lookup(rule_of(call)[1].codes, call.args[2])))


def post_code(call: Call) -> dict[str, Any]:
    _, rule = rule_of(call)
    body = call.body(NEW_CODE)
    if body["id"] in rule.codes:
        raise unprocessable("A promo code with the provided ID already exists in the account.")
    code = rule.codes[body["id"]] = {"id": body["id"], **plain(body, CODE, CODE_TIMES)}
    return call.answer(code_json(code))


def patch_code(call: Call) -> dict[str, Any]:
    code = lookup(rule_of(call)[1].codes, call.args[2])
    code.update(plain(call.body(CODE_CHANGE), CODE, CODE_TIMES))
    return call.answer(code_json(code))


def delete_code(call: Call) -> None:
    _, rule = rule_of(call)
    del rule.codes[lookup(rule.codes, call.args[2])["id"]]
