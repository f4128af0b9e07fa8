"""The catalogue of a seed: clothes in colours and sizes, groceries by weight, and every awkward article a shop collects.

By a product's place in the list it is decided what it is; in any twenty:

    0 5 10 15  three colours by three sizes                  14   no price            17   not for the web shop
    3          sold by weight                                16   discontinued        18   a service, without stock
    7          composed of two other articles                 9   inactive            19   long text with markup
    12         EAN with a leading zero                       13   EAN that fails its check digit
"""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.sandbox.mplus.cards import ARTICLE_CATEGORIES, ARTICLE_FIELDS, custom_field
from app.sandbox.mplus.finance import excluding, percentage_of
from app.sandbox.mplus.images import HIDDEN, LOST, PUBLIC
from app.sandbox.mplus.organisation import BEGIN

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

TREE = {
    "Dames": ("Jurken", "Truien", "Broeken"),
    "Heren": ("Overhemden", "Truien", "Broeken"),
    "Schoenen": ("Sneakers", "Laarzen"),
    "Wonen": ("Keuken", "Tuin"),
    "Delicatessen": ("Kaas", "Thee & koffie"),
}
KINDS = (
    "Jurk",
    "Trui",
    "Broek",
    "Overhemd",
    "Sneaker",
    "Laars",
    "Vaas",
    "Kaars",
    "Thee",
    "Jas",
    "Sjaal",
    "Servies",
)
STYLES = ("Linde", "Noord", "Zilt", "Été", "Grün", "Vlinder", "Kade", "Polder", "Mist", "Duin")
BRANDS = ("Waddenwerk", "Atelier Schelde", "Rheingold & Söhne", "", "Huismerk")
COLOURS = ("rood", "donkerblauw", "écru", "zwart", "olijf")
SIZES = ("S", "M", "L", "XL")
FIRST_ARTICLE = 10_001
PER_PRODUCT = 9 * 4 + 16  # articles in twenty products


def seed_catalogue(till: Till, *, articles: int, seed: int) -> None:
    """At least ``articles`` articles (a product is never cut in half)."""
    groups = seed_groups(till)
    made, index = 0, 0
    while made < articles:
        draw = random.Random(f"product {seed} {index}")
        product = seeded_product(index, first=FIRST_ARTICLE + made, draw=draw, groups=groups)
        for article in product["articleList"]:
            article["syncMarker"] = till.catalogue.products.next_mark()
        product["syncMarker"] = till.catalogue.products.next_mark()
        till.catalogue.put(product)
        seed_pictures(till, product, index)
        seed_stock(till, product, draw)
        made += len(product["articleList"])
        index += 1


def seed_groups(till: Till) -> list[int]:
    leaves = []
    for place, (name, children) in enumerate(TREE.items()):
        top = till.groups.add(name, sort_order=place)
        leaves += [till.groups.add(child, parent=top, sort_order=at) for at, child in enumerate(children)]
    return leaves


