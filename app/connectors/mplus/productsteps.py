"""Which calls bring a shop's product about in the till (mplus.md §4.3). Pure.

An article is what counts: it is there or it is not, under whatever product of the till. Those that are not there are made
together, as articles of one product; into a product that holds one of them already they are added. What stands there is
changed only where the flow updates. Nothing is deleted, pictures are only added, and groups are only joined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from app.connectors.base import Change, Desired, Document, Existing, Intent, Leave, Steps
from app.connectors.mplus.productchanges import AddImages, CreateProduct, NewImage, UpdateProduct
from app.errors import RecordRefused
from app.values.articlenumber import article_number

PRODUCT, ARTICLE = "product", "article"

OWN = ("description", "extraText", "groupNumbers")
"""What the product says itself; everything else is its articles'."""
NAME = "sku"
"""How the shop knows an article: the identity of the elements of ``articleList``. Not on the wire."""
_MIME = {
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}


def steps(intent: Intent, existing: Existing | None) -> Steps:
    """The calls, in order. Raises RecordRefused for articles that have no number, or one that is somebody else's."""
    if intent.kind == ARTICLE:
        return _put_away(existing)
    foreign = existing.document.get("foreign") if existing is not None else None
    if foreign:
        raise _taken(foreign)
    made = _made(intent, existing)
    if existing is None:
        product = {name: intent.document[name] for name in OWN if intent.document.get(name) not in (None, [])}
        product["articleList"] = list(made.values())
        numbers = {name: article["articleNumber"] for name, article in made.items()}
        return (CreateProduct(product=product, numbers=numbers), *_pictures(intent, None, numbers))
    return _onto(intent, existing, made)


def existing_document(product: Document, names: Mapping[str, int], elsewhere: Mapping[str, int]) -> Document:
    """A product of the till as these steps compare with it: the articles that carry one of ``names`` (by the shop's name for
    them), ``shared`` where it holds others as well, and ``elsewhere`` those that stand in other products."""
    by_number = {article.get("articleNumber"): article for article in product["articleList"]}
    ours = [by_number[number] | {NAME: name} for name, number in names.items() if number in by_number]
    document = product | {"articleList": ours}
    if len(by_number) > len({article["articleNumber"] for article in ours}):
        document["shared"] = True
    if elsewhere:
        document["elsewhere"] = dict(elsewhere)
    return document


# --- articles that are not there --------------------------------------------------------------------------------------


def _made(intent: Intent, existing: Existing | None) -> dict[str, Document]:
    """By the shop's name, the articles that are to be made, as the till wants them."""
    assert intent.desired is not None
    there = existing.carries if existing is not None else {}
    made: dict[str, Document] = {}
    unnamed: list[str] = []
    for element in _as_new(intent.desired):
        name = str(element[NAME])
        if name in there:
            continue
        number = intent.numbers.get(name) or article_number(str(element.get("articleNumber") or ""))
        if number is None:
            unnamed.append(name)
            continue
        fields = {field: value for field, value in element.items() if field != NAME and value is not None}
        made[name] = {"extArticleId": name, **fields, "articleNumber": number}
    if unnamed:
        raise RecordRefused(
            f"No article is known for {_listed(unnamed)}, and that is no article number (digits only). Nothing was written.",
            advice=(
                "Put the SKU into the flow's table, correct it in the shop, or reserve a range of numbers in the flow's "
                "settings; then replay this product."
            ),
            field="variants",
            code="no_article_number",
        )
    return made


def _as_new(desired: Desired) -> Sequence[Document]:
    """The articles without what is only for updates."""
    later = {path.rpartition(".")[2] for path, mode in desired.modes.items() if mode == "update" and path.startswith("articleList.")}  # fmt: skip
    elements = desired.document.get("articleList") or ()
    return [{name: value for name, value in each.items() if name not in later} for each in elements]


def _taken(foreign: Mapping[str, int]) -> RecordRefused:
    told = ", ".join(f"{number} (kept for {name})" for name, number in foreign.items())
    return RecordRefused(
        f"In the till somebody else used the article number {told}. Nothing was written.",
        advice="If it is the same article, put the SKU and its number into the flow's table; else give that article another number.",
        field="variants",
        code="number_taken",
    )


# --- a product that is there --------------------------------------------------------------------------------------------


def _onto(intent: Intent, existing: Existing, made: Mapping[str, Document]) -> Steps:
    held = existing.document
    numbers = {str(each[NAME]): int(each["articleNumber"]) for each in held.get("articleList", ())}
    new = {name: article["articleNumber"] for name, article in made.items()}
    product: Document = {}
    if intent.update and not held.get("shared"):
        product |= _own(intent, held)
    articles = [*_changed(intent, held), *made.values()]
    if articles:
        product["articleList"] = articles
    calls: list[Change] = []
    if product:
        calls.append(UpdateProduct(number=_product_of(existing), product=product, numbers=new))
    calls += _pictures(intent, existing, numbers | new, new=new.keys())
    if calls or intent.update or _ours(intent, held):
        return tuple(calls)
    return Leave("update_off", "The till has these articles already, and updates are switched off.")


