import asyncio
import datetime
import logging
import ssl
import traceback

import httpx
import pytest
import respx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.connectors.mplus import stock
from app.connectors.mplus.models import Version
from app.errors import (
    AdministratorError,
    AppError,
    CredentialsRefused,
    MisdirectedConnection,
    RecordRefused,
    RemoteUnavailable,
    Throttled,
    TimeError,
)

BASE = "https://api.mpluskassa.nl:50123"
RELATION = {"relation": {"name": "A"}}


async def test_one_call(till, gate, soap_answer):
    with respx.mock:
        route = respx.post(f"{BASE}/").mock(
            return_value=soap_answer(
                "getApiVersionResponse", "<ns:majorNumber>1</ns:majorNumber>", version="67.1.3"
            )
        )

        assert await till.document("getApiVersion") == {"majorNumber": 1}

    sent = route.calls.last.request
    assert dict(sent.url.params) == {"ident": "winkel 1", "secret": "s3cr&t/+ waarde"}
    assert sent.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert sent.headers["SOAPAction"] == "getApiVersion"
    assert len(sent.headers["X-Request-Id"]) == 32
    assert till.version == Version(67, 1, 3)
    assert (gate.passed, gate.inside) == (1, 0)


async def test_a_path_of_the_vendor_is_kept(make_till, soap_answer):
    with respx.mock:
        route = respx.post(f"{BASE}/winkel/api").mock(return_value=soap_answer("getApiVersionResponse"))
        await make_till(f"{BASE}/winkel/api").call("getApiVersion")

    assert route.calls.last.request.url.path == "/winkel/api"


async def failure(till, response, *, writing=False, operation="getRelations"):
    mocked = {"side_effect": response} if isinstance(response, Exception) else {"return_value": response}
    with respx.mock:
        respx.post(f"{BASE}/").mock(**mocked)
        call = till.done("createRelation", RELATION) if writing else till.document(operation, {})
        with pytest.raises(AppError) as raised:
            await call
    return raised.value


@pytest.mark.parametrize(
    ("code", "error", "word"),
    [
        ("Client.Authentication", CredentialsRefused, "credentials_refused"),
        ("Client.Authorization", CredentialsRefused, "credentials_refused"),
        ("Client", RecordRefused, "client_fault"),
        ("Client.ORDER_NOT_FOUND", RecordRefused, "client_fault"),
        ("Server", RemoteUnavailable, "remote_unavailable"),
        ("Server.Busy", RemoteUnavailable, "remote_unavailable"),
        ("Whatever", RemoteUnavailable, "remote_unavailable"),
    ],
)
@pytest.mark.parametrize("writing", [False, True])
@pytest.mark.parametrize("status", [200, 500])
async def test_faults(till, soap_fault, code, error, word, writing, status):
    raised = await failure(till, soap_fault(code, status=status), writing=writing)

    assert (type(raised), raised.code) == (error, word)
    assert getattr(raised, "in_doubt", False) is (writing and error is RemoteUnavailable)


async def test_a_faults_own_sentence_is_kept_and_cleared(till, soap_fault):
    text = (
        "The rate for VAT-code 2 is not properly configured.\n Contact dev@mpluskassa.nl (s3cr&amp;t/+ waarde, 0612345678) "
        + "x" * 900
    )
    raised = await failure(till, soap_fault("Client", text))

    assert raised.detail.startswith(
        "The till cannot handle getRelations: The rate for VAT-code 2 is not properly configured. Contact ••• (•••, •••) xxx"
    )
    assert len(raised.detail) < 400