def seeded_product(index: int, *, first: int, draw: random.Random, groups: list[int]) -> dict[str, Any]:
    kind = index % 20
    name = f"{KINDS[index % len(KINDS)]} {STYLES[draw.randrange(len(STYLES))]} {index + 1}"
    created = BEGIN + timedelta(minutes=17 * index % 900_000)
    vat = 1 if kind in (3, 7) else 2
    common: dict[str, Any] = {
        "extArticleId": "",
        "createTimestamp": created,
        "changeTimestamp": created,
        "active": kind != 9,
        "description": name,
        "brandName": BRANDS[index % len(BRANDS)],
        "extraText": "",
        "invoiceText": name,
        "turnoverGroup": 1 + index % 4,
        "vatCode": vat,
        "siUnit": "kg" if kind == 3 else "",
        "unit": "kg" if kind == 3 else "stuk",
        "webshop": kind not in (17, 18),
        "categoryIds": [list(ARTICLE_CATEGORIES)[index % 3]],
        "stockArticle": kind not in (7, 18),
        "specialPrice": "PRICE-NOT-SET" if kind == 14 else "PRICE-NORMAL",
        "discontinued": kind == 16,
        "customFieldList": custom_fields(index, kind, draw),
    }
    price = 0 if kind == 14 else draw.randrange(3, 180) * 100 + draw.choice((0, 50, 95, 99))
    priced = {
        "priceIncl": price,
        "priceExcl": excluding(price, percentage_of(vat) or Decimal(0)),
        "purchasePrice": price // 3,
    }
    choices = (
        [(colour, size) for colour in COLOURS[:3] for size in SIZES[:3]] if kind % 5 == 0 else [("", "")]
    )
    articles = [
        {
            "articleNumber": first + at,
            **common,
            **priced,
            "pluNumber": f"P{first + at}",
            "barcode": ean(first + at, kind),
            "colour": colour,
            "colourSequenceNumber": COLOURS.index(colour) + 1 if colour else 0,
            "size": size,
            "sizeSequenceNumber": SIZES.index(size) + 1 if size else 0,
        }
        for at, (colour, size) in enumerate(choices)
    ]
    if kind == 7 and index >= 7:  # the two products before it have one article each
        articles[0]["componentArticleList"] = [
            {"articleNumber": first - 1, "quantity": 1, "decimalPlaces": 0},
            {"articleNumber": first - 2, "quantity": 5, "decimalPlaces": 1},
        ]
    return {
        "productNumber": index + 1,
        "description": name,
        "extraText": markup(name) if kind == 19 else f"{name}: zacht, sterk en in Nederland bedacht.",
        "articleList": articles,
        "groupNumbers": [
            groups[index % len(groups)],
            *([groups[(index + 3) % len(groups)]] if kind == 5 else []),
        ],
    }


def custom_fields(index: int, kind: int, draw: random.Random) -> list[dict[str, Any]]:
    fields = [custom_field(ARTICLE_FIELDS, "Materiaal", draw.choice(("katoen", "wol", "leer", "aardewerk")))]
    if kind % 5 == 0:
        fields.append(custom_field(ARTICLE_FIELDS, "Duurzaam", index % 2 == 0))
    if kind == 3:
        fields.append(custom_field(ARTICLE_FIELDS, "Gewicht", 250, decimals=3))
    return fields


def ean(number: int, kind: int) -> str:
    """A GTIN-13 from the range for use inside a shop, right or, for one kind, wrong in its check digit."""
    digits = f"{'0' if kind == 12 else '2'}{number:011}"
    check = -sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(digits)) % 10
    return digits + str((check + 1) % 10 if kind == 13 else check)


def markup(name: str) -> str:
    return (
        f"<h2>{name}</h2><p onclick=\"alert('x')\">Met <b>zorg</b> gemaakt &amp; getest.</p>"
        + "<p>Lang verhaal. </p>" * 400
    )


def seed_pictures(till: Till, product: dict[str, Any], index: int) -> None:
    """One picture per product and one more per colour; some are not public, some lead nowhere."""
    access = HIDDEN if index % 40 == 8 else LOST if index % 40 == 11 else PUBLIC
    at = product["articleList"][0]["createTimestamp"]
    main = till.images.add(f"product-{index + 1}.png", at=at, access=access)
    by_colour: dict[str, int] = {}
    for article in product["articleList"]:
        colour = article["colour"]
        if colour and colour not in by_colour:
            by_colour[colour] = till.images.add(f"product-{index + 1}-{colour}.png", at=at, access=access)
        chosen = [by_colour[colour], main] if colour else [main]
        till.images.links["PRODUCT", article["articleNumber"]] = [(image, (1,)) for image in chosen]


def seed_stock(till: Till, product: dict[str, Any], draw: random.Random) -> None:
    for article in product["articleList"]:
        if not article["stockArticle"]:
            continue
        for branch, most in ((1, 20), (2, 12), (3, 100)):
            amount = (
                Decimal(draw.randrange(most * 1000)) / 1000
                if article["siUnit"]
                else Decimal(draw.randrange(most))
            )
            till.stock.begin(branch, article["articleNumber"], physical=amount, at=BEGIN)
