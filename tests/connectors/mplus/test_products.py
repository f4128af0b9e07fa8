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


def page(*shop, since, limit):
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
    return products.SHELF.page(Answer("getProducts", root), since=since, limit=limit)


@pytest.mark.parametrize(
    ("shop", "since", "limit", "position", "more"),
    [
        ([(1, [1, 3]), (2, [4])], 1, 10, 4, False),
        # The limit counts articles. Product 1 brings an article from far ahead; product 3 (marker 50) is still to come.
        ([(1, [5, 100]), (2, [6])], 5, 2, 6, True),
        # One product larger than the page comes whole, and is read on from where the page would have ended.
        ([(1, [10, 11, 12, 13])], 10, 2, 11, True),
        # Old articles of a changed product do not count.
        ([(1, [2, 3, 20])], 10, 2, 20, False),
        ([], 10, 2, 9, False),
    ],
)
def test_position_of_a_page(shop, since, limit, position, more):
    read = page(*shop, since=since, limit=limit)

    assert (position, more) == (read.position, read.more)


def test_paging_through_any_shop_loses_nothing():
    shop = {1: [3, 40, 41], 2: [1], 3: [2, 60], 4: [5, 6, 7, 8, 9], 5: [30], 6: [61]}

    def answer(since, limit):
        markers = sorted(m for articles in shop.values() for m in articles if m >= since)[:limit]
        return [(number, articles) for number, articles in shop.items() if set(articles) & set(markers)]

    for limit in (1, 2, 3, 4, 100):
        since, seen, calls = 1, set(), 0
        while True:
            read = page(*answer(since, limit), since=since, limit=limit)
            seen |= {change.dedupe for change in read.changed}
            calls += 1
            since = read.position + 1
            if not read.more:
                break

        assert seen == {"1@41", "2@1", "3@60", "4@9", "5@30", "6@61"}
        assert calls <= 14 // limit + 1


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
