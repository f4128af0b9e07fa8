"""Pictures by their address: what each answer is taken for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import respx

from app.connectors.mailchimp.pictures import Pictures, addresses

URL = "https://till.example/1.png"
PNG = {"Content-Type": "image/png"}


def test_every_address_of_a_body_once() -> None:
    body = {
        "image_url": URL,
        "url": "https://winkel.example/p/1",
        "images": [{"id": "1", "url": URL}, {"id": "2", "url": "https://till.example/2.png"}],
        "variants": [{"id": "1", "image_url": "https://till.example/3.png"}, {"id": "2", "image_url": ""}],
    }

    assert [URL, "https://till.example/2.png", "https://till.example/3.png"] == list(addresses(body))
    assert [URL] == list(addresses({"id": "1", "url": URL, "variant_ids": []}))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(200, headers=PNG), ()),
        (httpx.Response(302), ()),
        (httpx.Response(404), ("image_broken: an image is not at its address (status 404)",)),
        (httpx.Response(200, headers={"Content-Type": "text/html"}), ("image_broken: what is at the address of an image is none",)),
        (
            httpx.Response(200, headers=PNG | {"Content-Length": str(50 * 1_048_576)}),
            ("image_broken: an image has 50 MB; mail programs show none of that size",),
        ),
        (httpx.ConnectError("away"), ("image_broken: an image could not be asked for at its address",)),
    ],
)  # fmt: skip
async def test_what_an_answer_is_taken_for(answer: Any, expected: tuple[str, ...]) -> None:
    with respx.mock() as mocked:
        if isinstance(answer, Exception):
            mocked.head(URL).mock(side_effect=answer)
        else:
            mocked.head(URL).mock(return_value=answer)
        async with httpx.AsyncClient() as http:
            assert expected == await Pictures(http).doubts({"image_url": URL})
