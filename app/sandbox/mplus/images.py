"""Pictures: uploaded or seeded, linked to cards in an order, public at ``/images/…`` as the vendor's imageUrl is.

Seeded pictures are drawn when they are asked for, so that fifty thousand articles cost nothing. Two awkward kinds are
among them: one without a public address, and one whose address leads nowhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.sandbox.control import Shelf, Shown
from app.sandbox.mplus.part import Arguments, Handler, Part, Values
from app.sandbox.mplus.schema import plain

if TYPE_CHECKING:
    from app.sandbox.mplus.till import Till

LARGEST = 5_000_000
KINDS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
NOT_ASKED = "LOAD-FILE-NOT-REQUESTED"
PUBLIC, HIDDEN, LOST = "public", "hidden", "lost"
SIDE = 64


class Images(Part):
    def __init__(self, till: Till) -> None:
        super().__init__(till)
        self.pictures: dict[int, dict[str, Any]] = {}
        self.data: dict[int, bytes] = {}
        self.links: dict[tuple[str, int], list[tuple[int, tuple[int, ...]]]] = {}

    def operations(self) -> Mapping[str, Handler]:
        return {
            "getImages": self.get_images,
            "createImage": self.create_image,
            "createImageFromUrl": self.create_from_url,
            "getCardImages": self.get_card_images,
            "saveCardImages": self.save_card_images,
            "getCardImageLabels": lambda _: {
                "labels": [{"id": 1, "label": "Webshop", "singleSelection": False, "defaultSelection": True}]
            },
        }

    def clear(self) -> None:
        self.pictures.clear()
        self.data.clear()
        self.links.clear()

    def state(self) -> Mapping[str, Any]:
        return {"images": plain({str(number): one for number, one in self.pictures.items()})}

    def routes(self) -> Sequence[Route]:
        return [Route("/images/{name}", self.show, methods=["GET"])]

    # keeping

    def add(
        self,
        name: str,
        *,
        kind: str = "image/png",
        data: bytes | None = None,
        at: datetime,
        access: str = PUBLIC,
    ) -> int:
        """Returns the image's id. Without ``data`` the picture is drawn from its name when somebody looks."""
        number = len(self.pictures) + 1
        digest = hashlib.md5(name.encode() if data is None else data, usedforsecurity=False).hexdigest()
        if data is not None:
            self.data[number] = data
        self.pictures[number] = {
            "imageId": number,
            "imageName": name,
            "imageHash": digest,
            "kind": kind,
            "access": access,
            "createdTimestamp": at,
            "changedTimestamp": at,
        }
        return number

    def link(self, card: str, number: int, images: Sequence[tuple[int, tuple[int, ...]]]) -> None:
        """Replaces the images of a card; an article counts as changed."""
        self.links[card, number] = list(images)
        if card == "PRODUCT":
            self.till.catalogue.images_changed(number)

    def of(self, card: str, number: int) -> list[dict[str, Any]]:
        """The images of a card as ``Image`` objects, in their order."""
        return [self.whole(image) for image, _ in self.links.get((card, number), ())]

    def url(self, picture: Mapping[str, Any], *, thumb: bool = False) -> str:
        if picture["access"] == HIDDEN:
            return ""
        extension = KINDS.get(picture["kind"], "bin")
        small = "thumb-" if thumb else ""
        return f"{self.till.base_url}/images/{small}{picture['imageHash']}-{picture['imageId']}.{extension}"

    def whole(self, number: int, *, data: bool = False, thumb: bool = False) -> dict[str, Any]:
        picture = self.pictures[number]
        found = "LOAD-FILE-NOT-FOUND" if picture["access"] == LOST else "LOAD-FILE-OK"
        content = (
            base64.b64encode(self.content(number)).decode()
            if (data or thumb) and found.endswith("OK")
            else ""
        )
        return {
            **{
                k: picture[k]
                for k in ("imageId", "imageName", "imageHash", "createdTimestamp", "changedTimestamp")
            },
            "imagePath": f"images/{picture['imageName']}",
            "imageUrl": self.url(picture),
            "imageData": content if data else "",
            "imageDataResult": found if data else NOT_ASKED,
            "thumbHash": picture["imageHash"],
            "thumbPath": f"thumbs/{picture['imageName']}",
            "thumbUrl": self.url(picture, thumb=True),
            "thumbData": content if thumb else "",
            "thumbDataResult": found if thumb else NOT_ASKED,
            "imageWidth": SIDE,
            "imageHeight": SIDE,
            "thumbWidth": SIDE,
            "thumbHeight": SIDE,
        }

    def content(self, number: int) -> bytes:
        kept = self.data.get(number)
        return kept if kept is not None else drawn(self.pictures[number]["imageHash"])

    # the wire

    def get_images(self, arguments: Arguments) -> Values:
        asked = arguments.get("request", {})
        numbers = asked.get("imageIds") or list(self.pictures)[: self.till.settings.page_cap]
        return {
            "imageList": [
                self.whole(
                    n, data=asked.get("includeImageData", False), thumb=asked.get("includeThumbData", False)
                )
                for n in numbers
                if n in self.pictures
            ]
        }

    def create_image(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        try:
            data = base64.b64decode(asked.get("imageData", ""), validate=False)
        except (binascii.Error, ValueError):
            return refused("CREATE-IMAGE-STORAGE-ERROR", "imageData is not base64")
        return self._store(asked, data)

    async def create_from_url(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                response = await client.get(asked["imageUrl"])
                response.raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL):
            return refused("CREATE-IMAGE-STORAGE-ERROR", "The image could not be fetched")
        return self._store(asked, response.content)

    def _store(self, asked: Mapping[str, Any], data: bytes) -> Values:
        if asked["mimeType"] not in KINDS or not data:
            return refused("CREATE-IMAGE-NOT-SUPPORTED", f"{asked['mimeType'] or 'no type'} is not supported")
        if len(data) > LARGEST:
            return refused("CREATE-IMAGE-TOO-LARGE", "The image is too large")
        number = self.add(asked["imageName"], kind=asked["mimeType"], data=data, at=self.till.now())
        card = asked.get("cardLink")
        if card is not None:
            labels = tuple(card.get("labels", ()))
            for one in card.get("cardNumbers", ()):
                self.link(
                    card["cardType"], one, [*self.links.get((card["cardType"], one), ()), (number, labels)]
                )
        picture = self.pictures[number]
        return {
            "result": "CREATE-IMAGE-OK",
            "imageId": number,
            "imageHash": picture["imageHash"],
            "imageUrl": self.url(picture),
        }

    def get_card_images(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        return {
            "items": [
                {
                    "cardNumber": number,
                    "images": [
                        {
                            **self.whole(image),
                            "originalName": self.pictures[image]["imageName"],
                            "labels": list(labels),
                            "created": self.pictures[image]["createdTimestamp"],
                            "modified": self.pictures[image]["changedTimestamp"],
                        }
                        for image, labels in self.links.get((asked["cardType"], number), ())
                    ],
                }
                for number in asked.get("cardNumbers", ())
            ]
        }

    def save_card_images(self, arguments: Arguments) -> Values:
        asked = arguments["request"]
        for item in asked.get("cards", ()):
            chosen = [(one["imageId"], tuple(one.get("labels", ()))) for one in item.get("images", ())]
            self.link(
                asked["cardType"], item["cardNumber"], [one for one in chosen if one[0] in self.pictures]
            )
        return {}

    async def show(self, request: Request) -> Response:
        """What a browser, or Mailchimp, gets at an imageUrl: no credentials asked."""
        hashed, _, rest = request.path_params["name"].removeprefix("thumb-").partition("-")
        number = rest.partition(".")[0]
        picture = self.pictures.get(int(number)) if number.isdigit() else None
        if picture is None or picture["imageHash"] != hashed or picture["access"] != PUBLIC:
            return Response("Not Found", 404)
        return Response(self.content(picture["imageId"]), media_type=picture["kind"])

    def shelves(self) -> Sequence[Shelf]:
        return [
            Shelf(
                "images",
                "Images",
                ("imageName", "imageHash", "access"),
                lambda: Shown(self.pictures, lambda one: {**plain(one), "imageUrl": self.url(one)}),
            )
        ]


def refused(result: str, why: str) -> Values:
    return {"result": result, "imageId": 0, "imageHash": "", "imageUrl": "", "errorMsg": why}


def drawn(digest: str) -> bytes:
    """A PNG in a colour of its own: one row of pixels, repeated."""
    row = b"\x00" + bytes.fromhex(digest[:6]) * SIDE
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(row * SIDE))
        + chunk(b"IEND", b"")
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
