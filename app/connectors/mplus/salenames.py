"""What sales name, looked up in the till before anything is written: articles, turnover groups by account, relations.

A SKU is an article number where it is one; else, by setting, a PLU or a barcode.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.connectors.allof import all_of
from app.connectors.base import Existing, Intent
from app.connectors.mplus import customers
from app.connectors.mplus.articles import Articles
from app.connectors.mplus.calls import Till
from app.connectors.mplus.saledocument import ACCOUNT, ARTICLE, RELATION, name_of, relation_of
from app.errors import AppError, RecordRefused
from app.values.articlenumber import article_number
from app.values.gtin import gtin_digits

Names = dict[tuple[str, str], Existing]

BELIEVED_S = 300.0


class SaleNames:
    """Look-ups of one till. ``find_relation`` is the client's, which knows the till's version."""

    def __init__(
        self,
        till: Till,
        find_relation: Callable[..., Any],
        articles: Articles,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ):
        self._till = till
        self._find_relation = find_relation
        self._monotonic = monotonic
        self._groups: Mapping[str, str] = {}
        self._groups_until = 0.0
        self._articles = articles

    async def of(self, intents: Sequence[Intent], *, articles_only: bool = False) -> list[Names | AppError]:
        """What stands there of all that these sales name; articles are asked for together."""
        wanted = {name: _match(intent) for intent in intents for name in _articles(intent)}
        given = {name: number for intent in intents for name, number in intent.numbers.items()}
        articles = await self._known_articles(wanted, given)
        if articles_only:
            return [_articles_of(intent, articles) for intent in intents]
        groups = await self._groups_by_account() if any(_accounts(intent) for intent in intents) else {}
        buyers = await all_of(self._relation(intent) for intent in intents)
        found: list[Names | AppError] = []
        for intent, buyer in zip(intents, buyers, strict=True):
            if isinstance(buyer, AppError):
                found.append(buyer)
                continue
            names = _articles_of(intent, articles) | {
                (ACCOUNT, name): Existing(groups[name]) for name in _accounts(intent) if name in groups
            }
            found.append(names | buyer)
        return found

    # --- articles --------------------------------------------------------------------------------------------------

    async def _known_articles(
        self, wanted: Mapping[str, frozenset[str]], given: Mapping[str, int]
    ) -> dict[str, Existing]:
        """By the number that we gave it, else by what the name may be."""
        found: dict[str, Existing] = {}
        by_number = {
            name: number
            for name, match in wanted.items()
            if "article_number" in match and (number := article_number(name)) is not None
        } | dict(given)
        there = await self._articles.by_numbers(by_number.values())
        found |= {name: _existing(number) for name, number in by_number.items() if number in there}
        plus = [name for name, match in wanted.items() if "plu" in match and name not in found]
        found |= {name: _existing(at.number) for name, at in (await self._articles.by_plus(plus)).items()}
        codes = {
            name: code
            for name, match in wanted.items()
            if "barcode" in match and name not in found and (code := gtin_digits(name)) is not None
        }
        by_code = await self._articles.by_barcodes(codes.values())
        found |= {name: _existing(by_code[code]) for name, code in codes.items() if code in by_code}
        return found

    # --- accounts and relations ------------------------------------------------------------------------------------

    async def _groups_by_account(self) -> Mapping[str, str]:
        if self._monotonic() >= self._groups_until:
            answer = await self._till.document("getTurnoverGroups", {"request": {"onlyActive": True}})
            groups: dict[str, str] = {}
            for group in answer.get("turnoverGroupList", ()):
                account = group.get("accountNumber") or group.get("defaultAccountNumber")
                if account and "turnoverGroup" in group:
                    groups.setdefault(str(account), str(group["turnoverGroup"]))
            self._groups, self._groups_until = groups, self._monotonic() + BELIEVED_S
        return self._groups

    async def _relation(self, intent: Intent) -> Names | AppError:
        relation = relation_of(intent.document)
        if relation is None:
            return {}
        email = str(relation["email"])
        try:
            found = await self._find_relation(email, external=external_of(intent))
        except RecordRefused as refused:
            return refused
        return {} if found is None else {(RELATION, email): customers.existing_relation(found)}


def external_of(intent: Intent) -> str | None:
    """The mark that a relation made for this sale gets, by which an older till finds it again."""
    key = intent.options.get("relation_key")
    return customers.external_id(str(key)) if key else None


def _articles(intent: Intent) -> list[str]:
    names = [name_of(line) for line in intent.document.get("lineList", ())]
    if intent.options.get("placeholder_article"):
        names.append(str(intent.options["placeholder_article"]))
    return [name for name in dict.fromkeys(names) if name]


def _articles_of(intent: Intent, there: Mapping[str, Existing]) -> Names:
    return {(ARTICLE, name): there[name] for name in _articles(intent) if name in there}


def _accounts(intent: Intent) -> set[str]:
    lines = intent.document.get("lineList", ())
    return {str(line["accountNumber"]) for line in lines if line.get("accountNumber") is not None}


def _match(intent: Intent) -> frozenset[str]:
    return frozenset(intent.options.get("match_by") or ("article_number",))


def _existing(number: int) -> Existing:
    return Existing(remote_id=str(number))
