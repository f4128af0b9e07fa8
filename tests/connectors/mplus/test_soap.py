from decimal import Decimal
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from app.connectors.mplus import codec, soap
from app.connectors.mplus.encodings import Malformed


def envelope(content: str, *, head: str = "", prefix: str = "SOAP-ENV") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<{prefix}:Envelope '
        f'xmlns:{prefix}="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="urn:mplusqapi">'
        f"<{prefix}:Body>{content}</{prefix}:Body></{prefix}:Envelope>"
    ).encode()


def relation(inner: str) -> bytes:
    return envelope(
        f"<ns:GetRelationsResponse><ns:relationList><ns:relation>{inner}</ns:relation></ns:relationList>"
        "</ns:GetRelationsResponse>"
    )


def read(body: bytes, operation: str):
    answer = soap.answer(body, operation)
    assert isinstance(answer, soap.Answer)
    return answer.document()


def test_request_as_the_vendor_writes_it():
    body = soap.request(
        "getProducts",
        {
            "request": {
                "articleNumbers": [1, 2],
                "pluNumbers": [{"text": "A1"}],
                "syncMarker": 5,
                "syncMarkerLimit": 100,
            }
        },
    )

    expected = dedent("""\
        <?xml version='1.0' encoding='utf-8'?>
        <SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns1="urn:mplusqapi">
        <SOAP-ENV:Header/><SOAP-ENV:Body><ns1:getProducts><ns1:request>
        <ns1:articleNumbers>1</ns1:articleNumbers><ns1:articleNumbers>2</ns1:articleNumbers>
        <ns1:pluNumbers><ns1:text><ns1:text>A1</ns1:text></ns1:text></ns1:pluNumbers>
        <ns1:syncMarker>5</ns1:syncMarker><ns1:syncMarkerLimit>100</ns1:syncMarkerLimit>
        </ns1:request></ns1:getProducts></SOAP-ENV:Body></SOAP-ENV:Envelope>""")
    assert expected.replace("\n", "").replace("?><", "?>\n<") == body.decode()


def test_request_keeps_the_order_of_the_wire_and_leaves_nothing_out():
    body = soap.request(
        "createRelation", {"relation": {"email": "a@b.nl", "name": "A", "birthDate": "1980-02-01"}}
    )

    assert b"<ns1:name>A</ns1:name><ns1:email>a@b.nl</ns1:email><ns1:birthDate><ns1:day>1</ns1:day>" in body
    with pytest.raises(Malformed, match=r"^relation.nmae: a field that the till knows expected$"):
        soap.request("createRelation", {"relation": {"nmae": "A"}})
    with pytest.raises(Malformed) as fault:
        soap.request("createRelation", {"relation": {"points": "many"}})
    assert str(fault.value) == "relation.points: number expected"


def test_quantity_always_goes_with_its_decimals():
    body = soap.request(
        "createOrder",
        {
            "order": {
                "orderId": "",
                "lineList": [{"articleNumber": 1, "data": {"quantity": Decimal("1.5"), "price": "2.50"}}],
            }
        },
    )

    assert b"<ns1:orderId></ns1:orderId>" in body
    assert (
        b"<ns1:quantity>15</ns1:quantity><ns1:decimalPlaces>1</ns1:decimalPlaces><ns1:price>250</ns1:price>"
        in body
    )


def test_a_mandatory_list_may_be_empty():
    body = soap.request("getStock", {"request": {"branchNumber": 1, "articleNumbers": []}})

    assert b"<ns1:branchNumber>1</ns1:branchNumber><ns1:articleNumbers/>" in body


