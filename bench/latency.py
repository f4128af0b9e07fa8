"""Latency and rest: from a till webhook to the member at Mailchimp while events arrive, and what an idle house costs."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time

import psutil
import uvloop
from sqlalchemy import func, select

from app.sandbox.mplus.signature import sign
from app.store.tables import targets
from bench.figures import Figure
from bench.house import TILL_SECRET, TILL_TOKEN, House, free_port, house, until_open

RELATIONS = 100
PER_SECOND = 20
IDLE_S = 30.0
COMPANIES = (3, 7, 8, 11, 13, 14, 17)
"""Places in every twenty of a seed."""


async def run(events: int = 200) -> list[Figure]:
    """p50 and p99 of webhook → member updated at 20 events a second; then requests and CPU with nothing to do."""
    async with house(relations=RELATIONS) as made:
        port = free_port()
        with made.process("-m", "app", "serve", port=port) as api, made.worker() as worker:
            await until_open(port)
            await _settled(made)
            latencies = await _edits(made, port, events)
            await _settled(made)
            await asyncio.sleep(95)  # until a poll no longer looks at the window behind its cursor
            idle = await _idle(made, [api, worker])
    p50, p99 = (statistics.quantiles(latencies, n=100)[n - 1] for n in (50, 99))
    return [
        Figure("latency", f"webhook → member updated, {PER_SECOND} events/s, p50", p50, "s"),
        Figure("latency", f"webhook → member updated, {PER_SECOND} events/s, p99", p99, "s"),
        *idle,
    ]


async def _settled(made: House) -> None:
    while True:
        total, done = await made.counts()
        if total and total == done:
            return
        await asyncio.sleep(0.1)


async def _people(made: House) -> list[int]:
    """Relations that are one member each, under their own name: a company's is not its contacts'."""
    async with made.resources.db.read() as conn:
        owner = targets.c.owner_ref
        one = select(owner).where(targets.c.state == "present").group_by(owner).having(func.count() == 1)
        found = sorted(int(ref) for ref in (await conn.execute(one)).scalars())
    return [number for number in found if number % 20 not in COMPANIES]


async def _edits(made: House, port: int, events: int) -> list[float]:
    """A cashier changes somebody and the till rings; how long until the audience says so."""
    people = await _people(made)
    latencies: list[float] = []
    waiting: dict[str, float] = {}
    done = asyncio.Event()

    async def watch() -> None:
        while not done.is_set() or waiting:
            told = (await made.panel.get(f"{made.mailchimp_url}/_sandbox/requests?last=200")).json()[
                "requests"
            ]
            now = time.perf_counter()
            for entry in told:
                name = str(
                    json.loads(entry["body"] or "{}").get("merge_fields", {}).get("FNAME", "")
                ).partition(" ")[0]
                if name in waiting:
                    latencies.append(now - waiting.pop(name))
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    for n in range(events):
        number, name = people[n % len(people)], f"Naam{n}"
        edited = await made.panel.post(
            f"{made.till_url}/_sandbox/actions/edit_relation",
            json={"relationNumber": number, "name": f"{name} Jansen"},
        )
        edited.raise_for_status()
        waiting[name] = time.perf_counter()
        body = f'{{"event":"completeSession","n":{n}}}'.encode()
        rung = await made.panel.post(
            f"http://127.0.0.1:{port}/webhooks/mplus/{TILL_TOKEN}/completeSession",
            content=body,
            headers={"X-Mplus-Signature": sign(body, TILL_SECRET), "Content-Type": "application/json"},
        )
        rung.raise_for_status()
        await asyncio.sleep(1 / PER_SECOND)
    done.set()
    await asyncio.wait_for(watching, 60)
    return latencies


async def _idle(made: House, processes: list[psutil.Process]) -> list[Figure]:
    for url in (made.till_url, made.mailchimp_url):
        (await made.panel.delete(f"{url}/_sandbox/requests")).raise_for_status()
    before = [sum(process.cpu_times()[:2]) for process in processes]
    await asyncio.sleep(IDLE_S)
    used = [sum(process.cpu_times()[:2]) for process in processes]
    figures = []
    for name, url in (("till", made.till_url), ("Mailchimp", made.mailchimp_url)):
        told = (await made.panel.get(f"{url}/_sandbox/requests?last=1000")).json()["requests"]
        figures.append(
            Figure("idle", f"requests to {name} with nothing to do", len(told) * 60 / IDLE_S, "/min")
        )
    for name, one, other in zip(("API", "worker"), before, used, strict=True):
        figures.append(Figure("idle", f"CPU of the {name}", (other - one) / IDLE_S * 100, "%"))
    return figures


if __name__ == "__main__":
    from bench.figures import table

    print(table(uvloop.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 200))))
