from decimal import Decimal

import pytest
from lxml import etree

from app.connectors.base import Applied, Desired, Existing, Intent, Leave, Wanted
from app.connectors.mplus import customers
from app.connectors.mplus.customers import CreateRelation, UpdateRelation
from app.connectors.mplus.models import Version
from app.errors import RecordRefused

HELD = {
    "relationNumber": 17,
    "name": "Jan de Vries",
    "email": "jan@x.nl",
    "city": "Utrecht",
    "points": 3,
    "customFields": {"nieuwsbrief": "nee", "maat": "L"},
    "contactList": [],
}
PRESENT = Existing(remote_id="17", document=HELD)
INACTIVE = Existing(remote_id="17", state="archived", document=HELD | {"active": False})


def intent(document=None, **more):
    desired = None if document is None else Desired(document)
    return Intent(
        kind="customer",
        key="k" * 64,
        natural="jan@x.nl",
        remote_id=None,
        desired=desired,
        document=document or {},
        **more,
    )


@pytest.mark.parametrize(
    ("wish", "existing", "steps"),
    [
        (
            intent(
                {
                    "name": "Jan",
                    "email": "jan@x.nl",
                    "city": None,
                    "telephone": "",
                    "customFields": {"nieuwsbrief": "ja"},
                }
            ),
            None,
            (
                CreateRelation(
                    fields={
                        "extRelationId": "t2a-" + "k" * 40,
                        "name": "Jan",
                        "email": "jan@x.nl",
                        "customFields": {"nieuwsbrief": "ja"},
                    }
                ),
            ),
        ),
        (
            intent({"name": "Jan"}, create=False),
            None,
            Leave("not_created", "The person is not in the till, and this flow may not make a relation."),
        ),
        (intent({"name": "Jan de Vries ", "email": "jan@x.nl", "points": 3}), PRESENT, ()),
        (
            intent({"name": "J. de Vries", "city": "Utrecht"}),
            PRESENT,
            (UpdateRelation(number=17, fields={"name": "J. de Vries"}),),
        ),
        (intent({"city": "", "telephone": ""}), PRESENT, (UpdateRelation(number=17, fields={"city": ""}),)),
        (intent({"city": None, "points": ""}), PRESENT, ()),
        (
            intent({"customFields": {"nieuwsbrief": "ja", "maat": None}}),
            PRESENT,
            (UpdateRelation(number=17, fields={"customFields": {"nieuwsbrief": "ja", "maat": "L"}}),),
        ),
        (intent({"customFields": {"maat": "L"}}), PRESENT, ()),
        (intent({"name": "X"}, update=False), PRESENT, ()),
        (
            intent({"name": "X"}),
            INACTIVE,
            Leave(
                "inactive_in_till",
                "The relation was made inactive in the till; it stays so.",
                state="archived",
            ),
        ),
        (intent(None), PRESENT, (UpdateRelation(number=17, fields={"active": False}),)),
        (intent(None), INACTIVE, ()),
        (intent(None), None, ()),
    ],
)
def test_steps(wish, existing, steps):
    assert steps == customers.steps(wish, existing)


@pytest.mark.parametrize(
    ("name", "wanted", "present", "same"),
    [
        ("city", "a", " a ", True),
        ("city", "a", "A", False),
        ("city", None, "", True),
        ("city", "", None, True),
        ("cardNumbers", [], None, True),
        ("points", 0, None, False),
        ("active", False, None, False),
        ("balance", Decimal("1.50"), Decimal("1.5"), True),
        ("points", 3, 3, True),
        ("name", "J. van den Berg", "Berg, J. van den", True),
        ("name", "Jan van den Berg", "Berg, J. van den", False),
        ("name", "Bakkerij Jansen", "Bakkerij  Jansen", True),
        ("name", "Bakkerij Jansen B.V.", "Jansen Bakkerij", False),
        ("telephone", "+31612345678", "06-12345678", True),
        ("telephone", "+31612345678", "06-12345679", False),
        ("telephone", "geen", "niet", False),
        ("address", "Kerkstraat 12 a", "Kerkstraat 12A", True),
        ("address", "Kerkstraat 12", "Kerkstraat 12A", False),
        ("address", "Het oude raadhuis", "Oude raadhuis", False),
        ("country", "BE", "België", True),
        ("country", "BE", "Nederland", False),
        ("country", "Ergens", "Nergens", False),
        ("zipcode", "1234ab", "1234 AB", True),
        ("email", "Jan@X.nl", "jan@x.nl", True),
    ],
)
def test_same(name, wanted, present, same):
    assert same is customers.same(name, wanted, present)


@pytest.mark.parametrize(
    ("wanted", "present", "same"),
    [
        ("yes", True, True),
        ("nee", False, True),
        ("nee", True, False),
        ("misschien", True, False),
        ("38,5", Decimal("38.5"), True),
        (3, 3, True),
        ("a", None, False),
        (None, None, True),
    ],
)
def test_same_custom_field(wanted, present, same):
    assert same is customers.same_custom(wanted, present)


def test_a_flow_may_name_custom_fields_that_no_row_reaches():
    wish = intent(
        {"name": "Jan de Vries"}, options={"custom:Nieuwsbrief sinds": "2026-05-01", "payment": "x"}
    )

    assert customers.steps(wish, PRESENT) == (
        UpdateRelation(
            number=17,
            fields={"customFields": {"nieuwsbrief": "nee", "maat": "L", "Nieuwsbrief sinds": "2026-05-01"}},
        ),
    )


