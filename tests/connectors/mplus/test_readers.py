import pytest

from app.connectors.base import Changed, Found, Gone
from app.errors import AdministratorError

BRANCHES = "".join(f"<ns:branch><ns:branchNumber>{n}</ns:branchNumber></ns:branch>" for n in (2, 1))


def operations(calls):
    return [call.request.headers["SOAPAction"] for call in calls]


@pytest.fixture
def shop(soap_answer):
    """A till with one product in one group, some stock, and one sale of each kind."""
    return {
        "getProducts": soap_answer(
            "GetProductsResponse",
            "<ns:productList><ns:product><ns:productNumber>10</ns:productNumber><ns:syncMarker>4</ns:syncMarker>"
            "<ns:articleList><ns:article><ns:articleNumber>1001</ns:articleNumber><ns:syncMarker>6</ns:syncMarker></ns:article>"
            "</ns:articleList><ns:groupNumbers>2</ns:groupNumbers></ns:product></ns:productList>",
        ),
        "getArticleGroups": soap_answer(
            "GetArticleGroupsResponse",
            "<ns:articleGroupList><ns:articleGroups><ns:groupNumber>1</ns:groupNumber><ns:name>Kleding</ns:name><ns:subGroupList>"
            "<ns:articleGroups><ns:groupNumber>2</ns:groupNumber><ns:name>Truien</ns:name></ns:articleGroups>"
            "</ns:subGroupList></ns:articleGroups></ns:articleGroupList>",
        ),
        "getArticleGroupChanges": soap_answer(
            "GetArticleGroupChangesResponse",
            "<ns:changedArticleGroupList><ns:changedArticleGroups><ns:groupNumber>1</ns:groupNumber>"
            "<ns:syncMarker>9</ns:syncMarker></ns:changedArticleGroups></ns:changedArticleGroupList>",
        ),
        "getBranches": soap_answer("getBranchesResponse", f"<ns:branches>{BRANCHES}</ns:branches>"),
        "getStock": soap_answer(
            "GetStockResponse",
            "".join(
                f"<ns:articleStocks><ns:branchNumber>{branch}</ns:branchNumber><ns:articleNumber>7</ns:articleNumber>"
                f"<ns:stockId>{branch + 10}</ns:stockId><ns:amountFree>5</ns:amountFree></ns:articleStocks>"
                for branch in (1, 2)
            ),
        ),
        "getOrders": soap_answer(
            "GetOrdersResponse",
            "<ns:orderList><ns:order><ns:orderId>a</ns:orderId><ns:relationNumber>17</ns:relationNumber></ns:order></ns:orderList>",
        ),
        "getRelations": soap_answer(
            "GetRelationsResponse",
            "<ns:relationList><ns:relation><ns:relationNumber>17</ns:relationNumber><ns:name>Jan</ns:name></ns:relation>"
            "</ns:relationList>",
        ),
        "getInvoices": soap_answer(
            "GetInvoicesResponse",
            "<ns:invoiceList><ns:invoice><ns:invoiceId>a</ns:invoiceId></ns:invoice></ns:invoiceList>",
        ),
        "getReceipts": soap_answer(
            "GetReceiptsResponse",
            "<ns:receiptList><ns:receipt><ns:receiptId>r</ns:receiptId><ns:syncMarker>3</ns:syncMarker></ns:receipt>"
            "</ns:receiptList>",
        ),
        "getCurrentSyncMarkers": soap_answer(
            "getCurrentSyncMarkersResponse",
            "<ns:articleSyncMarker>1</ns:articleSyncMarker><ns:articleGroupSyncMarker>2</ns:articleGroupSyncMarker>"
            "<ns:relationSyncMarker>3</ns:relationSyncMarker><ns:invoiceSyncMarker>4</ns:invoiceSyncMarker>"
            "<ns:receiptSyncMarker>5</ns:receiptSyncMarker><ns:orderSyncMarker>6</ns:orderSyncMarker><ns:stockId>7</ns:stockId>",
        ),
    }


async def test_every_sequence_has_its_mark(client, answers, shop):
    answers(**shop)

    expected = {
        "product": 1,
        "category": 2,
        "product_category": 2,
        "customer": 3,
        "invoice": 4,
        "receipt": 5,
        "order": 6,
        "stock": 7,
        "relation_invoices": 4,
        "relation_receipts": 5,
    }
    assert expected == await client.marks()


async def test_products_bring_the_names_of_their_groups_and_read_the_tree_once(client, answers, shop):
    calls = answers(**shop)

    page = await client.changes("product", since=1)
    [fetched] = await client.source("product").fetch_many(["10"])

    assert operations(calls) == [
        "getProducts", "getArticleGroups",
        "getCurrentSyncMarkers", "getProducts", "getArticleGroups",
    ]  # fmt: skip
    assert page.changed == (Changed("product", "10", dedupe="10@6"),)
    assert page.found == (fetched,)
    assert fetched == Found(
        "10",
        {
            "productNumber": 10,
            "syncMarker": 4,
            "groupNumbers": [2],
            "articleList": [{"articleNumber": 1001, "syncMarker": 6, "customFields": {}, "imageList": []}],
            "images": [],
            "groups": [{"groupNumber": 2, "name": "Truien", "path": ["Kleding", "Truien"]}],
        },
        6,
    )


