"""The client against a till that behaves as the reference says, over real sockets."""

from __future__ import annotations

import base64
from decimal import Decimal

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.connectors.base import Desired, Found, Gone, Intent, Opening, Wanted
from app.connectors.mplus import webhooks
from app.connectors.mplus.client import MplusClient
from app.connectors.mplus.connector import open_client
from app.connectors.mplus.models import MplusCredentials, MplusSettings
from app.errors import CallerError, CredentialsRefused, RemoteUnavailable
from app.sandbox.faults import PRESETS
from app.sandbox.mplus.till import create_till
from app.sandbox.serving import serving


@pytest.fixture
async def shop():
    """A till with 30 relations in it."""
    till = create_till(size=30, seed=4)
    async with serving(till) as base:
        till.base = base
        yield till


@pytest.fixture
async def connect(shop, gate):
    """Opens a client to the shop."""
    async with httpx.AsyncClient() as http:

        def opened(*, secret: str = "sandbox-secret", **more: object) -> MplusClient:
            settings = MplusSettings(base_url=shop.base, answer_seconds=5)
            credentials = MplusCredentials(ident="sandbox", secret=SecretStr(secret))
            return open_client(Opening(settings, credentials, http, gate, **more))

        yield opened


@pytest.fixture
def client(connect):
    return connect()


@pytest.mark.parametrize("limit", [1, 7, 29, 30, 500])
async def test_every_relation_is_seen_once_whatever_the_page(client, shop, limit):
    since, seen = 1, []
    while True:
        page = await client.changes("customer", since=since, limit=limit)
        seen += [change.ref for change in page.changed]
        assert page.position >= since - 1
        since = page.position + 1
        if not page.more:
            break

    assert sorted(seen, key=int) == [str(number) for number in range(1, 31)]
    assert (await client.marks())["customer"] == since - 1 == 30


async def test_an_edit_moves_one_relation_behind_the_mark(client, shop):
    mark = (await client.marks())["customer"]
    shop.relations.edit(7, email="nieuw@klant-voorbeeld.nl", telephone="")

    page = await client.changes("customer", since=mark + 1)

    [found] = page.found
    assert (found.ref, found.position, page.position) == ("7", mark + 1, mark + 1)
    assert found.document["email"] == "nieuw@klant-voorbeeld.nl"
    assert "telephone" not in found.document


async def test_relations_by_number(client):
    fetched = {record.ref: record for record in await client.source("customer").fetch_many(["3", "999", "1"])}

    assert fetched["999"] == Gone("999")
    assert all(
        isinstance(fetched[ref], Found) and fetched[ref].document["relationNumber"] == int(ref)
        for ref in ("1", "3")
    )


async def test_consent_is_read_by_the_fields_name(client, shop):
    shop.relations.consent(5, given=True)

    [found] = await client.source("customer").fetch_many(["5"])

    assert found.document["customFields"]["Nieuwsbrief"] is True
    assert found.document["customFields"]["Nieuwsbrief sinds"] == shop.now().date().isoformat()
    assert 5 in found.document["categoryIds"]


@pytest.mark.parametrize("service", [67, 57])
async def test_a_person_by_address_on_new_and_old_services(client, shop, service):
    shop.settings.service_major = service
    shop.relations.edit(2, email="Ann.Peeters@klant-voorbeeld.nl")

    assert (await client.find_relation("ann.peeters@klant-voorbeeld.nl"))["relationNumber"] == 2
    assert await client.find_relation("nn.peeters@klant-voorbeeld.nl") is None


async def paged(client, kind, limit):
    """Everything of a kind, by pages: the last record of each reference, and how many calls it took."""
    since, found, calls = 1, {}, 0
    while True:
        page = await client.changes(kind, since=since, limit=limit)
        found |= {record.ref: record for record in page.found} or {
            change.ref: None for change in page.changed
        }
        calls += 1
        since = page.position + 1
        if not page.more:
            return found, calls


@pytest.mark.parametrize("limit", [3, 7, 50, 1000])
async def test_every_product_is_seen_with_all_its_articles_whatever_the_page(client, shop, limit):
    found, _ = await paged(client, "product", limit)

    rows = shop.catalogue.products.rows
    assert {ref: len(record.document["articleList"]) for ref, record in found.items()} == {
        str(number): len(row["articleList"]) for number, row in rows.items()
    }
    assert (await client.changes("product", since=(await client.marks())["product"] + 1)).changed == ()


async def test_an_edited_article_brings_its_whole_product(client, shop):
    mark = (await client.marks())["product"]
    shop.catalogue.edit_article(10002, priceIncl=1234)

    [found] = (await client.changes("product", since=mark + 1)).found

    assert found.ref == "1"
    prices = {article["articleNumber"]: article["priceIncl"] for article in found.document["articleList"]}
    assert len(prices) == 9
    assert prices[10002] == Decimal("12.34")