def test_a_summary_names_fields_and_nobody():
    change = UpdateRelation(number=17, fields={"name": "Jan", "customFields": {"nieuwsbrief": "ja"}})

    assert change.summary() == "update relation: customFields.nieuwsbrief, name"


def operations(calls):
    return [call.request.headers["SOAPAction"] for call in calls]


def body(call):
    return call.request.content.decode()


OK = "<ns:result>{0}-RELATION-RESULT-OK</ns:result><ns:relationNumber>21</ns:relationNumber><ns:syncMarker>90</ns:syncMarker><ns:errorMessage/>"
DEFINITIONS = (
    "<ns:relationCustomFieldList><ns:customField><ns:fieldName>nieuwsbrief</ns:fieldName><ns:dataType>DATA-TYPE-BOOL</ns:dataType>"
    "</ns:customField></ns:relationCustomFieldList>"
)


async def test_create(client, answers, soap_answer):
    calls = answers(
        createRelation=soap_answer("CreateRelationResponse", OK.format("CREATE")),
        getCustomFieldLists=soap_answer("GetCustomFieldListsResponse", DEFINITIONS),
    )
    target = client.target("customer")

    applied = await target.apply(
        CreateRelation(fields={"name": "Jan", "customFields": {"nieuwsbrief": True}})
    )
    await target.apply(
        CreateRelation(fields={"name": "Els", "customFields": {"nieuwsbrief": False, "vrij": "x"}})
    )

    kept = {"customFields.nieuwsbrief": True}
    assert applied == Applied(remote_id="21", facts={"marker": "90"}, kept_as=kept)
    assert operations(calls) == ["getCustomFieldLists", "createRelation", "createRelation"]
    assert "<ns1:dataType>DATA-TYPE-BOOL</ns1:dataType><ns1:boolValue>true</ns1:boolValue>" in body(calls[1])
    assert "<ns1:dataType>DATA-TYPE-STRING</ns1:dataType><ns1:strValue>x</ns1:strValue>" in body(calls[2])


async def test_a_custom_field_that_cannot_hold_its_value(client, answers, soap_answer):
    calls = answers(getCustomFieldLists=soap_answer("GetCustomFieldListsResponse", DEFINITIONS))

    with pytest.raises(RecordRefused) as raised:
        await client.target("customer").apply(
            CreateRelation(fields={"customFields": {"nieuwsbrief": "misschien"}})
        )

    assert raised.value.code == "value_does_not_fit"
    assert operations(calls) == ["getCustomFieldLists"]


async def test_update_and_archive(client, answers, soap_answer):
    calls = answers(updateRelation=soap_answer("UpdateRelationResponse", OK.format("UPDATE")))
    target = client.target("customer")

    assert await target.apply(UpdateRelation(number=17, fields={"name": "X"})) == Applied(
        "17", facts={"marker": "90"}
    )
    assert await target.apply(UpdateRelation(number=17, fields={"active": False})) == Applied(
        "17", "archived", facts={"marker": "90"}
    )
    assert "<ns1:relationNumber>17</ns1:relationNumber><ns1:active>false</ns1:active>" in body(calls[1])


RELATION = (
    "<ns:relation><ns:relationNumber>{0}</ns:relationNumber><ns:email>{1}</ns:email><ns:extRelationId>{2}</ns:extRelationId>"
    "<ns:active>{3}</ns:active></ns:relation>"
)


async def test_fetch_many_by_number_and_by_address(client, answers, soap_answer):
    client.till.version = Version(67)
    ok, nobody = (
        "<ns:result>FIND-RELATION-RESULT-OK</ns:result>",
        "<ns:result>FIND-RELATION-RESULT-NOT-FOUND</ns:result>",
    )
    calls = answers(
        getRelations=soap_answer(
            "GetRelationsResponse",
            f"<ns:relationList>{RELATION.format(4, 'a@x.nl', '', 'false')}</ns:relationList>",
        ),
        findRelationV2=[
            soap_answer("FindRelationV2Response", ok + RELATION.format(5, "b@x.nl", "", "true")),
            soap_answer("FindRelationV2Response", nobody),
        ],
    )

    found = await client.target("customer").fetch_many(
        [
            Wanted("customer", "ka", "a@x.nl", "4"),
            Wanted("customer", "kb", "b@x.nl", None),
            Wanted("customer", "kc", "c@x.nl", "999"),
        ]
    )

    assert operations(calls) == ["getRelations", "findRelationV2", "findRelationV2"]
    assert {key: (each.remote_id, each.state) for key, each in found.items()} == {
        "ka": ("4", "archived"),
        "kb": ("5", "present"),
    }


async def test_on_an_older_till_our_own_mark_finds_whom_a_namesake_hides(client, answers, soap_answer):
    client.till.version = Version(57)
    ok = "<ns:result>FIND-RELATION-RESULT-OK</ns:result>"
    mark = customers.external_id("k" * 64)
    calls = answers(
        findRelation=[
            soap_answer("FindRelationResponse", ok + RELATION.format(1, "joann@x.nl", "", "true")),
            soap_answer("FindRelationResponse", ok + RELATION.format(9, "ann@x.nl", mark, "true")),
        ]
    )

    found = await client.target("customer").fetch_many([Wanted("customer", "k" * 64, "ann@x.nl", None)])

    assert found["k" * 64].remote_id == "9"
    assert [
        e.text for e in etree.fromstring(calls[1].request.content).iter("{urn:mplusqapi}extRelationId")
    ] == [mark]
