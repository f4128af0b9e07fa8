"""Accounts of a sale as the till's turnover groups: which group is booked on, and how long that is believed."""

from __future__ import annotations

from app.connectors.base import Existing, Intent
from app.connectors.mplus.articles import Articles
from app.connectors.mplus.salenames import BELIEVED_S, SaleNames


def group(number, account="", default=""):
    told = {"turnoverGroup": number, "turnoverGroupName": f"Groep {number}", "accountNumber": account, "defaultAccountNumber": default}  # fmt: skip
    inner = "".join(f"<ns:{name}>{value}</ns:{name}>" for name, value in told.items() if value != "")
    return f"<ns:turnoverGroup><ns:turnoverGroupType>TURNOVER-GROUP-TYPE-TURNOVER</ns:turnoverGroupType>{inner}</ns:turnoverGroup>"


def groups(soap_answer, *told):
    return soap_answer(
        "GetTurnoverGroupsResponse", f"<ns:turnoverGroupList>{''.join(told)}</ns:turnoverGroupList>"
    )


def booked_on(*accounts):
    lines = [{"text": "Trui", "accountNumber": account} for account in accounts]
    return Intent(
        kind="order", key="k", natural="w-1", remote_id=None, desired=None, document={"lineList": lines}
    )


def found(names):
    return {account: there.remote_id for (kind, account), there in names.items() if kind == "account"}


async def test_an_account_is_the_groups_own_else_its_default_and_the_first_group_counts(
    client, answers, soap_answer
):
    calls = answers(
        getTurnoverGroups=groups(
            soap_answer, group(5, default=8090), group(6, 8091, 8090), group(7, 8092), group(8, 8092)
        )
    )

    [names] = await client.target("order").named([booked_on("8090", "8091", "8092", "1234")])

    assert {"8090": "5", "8091": "6", "8092": "7"} == found(names)
    assert names["account", "8090"] == Existing("5")
    assert "<ns1:onlyActive>true</ns1:onlyActive>" in calls.last.request.content.decode()


async def test_the_groups_are_asked_for_once_and_again_when_that_is_old(client, till, answers, soap_answer):
    now = [0.0]
    names = SaleNames(till, client.find_relation, Articles(till), monotonic=lambda: now[0])
    calls = answers(getTurnoverGroups=[groups(soap_answer, group(5, 8090)), groups(soap_answer, group(9, 8090))])  # fmt: skip
    seen = []
    for at in (0.0, BELIEVED_S - 1, BELIEVED_S + 1):
        now[0] = at
        [told] = await names.of([booked_on("8090")])
        seen.append(found(told)["8090"])

    assert (["5", "5", "9"], 2) == (seen, len(calls))