@pytest.mark.parametrize(
    ("response", "error", "word", "doubt"),
    [
        (httpx.Response(401), CredentialsRefused, "credentials_refused", False),
        (httpx.Response(403, html="<html>no</html>"), CredentialsRefused, "credentials_refused", False),
        (httpx.Response(429), Throttled, "throttled", False),
        (
            httpx.Response(302, headers={"Location": "https://elsewhere/"}),
            MisdirectedConnection,
            "redirected",
            False,
        ),
        (httpx.Response(404), MisdirectedConnection, "wrong_path", False),
        (httpx.Response(405), MisdirectedConnection, "wrong_path", False),
        (httpx.Response(413), RecordRefused, "client_fault", False),
        (httpx.Response(500), RemoteUnavailable, "remote_unavailable", True),
        (httpx.Response(502, html="<html>Bad gateway</html>"), RemoteUnavailable, "remote_unavailable", True),
        (httpx.Response(503), RemoteUnavailable, "remote_unavailable", True),
        (httpx.Response(200, content=b""), RemoteUnavailable, "unreadable_answer", True),
        (httpx.Response(200, content=b"<a/>"), RemoteUnavailable, "unreadable_answer", True),
        (httpx.Response(200, content=b"<a><b>"), RemoteUnavailable, "unreadable_answer", True),
        (
            httpx.Response(200, content=b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'),
            RemoteUnavailable,
            "unreadable_answer",
            True,
        ),
        (httpx.ConnectTimeout("slow"), RemoteUnavailable, "connect_timeout", False),
        (httpx.ConnectError("refused"), RemoteUnavailable, "no_connection", False),
        (httpx.PoolTimeout("full"), RemoteUnavailable, "remote_unavailable", False),
        (httpx.ReadTimeout("slow"), RemoteUnavailable, "answer_timeout", True),
        (httpx.WriteTimeout("slow"), RemoteUnavailable, "answer_timeout", True),
        (httpx.ReadError("reset"), RemoteUnavailable, "answer_lost", True),
        (httpx.RemoteProtocolError("closed"), RemoteUnavailable, "answer_lost", True),
    ],
)
async def test_what_comes_instead_of_an_answer(make_till, response, error, word, doubt):
    read = await failure(make_till(), response)
    write = await failure(make_till(), response, writing=True)

    assert [(type(read), read.code), (type(write), write.code)] == [(error, word)] * 2
    assert getattr(read, "in_doubt", False) is False
    assert getattr(write, "in_doubt", False) is doubt


async def test_a_web_page_is_a_wrong_address_to_a_reader_and_a_doubt_to_a_writer(till):
    page = httpx.Response(200, html="<!DOCTYPE html><html>Welkom</html>")
    read, write = await failure(till, page), await failure(till, page, writing=True)

    assert (type(read), read.code) == (MisdirectedConnection, "html_answer")
    assert "port 50123" in read.detail
    assert (type(write), write.code, write.in_doubt) == (RemoteUnavailable, "html_answer", True)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", None), ("9" * 30, None)])
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after(till, header, seconds, status):
    raised = await failure(till, httpx.Response(status, headers={"Retry-After": header}))

    assert isinstance(raised, TimeError)
    assert raised.retry_after == seconds


async def test_a_value_in_an_answer_that_is_not_what_it_should_be(till, soap_answer):
    broken = soap_answer(
        "GetRelationsResponse",
        "<ns:relationList><ns:relation><ns:points>a</ns:points></ns:relation></ns:relationList>",
    )
    raised = await failure(till, broken)

    assert (type(raised), raised.code, raised.field) == (
        AdministratorError,
        "unreadable_record",
        "relationList.points",
    )


async def test_a_written_value_that_does_not_fit_is_never_sent(till):
    with respx.mock as mocked, pytest.raises(RecordRefused) as raised:
        await till.done("createRelation", {"relation": {"points": "veel"}})

    assert (raised.value.code, raised.value.field, len(mocked.calls)) == (
        "value_does_not_fit",
        "relation.points",
        0,
    )


@pytest.mark.parametrize(
    ("word", "message", "code"),
    [
        ("CREATE-RELATION-RESULT-FAILED", "Naam ontbreekt", "record_refused"),
        ("CREATE-RELATION-RESULT-FAILED", "", "record_refused"),
        ("CREATE-RELATION-RESULT-FAILED-RELATION-NUMBER-ALREADY-TAKEN", "", "number_taken"),
        ("CREATE-RELATION-RESULT-NOT-FOUND", "", "not_found"),
        ("SOMETHING-NEW", "", "record_refused"),
    ],
)
async def test_result_words(till, soap_answer, word, message, code):
    answer = soap_answer(
        "CreateRelationResponse", f"<ns:result>{word}</ns:result><ns:errorMessage>{message}</ns:errorMessage>"
    )
    raised = await failure(till, answer, writing=True)

    assert (type(raised), raised.code) == (RecordRefused, code)
    assert message in raised.detail


async def test_an_answer_without_a_result_word_is_not_taken_for_done(till, soap_answer):
    raised = await failure(till, soap_answer("CreateRelationResponse"), writing=True)

    assert (type(raised), raised.code) == (AdministratorError, "unreadable_record")


async def test_done(till, soap_answer):
    inner = "<ns:result>CREATE-RELATION-RESULT-OK</ns:result><ns:relationNumber>9</ns:relationNumber><ns:errorMessage/>"
    with respx.mock:
        respx.post(f"{BASE}/").mock(return_value=soap_answer("CreateRelationResponse", inner))

        assert await till.done("createRelation", RELATION) == {
            "result": "CREATE-RELATION-RESULT-OK",
            "relationNumber": 9,
            "errorMessage": "",
        }


async def test_a_lost_answer_to_a_write_that_was_cut_short_is_in_doubt(till, soap_answer):
    answer = soap_answer("CreateRelationResponse", "<ns:result>CREATE-RELATION-RESULT-OK</ns:result>")
    raised = await failure(till, httpx.Response(200, content=answer.content[:-40]), writing=True)

    assert (raised.code, raised.in_doubt) == ("unreadable_answer", True)


async def test_an_endless_answer_is_cut_off(till, monkeypatch):
    monkeypatch.setattr("app.connectors.mplus.calls.MAX_ANSWER_BYTES", 1000)
    raised = await failure(till, httpx.Response(200, content=b"<a>" + b" " * 2000))

    assert raised.code == "answer_lost"


async def test_the_secret_is_never_told(till, caplog):
    caplog.set_level(logging.DEBUG)
    told = []
    for response in (httpx.Response(200, content=b"s3cr&t"), httpx.ReadError("no"), httpx.Response(404)):
        error = await failure(till, response)
        told += [*traceback.format_exception(error), repr(error), error.detail, error.advice]
    told += [record.getMessage() for record in caplog.records] + [repr(vars(till).keys())]

    assert len(caplog.records) > 0
    assert not [line for line in told if "waarde" in line or "s3cr" in line]


# --- real sockets ---------------------------------------------------------------------------------------------------


async def reached(till):
    with pytest.raises(AppError) as raised:
        await till.call("getApiVersion")
    return type(raised.value), raised.value.code


async def test_nothing_listens(make_till):
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()

    assert await reached(make_till(f"http://127.0.0.1:{port}")) == (RemoteUnavailable, "connection_refused")


async def test_the_name_is_unknown(make_till):
    assert await reached(make_till("https://till.invalid:50123")) == (RemoteUnavailable, "dns_not_found")


async def hang_up(reader, writer):
    await reader.read(10)
    writer.close()


async def test_the_connection_breaks(make_till):
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]

        assert await reached(make_till(f"http://127.0.0.1:{port}")) == (RemoteUnavailable, "answer_lost")


