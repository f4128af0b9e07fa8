from app.connectors.base import Changed, Found, Gone
from app.connectors.mplus import categories

TREE = [
    {
        "groupNumber": 1,
        "syncMarker": 4,
        "name": "Kleding",
        "text": "",
        "sortOrder": 1,
        "subGroupList": [
            {"groupNumber": 2, "syncMarker": 2, "name": "Truien", "productNumbers": [10, 11]},
            {"groupNumber": 3, "name": "Schoenen", "subGroupList": [{"groupNumber": 4, "name": "Laarzen"}]},
        ],
    },
    {"groupNumber": 5, "name": "Oud", "isDeleted": True},
]
GROUPS = {
    1: {
        "groupNumber": 1,
        "syncMarker": 4,
        "name": "Kleding",
        "sortOrder": 1,
        "path": ["Kleding"],
        "isDeleted": False,
    },
    5: {"groupNumber": 5, "name": "Oud", "path": ["Oud"], "isDeleted": True},
    2: {
        "groupNumber": 2,
        "syncMarker": 2,
        "name": "Truien",
        "productNumbers": [10, 11],
        "path": ["Kleding", "Truien"],
        "isDeleted": False,
        "parentGroupNumber": 1,
    },
    3: {
        "groupNumber": 3,
        "name": "Schoenen",
        "path": ["Kleding", "Schoenen"],
        "isDeleted": False,
        "parentGroupNumber": 1,
    },
    4: {
        "groupNumber": 4,
        "name": "Laarzen",
        "path": ["Kleding", "Schoenen", "Laarzen"],
        "isDeleted": False,
        "parentGroupNumber": 3,
    },
}


def test_flatten():
    assert categories.flatten(TREE) == GROUPS


def test_a_group_below_itself_is_read_once():
    loop: dict = {"groupNumber": 1, "name": "a"}
    loop["subGroupList"] = [{"groupNumber": 2, "name": "b", "subGroupList": [loop]}]

    assert [1, 2] == list(categories.flatten([loop]))


def test_an_absurdly_deep_tree_ends():
    deep: dict = {"groupNumber": 0, "name": "0"}
    for number in range(1, 500):
        deep = {"groupNumber": number, "name": str(number), "subGroupList": [deep]}

    assert len(categories.flatten([deep])) == categories.MAX_DEPTH


def test_a_renamed_group_changes_everything_below_it():
    page = categories.page(
        [{"groupNumber": 3, "syncMarker": 9}, {"groupNumber": 7, "syncMarker": 8}], GROUPS, since=5, limit=100
    )

    assert page.changed == (
        Changed("category", "3", dedupe="3@9"),
        Changed("category", "4", dedupe="4@9"),
        Changed("category", "7", dedupe="7@8"),
    )
    assert (page.position, page.more) == (9, False)


def test_nothing_changed():
    page = categories.page([], {}, since=5, limit=100)

    assert (page.changed, page.position, page.more) == ((), 4, False)


def test_fetched():
    expected = [Found("2", GROUPS[2], 2), Gone("8"), Found("4", GROUPS[4], None), Gone("x")]

    assert expected == list(categories.fetched(["2", "8", "4", "x", "2"], GROUPS))
