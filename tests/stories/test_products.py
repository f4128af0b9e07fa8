"""Products on their way: an edit in the till's catalogue, and the store's whole content afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from app.connectors.mailchimp.products import IN_ROWS
from tests.shop import Shop
from tests.stories.storefront import article, contents, sent, shown, store

TRUI = {
    "title": "Trui Linde",
    "description": "Zacht en sterk.",
    "type": "Truien",
    "vendor": "Waddenwerk",
    "variants": {
        "10001": {"title": "rood / M", "sku": "10001", "price": 49.95, "visibility": "visible"},
        "10002": {"title": "rood / L", "sku": "10002", "price": 49.95, "visibility": "visible"},
    },
}


async def a_jumper(shop: Shop) -> int:
    """A product with two articles in a group below another."""
    group = shop.till.groups.add("Truien", parent=shop.till.groups.add("Dames"))
    knit = {"brandName": "Waddenwerk", "priceIncl": 4_995, "colour": "rood", "invoiceText": "Trui"}
    shop.till.catalogue.add(
        productNumber=1,
        description="Trui Linde",
        extraText="<p>Zacht en sterk.</p>",
        groupNumbers=[group],
        articleList=[
            article(10_001, description="Trui Linde M", size="M", **knit),
            article(10_002, description="Trui Linde L", size="L", **knit),
        ],
    )
    return int(group)


def variants(shop: Shop, product: str = "1") -> dict[str, Any]:
    return contents(shop)[product]["variants"]  # type: ignore[no-any-return]


async def test_a_product_with_variants_arrives_once(shop: Shop) -> None:
    await a_jumper(shop)
    await shop.flow("products")
    await shop.rest()

    assert {"1": TRUI} == contents(shop)
    assert ["stores.post", "product.put"] == sent(shop)

    await shop.rest()

    assert ["stores.post", "product.put"] == sent(shop)


async def test_the_store_is_made_as_the_connection_says(shop: Shop) -> None:
    await a_jumper(shop)
    await shop.flow("products")
    await shop.rest()

    made = store(shop)
    assert ("till-a1b2c3d4e5", "a1b2c3d4e5", "EUR", "MplusKASSA", False) == (
        made.id,
        made.list_id,
        made.currency,
        made.data["platform"],
        made.is_syncing,
    )


@pytest.mark.parametrize(
    ("edit", "call", "expected"),
    [
        ({"priceIncl": 3_995}, "variant.patch", {"10002": {"price": 39.95}}),
        ({"size": "XL"}, "variant.patch", {"10002": {"title": "rood / XL"}}),
        ({"purchasePrice": 5}, None, {}),
    ],
    ids=["price", "size", "nothing that the store shows"],
)
async def test_one_changed_article_is_one_small_call(
    shop: Shop, edit: dict[str, Any], call: str | None, expected: dict[str, Any]
) -> None:
    await a_jumper(shop)
    await shop.flow("products")
    await shop.rest()
    before, calls = variants(shop), sent(shop)
    shop.till.catalogue.edit_article(10_002, **edit)
    await shop.rest()

    assert {id: each | expected.get(id, {}) for id, each in before.items()} == variants(shop)
    assert [*calls, *([call] if call else [])] == sent(shop)


async def test_a_price_change_of_the_whole_product_is_one_call(shop: Shop) -> None:
    await a_jumper(shop)
    await shop.flow("products")
    await shop.rest()
    calls = sent(shop)
    for number in (10_001, 10_002):
        shop.till.catalogue.edit_article(number, priceIncl=2_500)
    await shop.rest()

    assert {25} == {each["price"] for each in variants(shop).values()}
    assert [*calls, "product.put"] == sent(shop)


@pytest.mark.parametrize("forgets", [False, True], ids=["PUT keeps", "PUT forgets"])
async def test_what_others_wrote_beside_us_survives_whatever_a_put_does(shop: Shop, forgets: bool) -> None:
    """Mailchimp does not say whether a PUT keeps what it does not mention: quantities of the stock flow, a text that the
    merchant enriched, an image and a variant of his own, a variant that we hid."""
    shop.mailchimp.world.put_forgets = forgets
    await a_jumper(shop)
    modes = {**{row[0]: "always" for row in IN_ROWS}, "description": "create"}
    leg2 = [{"target": row[0], "expression": row[1], "mode": modes[row[0]]} for row in IN_ROWS]
    await shop.flow("products", mapping={"leg2": leg2})
    await shop.flow("stock")
    await shop.rest()
    shop.till.catalogue.edit_article(10_002, active=False)
    shop.till.catalogue.edit_product(1, articleList=[article(10_003, size="XL")])
    await shop.rest()
    product = store(shop).products["1"]
    product.data["description"] = "Rijker dan in de kassa."
    product.images["eigen"] = {"id": "eigen", "url": "https://winkel.example/eigen.png", "variant_ids": []}
    for variant in product.variants.values():
        variant["inventory_quantity"] = 7
    for number in (10_001, 10_003):
        shop.till.catalogue.edit_article(number, priceIncl=2_500)
    await shop.rest()

    after = shown(store(shop).products["1"])
    assert "Rijker dan in de kassa." == after["description"]
    assert {"10001": (25, 7, "visible"), "10002": (49.95, 7, "hidden"), "10003": (25, 7, "visible")} == {
        id: (each["price"], each["inventory_quantity"], each["visibility"])
        for id, each in after["variants"].items()
    }
    assert ["eigen"] == list(store(shop).products["1"].images)


@pytest.mark.parametrize("forgets", [False, True], ids=["PUT keeps", "PUT forgets"])
async def test_a_variant_that_comes_back_keeps_its_quantity(shop: Shop, forgets: bool) -> None:
    shop.mailchimp.world.put_forgets = forgets
    await a_jumper(shop)
    await shop.flow("products")
    await shop.flow("stock")
    await shop.rest()
    store(shop).products["1"].variants["10002"]["inventory_quantity"] = 7
    for active in (False, True):
        shop.till.catalogue.edit_article(10_002, active=active)
        await shop.rest()

    told = variants(shop)["10002"]
    assert ("visible", 7) == (told["visibility"], told["inventory_quantity"])


async def test_a_title_is_a_patch_of_the_product_and_of_variants_that_show_it(shop: Shop) -> None:
    await a_jumper(shop)
    await shop.flow("products")
    await shop.rest()
    calls = sent(shop)
    shop.till.catalogue.edit_product(1, description="Trui Noord")
    await shop.rest()

    assert {"1": TRUI | {"title": "Trui Noord"}} == contents(shop)
    assert [*calls, "product.patch"] == sent(shop)


async def test_a_description_that_is_emptied_is_emptied(shop: Shop) -> None:
    await a_jumper(shop)
    await shop.flow("products")
    await shop.rest()
    shop.till.catalogue.edit_product(1, extraText="")
    await shop.rest()

    assert "" == contents(shop)["1"]["description"]


async def test_a_third_variant_is_put_beside_the_others(shop: Shop) -> None:
    await a_jumper(shop)
    await shop.flow("products")
    await shop.rest()
    calls = sent(shop)
    new = article(10_003, colour="rood", size="XL", priceIncl=5_495)
    shop.till.catalogue.edit_product(1, articleList=[new])
    await shop.rest()

    third = {"title": "rood / XL", "sku": "10003", "price": 54.95, "visibility": "visible"}
    assert TRUI["variants"] | {"10003": third} == variants(shop)  # type: ignore[operator]
    assert [*calls, "variant.put"] == sent(shop)


@pytest.mark.parametrize(
    ("policy", "left", "call"),
    [("hide", "hidden", "variant.patch"), ("delete", None, "variant.delete"), ("leave", "visible", None)],
)
async def test_an_article_set_inactive_follows_the_policy_and_comes_back(
    shop: Shop, policy: str, left: str | None, call: str | None
) -> None:
    await a_jumper(shop)
    await shop.flow("products", {"on_inactive": policy})
    await shop.rest()
    calls = sent(shop)
    shop.till.catalogue.edit_article(10_002, active=False)
    await shop.rest()
    assert left == variants(shop).get("10002", {}).get("visibility")
    assert [*calls, *([call] if call else [])] == sent(shop)

    shop.till.catalogue.edit_article(10_002, active=True, priceIncl=4_500)
    await shop.rest()

    assert {"1": TRUI | {"variants": TRUI["variants"] | {"10002": TRUI["variants"]["10002"] | {"price": 45}}}} == contents(shop)  # type: ignore[operator,index]  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "expected"), [("hide", {"10001": "hidden", "10002": "hidden"}), ("delete", None)]
)
async def test_a_whole_product_set_inactive(shop: Shop, policy: str, expected: dict[str, str] | None) -> None:
    await a_jumper(shop)
    await shop.flow("products", {"on_inactive": policy})
    await shop.rest()
    for number in (10_001, 10_002):
        shop.till.catalogue.edit_article(number, active=False)
    await shop.rest()

    left = contents(shop).get("1")
    assert expected == (left and {id: each["visibility"] for id, each in left["variants"].items()})

    for number in (10_001, 10_002):
        shop.till.catalogue.edit_article(number, active=True)
    await shop.rest()

    assert {"1": TRUI} == contents(shop)


async def test_a_filtered_article_is_never_sent_and_un_filtered_is(shop: Shop) -> None:
    await a_jumper(shop)
    await shop.flow("products", {"which": "web_shop"})
    for number in (10_001, 10_002):
        shop.till.catalogue.edit_article(number, webshop=False)
    await shop.rest()
    assert ([], ("filtered", "not_web_shop")) == (sent(shop), (await shop.outcomes())["1"])

    for number in (10_001, 10_002):
        shop.till.catalogue.edit_article(number, webshop=True)
    await shop.rest()

    assert {"1": TRUI} == contents(shop)


async def test_only_add_never_change(shop: Shop) -> None:
    await a_jumper(shop)
    await shop.flow("products", {"update_existing": False})
    await shop.rest()
    calls = sent(shop)
    shop.till.catalogue.edit_product(1, description="Trui Noord", articleList=[article(10_003, size="S")])
    await shop.rest()

    assert ({"1": TRUI}, calls) == (contents(shop), sent(shop))
    assert ("skipped", "update_off") == (await shop.outcomes())["1"]


@pytest.mark.parametrize(
    ("switch", "kept"),
    [
        ("update_title", {"title": "Trui Linde"}),
        ("update_description", {"description": "Zacht en sterk."}),
        ("update_category", {"type": "Truien", "vendor": "Waddenwerk"}),
    ],
)
async def test_each_switch_alone_keeps_exactly_its_field(
    shop: Shop, switch: str, kept: dict[str, str]
) -> None:
    await a_jumper(shop)
    await shop.flow("products", {switch: False})
    await shop.rest()
    shop.till.catalogue.edit_product(
        1,
        description="Trui Noord",
        extraText="Nieuw.",
        groupNumbers=[],
        articleList=[{"articleNumber": 10_001, "brandName": "Huismerk"}],
    )
    await shop.rest()

    all_changed = {"title": "Trui Noord", "description": "Nieuw.", "type": "", "vendor": "Huismerk"}
    assert {"1": TRUI | all_changed | kept} == contents(shop)


async def test_images_go_with_their_variants_and_leave_again(shop: Shop) -> None:
    await a_jumper(shop)
    images = shop.till.images
    red = images.add("red.png", at=shop.till.now())
    hidden = images.add("hidden.png", at=shop.till.now(), access="hidden")
    images.link("PRODUCT", 10_001, [(red, ()), (hidden, ())])
    await shop.flow("products")
    await shop.rest()

    product = store(shop).products["1"]
    url = images.url(images.pictures[red])
    assert {str(red): {"id": str(red), "url": url, "variant_ids": ["10001"]}} == product.images
    assert (url, url) == (product.data["image_url"], product.variants["10001"]["image_url"])
    warned = [w for attempt in await shop.attempts() for w in attempt["warnings"] if w.startswith("image_")]
    assert ["image_not_public: 1 of 2 images have no public address and are not sent"] == warned

    images.link("PRODUCT", 10_001, [])
    await shop.rest()

    product = store(shop).products["1"]
    assert ({}, "") == (product.images, product.data["image_url"])


async def test_images_are_left_to_the_merchant_by_setting(shop: Shop) -> None:
    await a_jumper(shop)
    images = shop.till.images
    first, second = (images.add(f"{name}.png", at=shop.till.now()) for name in ("first", "second"))
    images.link("PRODUCT", 10_001, [(first, ())])
    await shop.flow("products", {"update_images": False})
    await shop.rest()
    before, calls = dict(store(shop).products["1"].images), sent(shop)
    images.link("PRODUCT", 10_001, [(second, ())])
    shop.till.catalogue.edit_product(1, description="Trui Noord")
    await shop.rest()

    product = store(shop).products["1"]
    assert (before, images.url(images.pictures[first])) == (product.images, product.data["image_url"])
    assert ("Trui Noord", [*calls, "product.patch"]) == (product.data["title"], sent(shop))


async def test_a_text_that_somebody_enriched_survives_by_mode(shop: Shop) -> None:
    await a_jumper(shop)
    flow = await shop.flow("products")
    rows = [
        {"target": "description", "expression": "description", "mode": "create"},
        {"target": "vendor", "expression": "brand", "mode": "if_empty"},
        {"target": "type", "expression": "category_name", "mode": "update"},
    ]
    named = {row["target"] for row in rows}
    shipped = [{"target": row[0], "expression": row[1]} for row in IN_ROWS if row[0] not in named]
    await shop.configure(flow, mapping={"leg2": shipped + rows})
    await shop.rest()
    made = contents(shop)["1"]
    assert ("Zacht en sterk.", "Waddenwerk", None) == (made["description"], made["vendor"], made.get("type"))

    store(shop).products["1"].data |= {"description": "Met liefde herschreven.", "vendor": ""}
    shop.till.catalogue.edit_product(
        1, extraText="Nieuw.", articleList=[{"articleNumber": 10_001, "brandName": "Huismerk"}]
    )
    await shop.rest()

    kept = contents(shop)["1"]
    assert ("Met liefde herschreven.", "Huismerk", "Truien") == (kept["description"], kept["vendor"], kept["type"])  # fmt: skip


async def test_what_was_deleted_behind_our_back_is_put_back_whole(shop: Shop) -> None:
    await a_jumper(shop)
    await shop.flow("products")
    await shop.rest()
    store(shop).products.clear()
    shop.till.catalogue.edit_article(10_002, priceIncl=3_995)
    await shop.rest()

    changed = TRUI["variants"] | {"10002": TRUI["variants"]["10002"] | {"price": 39.95}}  # type: ignore[operator,index]
    assert {"1": TRUI | {"variants": changed}} == contents(shop)


async def test_a_variant_that_was_deleted_comes_back_alone(shop: Shop) -> None:
    """The text that somebody enriched stays, though it is only written when a product is made."""
    await a_jumper(shop)
    leg2 = [
        {"target": row[0], "expression": row[1], "mode": "create" if row[0] == "description" else "always"}
        for row in IN_ROWS
    ]
    await shop.flow("products", mapping={"leg2": leg2})
    await shop.rest()
    product = store(shop).products["1"]
    product.data["description"] = "Rijker dan in de kassa."
    del product.variants["10001"]
    shop.till.catalogue.edit_article(10_001, priceIncl=2_500)
    await shop.rest()

    assert contents(shop) == {
        "1": TRUI
        | {
            "description": "Rijker dan in de kassa.",
            "variants": {
                "10002": TRUI["variants"]["10002"],
                "10001": TRUI["variants"]["10001"] | {"price": 25},
            },
        }
    }


async def test_every_article_that_stays_behind_says_why(shop: Shop) -> None:
    shop.till.catalogue.add(
        productNumber=1,
        description="Vaas",
        articleList=[
            article(10_001),
            article(10_002, priceIncl=0),
            article(10_003, priceIncl=-500),
            article(10_004, discontinued=True),
            article(10_005, active=False),
            article(10_006, webshop=False),
        ],
    )
    await shop.flow("products", {"which": "web_shop"})
    await shop.rest()

    assert ["10001"] == list(variants(shop))
    [attempt] = await shop.attempts()
    assert [
        "left_out: article 10002 is not sent: it has no price (price_missing)",
        "left_out: article 10003 is not sent: its price is negative (price_negative)",
        "left_out: article 10004 is not sent: it is discontinued (discontinued)",
        "left_out: article 10005 is not sent: it is inactive in the till (inactive)",
        "left_out: article 10006 is not sent: it is not marked for the web shop (not_web_shop)",
    ] == attempt["warnings"]


async def test_a_seeded_catalogue_comes_to_rest(shop: Shop) -> None:
    shop.till.catalogue.seed_articles(articles=104, seed=3)
    await shop.flow("products")
    await shop.rest()
    calls = sent(shop)
    for number in list(shop.till.catalogue.product_of):
        shop.till.catalogue.edit_article(number)  # touched, and as it was
    await shop.rest()

    outcomes = {outcome for outcome, _ in (await shop.outcomes()).values()}
    assert {"unchanged", "skipped"} == outcomes
    assert calls == sent(shop)
    assert 34 == len(calls) - 1 == len(store(shop).products)
    assert all(shown(product)["variants"] for product in store(shop).products.values())


async def test_a_picture_that_leads_nowhere_is_sent_with_a_warning(shop: Shop) -> None:
    await a_jumper(shop)
    images = shop.till.images
    lost = images.add("lost.png", at=shop.till.now(), access="lost")
    fine = images.add("fine.png", at=shop.till.now())
    images.link("PRODUCT", 10_001, [(lost, ()), (fine, ())])
    await shop.flow("products")
    await shop.rest()

    assert {str(lost), str(fine)} == set(store(shop).products["1"].images)
    [attempt] = await shop.attempts()
    name = store(shop).products["1"].images[str(lost)]["url"].rpartition("/")[2]
    assert [f"image_broken: not at its address (status 404): {name}"] == attempt["warnings"]


async def test_nobody_looks_at_pictures_where_that_is_off(shop: Shop) -> None:
    await a_jumper(shop)
    lost = shop.till.images.add("lost.png", at=shop.till.now(), access="lost")
    shop.till.images.link("PRODUCT", 10_001, [(lost, ())])
    await shop.flow("products", {"check_images": False})
    await shop.rest()

    [attempt] = await shop.attempts()
    assert [] == attempt["warnings"]


@pytest.mark.parametrize(("images", "expected"), [("off", []), ("all", ["1"])])
async def test_images_can_be_switched_off(shop: Shop, images: str, expected: list[str]) -> None:
    await a_jumper(shop)
    picture = shop.till.images.add("a.png", at=shop.till.now())
    shop.till.images.link("PRODUCT", 10_001, [(picture, ())])
    await shop.flow("products", {"images": images})
    await shop.rest()

    assert expected == list(store(shop).products["1"].images)


async def test_a_field_of_the_till_reaches_a_place_by_a_row_and_says_where_there_is_none(shop: Shop) -> None:
    await a_jumper(shop)
    stuff = {"fieldName": "Materiaal", "dataType": "DATA-TYPE-STRING", "strValue": "wol"}
    shop.till.catalogue.edit_article(10_001, customFieldList=[stuff])
    flow = await shop.flow("products")
    rows = [
        {"target": "vendor", "expression": "join(', ', variants[].custom.Materiaal)"},
        {"target": "weight", "expression": "'250 g'"},
        {"target": "variants[].origin", "expression": "'NL'"},
    ]
    shipped = [{"target": row[0], "expression": row[1]} for row in IN_ROWS if row[0] != "vendor"]
    await shop.configure(flow, mapping={"leg2": shipped + rows})
    await shop.rest()

    assert "wol" == contents(shop)["1"]["vendor"]
    lost = [w for attempt in await shop.attempts() for w in attempt["warnings"] if w.startswith("unknown_field")]  # fmt: skip
    assert [
        "unknown_field: Mailchimp's products have no place for weight",
        "unknown_field: Mailchimp's products have no place for variants[].origin",
    ] == lost
