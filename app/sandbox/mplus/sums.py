"""The sums of a sale, in whole cents, as the till adds them up (mplus.md §1.5).

VAT is worked out per VAT code over the sum of its lines, not per line, so that lines may differ from the sums by a cent:
that is why the vendor says to use ``vatGroupList`` and not to calculate it yourself. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.sandbox.mplus.finance import VAT, excluding, including, percentage_of
from app.sandbox.mplus.lines import INCLUSIVE, UNTAXED, Terms

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sums:
    incl: int
    excl: int
    vat_groups: list[dict[str, Any]]

    def told(self) -> dict[str, Any]:
        return {"totalInclAmount": self.incl, "totalExclAmount": self.excl, "vatGroupList": self.vat_groups}


def added_up(lines: Sequence[Row], terms: Terms) -> Sums:
    """The totals and the VAT sums, worked out per VAT code; priced parts inside a line count too."""
    by_code: dict[int, int] = {}
    excl_given = terms.vat_method != INCLUSIVE
    tops = {id(line) for line in lines}
    for line in flat(lines):
        data = line["data"]
        amount = data["totalExclAmount"] if excl_given else data["totalInclAmount"]
        if amount or id(line) in tops:
            by_code[data["vatCode"]] = by_code.get(data["vatCode"], 0) + amount
    groups, incl, excl = [], 0, 0
    for code, amount in sorted(by_code.items()):
        rate = percentage_of(code, branch=terms.branch, country=terms.country) or Decimal(0)
        if terms.vat_method in UNTAXED:
            rate = Decimal(0)
        group_incl = including(amount, rate) if excl_given else amount
        group_excl = amount if excl_given else excluding(amount, rate)
        incl, excl = incl + group_incl, excl + group_excl
        groups.append(
            {
                **country_of(terms),
                "branchNumber": terms.branch,
                "vatCode": code,
                "vatPercentage": int(rate * terms.scale),
                "exclAmount": group_excl,
                "vatAmount": group_incl - group_excl,
                "accountNumber": 1500 + code,
            }
        )
    return Sums(incl, excl, groups)


def flat(lines: Sequence[Row]) -> list[Row]:
    """Lines and the parts inside them."""
    return [each for line in lines for each in (line, *flat(line.get("preparationList", ())))]


def country_of(terms: Terms) -> dict[str, Any]:
    for branch, number, iso3 in VAT:
        if branch == terms.branch and terms.country in (None, iso3):
            return {"countryCode": number, "countryIso3": iso3}
    return {}
