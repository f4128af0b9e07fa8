"""Workers that are killed, stalled and overtaken in the middle of 500 deliveries."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.chaos.house import House, patience

pytestmark = pytest.mark.chaos


async def test_a_worker_is_killed_in_the_middle(house: House) -> None:
    house.fill(500)
    worker = house.worker()
    await house.reaches(150)
    worker.kill()
    worker.start()

    await house.recover("A worker is killed amid 500 deliveries, and started anew")


async def test_one_of_two_workers_is_killed_and_never_comes_back(house: House) -> None:
    house.fill(500)
    lost, _ = house.worker(), house.worker()
    await house.reaches(150)
    lost.kill()

    await house.recover("One of two workers is killed amid 500 deliveries, and is gone")


async def test_a_stalled_worker_wakes_when_another_has_gone_on(house: House) -> None:
    """Longer than its lease (5 s here) and its holds (3 s more); meanwhile everybody changes."""
    house.fill(200)
    stalled, other = house.worker(), house.worker()
    await house.reaches(60)
    stalled.send(signal.SIGSTOP)
    house.edit_all()
    await asyncio.sleep(11)
    stalled.send(signal.SIGCONT)

    await house.recover("A worker stalls for 11 s, its lease ends, another goes on, it wakes")
    assert other.alive
    assert stalled.alive


async def test_a_worker_that_is_asked_to_stop_under_load_leaves_in_time(house: House) -> None:
    house.fill(300)
    house.shop.mailchimp.faults.latency_ms = 100
    worker = house.worker()
    await house.reaches(40)

    took = await worker.stop()
    worker.start()
    house.shop.mailchimp.faults.latency_ms = 10

    await house.recover("A worker is told to stop amid 300 deliveries, and started anew")
    assert patience(4.0) > took


async def test_all_workers_are_killed_again_and_again(house: House) -> None:
    house.fill(300)
    workers = [house.worker(), house.worker()]
    await house.reaches(30)
    for n in range(4):
        house.edit(1 + n)
        workers[n % 2].kill()
        workers[n % 2].start()
        await asyncio.sleep(2.5)

    await house.recover("Two workers are killed in turn, four times")