def test_reads_by_local_name_and_ignores_what_is_new():
    body = relation(
        "<ns:relationNumber>17</ns:relationNumber><ns:syncMarker/><ns:active>1</ns:active><ns:name>Jan</ns:name>"
        "<ns:companyName/><ns:newThing><ns:name>x</ns:name></ns:newThing><ns:points>3</ns:points>"
        "<ns:categoryIds><ns:category>1</ns:category><ns:category>2</ns:category></ns:categoryIds>"
        "<ns:birthDate><ns:day>0</ns:day><ns:mon>0</ns:mon><ns:year>0</ns:year></ns:birthDate>"
        "<ns:contactList><ns:relation><ns:name>Els</ns:name></ns:relation></ns:contactList>"
        "<ns:cardNumbers>a</ns:cardNumbers><ns:cardNumbers>b</ns:cardNumbers>"
    )

    expected = {
        "relationList": [
            {
                "relationNumber": 17,
                "active": True,
                "name": "Jan",
                "companyName": "",
                "points": 3,
                "categoryIds": [1, 2],
                "contactList": [{"name": "Els"}],
                "cardNumbers": ["a", "b"],
            }
        ]
    }
    assert expected == read(body, "getRelations")
    assert expected == read(
        body.replace(b"SOAP-ENV", b"s")
        .replace(b"<ns:", b"<q:")
        .replace(b"</ns:", b"</q:")
        .replace(b":ns=", b":q="),
        "getRelations",
    )


def test_a_missing_number_of_decimals_is_none():
    body = envelope(
        "<ns:GetStockResponse><ns:articleStocks><ns:articleNumber>1</ns:articleNumber><ns:amountFree>15</ns:amountFree>"
        "<ns:amountReserved>15</ns:amountReserved><ns:decimalPlacesReserved>1</ns:decimalPlacesReserved></ns:articleStocks>"
        "</ns:GetStockResponse>"
    )

    expected = {
        "articleStocks": [{"articleNumber": 1, "amountFree": Decimal(15), "amountReserved": Decimal("1.5")}]
    }
    assert expected == read(body, "getStock")


def test_answers_have_irregular_names():
    body = envelope(
        "<ns:GetOrderResponse><ns:result>GET-ORDER-RESULT-NOT-FOUND</ns:result></ns:GetOrderResponse>"
    )

    assert {"result": "GET-ORDER-RESULT-NOT-FOUND"} == read(body, "findOrder")


def test_fault():
    body = envelope(
        "<SOAP-ENV:Fault><faultcode>SOAP-ENV:Client.Authentication</faultcode><faultstring> no </faultstring>"
        "<faultactor/><detail/></SOAP-ENV:Fault>"
    )

    assert soap.Fault("Client.Authentication", "no") == soap.answer(body, "getApiVersion")
    assert soap.Fault("Unknown", "") == soap.answer(envelope("<SOAP-ENV:Fault/>"), "getApiVersion")


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
REMOTE = '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "html"),
        (b"\n<HTML><body>no</HTML>", "html"),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "html"),
        (b"<a><b></a>", "xml"),
        (b"{}", "xml"),
        (b"\xff\xfe\x00", "xml"),
        (envelope("<ns:GetRelationsResponse/>")[:-20], "xml"),
        (b"<a/>", "envelope"),
        (envelope(""), "envelope"),
        (envelope("<ns:GetProductsResponse/>"), "answer"),
        (envelope("<ns:GetRelationsResponse>&b;</ns:GetRelationsResponse>", head=LAUGHS), "entities"),
        (envelope("<ns:GetRelationsResponse>&a;</ns:GetRelationsResponse>", head=FILE), "entities"),
        (envelope("<ns:GetRelationsResponse/>", head=REMOTE), "entities"),
        (b"<a>" * 5000 + b"</a>" * 5000, "xml"),
    ],
)
def test_what_is_no_answer(body, kind):
    with pytest.raises(soap.NotSoap) as found:
        soap.answer(body, "getRelations")

    assert kind == found.value.kind


def test_deep_lists_within_the_parsers_bounds_are_read():
    inner = "<ns:name>x</ns:name>"
    for _ in range(100):
        inner = f"<ns:contactList><ns:relation>{inner}</ns:relation></ns:contactList>"

    assert "relationList" in read(relation(inner), "getRelations")


