import pytest
from lxml import etree

from app.connectors.base import Changed, Found, Gone, Unreadable
from app.connectors.mplus.models import Version
from app.errors import AdministratorError, CredentialsRefused, RecordRefused


def operations(calls):
    return [call.request.headers["SOAPAction"] for call in calls]


def sent(call, *names):
    """The texts of the named elements of a request."""
    root = etree.fromstring(call.request.content)
    return [[element.text for element in root.iter(f"{{urn:mplusqapi}}{name}")] for name in names]


def relation(number, marker, inner=""):
    return (
        f"<ns:relation><ns:relationNumber>{number}</ns:relationNumber><ns:syncMarker>{marker}</ns:syncMarker>"
        f"{inner}</ns:relation>"
    )


def relations(soap_answer, *records):
    return soap_answer("GetRelationsResponse", f"<ns:relationList>{''.join(records)}</ns:relationList>")


def document(number, marker, **more):
    return {"relationNumber": number, "syncMarker": marker, "customFields": {}, "contactList": []} | more


async def test_marks(client, answers, soap_answer):
    marks = "<ns:articleSyncMarker>5</ns:articleSyncMarker><ns:relationSyncMarker>12</ns:relationSyncMarker>"
    calls = answers(getCurrentSyncMarkers=soap_answer("getCurrentSyncMarkersResponse", marks))

    assert (await client.marks())["customer"] == 12
    assert operations(calls) == ["getCurrentSyncMarkers"]


async def test_account_is_host_and_port(client):
    assert client.account == "mplus:api.mpluskassa.nl:50123"


async def test_a_page_in_any_order(client, answers, soap_answer):
    calls = answers(
        getRelations=relations(
            soap_answer, relation(7, 1), relation(3, 4), relation(5, 3, "<ns:name>Jan</ns:name>")
        )
    )

    page = await client.changes("customer", since=1, limit=100)

    assert sent(calls[0], "syncMarker", "syncMarkerLimit") == [["1"], ["100"]]
    assert (page.position, page.more) == (4, False)
    assert page.changed == (
        Changed("customer", "7", dedupe="7@1"),
        Changed("customer", "3", dedupe="3@4"),
        Changed("customer", "5", dedupe="5@3"),
    )
    assert page.found == (
        Found("7", document(7, 1), 1),
        Found("3", document(3, 4), 4),
        Found("5", document(5, 3, name="Jan", personName="Jan", personIsCompany=False), 3),
    )


@pytest.mark.parametrize(("limit", "asked", "more"), [(2, "2", True), (3, "3", False), (5000, "1000", False)])
async def test_a_full_page_says_that_there_is_more(client, answers, soap_answer, limit, asked, more):
    calls = answers(getRelations=relations(soap_answer, relation(1, 8), relation(2, 9)))

    page = await client.changes("customer", since=8, limit=limit)

    assert sent(calls[0], "syncMarkerLimit") == [[asked]]
    assert (page.position, page.more) == (9, more)


async def test_an_empty_page_stays_where_it_was(client, answers, soap_answer):
    answers(getRelations=soap_answer("GetRelationsResponse"))

    page = await client.changes("customer", since=8)

    assert (page.changed, page.position, page.more, page.found) == ((), 7, False, ())


async def test_one_broken_record_does_not_spoil_its_page(client, answers, soap_answer):
    answers(
        getRelations=relations(
            soap_answer,
            relation(1, 5),
            relation(2, 9, "<ns:active>misschien</ns:active>"),
            "<ns:relation><ns:name>without a number</ns:name></ns:relation>",
            "<ns:relation><ns:relationNumber>x</ns:relationNumber></ns:relation>",
        )
    )

    page = await client.changes("customer", since=1)

    errors = [
        (record.ref, record.error.code, record.error.field)
        for record in page.found
        if isinstance(record, Unreadable)
    ]
    assert [change.ref for change in page.changed] == ["1", "2", "x"]
    assert errors == [
        ("2", "unreadable_record", "active"),
        ("x", "unreadable_record", "relationNumber"),
    ]
    assert page.position == 9


async def test_fetch_many_in_lists(client, answers, soap_answer):
    def respond(request):
        numbers = [e.text for e in etree.fromstring(request.content).iter("{urn:mplusqapi}relationNumbers")]
        return relations(soap_answer, *(relation(n, 1) for n in numbers if int(n) % 100))

    calls = answers(getRelations=respond)
    refs = [str(number) for number in range(1, 451)]

    fetched = {record.ref: record for record in await client.source("customer").fetch_many(refs)}

    assert len(calls) == 3
    assert set(fetched) == set(refs)
    assert [ref for ref, record in fetched.items() if record == Gone(ref)] == ["100", "200", "300", "400"]
    assert fetched["17"] == Found("17", document(17, 1), 1)