async def test_groups_and_their_names_on_products(client, shop):
    seen, _ = await paged(client, "category", 100)
    fetched = {record.ref: record for record in await client.source("category").fetch_many(list(seen))}
    [product] = await client.source("product").fetch_many(["1"])

    number = product.document["groupNumbers"][0]
    assert fetched[str(number)].document["path"] == product.document["groups"][0]["path"]
    assert "1" in map(str, fetched[str(number)].document["productNumbers"])


async def test_a_renamed_group_is_seen_on_the_next_read_of_its_products(client, shop):
    await client.marks()
    [before] = await client.source("product").fetch_many(["1"])
    number = before.document["groupNumbers"][0]
    shop.groups.edit(number, name="Nieuwe naam")
    await client.marks()

    [after] = await client.source("product").fetch_many(["1"])

    assert after.document["groups"][0]["name"] == "Nieuwe naam"


async def test_stock_in_all_branches(client, shop):
    await paged(client, "stock", 100)
    mark = (await client.marks())["stock"]
    shop.stock.move(1, 10001, physical=Decimal(-2))

    page = await client.changes("stock", since=mark + 1)
    [found] = await client.source("stock").fetch_many(["10001"])

    assert [change.ref for change in page.changed] == ["10001"]
    assert page.position == (await client.marks())["stock"]
    assert {row["branchNumber"]: row["amountFree"] for row in found.document["branches"]} == {
        branch: shop.stock.free(branch, 10001) for branch in (1, 2, 3)
    }


def intent(document, *, natural, key="k" * 64):
    return Intent(
        kind="customer",
        key=key,
        natural=natural,
        remote_id=None,
        desired=Desired(document),
        document=document,
    )


@pytest.mark.parametrize("service", [67, 57])
async def test_write_read_and_rest(client, shop, service):
    shop.settings.service_major = service
    target = client.target("customer")
    document = {
        "name": "Zoë van 't Hof",
        "email": "zoe@klant-voorbeeld.nl",
        "address": "Singel 1 bis",
        "birthDate": "1990-02-03",
        "customFields": {"Nieuwsbrief": True, "Schoenmaat": "38.5"},
    }
    wanted = Wanted("customer", "k" * 64, "zoe@klant-voorbeeld.nl", None)

    assert await target.fetch_many([wanted]) == {}
    [create] = target.steps(intent(document, natural=wanted.natural), None)
    made = await target.apply(create)
    existing = (await target.fetch_many([wanted]))["k" * 64]

    assert existing.remote_id == made.remote_id == "31"
    assert made.facts == {"marker": str((await client.marks())["customer"])}
    assert existing.document["customFields"] == {
        "Nieuwsbrief": True,
        "Schoenmaat": Decimal("38.5"),
    }

    [update] = target.steps(intent(document | {"city": "Zeist"}, natural=wanted.natural), existing)
    assert update.fields.keys() >= {"city"}
    await target.apply(update)
    row = shop.relations.cards.rows[31]
    assert (row["city"], row["name"], row["address"]) == ("Zeist", "Zoë van 't Hof", "Singel 1 bis")


async def test_archiving_makes_a_relation_inactive(client, shop):
    target = client.target("customer")
    wish = Intent(kind="customer", key="k", natural=None, remote_id="4", desired=None)
    existing = (await target.fetch_many([Wanted("customer", "k", None, "4")]))["k"]

    [archive] = target.steps(wish, existing)
    applied = await target.apply(archive)

    assert (applied.state, shop.relations.cards.rows[4]["active"]) == ("archived", False)
    again = (await target.fetch_many([Wanted("customer", "k", None, "4")]))["k"]
    assert (again.state, target.steps(wish, again)) == ("archived", ())


async def test_a_create_whose_answer_is_lost_is_found_by_the_next_look(client, shop):
    target = client.target("customer")
    wish = intent(
        {"name": "Jan", "email": "jan.lost@klant-voorbeeld.nl"}, natural="jan.lost@klant-voorbeeld.nl"
    )
    shop.faults.fail_next(kind="reset_after", operation="createRelation")

    [create] = target.steps(wish, None)
    with pytest.raises(RemoteUnavailable) as lost:
        await target.apply(create)
    found = await target.fetch_many([Wanted("customer", wish.key, wish.natural, None)])

    assert lost.value.in_doubt
    assert target.steps(wish, found[wish.key]) == ()


async def test_a_request_that_never_arrived_is_in_doubt_all_the_same(client, shop):
    shop.faults.fail_next(kind="reset_before", operation="createRelation")

    with pytest.raises(RemoteUnavailable) as lost:
        await client.till.done("createRelation", {"relation": {"name": "X"}})
    assert lost.value.in_doubt
    assert len(shop.relations.cards.rows) == 30