def _own(intent: Intent, held: Mapping[str, Any]) -> Document:
    fields: Document = {}
    for name in OWN:
        wanted = intent.document.get(name)
        if wanted is None or not _is_news(intent, name):
            continue
        if name == "groupNumbers":
            wanted = list(dict.fromkeys([*held.get(name, ()), *map(int, wanted)]))
        if not _same(wanted, held.get(name)):
            fields[name] = wanted
    return fields


def _changed(intent: Intent, held: Mapping[str, Any]) -> Iterable[Document]:
    """Per article that is there what differs and may be written; one that we put away ourselves is active again."""
    present = {str(each[NAME]): each for each in held.get("articleList", ())}
    revived = str(intent.options.get("revive") or "").split("\n")
    for element in intent.document.get("articleList") or ():
        name = str(element[NAME])
        now = present.get(name)
        if now is None:
            continue
        fields: Document = {}
        if intent.update:
            fields = {
                field: value
                for field, value in element.items()
                if field not in (NAME, "articleNumber", "active")
                and value is not None
                and _is_news(intent, f"articleList[{name}].{field}")
                and not _same(value, now.get(field))
            }
        if name in revived and now.get("active") is False:
            fields["active"] = True
        if fields:
            yield {"articleNumber": now["articleNumber"], **fields}


def _is_news(intent: Intent, path: str) -> bool:
    return intent.changed is None or path in intent.changed


def _ours(intent: Intent, held: Mapping[str, Any]) -> bool:
    """The answer to our own making of it was lost: it bears our mark."""
    articles = held.get("articleList", ())
    return intent.doubtful and any(each.get("extArticleId") == each[NAME] for each in articles)


def _product_of(existing: Existing) -> int:
    return int(existing.remote_id.partition("/")[0])


def _same(wanted: Any, held: Any) -> bool:
    if wanted in (None, "", []) or held in (None, "", []):
        return wanted in (None, "", []) and held in (None, "", [])
    if isinstance(held, int | Decimal) and not isinstance(held, bool) and not isinstance(wanted, bool):
        return bool(str(wanted) == str(held) or wanted == held)
    return bool(wanted == held)


def _put_away(existing: Existing | None) -> Steps:
    """An article that is not wanted any more becomes inactive."""
    if existing is None or existing.state != "present":
        return ()
    product, _, number = existing.remote_id.partition("/")
    article = {"articleNumber": int(number), "active": False}
    return (UpdateProduct(number=int(product), product={"articleList": [article]}, puts_away=True),)


# --- pictures -----------------------------------------------------------------------------------------------------------


def _pictures(
    intent: Intent, existing: Existing | None, numbers: Mapping[str, int], *, new: Iterable[str] = ()
) -> tuple[Change, ...]:
    """The pictures that an article lacks: of what is made all, of what is there those that changed and may be written."""
    held = existing.document if existing is not None else {}
    there = {
        article["articleNumber"]: {image.get("imageName") for image in article.get("imageList", ())}
        for article in held.get("articleList", ())
    }
    whole = existing is None or _ours(intent, held)
    added = set(new)
    found: list[NewImage] = []
    for image in intent.document.get("images") or ():
        url, id = str(image.get("url") or ""), str(image["id"])
        shown = [str(name) for name in image.get("skus") or ()] or list(numbers)
        if not (whole or (intent.update and _is_news(intent, f"images[{id}].url"))):
            shown = [name for name in shown if name in added]
        name = image_name(url)
        lacking = tuple(
            numbers[sku] for sku in shown if sku in numbers and name not in there.get(numbers[sku], set())
        )
        if url and lacking:
            found.append(NewImage(id=id, name=name, mime=_mime(url), url=url, articles=lacking))
    return (AddImages(images=tuple(found)),) if found else ()


def image_name(url: str) -> str:
    """What a picture is called in the till, so that it is found again: its file's name, and a mark of the whole address."""
    path = PurePosixPath(urlsplit(url).path)
    mark = hashlib.sha256(url.encode()).hexdigest()[:8]
    stem = "".join(c for c in path.stem if c.isascii() and (c.isalnum() or c in "-_"))[:40] or "image"
    return f"{stem}-{mark}{path.suffix.lower() if path.suffix.lower() in _MIME else '.jpg'}"


def _mime(url: str) -> str:
    return _MIME.get(PurePosixPath(urlsplit(url).path).suffix.lower(), "image/jpeg")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more
