from decimal import Decimal

from lxml import etree

from app.connectors.base import Changed, Found, Gone
from app.connectors.mplus import stock


def row(article, branch, stock_id, free=1, **more):
    return {
        "articleNumber": article,
        "branchNumber": branch,
        "stockId": stock_id,
        "amountFree": Decimal(free),
    } | more


def test_a_poll_asks_one_branch_for_everything_and_lets_nothing_slip():
    assert {"request": {"branchNumber": 2, "articleNumbers": [], "stockId": 6}} == stock.by_mark(7, 2)
    assert {"request": {"branchNumber": 2, "articleNumbers": [], "stockId": 0}} == stock.by_mark(0, 2)


def test_articles_are_asked_in_all_branches():
    expected = {"request": {"branchNumber": 1, "articleNumbers": [7, 8], "branchNumbers": [1, 2]}}

    assert expected == stock.by_refs([7, 8], [1, 2])


def test_page_takes_the_newest_of_each_article_and_drops_what_is_older():
    page = stock.page([(1, 5), (2, 9), (1, 12), (3, 4), (2, 8)], since=5, limit=10)

    assert page.changed == (Changed("stock", "2", dedupe="2@9"), Changed("stock", "1", dedupe="1@12"))
    assert (page.position, page.more, page.found) == (12, False, ())


def test_a_large_page_goes_oldest_first():
    page = stock.page([(n, n) for n in range(9000, 0, -1)], since=1, limit=10)

    assert len(page.changed) == stock.MIN_PAGE
    assert (page.position, page.more) == (stock.MIN_PAGE, True)


def test_a_broken_row_still_names_its_article():
    broken = etree.fromstring(
        "<r><articleNumber>7</articleNumber><stockId>3</stockId><amountFree>x</amountFree></r>"
    )

    assert stock.moved(broken) == (7, 3)
    assert stock.moved(etree.fromstring("<r><stockId>3</stockId></r>")) is None


def test_fetched_gathers_the_branches():
    rows = [
        row(7, 2, 12, 3, isDayStockArticle=False),
        row(7, 1, 15, "2.5", amountReserved=Decimal(1)),
        row(8, 1, 4),
    ]

    expected = [
        Found(
            "7",
            {
                "articleNumber": 7,
                "stockArticle": True,
                "isDayStockArticle": False,
                "branches": [
                    {
                        "branchNumber": 1,
                        "stockId": 15,
                        "amountFree": Decimal("2.5"),
                        "amountReserved": Decimal(1),
                    },
                    {"branchNumber": 2, "stockId": 12, "amountFree": Decimal(3)},
                ],
            },
            15,
        ),
        Found("9", {"articleNumber": 9, "stockArticle": False, "isDayStockArticle": False, "branches": []}),
        Gone("10"),
    ]
    assert expected == list(stock.fetched(["7", "9", "10", "7"], rows, unstocked={9}))
