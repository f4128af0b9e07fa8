"""Products, articles, groups and images over the wire (mplus.md §4.3, §4.4)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from app.sandbox.control import RefusedError
from app.sandbox.mplus.till import Till, create_till
from tests.sandbox.mplus.talk import Talk, listed

FIRST = 10_001  # the first article of a seed; product 1 has nine of them


async def products(talk: Talk, **request: Any) -> dict[int, list[int]]:
    """product -> its articles, as far as they came."""
    told = await talk("getProducts", request=ordered(request))
    found = listed(told["productList"] and told["productList"]["product"])
    return {
        int(one["productNumber"]): [
            int(a["articleNumber"]) for a in listed(one["articleList"] and one["articleList"]["article"])
        ]
        for one in sorted(found, key=lambda one: int(one["productNumber"]))
    }


def ordered(request: dict[str, Any]) -> dict[str, Any]:
    names = [
        "articleNumbers",
        "groupNumbers",
        "pluNumbers",
        "onlyWebshop",
        "onlyActive",
        "syncMarker",
        "syncMarkerLimit",
        "includeAllArticlesOfSelectedProducts",
        "productNumbers",
    ]
    return {name: request.get(name, "") for name in names if name in request or name == "pluNumbers"}


def since(till: Till) -> int:
    return till.catalogue.products.visible + 1


async def test_a_poll_brings_only_changed_articles_unless_all_are_asked_for(till: Till, talk: Talk) -> None:
    mark = since(till)
    till.catalogue.edit_article(FIRST + 1, priceIncl=1250)

    assert {1: [FIRST + 1]} == await products(talk, syncMarker=mark)
    assert {1: list(range(FIRST, FIRST + 9))} == await products(
        talk, syncMarker=mark, includeAllArticlesOfSelectedProducts=True
    )
    assert {1: [FIRST + 1]} == await products(talk, articleNumbers=[FIRST + 1])


async def test_a_change_of_the_product_itself_brings_it_without_articles(till: Till, talk: Talk) -> None:
    mark = since(till)
    till.catalogue.edit_product(1, description="Nieuwe naam")

    assert {1: []} == await products(talk, syncMarker=mark)
    assert mark == till.catalogue.products.rows[1]["syncMarker"]


@pytest.mark.parametrize(("limit", "count"), [(1, 1), (9, 1), (10, 2), (11, 3), (1_000, 21)])
async def test_the_limit_counts_articles_and_the_first_product_comes_whole(
    till: Till, talk: Talk, limit: int, count: int
) -> None:
    found = await products(
        talk, syncMarker=1, syncMarkerLimit=limit, includeAllArticlesOfSelectedProducts=True
    )

    assert count == len(found)
    assert 9 == len(found[1])


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"productNumbers": [2, 3]}, {2: [FIRST + 9], 3: [FIRST + 10]}),
        ({"pluNumbers": {"text": [{"text": f"P{FIRST + 9}"}, {"text": "none"}]}}, {2: [FIRST + 9]}),
        ({"articleNumbers": [FIRST + 9], "productNumbers": [3]}, {}),
        ({"groupNumbers": [2], "productNumbers": [1, 2]}, {1: list(range(FIRST, FIRST + 9))}),
        ({"articleNumbers": [99]}, {}),
    ],
)
async def test_filters(talk: Talk, request_: dict[str, Any], expected: dict[int, list[int]]) -> None:
    assert expected == await products(talk, **request_)


async def test_filters_with_a_marker_hide_what_became_inactive(till: Till, talk: Talk) -> None:
    mark = since(till)
    till.catalogue.edit_article(FIRST + 9, active=False)

    assert {2: [FIRST + 9]} == await products(talk, syncMarker=mark)
    assert {} == await products(talk, syncMarker=mark, onlyActive=True)
    assert 10 not in await products(talk, onlyActive=True)  # the tenth of a seed is inactive
    assert 18 not in await products(talk, onlyWebshop=True)


async def test_creating_with_variants(till: Till, talk: Talk) -> None:
    articles = [
        {"description": "Jas", "colour": "rood", "size": size, "vatCode": 2, "priceIncl": 12100}
        for size in ("S", "M")
    ]
    told = await talk(
        "createProduct",
        product={"description": "Jas", "articleList": {"article": articles}, "groupNumbers": [2]},
    )
    number = int(told["productNumber"])
    row = till.catalogue.products.rows[number]

    assert ("CREATE-PRODUCT-RESULT-OK", 2, str(row["syncMarker"])) == (
        told["result"],
        len(told["articleNumbers"]),
        told["syncMarker"],
    )
    assert [("S", 12100, 10000, True), ("M", 12100, 10000, True)] == [
        (one["size"], one["priceIncl"], one["priceExcl"], one["active"]) for one in row["articleList"]
    ]
    assert number in till.groups.cards.rows[2]["productNumbers"]
    assert {number: [int(n) for n in told["articleNumbers"]]} == await products(talk, productNumbers=[number])


@pytest.mark.parametrize(
    ("given", "computed"),
    [
        ({"vatCode": 2, "priceIncl": 1000}, (1000, 826)),
        ({"vatCode": 1, "priceExcl": 1000}, (1090, 1000)),
        ({"vatCode": 2, "priceExcl": 826, "priceIncl": 999}, (999, 826)),
        ({"vatCode": 0, "priceIncl": 5}, (5, 5)),
    ],
)
async def test_the_other_price_is_computed(
    till: Till, talk: Talk, given: dict[str, int], computed: tuple[int, int]
) -> None:
    prices = {
        "vatCode": given["vatCode"],
        **{k: v for k, v in sorted(given.items(), reverse=True) if k != "vatCode"},
    }
    told = await talk("createProduct", product={"articleList": {"article": prices}})
    article = till.catalogue.article(int(told["articleNumbers"]))
    assert article is not None

    assert computed == (article["priceIncl"], article["priceExcl"])


@pytest.mark.parametrize(
    ("product", "result", "message"),
    [
        ({"productNumber": 1}, "-PRODUCT-NUMBER-ALREADY-TAKEN", "Product number 1 is already taken"),
        ({"articleList": {"article": {"articleNumber": FIRST}}}, "-ARTICLE-NUMBER-ALREADY-TAKEN", f"Article {FIRST} exists already"),
        ({"articleList": {"article": {"turnoverGroup": 1000}}}, "", "turnoverGroup must be between 0 and 999"),
        ({"articleList": {"article": {"vatCode": 7}}}, "", "VAT code 7 does not exist"),
        ({"groupNumbers": [99]}, "", "Article group 99 does not exist"),
    ],
)  # fmt: skip
async def test_what_cannot_be_created(
    till: Till, talk: Talk, product: dict[str, Any], result: str, message: str
) -> None:
    before = till.catalogue.products.visible
    told = await talk("createProduct", product=product)

    assert (f"CREATE-PRODUCT-RESULT-FAILED{result}", "0", message) == (
        told["result"],
        told["productNumber"],
        told["errorMessage"],
    )
    assert before == till.catalogue.products.visible


async def test_updating_leaves_what_is_not_given(till: Till, talk: Talk) -> None:
    before = till.catalogue.products.rows[2]
    told = await talk(
        "updateProduct",
        product={
            "productNumber": 2,
            "articleList": {
                "article": [
                    {"articleNumber": FIRST + 9, "description": "Anders"},
                    {"description": "Erbij", "vatCode": 2},
                ]
            },
        },
    )
    after = till.catalogue.products.rows[2]

    assert ("UPDATE-PRODUCT-RESULT-OK", str(FIRST + 9)) == (told["result"], told["existingArticleNumbers"])
    assert [("Anders", before["articleList"][0]["priceIncl"]), ("Erbij", None)] == [
        (one["description"], one.get("priceIncl")) for one in after["articleList"]
    ]
    assert (before["description"], before["syncMarker"]) == (after["description"], after["syncMarker"])
    assert int(told["newArticleNumbers"]) == after["articleList"][1]["articleNumber"]
    assert int(told["syncMarker"]) == after["articleList"][1]["syncMarker"] == till.catalogue.products.visible


@pytest.mark.parametrize(
    ("product", "result"),
    [
        ({"productNumber": 99}, "UPDATE-PRODUCT-RESULT-NOT-FOUND"),
        ({"description": "x"}, "UPDATE-PRODUCT-RESULT-NOT-FOUND"),
        ({"productNumber": 2, "articleList": {"article": {"articleNumber": FIRST}}}, "UPDATE-PRODUCT-RESULT-FAILED-ARTICLE-NUMBER-ALREADY-TAKEN"),
        ({"productNumber": 2, "articleList": {"article": {"vatCode": 9}}}, "UPDATE-PRODUCT-RESULT-FAILED"),
    ],
)  # fmt: skip
async def test_what_cannot_be_updated(till: Till, talk: Talk, product: dict[str, Any], result: str) -> None:
    before = till.catalogue.products.visible

    assert result == (await talk("updateProduct", product=product))["result"]
    assert before == till.catalogue.products.visible


@pytest.mark.parametrize(("scale", "told"), [(100, "2100"), (1, "21")])
async def test_the_scale_of_vat_percentages_is_a_switch(
    till: Till, talk: Talk, scale: int, told: str
) -> None:
    till.settings.vat_scale = scale
    answer = await talk("getProducts", request={"pluNumbers": "", "productNumbers": [2]})
    groups = await talk("getVatGroupList")

    assert told == answer["productList"]["product"]["articleList"]["article"]["vatPercentage"]
    assert told in {group["vatPercentage"] for group in groups["vatGroup"]}


async def test_groups_as_a_tree_and_flat_with_the_deleted(till: Till, talk: Talk) -> None:
    mark = till.groups.cards.visible + 1
    made = await talk("newArticleGroup", request={"parentGroupNumber": 1, "name": "Rokken", "text": ""})
    await talk("updateArticleGroup", request={"groupNumber": 5, "name": "Mannen"})
    await talk("deleteArticleGroup", request={"groupNumber": 2})
    tree = await talk("getArticleGroups", request={"groupNumbers": [1]})
    flat = await talk("getArticleGroupChanges", request={"syncMarker": mark})

    assert ["Truien", "Broeken", "Rokken"] == sorted(
        (one["name"] for one in tree["articleGroupList"]["articleGroups"]["subGroupList"]["articleGroups"]),
        key=["Truien", "Broeken", "Rokken"].index,
    )
    assert [(2, "true", "1"), (5, "false", None), (int(made["groupNumber"]), "false", "1")] == sorted(
        (int(one["groupNumber"]), one["isDeleted"], one.get("parentGroupNumber"))
        for one in listed(flat["changedArticleGroupList"]["changedArticleGroups"])
    )
    assert [] == [
        row["productNumber"] for row in till.catalogue.products.rows.values() if 2 in row["groupNumbers"]
    ]


@pytest.mark.parametrize(
    ("operation", "request_", "result"),
    [
        ("newArticleGroup", {"parentGroupNumber": 99, "name": "x", "text": ""}, "NEW-ARTICLE-GROUP-RESULT-PARENT-NOTFOUND"),
        ("updateArticleGroup", {"groupNumber": 99, "name": "x"}, "SAVE-ARTICLE-GROUP-RESULT-NOT-FOUND"),
        ("updateArticleGroup", {"groupNumber": 1, "parentGroupNumber": 2}, "SAVE-ARTICLE-GROUP-RESULT-FAILED"),
        ("deleteArticleGroup", {"groupNumber": 99}, "DELETE-ARTICLE-GROUP-RESULT-NOTFOUND"),
        ("addProductsToArticleGroup", {"groupNumber": 99, "productNumbers": ""}, "ADD-PRODUCTS-TO-ARTICLE-GROUP-RESULT-NOT-FOUND"),
        ("addProductsToArticleGroup", {"groupNumber": 2, "productNumbers": {"number": [999]}}, "ADD-PRODUCTS-TO-ARTICLE-GROUP-RESULT-FAILED"),
        ("addProductsToArticleGroup", {"groupNumber": 2, "productNumbers": {"number": [2]}}, "ADD-PRODUCTS-TO-ARTICLE-GROUP-RESULT-OK"),
        ("replaceProductsOfArticleGroup", {"groupNumber": 2, "productNumbers": {"number": [2]}}, "REPLACE-PRODUCTS-OF-ARTICLE-GROUP-RESULT-OK"),
        ("deleteProductsFromArticleGroup", {"groupNumber": 2, "removeAll": True}, "DELETE-PRODUCTS-FROM-ARTICLE-GROUP-RESULT-OK"),
    ],
)  # fmt: skip
async def test_group_calls(talk: Talk, operation: str, request_: dict[str, Any], result: str) -> None:
    assert result == (await talk(operation, request=request_))["result"]


async def test_membership_moves_the_products(till: Till, talk: Talk) -> None:
    mark = since(till)
    await talk("addProductsToArticleGroup", request={"groupNumber": 2, "productNumbers": {"number": [2]}})
    joined = till.catalogue.products.rows[2]["groupNumbers"]
    await talk(
        "deleteProductsFromArticleGroup", request={"groupNumber": 2, "productNumbers": {"number": [2]}}
    )

    assert 2 in joined
    assert 2 not in till.catalogue.products.rows[2]["groupNumbers"]
    assert 2 not in till.groups.cards.rows[2]["productNumbers"]
    assert {2: []} == await products(talk, syncMarker=mark)


async def test_a_loop_of_groups_stops_nobody(till: Till, talk: Talk) -> None:
    till.groups.edit(1, parentGroupNumber=2)
    tree = await talk("getArticleGroups", request={"syncMarker": 1})
    flat = await talk("getArticleGroupChanges", request={"groupNumbers": [1, 2]})

    assert 4 == len(tree["articleGroupList"]["articleGroups"])
    assert 2 == len(flat["changedArticleGroupList"]["changedArticleGroups"])


async def test_pictures_are_public_in_the_order_of_the_card(till: Till, talk: Talk) -> None:
    told = await talk("getProducts", request={"articleNumbers": [FIRST], "pluNumbers": ""})
    images = told["productList"]["product"]["articleList"]["article"]["imageList"]["image"]
    shown = await talk.client.get(images[0]["imageUrl"])

    assert ["product-1-rood.png", "product-1.png"] == [image["imageName"] for image in images]
    assert ("", "LOAD-FILE-NOT-REQUESTED") == (images[0]["imageData"], images[0]["imageDataResult"])
    assert images[0]["imageUrl"].startswith("http://till/images/")
    assert (200, "image/png", b"\x89PNG") == (
        shown.status_code,
        shown.headers["content-type"],
        shown.content[:4],
    )


async def test_some_pictures_are_not_public_and_some_are_lost(talk: Talk) -> None:
    told = await talk("getImages", request={"includeImageData": True, "includeThumbData": False})
    by_name = {one["imageName"]: one for one in told["imageList"]["image"]}
    lost = by_name["product-12.png"]

    assert "" == by_name["product-9.png"]["imageUrl"]
    assert (404, "LOAD-FILE-NOT-FOUND") == (
        (await talk.client.get(lost["imageUrl"])).status_code,
        lost["imageDataResult"],
    )


@pytest.mark.parametrize(
    ("request_", "result"),
    [
        ({"imageName": "a.png", "mimeType": "image/png", "imageData": "QUJD"}, "CREATE-IMAGE-OK"),
        ({"imageName": "a.png", "mimeType": "text/html", "imageData": "QUJD"}, "CREATE-IMAGE-NOT-SUPPORTED"),
        ({"imageName": "a.png", "mimeType": "image/png", "imageData": ""}, "CREATE-IMAGE-NOT-SUPPORTED"),
        ({"imageName": "a.png", "mimeType": "image/png", "imageData": base64.b64encode(b"x" * 5_000_001).decode()}, "CREATE-IMAGE-TOO-LARGE"),
    ],
)  # fmt: skip
async def test_uploads(till: Till, talk: Talk, request_: dict[str, Any], result: str) -> None:
    mark = since(till)
    told = await talk(
        "createImage", request={**request_, "cardLink": {"cardType": "PRODUCT", "cardNumbers": [FIRST + 9]}}
    )
    linked = await talk("getCardImages", request={"cardType": "PRODUCT", "cardNumbers": [FIRST + 9]})

    assert result == told["result"]
    if result.endswith("OK"):
        assert b"ABC" == (await talk.client.get(told["imageUrl"])).content
        assert told["imageId"] == linked["items"]["images"][1]["imageId"]
        assert {2: [FIRST + 9]} == await products(talk, syncMarker=mark)
    else:
        assert "0" == told["imageId"]


async def test_the_list_of_a_card_is_replaced(talk: Talk) -> None:
    images = [{"imageId": 2, "labels": {"labelId": [1]}}, {"imageId": 1, "labels": ""}]
    await talk(
        "saveCardImages", request={"cardType": "PRODUCT", "cards": {"cardNumber": FIRST, "images": images}}
    )
    told = await talk("getCardImages", request={"cardType": "PRODUCT", "cardNumbers": [FIRST]})

    assert ["2", "1"] == [one["imageId"] for one in told["items"]["images"]]


def test_a_big_catalogue_has_every_awkward_article() -> None:
    till = create_till(size=0, articles=2_000)
    articles = [one for row in till.catalogue.products.rows.values() for one in row["articleList"]]

    assert 2_000 <= len(articles) < 2_009
    assert {True, False} == {one["active"] for one in articles} == {one["webshop"] for one in articles}
    assert any(one["discontinued"] for one in articles)
    assert any(one["barcode"].startswith("0") for one in articles)
    assert any(one["priceIncl"] == 0 for one in articles)
    assert any(one.get("componentArticleList") for one in articles)
    assert any(one["siUnit"] == "kg" for one in articles)
    assert any("onclick" in row["extraText"] for row in till.catalogue.products.rows.values())
    numbers = [one["articleNumber"] for one in articles]
    assert len(numbers) == len(set(numbers))


async def test_the_panel_edits_articles_and_groups(till: Till, talk: Talk) -> None:
    async def act(action: str, /, **fields: Any) -> int:
        return (await talk.client.post(f"/_sandbox/actions/{action}", json=fields)).status_code

    done = [
        await act("edit_article", articleNumber=FIRST, priceIncl=999, active="false"),
        await act("edit_product", productNumber=1, description="Paneel"),
        await act("edit_group", groupNumber=2, name="Jurkjes", parentGroupNumber=5),
        await act("delete_group", groupNumber=3),
        await act("count_stock", branch=1, article=FIRST, amount="2.5"),
        await act("order_stock", branch=1, article=FIRST, amount=20),
    ]
    refused = [
        await act("edit_article", articleNumber=1),
        await act("edit_product", productNumber=99),
        await act("edit_group", groupNumber=99),
        await act("delete_group", groupNumber=99),
        await act("count_stock", branch=9, article=FIRST, amount=1),
    ]
    pages = [
        (await talk.client.get(f"/_sandbox/kinds/{kind}")).status_code
        for kind in (
            "products",
            "articles",
            "groups",
            "images",
            "stock",
            "vat",
            f"articles/{FIRST}",
            "products/1",
        )
    ]

    assert ([200] * 6, [422] * 5, [200] * 8) == (done, refused, pages)
    article = till.catalogue.article(FIRST)
    assert article is not None
    assert (999, False, "Paneel", "Jurkjes") == (
        article["priceIncl"],
        article["active"],
        till.catalogue.products.rows[1]["description"],
        till.groups.cards.rows[2]["name"],
    )
    assert "20" == f"{till.stock.level(1, FIRST)['incoming']}"
    with pytest.raises(RefusedError):
        till.catalogue.edit_article(FIRST, vatCode=9)
