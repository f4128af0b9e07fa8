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
        (httpx.Response(404), ("image_broken: not at its address (status 404): 1.png",)),
        (httpx.Response(200, headers={"Content-Type": "text/html"}), ("image_broken: what is at its address is no image: 1.png",)),
        (
            httpx.Response(200, headers=PNG | {"Content-Length": str(50 * 1_048_576)}),
            ("image_broken: larger than mail programs show (50 MB): 1.png",),
        ),
        (httpx.ConnectError("away"), ("image_broken: could not be asked for: 1.png",)),
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


async def test_of_many_some_are_named() -> None:
    body = {"images": [{"id": str(n), "url": f"https://till.example/{n}.png?size=2"} for n in range(5)]}
    with respx.mock() as mocked:
        mocked.head(host="till.example").mock(return_value=httpx.Response(404))
        async with httpx.AsyncClient() as http:
            assert (
                "image_broken: not at its address (status 404): 0.png, 1.png, 2.png and 2 more",
            ) == await Pictures(http).doubts(body)


async def test_a_server_that_does_not_answer_is_left_alone_for_a_while() -> None:
    """An import goes on without waiting for it, and each image that nobody looked at is told."""
    seconds = 0.0
    with respx.mock() as mocked:
        asked = mocked.head(host="till.example").mock(side_effect=httpx.ReadTimeout("slow"))
        async with httpx.AsyncClient() as http:
            pictures = Pictures(http, monotonic=lambda: seconds)
            for number in range(20):
                url = f"https://till.example/{number}.png"
                told = await pictures.doubts({"image_url": url})
                assert (f"image_broken: could not be asked for: {number}.png",) == told
            assert 3 == asked.call_count

            seconds = 301.0
            asked.mock(return_value=httpx.Response(200, headers=PNG))
            assert () == await pictures.doubts({"image_url": URL})
