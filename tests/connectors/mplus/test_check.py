import httpx
import pytest
import respx

from app.connectors.base import Diagnosis
from app.connectors.mplus.check import WebhookState, failed
from app.connectors.mplus.client import MplusClient
from app.errors import RemoteUnavailable, TimeError

BASE = "https://api.mpluskassa.nl:50123"
HOOK = "https://winkel.nl/webhooks/mplus/t0ken"


def branches(*workplaces):
    inner = "".join(
        f"<ns:workplace><ns:workplaceNumber>{number}</ns:workplaceNumber></ns:workplace>"
        for number in workplaces
    )
    return (
        "<ns:branches><ns:branch><ns:branchNumber>1</ns:branchNumber>"
        f"<ns:workplaces>{inner}</ns:workplaces></ns:branch></ns:branches>"
    )


def consumer(url, *, enabled="true", blocking="false"):
    return (
        f"<ns:webhookConsumer><ns:endpointUrl>{url}</ns:endpointUrl><ns:webhookConsumerEventList><ns:webhookConsumerEvent>"
        f"<ns:eventName>completeSession</ns:eventName><ns:blocking>{blocking}</ns:blocking><ns:enabled>true</ns:enabled>"
        f"</ns:webhookConsumerEvent></ns:webhookConsumerEventList><ns:enabled>{enabled}</ns:enabled></ns:webhookConsumer>"
    )


@pytest.fixture
def shop(soap_answer):
    """The answers of a till that is well; a test replaces what is not."""
    return {
        "getApiVersion": soap_answer(
            "getApiVersionResponse",
            "<ns:majorNumber>1</ns:majorNumber><ns:serviceMajorNumber>67</ns:serviceMajorNumber>"
            "<ns:serviceMinorNumber>1</ns:serviceMinorNumber><ns:serviceRevisionNumber>3</ns:serviceRevisionNumber>",
        ),
        "getCurrentSyncMarkers": soap_answer(
            "getCurrentSyncMarkersResponse", "<ns:relationSyncMarker>9</ns:relationSyncMarker>"
        ),
        "getBranches": soap_answer("getBranchesResponse", branches(1, 2)),
        "getRelations": soap_answer(
            "GetRelationsResponse",
            "<ns:relationList><ns:relation><ns:relationNumber>1</ns:relationNumber></ns:relation></ns:relationList>",
        ),
        "getWebhookConsumers": soap_answer(
            "GetWebhookConsumersResponse",
            f"<ns:webhookConsumerList>{consumer(HOOK)}</ns:webhookConsumerList>",
        ),
    }


@pytest.fixture
def diagnosis(till, shop):
    """Check a till; ``hook`` is our own webhook address."""

    async def check(hook: str | None = None) -> Diagnosis:
        def respond(request):
            answer = shop[request.headers["SOAPAction"]]
            if isinstance(answer, Exception):
                raise answer
            return answer

        with respx.mock(assert_all_called=False) as mocked:
            mocked.post(f"{BASE}/").mock(side_effect=respond)
            return await MplusClient(till, webhook_url=hook).check()

    return check


DETAILS = {"version": "67.1.3", "address": "api.mpluskassa.nl:50123", "branches": "1"}


async def test_all_is_well(diagnosis):
    expected = Diagnosis(
        ok=True, code="ok", sentence="The till answers; its API service is 67.1.3.", details=DETAILS
    )

    assert expected == await diagnosis()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.ConnectError("x"), "no_connection"),
        (httpx.ConnectTimeout("x"), "connect_timeout"),
        (httpx.ReadTimeout("x"), "answer_timeout"),
        (httpx.ReadError("x"), "answer_lost"),
        (httpx.Response(200, html="<html>Welkom</html>"), "html_answer"),
        (httpx.Response(200, content=b"<feed/>"), "unreadable_answer"),
        (httpx.Response(301, headers={"Location": "https://x/"}), "redirected"),
        (httpx.Response(404), "wrong_path"),
        (httpx.Response(401), "credentials_refused"),
        (httpx.Response(429), "throttled"),
        (httpx.Response(503), "remote_unavailable"),
    ],
)
async def test_every_fault_has_its_own_sentence_and_advice(diagnosis, shop, answer, code):
    shop["getApiVersion"] = answer

    found = await diagnosis()

    assert (found.ok, found.code) == (False, code)
    assert found.sentence.endswith(".")
    assert found.advice.endswith(".")


async def test_wrong_secret(diagnosis, shop, soap_fault):
    shop["getApiVersion"] = soap_fault("Client.Authentication", "unknown ident")

    found = await diagnosis()

    assert (found.ok, found.code, found.sentence) == (
        False,
        "credentials_refused",
        "The till refused the credentials: unknown ident",
    )


