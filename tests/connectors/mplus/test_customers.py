from decimal import Decimal

from app.connectors.mplus import customers


def test_read():
    relation = {
        "relationNumber": 17,
        "syncMarker": 5,
        "active": False,
        "name": "Bakkerij De Vries",
        "companyName": "",
        "address": "Kerkstraat 1",
        "points": 0,
        "balance": Decimal("0.00"),
        "categoryIds": [7],
        "cardNumbers": [],
        "customFieldList": [{"fieldName": "nieuwsbrief", "dataType": "DATA-TYPE-STRING", "strValue": "ja"}],
        "contactList": [{"relationNumber": 18, "name": "Els", "email": "els@x.nl", "telephone": ""}],
    }

    expected = {
        "relationNumber": 17,
        "syncMarker": 5,
        "active": False,
        "name": "Bakkerij De Vries",
        "address": "Kerkstraat 1",
        "points": 0,
        "balance": Decimal("0.00"),
        "categoryIds": [7],
        "personName": "Bakkerij De Vries",
        "personIsCompany": False,
        "customFields": {"nieuwsbrief": "ja"},
        "contactList": [
            {
                "relationNumber": 18,
                "name": "Els",
                "email": "els@x.nl",
                "personName": "Els",
                "personIsCompany": False,
                "customFields": {},
                "contactList": [],
            }
        ],
    }
    assert expected == customers.read(relation)


def test_read_of_nothing_says_nothing():
    assert customers.read({}) == {"customFields": {}, "contactList": []}


def test_arguments():
    assert customers.by_mark(5, 100) == {"request": {"syncMarker": 5, "syncMarkerLimit": 100}}
    assert customers.by_refs(["1", "22"]) == {"request": {"relationNumbers": [1, 22]}}


def test_whom_one_would_address():
    cases = {
        ("Jan Bos", "", ""): ("Jan Bos", False),
        ("Jan Bos", "", "Els"): ("Jan Bos", False),
        ("Bakkerij", "Bakkerij", ""): ("Bakkerij", True),
        ("Bakkerij", "Bakkerij", "Jan Bos"): ("Jan Bos", False),
    }

    read = {
        told: customers.read(dict(zip(("name", "companyName", "contact"), told, strict=True)))
        for told in cases
    }
    assert cases == {told: (said["personName"], said["personIsCompany"]) for told, said in read.items()}
    assert "personName" not in customers.read({"companyName": "Bakkerij"})