async def test_the_tree_is_read_again_when_its_marker_moved(client, answers, shop, soap_answer):
    marks = [
        soap_answer("getCurrentSyncMarkersResponse", f"<ns:articleGroupSyncMarker>{mark}</ns:articleGroupSyncMarker>")
        for mark in (2, 2, 3)
    ]  # fmt: skip
    calls = answers(**(shop | {"getCurrentSyncMarkers": marks}))

    for _ in range(3):
        await client.source("product").fetch_many(["10"])

    assert operations(calls).count("getArticleGroups") == 2


async def test_products_of_a_changed_category(client, answers, shop, soap_answer):
    """Of the group itself, of those below it, and of one that is gone and tells what it held."""
    group = "<ns:{0}><ns:groupNumber>{1}</ns:groupNumber><ns:name>G</ns:name>{2}</ns:{0}>"
    held = "<ns:productNumbers>" + "".join(f"<ns:number>{n}</ns:number>" for n in (10, 11)) + "</ns:productNumbers>"  # fmt: skip
    below = group.format("articleGroups", 2, held)
    answers(
        **shop
        | {
            "getArticleGroups": soap_answer(
                "GetArticleGroupsResponse",
                f"<ns:articleGroupList>{group.format('articleGroups', 1, f'<ns:subGroupList>{below}</ns:subGroupList>')}</ns:articleGroupList>",
            ),
            "getArticleGroupChanges": soap_answer(
                "GetArticleGroupChangesResponse",
                "<ns:changedArticleGroupList>"
                + group.format("changedArticleGroups", 1, "<ns:syncMarker>9</ns:syncMarker>")
                + group.format(
                    "changedArticleGroups", 5, f"<ns:syncMarker>8</ns:syncMarker><ns:isDeleted>true</ns:isDeleted>{held.replace('11', '12')}"
                )
                + "</ns:changedArticleGroupList>",
            ),
        }
    )  # fmt: skip

    page = await client.changes("product_category", since=5)

    assert page.position == 9
    assert {change.ref: change.kind for change in page.changed} == dict.fromkeys(
        ("10", "11", "12"), "product"
    )


async def test_categories(client, answers, shop):
    calls = answers(**shop)

    page = await client.changes("category", since=5)
    fetched = await client.source("category").fetch_many(["2", "8"])

    assert page.changed == (Changed("category", "1", dedupe="1@9"), Changed("category", "2", dedupe="2@9"))
    assert page.position == 9
    assert [
        Found(
            "2",
            {
                "groupNumber": 2,
                "name": "Truien",
                "path": ["Kleding", "Truien"],
                "isDeleted": False,
                "parentGroupNumber": 1,
            },
        ),
        Gone("8"),
    ] == list(fetched)
    assert operations(calls) == ["getArticleGroupChanges", "getArticleGroups", "getArticleGroups"]


async def test_no_changed_category_needs_no_tree(client, answers, soap_answer):
    calls = answers(getArticleGroupChanges=soap_answer("GetArticleGroupChangesResponse"))

    page = await client.changes("category", since=5)

    assert (page.changed, page.position) == ((), 4)
    assert operations(calls) == ["getArticleGroupChanges"]


async def test_stock_is_asked_branch_by_branch(client, answers, shop):
    calls = answers(**shop)

    page = await client.changes("stock", since=12)

    assert operations(calls) == ["getBranches", "getStock", "getStock"]
    assert (page.changed, page.position) == ((Changed("stock", "7", dedupe="7@12"),), 12)


async def test_stock_of_articles(client, answers, shop, soap_answer):
    article = "<ns:article><ns:articleNumber>8</ns:articleNumber></ns:article>"
    shop["getProducts"] = soap_answer(
        "GetProductsResponse",
        f"<ns:productList><ns:product><ns:articleList>{article}</ns:articleList></ns:product></ns:productList>",
    )
    calls = answers(**shop)

    fetched = {record.ref: record for record in await client.source("stock").fetch_many(["7", "8", "9", "x"])}

    assert operations(calls) == ["getBranches", "getStock", "getProducts"]
    assert [branch["branchNumber"] for branch in fetched["7"].document["branches"]] == [1, 2]
    assert fetched["8"].document["stockArticle"] is False
    assert (fetched["9"], fetched["x"]) == (Gone("9"), Gone("x"))


async def test_a_till_without_branches_is_a_missing_right(client, answers, soap_answer):
    answers(getBranches=soap_answer("getBranchesResponse"))

    with pytest.raises(AdministratorError) as raised:
        await client.changes("stock", since=1)
    assert raised.value.code == "missing_rights"


async def test_each_kind_of_sale_has_its_own_sequence_and_one_source(client, answers, shop):
    calls = answers(**shop)

    page = await client.changes("receipt", since=1)
    fetched = await client.source("order").fetch_many(
        ["receipt:r", "order:a", "invoice:a", "order:b", "webshop:1"]
    )

    assert page.changed == (Changed("order", "receipt:r", dedupe="receipt:r@3"),)
    assert operations(calls) == ["getReceipts", "getOrders", "getInvoices", "getReceipts", "getRelations"]
    assert fetched[0].document["relation"]["name"] == "Jan"
    assert "relation" not in fetched[2].document
    assert [(record.ref, type(record).__name__) for record in fetched] == [
        ("order:a", "Found"),
        ("order:b", "Gone"),
        ("invoice:a", "Found"),
        ("receipt:r", "Found"),
        ("webshop:1", "Gone"),
    ]


@pytest.mark.parametrize("kind", ["receipt", "invoice"])
def test_sequences_are_no_kinds_of_record(client, kind):
    with pytest.raises(AdministratorError):
        client.source(kind)
