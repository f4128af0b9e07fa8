"""Stock over the wire: free is what can be sold, every movement has its id and its row of history (mplus.md §4.5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from app.sandbox.mplus.stock import scaled
from app.sandbox.mplus.till import Till
from tests.sandbox.mplus.talk import Talk, listed

ARTICLE = 10_010  # of product 2, a simple one


@pytest.fixture
def till(till: Till) -> Till:
    for branch in (1, 2, 3):
        level = till.stock.level(branch, ARTICLE)
        till.stock.move(
            branch, ARTICLE, physical=Decimal(13) - level["physical"], kind="STOCK-HISTORY-TYPE-MANUAL"
        )
    till.stock.history.clear()
    return till


async def stocks(talk: Talk, **request: Any) -> list[dict[str, Any]]:
    names = ("branchNumber", "articleNumbers", "stockId", "branchNumbers")
    asked = {"branchNumber": 1, "articleNumbers": "", **request}
    told = await talk("getStock", request={name: asked[name] for name in names if name in asked})
    return sorted(
        listed(told.get("articleStocks")),
        key=lambda one: (int(one["branchNumber"]), int(one["articleNumber"])),
    )


async def test_free_is_net_of_reservations(till: Till, talk: Talk) -> None:
    till.stock.move(1, ARTICLE, reserved=Decimal(3), incoming=Decimal("20.5"))
    [told] = await stocks(talk, articleNumbers={"articleNumbers": [ARTICLE]})
    told.pop("changeTimestamp")

    assert {
        "branchNumber": "1",
        "articleNumber": str(ARTICLE),
        "stockId": str(till.stock.levels.visible),
        "amountFree": "10",
        "decimalPlacesFree": "0",
        "amountReserved": "3",
        "decimalPlacesReserved": "0",
        "amountIncoming": "205",
        "decimalPlacesIncoming": "1",
        "isDayStockArticle": "false",
    } == told


async def test_stockid_works_like_a_marker_and_branches_are_chosen(till: Till, talk: Talk) -> None:
    since = till.stock.levels.visible + 1
    till.stock.move(3, ARTICLE, physical=Decimal(-1))
    till.stock.move(1, ARTICLE, physical=Decimal(-1))

    assert [(1, since + 1)] == [
        (int(s["branchNumber"]), int(s["stockId"])) for s in await stocks(talk, stockId=since)
    ]
    both = await stocks(talk, stockId=since, branchNumbers={"branchNumber": [1, 3]})
    assert [(1, since + 1), (3, since)] == [(int(s["branchNumber"]), int(s["stockId"])) for s in both]
    assert [] == await stocks(talk, stockId=since + 2, branchNumbers={"branchNumber": [1, 2, 3]})


@pytest.mark.parametrize(
    ("operation", "request_", "physical"),
    [
        ("updateStock", {"amountChanged": -4, "decimalPlaces": 0}, "9"),
        ("updateStock", {"amountChanged": 25, "decimalPlaces": 1}, "15.5"),
        ("updateStock", {"amountChanged": 2}, "15"),
        ("setStock", {"amount": 5, "decimalPlaces": 0}, "5"),
        ("setStock", {"amount": 1250, "decimalPlaces": 3}, "1.250"),
        ("setStock", {"amount": 13}, "13"),
    ],
)
async def test_writing_relative_and_absolute(
    till: Till, talk: Talk, operation: str, request_: dict[str, int], physical: str
) -> None:
    told = await talk(operation, request={"branchNumber": 1, "articleNumber": ARTICLE, **request_})
    level = till.stock.level(1, ARTICLE)

    assert (Decimal(physical), str(till.stock.levels.last)) == (level["physical"], told["stockId"])
    assert told["result"].endswith("-RESULT-OK")


async def test_setting_sets_what_lies_there_not_what_is_free(till: Till, talk: Talk) -> None:
    till.stock.move(1, ARTICLE, reserved=Decimal(3))
    await talk(
        "setStock", request={"branchNumber": 1, "articleNumber": ARTICLE, "amount": 10, "decimalPlaces": 0}
    )

    assert Decimal(7) == till.stock.free(1, ARTICLE)


@pytest.mark.parametrize(
    ("request_", "result"),
    [
        ({"branchNumber": 9, "articleNumber": ARTICLE}, "BRANCH-NOT-FOUND"),
        ({"branchNumber": 1, "articleNumber": 5}, "ARTICLE-NOT-FOUND"),
        ({"branchNumber": 1, "articleNumber": 0}, "NO-STOCK-ARTICLE"),
    ],
)
async def test_refusals(till: Till, talk: Talk, request_: dict[str, int], result: str) -> None:
    if not request_["articleNumber"]:
        request_ = {**request_, "articleNumber": till.catalogue.article_numbers(8)[0]}
    update = await talk("updateStock", request={**request_, "amountChanged": 1})
    absolute = await talk("setStock", request={**request_, "amount": 1})

    assert (f"UPDATE-STOCK-RESULT-{result}", f"SET-STOCK-RESULT-{result}") == (
        update["result"],
        absolute["result"],
    )


async def test_history_says_what_caused_each_movement(till: Till, talk: Talk) -> None:
    since = till.stock.levels.last + 1
    await talk(
        "updateStock",
        request={"branchNumber": 1, "articleNumber": ARTICLE, "amountChanged": -25, "decimalPlaces": 1},
    )
    till.stock.move(2, ARTICLE, physical=Decimal(-1), receiptId="r-1")
    till.stock.move(1, ARTICLE, reserved=Decimal(1))
    told = await talk("getStockHistoryV2", request={"sinceStockId": since})
    one = await talk("getStockHistoryV2", request={"branchNumbers": [2], "sinceStockId": since})
    old = await talk(
        "getStockHistory", request={"branchNumber": 1, "sinceStockId": since, "sinceStockIdLimit": 5}
    )

    def short(answer: dict[str, Any]) -> list[tuple[str, ...]]:
        return [
            (
                row["stockId"],
                row["branchNumber"],
                row["amountChanged"],
                row["decimalPlaces"],
                row["type"],
                row.get("receiptId", ""),
            )
            for row in listed(answer.get("articleStockHistory"))
        ]

    api = (str(since), "1", "-25", "1", "STOCK-HISTORY-TYPE-API", "")
    sale = (str(since + 1), "2", "-1", "0", "STOCK-HISTORY-TYPE-SALES", "r-1")
    assert ([api, sale], [sale], [api]) == (short(told), short(one), short(old))


async def test_corrections_of_many_articles_at_once(till: Till, talk: Talk) -> None:
    lines = [
        {"articleNumber": ARTICLE, "amount": 3},
        {"articleNumber": ARTICLE + 1, "amount": 4, "decimalPlaces": 0},
    ]
    told = await talk(
        "saveStockCorrections",
        request={
            "branchNumber": 1,
            "employeeNumber": 1,
            "reference": "telling",
            "stockCorrectionList": {"correction": lines},
            "correctionMode": "STOCK-CORRECTION-MODE-ABSOLUTE",
        },
    )
    failed = await talk(
        "saveStockCorrections",
        request={
            "branchNumber": 1,
            "employeeNumber": 1,
            "reference": "telling",
            "stockCorrectionList": {"correction": [{"articleNumber": 5, "amount": 3}]},
        },
    )

    assert "SAVE-STOCK-CORRECTIONS-RESULT-OK" == told["result"]
    assert [Decimal(3), Decimal(4)] == [till.stock.level(1, ARTICLE + n)["physical"] for n in (0, 1)]
    assert ("SAVE-STOCK-CORRECTIONS-RESULT-ARTICLE-NOT-FOUND", "5") == (
        failed["result"],
        failed["failedArticleNumber"],
    )


async def test_a_composed_article_is_as_plentiful_as_its_scarcest_part(till: Till, talk: Talk) -> None:
    [head] = till.catalogue.article_numbers(8)
    parts = [part["articleNumber"] for part in (till.catalogue.article(head) or {})["componentArticleList"]]
    for number, amount in zip(parts, (7, 2), strict=True):
        till.stock.move(1, number, physical=Decimal(amount) - till.stock.level(1, number)["physical"])
    [told] = await stocks(talk, articleNumbers={"articleNumbers": [head]})
    till.stock.move(1, head, physical=Decimal(-1))

    assert ("4", [str(n) for n in parts]) == (
        told["amountFree"],
        [part["articleNumber"] for part in told["subArticle"]],
    )
    assert [Decimal(6), Decimal("1.5")] == [till.stock.level(1, number)["physical"] for number in parts]


async def test_decimal_places_may_be_left_out_where_there_are_none(till: Till, talk: Talk) -> None:
    till.settings.omit_decimal_places = True
    [told] = await stocks(talk, articleNumbers={"articleNumbers": [ARTICLE]})

    assert ("13", False) == (told["amountFree"], "decimalPlacesFree" in told)


@pytest.mark.parametrize(
    ("amount", "pair"),
    [("2.50", (25, 1)), ("0", (0, 0)), ("100", (100, 0)), ("-0.125", (-125, 3)), ("1E+2", (100, 0))],
)
def test_amounts_are_integers_with_places(amount: str, pair: tuple[int, int]) -> None:
    assert pair == scaled(Decimal(amount))


async def test_missing_rights(till: Till, talk: Talk) -> None:
    till.settings.missing_rights = {"stock", "articles"}

    assert [] == await stocks(talk)
    assert {} == await talk("getStockHistoryV2", request={})
    assert {"productList": ""} == await talk("getProducts", request={"pluNumbers": ""})
    assert {"articleGroupList": ""} == await talk("getArticleGroups", request={})