async def plain_text(reader, writer):
    await reader.read(10)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()
    writer.close()


async def test_the_port_does_not_speak_tls(make_till):
    async with await asyncio.start_server(plain_text, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]

        assert await reached(make_till(f"https://127.0.0.1:{port}")) == (
            MisdirectedConnection,
            "tls_not_spoken",
        )


@pytest.fixture
def own_certificate(tmp_path):
    """A server's context with a certificate that nobody signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "own.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_a_certificate_that_nobody_signed(make_till, own_certificate):
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=own_certificate) as server:
        port = server.sockets[0].getsockname()[1]

        assert await reached(make_till(f"https://127.0.0.1:{port}")) == (
            MisdirectedConnection,
            "tls_certificate",
        )


async def test_a_till_that_does_not_answer(make_till):
    stop = asyncio.Event()

    async def silent(reader, writer):
        await stop.wait()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        outcome = await reached(make_till(f"http://127.0.0.1:{port}", seconds=0.5))
        stop.set()

        assert outcome == (RemoteUnavailable, "answer_timeout")


@pytest.mark.parametrize("large", [10, 10_000_000])
async def test_rows_are_picked_from_a_small_and_from_a_large_answer(till, soap_answer, monkeypatch, large):
    monkeypatch.setattr("app.connectors.mplus.calls.LARGE_ANSWER_BYTES", large)
    rows = "".join(
        f"<ns:articleStocks><ns:articleNumber>{n}</ns:articleNumber><ns:stockId>{n}</ns:stockId></ns:articleStocks>"
        for n in range(5)
    )
    with respx.mock:
        respx.post(f"{BASE}/").mock(return_value=soap_answer("GetStockResponse", rows))
        picked = await till.picked("getStock", stock.by_mark(1, 1), row="articleStocks", pick=stock.moved)

    assert picked == [(n, n) for n in range(5)]


async def test_a_large_answer_that_is_cut_short(till, soap_answer, monkeypatch):
    monkeypatch.setattr("app.connectors.mplus.calls.LARGE_ANSWER_BYTES", 10)
    body = soap_answer("GetStockResponse", "<ns:articleStocks/>").content[:-30]
    with respx.mock:
        respx.post(f"{BASE}/").mock(return_value=httpx.Response(200, content=body))
        with pytest.raises(RemoteUnavailable) as raised:
            await till.picked("getStock", stock.by_mark(1, 1), row="articleStocks", pick=stock.moved)

    assert (raised.value.code, raised.value.in_doubt) == ("unreadable_answer", False)