@pytest.mark.parametrize(
    ("inner", "sentence"),
    [
        ("<ns:points>many</ns:points>", "relationList.points: whole number expected"),
        ("<ns:active>ja</ns:active>", "relationList.active: true or false expected"),
        ("<ns:birthDate><ns:day>31</ns:day><ns:mon>2</ns:mon><ns:year>2000</ns:year></ns:birthDate>",
         "relationList.birthDate: day of the calendar expected"),
        ("<ns:contactList><ns:relation><ns:points>x</ns:points></ns:relation></ns:contactList>",
         "relationList.contactList.points: whole number expected"),
    ],
)  # fmt: skip
def test_a_broken_value_names_its_field_and_not_itself(inner, sentence):
    with pytest.raises(Malformed) as fault:
        read(relation(inner), "getRelations")

    assert sentence == str(fault.value)


def test_every_type_that_is_named_exists():
    known = {"string", "int", "bool", "decimal", "cents", "percent", "day", "moment"} | codec.TYPES.keys()
    tables = [*codec.TYPES.values(), *(request for request, _ in codec.OPERATIONS.values())]

    unknown = {field.kind for table in tables for field in codec.fields(table)} - known

    assert set() == unknown | ({answer for _, answer in codec.OPERATIONS.values()} - codec.TYPES.keys())


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_our_own_error(body):
    with pytest.raises(soap.NotSoap):
        soap.answer(body, "getRelations")


XML_NAMES = st.sampled_from(
    ["relationNumber", "points", "active", "birthDate", "contactList", "relation", "day", "x"]
)


@given(
    st.recursive(
        st.tuples(
            XML_NAMES, st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=8)
        ),
        lambda inner: st.tuples(XML_NAMES, st.lists(inner, max_size=4)),
        max_leaves=12,
    )
)
def test_any_well_formed_relation_is_read_or_refused(tree):
    def build(parent, node):
        name, content = node
        child = etree.SubElement(parent, f"{{urn:mplusqapi}}{name}")
        if isinstance(content, str):
            child.text = "".join(c for c in content if c.isprintable())
        else:
            for each in content:
                build(child, each)

    root = etree.Element("relation")
    build(root, tree)
    try:
        data = codec.decode("Relation", root)
    except Malformed:
        return

    assert isinstance(data, dict)


TEXT = st.text(
    alphabet=st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]), min_size=1, max_size=20
)
RELATIONS = st.fixed_dictionaries(
    {},
    optional={
        "relationNumber": st.integers(1, 10**12),
        "name": TEXT,
        "active": st.booleans(),
        "birthDate": st.dates().map(lambda day: day.isoformat()),
        "points": st.integers(-(10**9), 10**9),
        "balance": st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents).scaleb(-2)),
        "invoiceCredit": st.decimals(min_value=-1000, max_value=1000, places=3),
        "cardNumbers": st.lists(TEXT, min_size=1, max_size=3),
        "categoryIds": st.lists(st.integers(0, 99), max_size=3),
        "customFieldList": st.lists(
            st.fixed_dictionaries({"fieldName": TEXT, "boolValue": st.booleans()}), max_size=2
        ),
    },
)


@given(RELATIONS)
def test_what_is_written_is_read_again(data):
    sent = etree.fromstring(soap.request("createRelation", {"relation": data}))
    element = next(sent.iter("{urn:mplusqapi}relation"))

    assert data == codec.decode("Relation", element)


def stock_answer(rows: str, *, head: str = "") -> bytes:
    return envelope(f"<ns:GetStockResponse>{rows}</ns:GetStockResponse>", head=head)


def test_rows_of_a_large_answer_come_one_by_one():
    rows = "".join(
        f"<ns:articleStocks><ns:articleNumber>{n}</ns:articleNumber><ns:subArticle><ns:articleNumber>0</ns:articleNumber>"
        "</ns:subArticle></ns:articleStocks><ns:other/>"
        for n in range(3)
    )

    read = [
        (soap.number_of(row, "articleNumber"), len(row))
        for row in soap.rows(stock_answer(rows), "getStock", "articleStocks")
    ]

    assert read == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (stock_answer("<ns:articleStocks/>")[:-30], "xml"),
        (stock_answer("", head=LAUGHS), "entities"),
        (envelope("<ns:GetProductsResponse/>"), "answer"),
    ],
)
def test_rows_refuse_like_answers(body, kind):
    with pytest.raises(soap.NotSoap) as found:
        list(soap.rows(body, "getStock", "articleStocks"))

    assert kind == found.value.kind
