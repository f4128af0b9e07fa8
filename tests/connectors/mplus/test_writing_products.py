"""A shop's products brought about in a till that behaves as the reference says, over real sockets."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest
from pydantic import SecretStr

from app.connectors.base import Desired, Existing, Intent, Leave, Opening, Wanted
from app.connectors.mplus.connector import open_client
from app.connectors.mplus.models import MplusCredentials, MplusSettings
from app.connectors.mplus.productsteps import image_name, steps
from app.errors import RecordRefused, RemoteUnavailable, TimeError
from app.records.decision import Carried
from app.sandbox.faults import Fault
from app.sandbox.mplus.till import create_till
from app.sandbox.serving import serving

PICTURE = "https://winkel-voorbeeld.nl/trui.png"


@pytest.fixture
async def shop():
    till = create_till(size=0)
    async with serving(till) as base:
        till.base = base
        yield till


@pytest.fixture
async def target(shop, gate):
    async with httpx.AsyncClient() as http:
        credentials = MplusCredentials(ident="sandbox", secret=SecretStr("sandbox-secret"))
        client = open_client(
            Opening(MplusSettings(base_url=shop.base, answer_seconds=5), credentials, http, gate)
        )
        yield client.target("product")


def variant(name: str, **more) -> dict:
    number = {"articleNumber": name} if name.isdigit() else {}
    return {"sku": name, **number, "description": f"Trui {name}", "priceIncl": Decimal("49.95"), "vatCode": "2"} | more  # fmt: skip


def product(*variants: dict, **more) -> dict:
    return {"description": "Trui", "extraText": "Warm", "articleList": list(variants)} | more


def carried(name: str) -> Carried:
    ways = (("article_number", name),) if name.isdigit() else (("plu", name),)
    return Carried("article", name, found_by=ways)


def wanted(*names: str, remote_id: str | None = None, numbers: dict[str, int] | None = None) -> Wanted:
    return Wanted("product", "k", "webshop/1", remote_id, carries=tuple(map(carried, names)), numbers=numbers or {})  # fmt: skip


def intent(document: dict, **more) -> Intent:
    modes = more.pop("modes", {})
    scopes = {"articleList": "sku", "images": "id"}
    return Intent("product", "k", "webshop/1", None, Desired(document, modes, scopes), document, **more)


async def bring(target, wish: Intent, *names: str, **more):
    """Look, then do what is to be done: the changes, and what each came to."""
    held = (await target.fetch_many([wanted(*names, numbers=dict(wish.numbers), **more)])).get("k")
    changes = target.steps(wish, held)
    assert not isinstance(changes, Leave), changes
    return changes, [await target.apply(change) for change in changes]


def told(shop, number: int) -> dict:
    row = shop.catalogue.article(number)
    names = ("description", "extArticleId", "pluNumber", "priceIncl", "priceExcl", "vatCode", "colour", "size", "active")  # fmt: skip
    return {name: row[name] for name in names if row.get(name) not in (None, "")}


async def test_what_is_not_there_becomes_one_product_with_its_articles(shop, target):
    wish = intent(product(variant("1001", size="M"), variant("1002", size="L", priceIncl=Decimal("12.345"))))
    [change], [applied] = await bring(target, wish, "1001", "1002")

    assert "create product: 2 articles (1001, 1002)" == change.summary()
    assert ("1/1001", {"1001": "1/1001", "1002": "1/1002"}) == (applied.remote_id, applied.carries)
    assert ("Trui", "Warm") == (shop.catalogue.products.rows[1]["description"], shop.catalogue.products.rows[1]["extraText"])  # fmt: skip
    common = {"vatCode": 2, "active": True}
    assert common | {"description": "Trui 1001", "extArticleId": "1001", "priceIncl": 4995, "priceExcl": 4128, "size": "M"} == told(shop, 1001)  # fmt: skip
    assert common | {"description": "Trui 1002", "extArticleId": "1002", "priceIncl": 1235, "priceExcl": 1021, "size": "L"} == told(shop, 1002)  # fmt: skip


async def test_a_number_of_ours_makes_an_article_of_any_sku_and_finds_it_again(shop, target):
    wish = intent(product(variant("AB-1", pluNumber="AB-1")), numbers={"AB-1": 900_001})
    await bring(target, wish, "AB-1")
    by_number = await target.fetch_many([wanted("AB-1", numbers={"AB-1": 900_001})])
    by_plu = await target.fetch_many([wanted("AB-1")])

    assert ("AB-1", "AB-1") == (told(shop, 900_001)["extArticleId"], told(shop, 900_001)["pluNumber"])
    assert [{"AB-1": "1/900001"}] * 2 == [each["k"].carries for each in (by_number, by_plu)]
    assert frozenset({900_001}) == await target.taken(range(900_000, 900_100))


async def test_a_number_of_ours_that_somebody_else_used_is_not_written_over(shop, target):
    shop.catalogue.add(articleList=[{"articleNumber": 900_001, "description": "Vaas"}])
    held = (await target.fetch_many([wanted("AB-1", numbers={"AB-1": 900_001})]))["k"]

    with pytest.raises(RecordRefused, match="900001 \\(kept for AB-1\\)") as refused:
        target.steps(intent(product(variant("AB-1")), numbers={"AB-1": 900_001}), held)
    assert "number_taken" == refused.value.code


async def test_skus_that_are_no_number_are_all_named_and_nothing_is_written(shop, target):
    with pytest.raises(RecordRefused, match="known for AB-1, 007") as refused:
        await bring(target, intent(product(variant("AB-1"), variant("007"), variant("1001"))), "AB-1", "1001")

    assert "no_article_number" == refused.value.code
    assert {} == shop.catalogue.products.rows


async def test_a_lost_answer_makes_no_second_product(shop, target):
    wish = intent(product(variant("1001"), variant("1002")))
    shop.faults.add(Fault("reset_after", operation="createProduct"))
    with pytest.raises(RemoteUnavailable) as lost:
        await bring(target, wish, "1001", "1002")
    changes, _ = await bring(target, intent(wish.document, doubtful=True, update=False), "1001", "1002")

    assert lost.value.in_doubt
    assert () == changes
    assert [1] == list(shop.catalogue.products.rows)


async def test_somebody_who_was_quicker_is_found_by_the_next_look(shop, target):
    wish = intent(product(variant("1001")))
    [create] = target.steps(wish, None)
    shop.catalogue.add(articleList=[{"articleNumber": 1001, "description": "Trui"}])

    with pytest.raises(TimeError) as later:
        await target.apply(create)
    assert ("made_meanwhile", False) == (later.value.code, later.value.in_doubt)


async def test_what_is_there_stays_where_updates_are_off_and_what_is_new_is_added(shop, target):
    shop.catalogue.add(productNumber=7, description="Trui Noord", articleList=[{"articleNumber": 1001, "priceIncl": 3_000}])  # fmt: skip
    document = product(variant("1001"), variant("1002"))
    [change], [applied] = await bring(target, intent(document, update=False), "1001", "1002")
    held = (await target.fetch_many([wanted("1001", "1002")]))["k"]

    assert "update product 7: adds 1 article (1002)" == change.summary()
    assert {"1002": "7/1002"} == applied.carries
    assert (3_000, 4_995) == (told(shop, 1001)["priceIncl"], told(shop, 1002)["priceIncl"])
    assert "Trui Noord" == shop.catalogue.products.rows[7]["description"]
    assert "update_off" == target.steps(intent(document, update=False), held).code


async def test_updates_send_what_differs_and_was_not_edited_in_the_till(shop, target):
    document = product(variant("1001"), variant("1002"), groupNumbers=[shop.groups.add("Truien")])
    await bring(target, intent(document), "1001", "1002")
    own = shop.groups.add("Actie")
    shop.catalogue.edit_product(1, groupNumbers=[1, own])
    newer = product(variant("1001", priceIncl=Decimal(45)), variant("1002"), description="Trui Zilt", groupNumbers=[1])  # fmt: skip
    [change], _ = await bring(target, intent(newer), "1001", "1002")
    shop.catalogue.edit_article(1001, priceIncl=4_000)
    again, _ = await bring(target, intent(newer, changed=frozenset()), "1001", "1002")

    assert "update product 1: description; article 1001: priceIncl" == change.summary()
    assert [1, own] == shop.catalogue.products.rows[1]["groupNumbers"]
    assert () == again
    assert 4_000 == told(shop, 1001)["priceIncl"]


async def test_two_products_of_shops_may_stand_in_one_of_the_till(shop, target):
    articles = [{"articleNumber": number, "description": "x"} for number in (1001, 1002)]
    shop.catalogue.add(productNumber=7, description="Kleding", articleList=articles)
    found = (await target.fetch_many([wanted("1002")]))["k"]
    [change], _ = await bring(target, intent(product(variant("1002"), description="Sokken")), "1002")

    assert ("7/1002", True) == (found.remote_id, found.document["shared"])
    assert "update product 7: article 1002: description, priceIncl, vatCode" == change.summary()
    assert "Kleding" == shop.catalogue.products.rows[7]["description"]


async def test_articles_in_another_product_are_left_there(shop, target):
    shop.catalogue.add(productNumber=7, articleList=[{"articleNumber": 1001}])
    shop.catalogue.add(productNumber=8, articleList=[{"articleNumber": 1002}])
    changes, _ = await bring(target, intent(product(variant("1001"), variant("1002"), variant("1003"))), "1001", "1002", "1003")  # fmt: skip

    assert {7} == {change.number for change in changes}
    assert {7: [1001, 1003], 8: [1002]} == {
        number: shop.catalogue.article_numbers(number) for number in (7, 8)
    }


async def test_an_article_is_put_away_and_comes_back(shop, target):
    document = product(variant("1001"), variant("1002"))
    await bring(target, intent(document), "1001", "1002")
    away = Intent("article", "a", None, "1/1002", None)
    gone = Wanted("article", "a", None, "1/1002")
    [change] = target.steps(away, (await target.fetch_many([gone]))["a"])
    applied = await target.apply(change)
    assert ("archived", False) == (applied.state, told(shop, 1002).get("active", False))
    assert () == target.steps(away, (await target.fetch_many([gone]))["a"])

    back, _ = await bring(target, intent(document, update=False, options={"revive": "1002"}), "1001", "1002")

    assert ["update product 1: article 1002: active"] == [each.summary() for each in back]
    assert told(shop, 1002)["active"]


async def test_pictures_are_fetched_by_the_till_once_and_a_broken_one_is_a_warning(shop, target):
    shop.base_url = shop.base
    there = shop.images.url(shop.images.pictures[shop.images.add("bron.png", at=shop.now())])
    images = [{"id": "a", "url": there}, {"id": "b", "url": f"{shop.base}/images/none.png", "skus": ["1002"]}]
    document = product(variant("1001"), variant("1002"), images=images)
    (_, pictures), (_, applied) = await bring(target, intent(document), "1001", "1002")
    again, _ = await bring(target, intent(document, doubtful=True, update=False), "1001", "1002")

    assert "add 2 images" == pictures.summary()
    assert ["images[b]"] == list(applied.left_out)
    assert [True] == [each.startswith("image_refused: none-") for each in applied.warnings]
    assert [image_name(there)] * 2 == [one["imageName"] for number in (1001, 1002) for one in shop.images.of("PRODUCT", number)]  # fmt: skip
    assert ["b"] == [image.id for change in again for image in change.images]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (PICTURE, "trui-"),
        ("https://x.nl/Été%20rood.JPEG?width=400", "t20rood-"),
        ("https://x.nl/", "image-"),
        (f"https://x.nl/{'a' * 300}.webp", f"{'a' * 40}-"),
    ],
)
def test_names_of_pictures(url, name):
    found = image_name(url)

    assert found.startswith(name)
    assert len(found) <= 55
    assert found != image_name(f"{url}&v=2")


def test_modes_decide_what_is_written_when():
    document = product(variant("1001", size="M"), variant("1002", size="L"))
    held = Existing("1/1001", document={"articleList": [{"sku": "1001", "articleNumber": 1001}]}, carries={"1001": "1/1001"})  # fmt: skip
    modes = {"articleList.size": "create", "articleList.priceIncl": "update", "description": "create", "extraText": "create"}  # fmt: skip
    narrowed = {"articleList": [{"sku": "1001", "priceIncl": Decimal(5)}, {"sku": "1002"}]}
    wish = Intent("product", "k", "webshop/1", None, Desired(document, modes), narrowed)
    [change] = steps(wish, held)

    assert {
        "articleList": [
            {"articleNumber": 1001, "priceIncl": Decimal(5)},
            {"extArticleId": "1002", "articleNumber": 1002, "description": "Trui 1002", "vatCode": "2", "size": "L"},
        ]
    } == change.product  # fmt: skip
