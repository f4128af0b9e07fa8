"""The connection check: each thing that can be wrong has a sentence and an advice of its own (U2)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.connectors.base import Diagnosis
from app.connectors.mailchimp.client import MailchimpClient
from app.sandbox.faults import PRESETS, Fault
from app.sandbox.mailchimp.storecalls import open_store
from tests.connectors.mailchimp.conftest import KEY, LIST, Connect, Shop

HOOK = "https://winkel-voorbeeld.nl/webhooks/mailchimp/t0ken"


async def test_all_is_well(connect: Connect, shop: Shop) -> None:
    shop.add()
    shop.add("b@klant-voorbeeld.nl", status="unsubscribed")

    found = await connect(shop.base_url).check()

    login = shop.account.logins[0]
    assert (
        Diagnosis(
            ok=True,
            code="ok",
            sentence="Mailchimp answers; the audience Klanten van de voorbeeldwinkel is there.",
            details={
                "address": "127.0.0.1",
                "account": "Voorbeeldwinkel",
                "role": "owner",
                "audience": "Klanten van de voorbeeldwinkel",
                "contacts": "2",
                "merge_fields": "FNAME LNAME ADDRESS PHONE BIRTHDAY",
                "store": f"till-{LIST} (made when something is first sent to it)",
            },
            account=f"mailchimp:{login.id}",
        )
        == found
    )


async def test_a_token_is_as_good_as_a_key(connect: Connect, shop: Shop) -> None:
    token = shop.account.open_key(key="an-oauth-token-without-a-data-centre")

    assert (await connect(shop.base_url, token=token).check()).ok


async def test_what_one_should_know_before_relying_on_it(connect: Connect, shop: Shop) -> None:
    shop.audience.double_optin = True
    client = connect(shop.base_url, webhook_url=HOOK)
    shop.sandbox.postman.transport = httpx.MockTransport(lambda _: httpx.Response(200))
    none = await client.check()
    made = await client.ensure_webhook(HOOK, remote_id=None, secret_known=False)
    there = await client.check()
    shop.audience.webhooks[made.remote_id].sources["api"] = True
    changed = await client.check()

    assert ["not set up", "set up", "needs mending"] == [d.details["webhook"] for d in (none, there, changed)]
    assert ("The audience asks for double opt-in: new subscribers confirm by mail first.",) == none.warnings


async def test_the_store_is_told_as_it_stands(connect: Connect, shop: Shop) -> None:
    open_store(
        shop.account,
        {
            "id": "winkel",
            "list_id": LIST,
            "name": "De Winkel",
            "currency_code": "EUR",
            "domain": "winkel.example",
            "is_syncing": True,
        },
    )
    found = await connect(shop.base_url, store={"id": "winkel", "domain": "anders.example"}).check()

    assert {
        "store": "winkel",
        "store_name": "De Winkel",
        "store_domain": "winkel.example",
        "store_currency": "EUR",
    } == {name: value for name, value in found.details.items() if name.startswith("store")}
    syncing, domain = found.warnings
    assert syncing.startswith("The store winkel is marked as syncing, so Mailchimp holds its order mails")
    assert "The store winkel has the domain winkel.example; the connection's counts only when a store is made." == domain  # fmt: skip
    assert found.ok

    shop.account.stores["winkel"].data["is_syncing"] = False
    assert () == (await connect(shop.base_url, store={"id": "winkel", "domain": "https://Winkel.example/"}).check()).warnings  # fmt: skip


async def test_who_may_not_sell_may_still_write_to_contacts(connect: Connect, shop: Shop) -> None:
    body = '{"type": "about:blank", "title": "Forbidden", "status": 403, "detail": "Your plan has no e-commerce."}'
    shop.sandbox.faults.add(
        Fault(status=403, content_type="application/problem+json", body=body, path="*/ecommerce/*")
    )
    found = await connect(shop.base_url).check()

    assert found.ok
    [warning] = found.warnings
    assert warning.startswith("The store cannot be looked at, so products, stock and sales cannot go: ")


# --- ten faults and more, each as it really comes -----------------------------------------------------------------


Arrange = Callable[[Connect, Shop], Awaitable[MailchimpClient]]


async def nobody_listens(connect: Connect, shop: Shop) -> MailchimpClient:
    async with await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    return connect(f"http://127.0.0.1:{port}/3.0")


async def another_port(connect: Connect, shop: Shop) -> MailchimpClient:
    """A website answers there."""
    return connect(shop.base_url.removesuffix("/3.0") + "/shop/3.0")


async def without_tls(connect: Connect, shop: Shop) -> MailchimpClient:
    return connect(shop.base_url.replace("http://", "https://"))


async def unknown_name(connect: Connect, shop: Shop) -> MailchimpClient:
    return connect("https://us6.api.mailchimp.invalid/3.0")


async def wrong_key(connect: Connect, shop: Shop) -> MailchimpClient:
    return connect(shop.base_url, key="ffffffffffffffffffffffffffffffff-us6")


async def revoked_key(connect: Connect, shop: Shop) -> MailchimpClient:
    shop.account.revoke(KEY)
    return connect(shop.base_url)


async def missing_list(connect: Connect, shop: Shop) -> MailchimpClient:
    return connect(shop.base_url, list_id="0000000000")


async def viewer(connect: Connect, shop: Shop) -> MailchimpClient:
    shop.account.logins[0].role = "viewer"
    return connect(shop.base_url)


async def disabled(connect: Connect, shop: Shop) -> MailchimpClient:
    shop.account.logins[0].disabled = True
    return connect(shop.base_url)


async def silent(connect: Connect, shop: Shop) -> MailchimpClient:
    shop.sandbox.faults.fail_next(kind="hang")
    return connect(shop.base_url, seconds=0.2)


def store(settings: dict[str, Any], *, list_id: str = LIST, **there: Any) -> Arrange:
    """A store that somebody else made, and what the connection says of it."""

    async def arrange(connect: Connect, shop: Shop) -> MailchimpClient:
        body = {"id": "winkel", "list_id": LIST, "name": "Winkel", "currency_code": "EUR"}
        open_store(shop.account, body | there)
        shop.account.stores["winkel"].list_id = list_id
        return connect(shop.base_url, store=settings)

    return arrange


def fault(**how: Any) -> Arrange:
    async def arrange(connect: Connect, shop: Shop) -> MailchimpClient:
        shop.sandbox.faults.add(Fault(**how))
        return connect(shop.base_url)

    return arrange


def preset(name: str) -> Arrange:
    async def arrange(connect: Connect, shop: Shop) -> MailchimpClient:
        shop.sandbox.faults.add(PRESETS[name])
        return connect(shop.base_url)

    return arrange


FAULTS: list[tuple[str, Arrange, str, str]] = [
    ("dns_not_found", unknown_name,
     "The name us6.api.mailchimp.invalid cannot be found.",
     "Check the end of the API key: what stands behind its last dash names the data centre."),
    ("connection_refused", nobody_listens,
     "Nothing listens at port {port} of 127.0.0.1.",
     "Check the address of the API; leave it empty to use Mailchimp's own."),
    ("tls_not_spoken", without_tls,
     "Port {port} of 127.0.0.1 does not speak TLS.",
     "Check the port in the address of the API; Mailchimp's own is 443."),
    ("html_answer", another_port,
     "What answers there is not Mailchimp's API.",
     "Check the address of the API: host, port, and the path /3.0."),
    ("redirected", fault(status=302, headers={"Location": "https://elsewhere-voorbeeld.nl/"}),
     "What answers there sends us to another address.",
     "Check the address of the API; it must not redirect."),
    ("credentials_refused", wrong_key,
     "Mailchimp does not accept the API key or token.",
     "Make a new API key at Profile > Extras > API keys, or connect again; a key that was revoked never comes back."),
    ("credentials_refused", revoked_key,
     "Mailchimp does not accept the API key or token.",
     "Make a new API key at Profile > Extras > API keys, or connect again; a key that was revoked never comes back."),
    ("audience_not_found", missing_list,
     "The account has no audience with this id.",
     "Choose the audience again: it was removed, or belongs to another account."),
    ("missing_rights", viewer,
     "The key belongs to a user with the role viewer, who may not change contacts.",
     "Give the user the role Manager or higher in Mailchimp, or use the key of one who has it."),
    ("account_disabled", disabled,
     "The Mailchimp account is deactivated.",
     "Reactivate the account in Mailchimp, or use another one."),
    ("throttled", preset("throttled"),
     "Mailchimp asks for fewer requests.",
     "Wait some minutes; other programs may be using the same account."),
    ("throttled", preset("refused_html"),
     "Mailchimp asks for fewer requests.",
     "Wait some minutes; other programs may be using the same account."),
    ("remote_unavailable", preset("unavailable"),
     "Mailchimp answers with a problem of its own (503).",
     "Nothing to change: Mailchimp reports a problem of its own."),
    ("answer_timeout", silent,
     "Mailchimp did not answer in time.",
     "Mailchimp is slow: try again in some minutes."),
    ("answer_lost", fault(kind="reset_before"),
     "The connection to Mailchimp broke before its answer.",
     "Try again; if it stays so, something on the way to Mailchimp cuts connections."),
    ("store_of_other_audience", store({"id": "winkel"}, list_id="b2c3d4e5f6"),
     "The store winkel belongs to another audience, and a store stays with its audience for ever.",
     "Enter another store id at the connection, or choose that audience."),
    ("store_currency", store({"id": "winkel"}, currency_code="USD"),
     "The store winkel keeps its prices in USD, the connection says EUR.",
     "Enter the store's own currency at the connection, or another store id."),
    ("domain_taken", store({"id": "nieuw", "domain": "Winkel.example/"}, domain="winkel.example"),
     "The domain Winkel.example/ is another store's. It is the store 'winkel'.",
     "Enter that store's id at the connection to adopt it, or another domain, or none."),
    ("https_needed", fault(status=426, content_type="application/problem+json", body='{"title": "Upgrade Required", "status": 426}'),
     "Mailchimp is spoken to over https only.",
     "Write the address with https://"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "arrange", "sentence", "advice"), FAULTS, ids=[f"{n}-{case[0]}" for n, case in enumerate(FAULTS)]
)
async def test_every_fault_has_its_own_sentence_and_advice(
    connect: Connect, shop: Shop, code: str, arrange: Arrange, sentence: str, advice: str
) -> None:
    client = await arrange(connect, shop)

    found = await client.check()

    assert (False, code, sentence.format(port=client.api.port), advice) == (
        found.ok,
        found.code,
        found.sentence,
        found.advice,
    )
    assert KEY not in repr(found)


def test_no_two_faults_are_told_alike() -> None:
    by_code = {code: (sentence, advice) for code, _, sentence, advice in FAULTS}

    assert len(by_code) >= 13
    assert len(by_code) == len(set(by_code.values()))


async def test_a_certificate_that_nobody_vouches_for(
    connect: Connect, own_certificate: ssl.SSLContext
) -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=own_certificate) as server:
        port = server.sockets[0].getsockname()[1]
        found = await connect(f"https://127.0.0.1:{port}/3.0").check()

    assert (
        "tls_certificate",
        "The certificate of 127.0.0.1 cannot be trusted: self-signed certificate.",
    ) == (
        found.code,
        found.sentence,
    )
    assert found.advice.startswith("Leave the address of the API empty")


@pytest.mark.parametrize(
    ("base_url", "key", "code", "sentence"),
    [
        ("https://us7.api.mailchimp.com/3.0", KEY, "wrong_data_centre",
         "The key was made in the data centre us6, and the address is that of us7."),
        ("https://us6.api.mailchimp.com/3.0", KEY, "credentials_refused", "Mailchimp does not accept the API key or token."),
        ("https://proxy-voorbeeld.nl/3.0", KEY, "credentials_refused", "Mailchimp does not accept the API key or token."),
        (None, "0123456789abcdef0123456789abcdef-us7", "credentials_refused", "Mailchimp does not accept the API key or token."),
    ],
)  # fmt: skip
async def test_the_wrong_data_centre(
    connect: Connect, base_url: str | None, key: str, code: str, sentence: str
) -> None:
    """Mailchimp says the same of a wrong key and of a key at the wrong place; the host name tells them apart."""
    problem = {"title": "API Key Invalid", "status": 401, "detail": "Your API key may be invalid, or you've attempted to access the wrong datacenter."}  # fmt: skip
    asked: list[str] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(401, json=problem, headers={"Content-Type": "application/problem+json"})

    found = await connect(base_url, key=key, transport=httpx.MockTransport(refuse)).check()

    assert (False, code, sentence) == (found.ok, found.code, found.sentence)
    assert [httpx.URL(base_url or "https://us7.api.mailchimp.com").host] == asked


@pytest.mark.parametrize("at", ["list.get", "mergefields.get", "webhooks.get"])
async def test_a_fault_further_on_keeps_what_was_learnt(connect: Connect, shop: Shop, at: str) -> None:
    shop.sandbox.faults.fail_next(operation=at)

    found = await connect(shop.base_url, webhook_url=HOOK).check()

    assert (False, "remote_unavailable", "Voorbeeldwinkel", f"mailchimp:{shop.account.logins[0].id}") == (
        found.ok,
        found.code,
        found.details["account"],
        found.account,
    )


@pytest.fixture
def own_certificate(tmp_path: Path) -> ssl.SSLContext:
    """A server's side of TLS whose certificate it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "both.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
