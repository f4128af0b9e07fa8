"""Mailchimp and the till away, busy, slow, and losing answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.sandbox.faults import PRESETS, Fault
from tests.chaos.house import House, until

pytestmark = pytest.mark.chaos

ALWAYS = 1_000_000


async def begun(house: House, size: int, *, at: int) -> None:
    """A worker in the middle of it."""
    house.fill(size)
    house.worker()
    await house.reaches(at)


def always(preset: str, **more: Any) -> Fault:
    """Until it is cleared."""
    made = PRESETS[preset]
    return Fault(status=made.status, body=made.body, content_type=made.content_type, times=ALWAYS, **more)


async def test_mailchimp_answers_503_for_half_a_minute(house: House) -> None:
    await begun(house, 500, at=150)
    faults = house.shop.mailchimp.faults
    faults.add(always("unavailable"))
    await asyncio.sleep(30)
    house.edit(1)
    faults.waiting.clear()

    await house.recover("Mailchimp answers 503 for 30 s amid 500 deliveries", within_s=90)


async def test_mailchimp_carries_out_calls_and_loses_the_answers(house: House) -> None:
    await begun(house, 200, at=60)
    faults = house.shop.mailchimp.faults
    faults.add(Fault(kind="reset_after", times=40, operation="member.*"))
    await until(lambda: not faults.waiting, within_s=30, what="40 answers are lost")

    await house.recover("Mailchimp carries out 40 calls and loses the answers")


async def test_an_answer_is_lost_and_the_till_goes_back(house: House) -> None:
    """X delivered; Y sent and its answer lost; the till back to X: Y must not stay."""
    house.fill(20)
    house.worker()
    await until(lambda: house.held == house.wanted, within_s=40, what="everybody has arrived")
    before = dict(house.versions)
    faults = house.shop.mailchimp.faults
    faults.add(Fault(kind="reset_after", times=20, operation="member.p*"))
    house.edit_all()
    await until(lambda: not faults.waiting, within_s=30, what="20 answers are lost")
    for number, version in before.items():
        house.put_back(number, version)

    await house.recover("Answers are lost, and the till goes back to what was delivered before")


async def test_mailchimp_carries_calls_out_late(house: House) -> None:
    """Given up on, and carried out two seconds later, when the till says something else already."""
    house.fill(40)
    house.worker()
    await until(lambda: house.held == house.wanted, within_s=40, what="everybody has arrived")
    faults = house.shop.mailchimp.faults
    faults.add(Fault(kind="late", times=20, seconds=2.0, operation="member.p*"))
    house.edit_all()
    await until(lambda: not faults.waiting, within_s=30, what="20 calls are cut")
    house.edit_all()

    await house.recover("Mailchimp carries out 20 calls two seconds after their connections broke")


async def test_mailchimp_asks_to_slow_down(house: House) -> None:
    await begun(house, 200, at=60)
    faults = house.shop.mailchimp.faults
    for preset in ("throttled", "refused_html", "throttled_plain"):
        faults.add(always(preset))
        await asyncio.sleep(2)
        faults.waiting.clear()
        await asyncio.sleep(0.5)

    await house.recover("Mailchimp throttles: 429, 403 without JSON, plain 429")


async def test_mailchimp_is_slow(house: House) -> None:
    await begun(house, 150, at=40)
    house.shop.mailchimp.faults.latency_ms = 1500
    house.edit(1)
    await asyncio.sleep(8)
    house.shop.mailchimp.faults.latency_ms = 10

    await house.recover("Mailchimp takes 1.5 s per call for 8 s")


async def test_the_till_is_away(house: House) -> None:
    await begun(house, 200, at=60)
    faults = house.shop.till.faults
    for kind, more in (("reset_before", {}), ("status", {"status": 500, "body": "<html>down</html>"})):
        faults.add(Fault(kind=kind, times=ALWAYS, **more))  # type: ignore[arg-type]
        await asyncio.sleep(3)
        faults.waiting.clear()
    house.edit(1)
    faults.add(always("soap_server"))
    await asyncio.sleep(3)
    faults.waiting.clear()

    await house.recover("The till is away for 9 s: resets, HTML, SOAP faults")