@pytest.mark.parametrize("operation", ["getCurrentSyncMarkers", "getRelations"])
@pytest.mark.parametrize("code", ["Client", "Client.Authorization"])
async def test_missing_rights(diagnosis, shop, soap_fault, operation, code):
    shop[operation] = soap_fault(code, "not allowed")

    found = await diagnosis()

    assert (found.ok, found.code) == (False, "missing_rights")
    assert "Partner page" in found.advice


async def test_relations_that_are_not_shown_are_a_missing_right(diagnosis, shop, soap_answer):
    shop["getRelations"] = soap_answer("GetRelationsResponse")

    found = await diagnosis()

    assert (found.ok, found.code) == (False, "missing_rights")
    assert found.sentence == "The till has relations, but shows none of them to this ident."


async def test_other_records_that_are_not_shown_are_a_warning(diagnosis, shop, soap_answer, soap_fault):
    marks = "".join(
        f"<ns:{name}SyncMarker>9</ns:{name}SyncMarker>" for name in ("article", "relation", "receipt")
    )
    shop["getCurrentSyncMarkers"] = soap_answer("getCurrentSyncMarkersResponse", marks)
    shop["getProducts"] = soap_answer("GetProductsResponse")
    shop["getReceipts"] = soap_fault("Client", "not allowed")

    found = await diagnosis()

    assert found.ok
    assert found.warnings == (
        "The till shows no articles and no receipts to this ident; the right to read them may be missing.",
    )


async def test_an_empty_till_is_fine(diagnosis, shop, soap_answer):
    shop["getRelations"] = soap_answer("GetRelationsResponse")
    shop["getCurrentSyncMarkers"] = soap_answer(
        "getCurrentSyncMarkersResponse", "<ns:relationSyncMarker>0</ns:relationSyncMarker>"
    )

    assert (await diagnosis()).warnings == ()


@pytest.mark.parametrize(
    ("major", "ok", "code", "warnings"),
    [(9, False, "old_version", 0), (57, True, "ok", 1), (59, True, "ok", 0), (0, True, "ok", 1)],
)
async def test_old_versions(diagnosis, shop, soap_answer, major, ok, code, warnings):
    number = f"<ns:serviceMajorNumber>{major}</ns:serviceMajorNumber>" if major else ""
    shop["getApiVersion"] = soap_answer("getApiVersionResponse", number)

    found = await diagnosis()

    assert (found.ok, found.code, len(found.warnings)) == (ok, code, warnings)


async def test_a_branchs_own_service_and_another_protocol_are_named(diagnosis, shop, soap_answer):
    shop["getApiVersion"] = soap_answer(
        "getApiVersionResponse",
        "<ns:majorNumber>2</ns:majorNumber><ns:serviceMajorNumber>70</ns:serviceMajorNumber><ns:isSlaveApi>true</ns:isSlaveApi>",
    )

    assert (await diagnosis()).warnings == (
        "The till speaks protocol 2, this service was built for protocol 1.",
        "This is the service of one branch, not of the head office: it may show a part of the data.",
    )


async def test_a_problem_after_the_version_keeps_what_is_known(diagnosis, shop):
    shop["getRelations"] = httpx.Response(503)

    found = await diagnosis()

    assert (found.ok, found.code, found.details) == (False, "remote_unavailable", DETAILS)


@pytest.mark.parametrize(
    ("consumers", "state", "warnings"),
    [
        (consumer(HOOK), "2 of 2 workplaces call us", 0),
        (consumer(HOOK + "/"), "2 of 2 workplaces call us", 0),
        (consumer("https://other.nl/") + consumer(HOOK, blocking="true"), "2 of 2 workplaces call us", 1),
        (consumer(HOOK, enabled="false"), "0 of 2 workplaces call us", 1),
        ("", "0 of 2 workplaces call us", 1),
    ],
)
async def test_whether_the_till_has_our_webhook(diagnosis, shop, soap_answer, consumers, state, warnings):
    shop["getWebhookConsumers"] = soap_answer(
        "GetWebhookConsumersResponse", f"<ns:webhookConsumerList>{consumers}</ns:webhookConsumerList>"
    )

    found = await diagnosis(HOOK)

    assert found.details == DETAILS | {"webhooks": state}
    assert len(found.warnings) == warnings


async def test_webhooks_that_cannot_be_listed_break_nothing(diagnosis, shop, soap_fault):
    shop["getWebhookConsumers"] = soap_fault("Client", "module not licensed")

    found = await diagnosis(HOOK)

    assert (found.ok, found.details["webhooks"]) == (True, "no workplace could be listed")


def test_a_chain_is_asked_in_part():
    assert WebhookState(asked=12, of=40, with_us=3).sentence == "3 of 12 workplaces call us (40 in all)"


def test_an_unknown_error_of_time_says_to_wait():
    assert failed(TimeError("later", code="new")).advice.startswith("Nothing to change")
    assert failed(RemoteUnavailable("x", code="dns_not_found")).advice.startswith("Check the spelling")
