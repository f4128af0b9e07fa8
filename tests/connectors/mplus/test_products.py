from decimal import Decimal

import pytest
from lxml import etree

from app.connectors.mplus import products
from app.connectors.mplus.codec import decode
from app.connectors.mplus.soap import Answer

ARTICLE = {
    "articleNumber": 1001,
    "pluNumber": "",
    "syncMarker": 7,
    "active": True,
    "description": "Trui rood M",
    "priceIncl": Decimal("49.95"),
    "customFieldList": [{"fieldName": "Materiaal", "dataType": "DATA-TYPE-STRING", "strValue": "wol"}],
    "imageList": [{"imageId": 3, "imageName": "", "imageUrl": "https://till.nl/3.jpg"}],
}


def test_read():
    product = {
        "productNumber": 10,
        "syncMarker": 4,
        "description": "Trui",
        "extraText": "",
        "groupNumbers": [2],
        "articleList": [ARTICLE],
    }

    expected = {
        "productNumber": 10,
        "syncMarker": 4,
        "description": "Trui",
        "groupNumbers": [2],
        "articleList": [
            {
                "articleNumber": 1001,
                "syncMarker": 7,
                "active": True,
                "description": "Trui rood M",
                "priceIncl": Decimal("49.95"),
                "customFields": {"Materiaal": "wol"},
                "imageList": [{"imageId": 3, "imageUrl": "https://till.nl/3.jpg"}],
            }
        ],
        "images": [{"imageId": 3, "imageUrl": "https://till.nl/3.jpg", "articleNumbers": [1001]}],
    }
    assert expected == products.read(product)


def test_a_picture_of_several_articles_stands_once():
    shared, own = {"imageId": 3, "imageUrl": "a"}, {"imageId": 4}
    articles = [
        {"articleNumber": 1, "imageList": [shared]},
        {"articleNumber": 2, "imageList": [own, shared]},
        {},
    ]

    expected = [shared | {"articleNumbers": [1, 2]}, own | {"articleNumbers": [2]}]
    assert expected == products.images(articles)


def test_prices_by_price_group():
    groups = [
        {"priceGroupNumber": 2, "priceIncl": Decimal("9.95")},
        {"priceGroupNumber": 3},
        {"priceIncl": Decimal(1)},
    ]

    assert products.read_article({"priceGroupList": groups})["priceGroups"] == {"2": Decimal("9.95")}


def test_names_of_groups_are_borrowed_from_the_tree():
    groups = {2: {"groupNumber": 2, "name": "Truien", "path": ["Kleding", "Truien"], "productNumbers": [10]}}
    document = {"productNumber": 10, "groupNumbers": [9, 2]}

    expected = [{"groupNumber": 2, "name": "Truien", "path": ["Kleding", "Truien"]}]
    assert expected == products.with_groups(document, groups)["groups"]
    assert [] == products.with_groups({"productNumber": 1}, groups)["groups"]


def test_a_poll_never_filters_and_always_wants_all_articles():
    expected = {
        "pluNumbers": [],
        "syncMarker": 5,
        "syncMarkerLimit": 100,
        "includeAllArticlesOfSelectedProducts": True,
    }
    assert {"request": expected} == products.by_mark(5, 100)


def page(*shop, since, limit, mark=None):
    """A page of products given as {number: markers of its articles}."""
    root = etree.Element("GetProductsResponse")
    listed = etree.SubElement(root, "productList")
    for number, markers in shop:
        product = etree.SubElement(listed, "product")
        etree.SubElement(product, "productNumber").text = str(number)
        articles = etree.SubElement(product, "articleList")
        for marker in markers:
            article = etree.SubElement(articles, "article")
            etree.SubElement(article, "syncMarker").text = str(marker)
    return products.SHELF.page(Answer("getProducts", root), since=since, limit=limit, mark=mark)


@pytest.mark.parametrize(
    ("shop", "since", "mark", "position", "more"),
    [
        # 2 may be another product's, and still to come; then the number tells that nothing is.
        ([(1, [1, 3]), (2, [4])], 1, None, 4, True),
        ([(1, [1, 3]), (2, [4])], 1, 4, 4, False),
        # Product 1 brings an article from far ahead; product 3 (marker 50) is still to come.
        ([(1, [5, 100]), (2, [6])], 5, 100, 6, True),
        # One product with all of its articles: no number between them is missing.
        ([(1, [10, 11, 12, 13])], 10, 13, 13, False),
        ([(1, [10, 11, 12, 13])], 10, 14, 13, True),
        ([(1, [10, 12, 13])], 10, 13, 10, True),
        # Old articles of a changed product tell nothing.
        ([(1, [2, 3, 20]), (2, [21])], 10, 21, 21, False),
        ([(1, [2, 3])], 10, 21, 9, False),
        ([], 10, 21, 9, False),
        ([], 10, None, 9, False),
        # A number that was told before what is asked for tells nothing.
        ([(1, [10])], 10, 9, 10, True),
    ],
)
def test_position_of_a_page(shop, since, mark, position, more):
    read = page(*shop, since=since, limit=500, mark=mark)

    assert (position, more) == (read.position, read.more)


SHOP = {1: [3, 40, 41], 2: [1], 3: [2, 60], 4: [5, 6, 7, 8, 9], 5: [30], 6: [61], 7: [4, 62]}


def by_articles(since, limit):
    """The limit counts the articles that changed; their products come whole."""
    markers = sorted(m for articles in SHOP.values() for m in articles if m >= since)[:limit]
    return [(number, articles) for number, articles in SHOP.items() if set(articles) & set(markers)]


def by_products(since, limit):
    """The limit counts all articles of the products that come; one that does not fit ends the page."""
    chosen, weight = [], 0
    changed = [(n, articles) for n, articles in SHOP.items() if any(m >= since for m in articles)]
    for number, articles in sorted(changed, key=lambda item: min(m for m in item[1] if m >= since)):
        if chosen and weight + len(articles) > limit:
            break
        chosen.append((number, articles))
        weight += len(articles)
    return chosen


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
@pytest.mark.parametrize("mark", [None, 62])
@pytest.mark.parametrize("answer", [by_articles, by_products])
def test_paging_loses_nothing_whatever_the_limit_counts(answer, limit, mark):
    since, seen, calls = 1, set(), 0
    while True:
        read = page(*answer(since, limit), since=since, limit=limit, mark=mark)
        seen |= {change.dedupe for change in read.changed}
        calls += 1
        assert read.position >= since - 1
        since = read.position + 1
        if not read.more:
            break

    assert seen == {"1@41", "2@1", "3@60", "4@9", "5@30", "6@61", "7@62"}
    assert calls <= 17


def test_prices_of_an_article_are_cents_on_the_wire():
    article = etree.fromstring(
        "<article><articleNumber>1</articleNumber><priceIncl>1</priceIncl><vatPercentage>2100</vatPercentage>"
        "<contentQuantity>750</contentQuantity><contentQuantityDecimalPlaces>3</contentQuantityDecimalPlaces></article>"
    )

    expected = {
        "articleNumber": 1,
        "priceIncl": Decimal("0.01"),
        "vatPercentage": Decimal(21),
        "contentQuantity": Decimal("0.750"),
        "customFields": {},
        "imageList": [],
    }
    assert expected == products.read_article(decode("Article", article))
