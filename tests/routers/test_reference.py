"""The page of the API: it is served from here, whole, and names and calls nobody else."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import pytest

from tests.routers.conftest import Api

LINKS = re.compile(r"""(?:src|href|action|data|url)\s*[=:]\s*["']([^"']*)["']""")


async def test_the_page_names_no_foreign_host_and_everything_that_it_names_is_here(empty_api: Api) -> None:
    page = await empty_api.http.get("/docs")
    start = await empty_api.http.get("/docs/start.js")
    named = LINKS.findall(page.text) + LINKS.findall(start.text)
    addresses = [urljoin(str(page.url), name) for name in named]
    found = [await empty_api.http.get(urlsplit(address).path) for address in addresses]

    assert "//" not in page.text.replace("<!doctype html>", "") + start.text
    assert [200] * 5 == [each.status_code for each in found]
    assert {
        "/docs/favicon.png": "image/png",
        "/docs/swagger-ui.css": "text/css",
        "/docs/swagger-ui-bundle.js": "text/javascript",
        "/docs/start.js": "text/javascript",
        "/openapi.json": "application/json",
    } == {each.url.path: each.headers["content-type"].partition(";")[0] for each in found}


async def test_below_a_path_of_a_proxy_its_addresses_stay_below_it(empty_api: Api) -> None:
    page = await empty_api.http.get("/docs")

    assert all(
        urljoin("https://shop.example/till/docs", name).startswith("https://shop.example/till/")
        for name in LINKS.findall(page.text)
    )


@pytest.mark.parametrize("path", ["/docs", "/docs/start.js", "/docs/swagger-ui.css"])
async def test_the_browser_is_told_to_load_and_call_nothing_from_elsewhere(empty_api: Api, path: str) -> None:
    answer = await empty_api.http.get(path)
    policy = answer.headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))

    assert "'none'" == rules.pop("default-src")
    assert {"'self'", "'none'", "data:", "'unsafe-inline'"} >= set(" ".join(rules.values()).split())
    assert "'self'" == rules["script-src"] == rules["connect-src"]
    assert "no-referrer" == answer.headers["referrer-policy"]


async def test_no_validator_of_others_is_asked(empty_api: Api) -> None:
    start = await empty_api.http.get("/docs/start.js")

    assert "validatorUrl: null" in start.text


@pytest.mark.parametrize(
    "path", ["/redoc", "/docs/redoc.standalone.js", "/docs/../core.py", "/docs/%2e%2e/core.py"]
)
async def test_nothing_else_is_shown(empty_api: Api, path: str) -> None:
    answer = await empty_api.http.get(path)

    assert 404 == answer.status_code
    assert "not_found" == answer.json()["code"]
