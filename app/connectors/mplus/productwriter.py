"""Bringing products about in the till: looking up the articles that are there, and carrying out one change at a time.

Nothing here decides what is to be written; that is done by the pure :mod:`productsteps`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.connectors.base import Applied, Change, Document, Existing, Intent, Steps, Wanted
from app.connectors.mplus import productsteps
from app.connectors.mplus.articles import Articles, Place
from app.connectors.mplus.calls import Till
from app.connectors.mplus.productchanges import AddImages, CreateProduct, NewImage, UpdateProduct
from app.errors import RecordRefused, RemoteUnavailable, TimeError
from app.records.decision import Carried
from app.values.articlenumber import article_number


@dataclass(slots=True)
class _Looked:
    """What was found of one wanted product: where its articles stand, and numbers of ours that another uses."""

    places: dict[str, Place] = field(default_factory=dict)
    foreign: dict[str, int] = field(default_factory=dict)


class ProductTarget:
    """Products with their articles. A product is known as ``12/AB-1``: its number, and the first article that led to it, so
    that two products of shops may stand in one of the till; an article as ``12/1001``."""

    def __init__(self, till: Till, articles: Articles):
        self._till = till
        self._articles = articles

    async def fetch_many(self, wanted: Sequence[Wanted]) -> Mapping[str, Existing]:
        """By key, found by what they carry: numbers that we gave, else the names in their order."""
        looked = await self._look([each for each in wanted if each.kind == productsteps.PRODUCT])
        away = {
            each.key: int(each.remote_id.partition("/")[2])
            for each in wanted
            if each.kind == productsteps.ARTICLE and each.remote_id
        }
        standing = await self._articles.by_numbers(away.values())
        chosen = {each.key: _chosen(each, looked[each.key]) for each in wanted if each.key in looked}
        numbers = {number for number in chosen.values() if number is not None}
        numbers |= {place.product for place in standing.values()}
        products = await self._articles.products(numbers)
        found: dict[str, Existing] = {}
        for each in wanted:
            number = chosen.get(each.key)
            if number is not None and number in products:
                found[each.key] = _existing(each, looked[each.key], products[number])
            elif each.key in away and (place := standing.get(away[each.key])) is not None:
                found[each.key] = _article(place, products)
        return found

    def steps(self, intent: Intent, existing: Existing | None) -> Steps:
        """See :func:`productsteps.steps`."""
        return productsteps.steps(intent, existing)

    async def taken(self, numbers: Sequence[int]) -> frozenset[int]:
        """Those of these article numbers that the till has."""
        return frozenset(await self._articles.by_numbers(numbers))

    async def apply(self, change: Change) -> Applied:
        """Carry out one change."""
        match change:
            case CreateProduct():
                return await self._create(change)
            case UpdateProduct():
                return await self._update(change)
            case AddImages():
                return await self._add_images(change.images)
        raise AssertionError(f"not a change of products: {change.action}")

    # --- looking -------------------------------------------------------------------------------------------------------

    async def _look(self, wanted: Sequence[Wanted]) -> dict[str, _Looked]:
        """By key, where the articles stand. Everything is asked for together, way by way."""
        ways = [
            (each, carried, each.numbers.get(carried.name))
            for each in wanted
            for carried in (*each.carries, *each.beside)
        ]
        said: dict[str, list[str]] = {"article_number": [], "plu": [], "barcode": []}
        for _, carried, _ in ways:
            for kind, value in carried.found_by:
                said[kind].append(value)
        numbers = {
            number for value in said["article_number"] if (number := article_number(value)) is not None
        }
        numbers |= {number for *_, number in ways if number is not None}
        by_plu = await self._articles.by_plus(said["plu"])
        by_code = await self._articles.by_barcodes(said["barcode"])
        by_number = await self._articles.by_numbers(numbers | set(by_code.values()))

        def at(kind: str, value: str) -> Place | None:
            if kind == "plu":
                return by_plu.get(value)
            number = by_code.get(value) if kind == "barcode" else article_number(value)
            return None if number is None else by_number.get(number)

        looked = {each.key: _Looked() for each in wanted}
        for each, carried, given in ways:
            place = by_number.get(given) if given is not None else None
            if place is None:
                place = next((place for way in carried.found_by if (place := at(*way)) is not None), None)
            elif each.remote_id is None and not _is_ours(carried, place) and carried in each.carries:
                looked[each.key].foreign[carried.name] = place.number
            if place is not None:
                looked[each.key].places[carried.name] = place
        return looked

    # --- writing -------------------------------------------------------------------------------------------------------

    async def _create(self, change: CreateProduct) -> Applied:
        answer = await self._sent("createProduct", change.product)
        number = answer.get("productNumber")
        if not number:
            raise RemoteUnavailable(
                "The till made the product and did not say under which number.",
                in_doubt=True,
                code="unreadable_answer",
            )
        first = next(iter(change.numbers))
        return Applied(remote_id=f"{number}/{first}", carries=_places(number, change.numbers))

    async def _update(self, change: UpdateProduct) -> Applied:
        await self._sent("updateProduct", {"productNumber": change.number, **change.product})
        return Applied(
            state="archived" if change.puts_away else "present",
            carries=_places(change.number, change.numbers),
        )

    async def _sent(self, operation: str, product: Document) -> Document:
        try:
            return await self._till.done(operation, {"product": product})
        except RecordRefused as refused:
            if refused.code != "number_taken":
                raise
            # Whoever was quicker, the next look finds the article.
            raise TimeError(
                "The till says that an article of this number is there, and did not show it when it was asked: it was made a "
                "moment ago, or the partner may not read articles.",
                code="made_meanwhile",
            ) from None

    async def _add_images(self, images: Iterable[NewImage]) -> Applied:
        """One by one. What the till refuses stays behind with a warning, and is news for the next time."""
        warnings: list[str] = []
        refused: list[str] = []
        for image in images:
            request = {
                "imageName": image.name,
                "mimeType": image.mime,
                "imageUrl": image.url,
                "cardLink": {"cardType": "PRODUCT", "cardNumbers": list(image.articles)},
            }
            try:
                await self._till.done("createImageFromUrl", {"request": request})
            except RecordRefused as error:
                warnings.append(f"image_refused: {image.name}: {error.detail}")
                refused.append(f"images[{image.id}]")
        return Applied(warnings=tuple(warnings), left_out=tuple(refused))


def _is_ours(carried: Carried, place: Place) -> bool:
    """Whether an article bears the mark of what it was numbered for."""
    return bool({carried.name, carried.formerly} & {place.external, place.plu} - {None})


def _chosen(wanted: Wanted, looked: _Looked) -> int | None:
    """Which product of the till it is: the one that we know it by, else that of the first article found."""
    numbers = [place.product for place in looked.places.values()]
    known = (wanted.remote_id or "").partition("/")[0]
    if not numbers:
        return int(known) if known else None
    return next((number for number in numbers if str(number) == known), numbers[0])


def _existing(wanted: Wanted, looked: _Looked, product: Document) -> Existing:
    number = product["productNumber"]
    inside = {name: place.number for name, place in looked.places.items() if place.product == number}
    elsewhere = {name: place.product for name, place in looked.places.items() if place.product != number}
    document = productsteps.existing_document(product, inside, elsewhere)
    if looked.foreign:
        document["foreign"] = looked.foreign
    known = (
        wanted.remote_id if wanted.remote_id and wanted.remote_id.partition("/")[0] == str(number) else None
    )
    carries = {name: f"{place.product}/{place.number}" for name, place in looked.places.items()}
    return Existing(remote_id=known or f"{number}/{next(iter(inside))}", document=document, carries=carries)


def _article(place: Place, products: Mapping[int, Document]) -> Existing:
    articles = products.get(place.product, {}).get("articleList", ())
    none: Document = {}
    article = next((each for each in articles if each.get("articleNumber") == place.number), none)
    active = article.get("active", True)
    return Existing(f"{place.product}/{place.number}", "present" if active else "archived", article)


def _places(product: int, numbers: Mapping[str, int]) -> dict[str, str]:
    return {name: f"{product}/{number}" for name, number in numbers.items()}