async def test_fetch_many_asks_once_and_never_for_nonsense(client, answers, soap_answer):
    calls = answers(getRelations=relations(soap_answer, relation(1, 1), relation(99, 1)))

    fetched = await client.source("customer").fetch_many(["1", "1", "x", "-2", "", "1" * 19])

    assert sent(calls[0], "relationNumbers") == [["1"]]
    assert [record.ref for record in fetched] == ["x", "-2", "", "1" * 19, "1"]
    assert fetched[-1] == Found("1", document(1, 1), 1)
    assert set(fetched[:-1]) == {Gone("x"), Gone("-2"), Gone(""), Gone("1" * 19)}


async def test_nothing_to_fetch_asks_nothing(client, answers):
    calls = answers()

    assert await client.source("customer").fetch_many(["no-number"]) == [Gone("no-number")]
    assert list(calls) == []


async def test_a_kind_that_the_till_does_not_know(client):
    with pytest.raises(AdministratorError) as raised:
        client.source("weather")

    assert raised.value.code == "unknown_kind"


# --- versions and looking people up -----------------------------------------------------------------------------------


def version(soap_answer, major):
    return soap_answer("getApiVersionResponse", f"<ns:serviceMajorNumber>{major}</ns:serviceMajorNumber>")


def found(soap_answer, email, name="FindRelationV2Response"):
    return soap_answer(
        name,
        "<ns:result>FIND-RELATION-RESULT-OK</ns:result><ns:relation><ns:relationNumber>4</ns:relationNumber>"
        f"<ns:email>{email}</ns:email></ns:relation>",
    )


async def test_a_recent_till_is_asked_exactly(client, answers, soap_answer):
    calls = answers(getApiVersion=version(soap_answer, 67), findRelationV2=found(soap_answer, "Ann@X.nl "))

    relation = await client.find_relation("ann@x.nl")

    assert relation == {"relationNumber": 4, "email": "Ann@X.nl", "customFields": {}, "contactList": []}
    assert operations(calls) == ["getApiVersion", "findRelationV2"]
    assert sent(calls[1], "email", "exactMatch") == [["ann@x.nl"], ["true"]]


async def test_an_older_till_is_asked_the_older_way_and_its_answer_compared(client, answers, soap_answer):
    calls = answers(
        getApiVersion=version(soap_answer, 57),
        findRelation=[found(soap_answer, e, "FindRelationResponse") for e in ("joann@x.nl", "ann@x.nl")],
    )

    assert await client.find_relation("ann@x.nl") is None
    assert (await client.find_relation("ann@x.nl"))["relationNumber"] == 4
    assert operations(calls) == ["getApiVersion", "findRelation", "findRelation"]


async def test_a_till_that_lacks_what_its_version_promises_is_asked_only_once(client, answers, soap_answer):
    client.till.version = Version(67)
    calls = answers(findRelation=found(soap_answer, "ann@x.nl", "FindRelationResponse"))

    await client.find_relation("ann@x.nl")
    await client.find_relation("ann@x.nl")

    assert operations(calls) == ["findRelationV2", "findRelation", "findRelation"]


async def test_a_request_that_both_refuse_says_what_the_newest_said(client, answers, soap_fault):
    client.till.version = Version(67)
    answers(findRelationV2=soap_fault("Client", "first"), findRelation=soap_fault("Client", "second"))

    with pytest.raises(RecordRefused, match="first"):
        await client.find_relation("ann@x.nl")


async def test_refused_credentials_are_no_reason_to_try_the_older_way(client, answers, soap_fault):
    client.till.version = Version(67)
    calls = answers(findRelationV2=soap_fault("Client.Authentication"))

    with pytest.raises(CredentialsRefused):
        await client.find_relation("ann@x.nl")
    assert operations(calls) == ["findRelationV2"]


async def test_nobody_is_found(client, answers, soap_answer):
    client.till.version = Version(67)
    word = "<ns:result>FIND-RELATION-RESULT-NOT-FOUND</ns:result>"
    answers(findRelationV2=soap_answer("FindRelationV2Response", word))

    assert await client.find_relation("ann@x.nl") is None