# --- the connection check ----------------------------------------------------------------------------------------------


async def test_all_is_well(client):
    found = await client.check()

    assert (found.ok, found.code, found.warnings) == (True, "ok", ())
    assert found.details["version"] == "67.1.3"


@pytest.mark.parametrize("bare", [True, False])
async def test_wrong_secret(connect, shop, bare):
    shop.settings.bare_401 = bare
    client = connect(secret="wrong-secret")

    found = await client.check()

    assert (found.ok, found.code) == (False, "credentials_refused")
    with pytest.raises(CredentialsRefused):
        await client.marks()


async def test_rights_that_are_silently_missing(client, shop):
    shop.settings.missing_rights = {"relations"}

    found = await client.check()

    assert (found.ok, found.code) == (False, "missing_rights")


@pytest.mark.parametrize(("major", "code", "warnings"), [(9, "old_version", 0), (57, "ok", 1)])
async def test_old_services(client, shop, major, code, warnings):
    shop.settings.service_major = major

    found = await client.check()

    assert (found.code, len(found.warnings)) == (code, warnings)


@pytest.mark.parametrize(
    ("preset", "code"),
    [
        ("unavailable", "remote_unavailable"),
        ("throttled_plain", "throttled"),
        ("refused_html", "credentials_refused"),
        ("bad_gateway", "remote_unavailable"),
        ("soap_server", "remote_unavailable"),
        ("soap_client", "client_fault"),
        ("soap_authentication", "credentials_refused"),
    ],
)
async def test_faults_of_the_network_and_the_service(client, shop, preset, code):
    shop.faults.add(PRESETS[preset])

    found = await client.check()

    assert (found.ok, found.code) == (False, code)


async def test_a_webhook_that_somebody_typed_into_the_back_office(connect, shop):
    hook = "https://winkel.nl/webhooks/mplus/token"
    before = await connect(webhook_url=hook).check()
    shop.sessions.subscribe(endpoint_url=hook, secret=webhooks.new_secret())
    after = await connect(webhook_url=hook).check()

    assert before.details["webhooks"].startswith("0 of ")
    assert not after.details["webhooks"].startswith("0 of ")
    assert (len(before.warnings), after.warnings) == (1, ())


# --- webhooks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def doorbell(shop):
    """An endpoint that receives as the product does, subscribed at the till with blocking events."""
    secret = webhooks.new_secret()
    calls: list[webhooks.Call | CallerError] = []

    async def take(request: Request) -> Response:
        headers = dict(request.headers)
        try:
            call = webhooks.receive(
                event=request.path_params["event"],
                headers=headers,
                body=await request.body(),
                secret=take.secret,
                keyed_hash=lambda *parts: base64.b16encode(repr(parts).encode()).decode()[-40:],
            )
            calls.append(call)
            answer = call.answer
        except CallerError as error:
            calls.append(error)
            answer = webhooks.refusal(error)
        return Response(take.spoil + answer.body, answer.status, dict(answer.headers))

    take.secret, take.spoil = secret, b""
    async with serving(Starlette(routes=[Route("/{event}", take, methods=["POST"])])) as base:
        shop.sessions.subscribe(
            endpoint_url=base,
            secret=secret,
            events=dict.fromkeys(
                ("completeSession", "creditSession", "selectRelation", "startSession"), True
            ),
        )
        yield calls, take


async def test_a_sale_rings_and_the_till_accepts_our_answer(shop, doorbell):
    calls, _ = doorbell

    await shop.sessions.complete(relation=1)
    await shop.sessions.select_relation(2)
    await shop.sessions.select_relation(None)

    rung = [(call.note, [sorted(n.kinds) for n in call.notifications]) for call in calls]
    assert ("event", [["customer", "order", "stock"]]) in rung
    assert ("event", [["customer"]]) in rung
    assert rung[-1] == ("quiet", [])
    assert {sent.verdict for sent in shop.postman.log} == {"ok"}


async def test_an_answer_that_the_till_rejects_comes_back_as_an_echo(shop, doorbell):
    calls, take = doorbell
    take.spoil = b" "  # something on the way changes our answer

    await shop.sessions.select_relation(2)

    assert [call.note for call in calls] == ["event", "error_echo"]
    assert calls[1].notifications == ()
    assert calls[1].detail == "INVALID_SIGNATURE"


async def test_a_wrong_secret_key_is_refused_in_the_tills_own_words(shop, doorbell):
    calls, take = doorbell
    take.secret = webhooks.new_secret()

    await shop.sessions.select_relation(2)

    assert [call.code for call in calls] == ["invalid_signature"] * len(calls)
    assert shop.postman.log[0].status == 400
    assert "INVALID_SIGNATURE" in shop.postman.log[0].answer
