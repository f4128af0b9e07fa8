"""A sandbox goes on where it was: after a clean end exactly, after a crash with markers that cannot seem to fall."""

from __future__ import annotations

import dataclasses
import stat
from pathlib import Path
from typing import Any

import pytest

from app.sandbox import memory as module
from app.sandbox.mailchimp.batches import Batch
from app.sandbox.mailchimp.lives import Life
from app.sandbox.mailchimp.server import MailchimpSandbox, create_mailchimp
from app.sandbox.memory import Forgotten, Memory, World
from app.sandbox.mplus.till import Till, create_till

LIST = "a1b2c3d4e5"
ORDER = {"relationNumber": 1, "employeeNumber": 1, "lineList": [{"articleNumber": 10_001}]}


def moved(old: World, new: World, file: Path, *, clean: bool = True) -> Any:
    """The new world after the old one ended and the new one remembered."""
    assert Memory(old, file).save(clean=clean)
    assert Memory(new, file).load()
    return new


@pytest.fixture
def mailchimp() -> MailchimpSandbox:
    sandbox = create_mailchimp(rounds=False)
    audience = sandbox.world.audience(LIST)
    sandbox.inside.seed(size=30, seed=1)
    Life(audience).sign_up("noor@klant-voorbeeld.nl", tags=["vip"])
    sandbox.world.accounts[audience.account.id].contact_limit = 500
    return sandbox


async def test_a_till_goes_on_where_it_was(tmp_path: Path) -> None:
    old = create_till(size=40, seed=3)
    old.sessions.subscribe(endpoint_url="http://127.0.0.1:9/x", secret="c2VjcmV0", subscription_id="one")
    old.settings.service_major = 59
    for _ in range(20):
        await old.life.step()
    await old.postman.close()
    new: Till = moved(old, create_till(size=0), tmp_path / "till")

    assert {**old.state(), "webhooksSent": []} == new.state()
    assert (59, old.life.steps) == (new.settings.service_major, new.life.steps)
    assert [new] * len(new.parts) == [part.till for part in new.parts]
    await old.postman.close()


async def test_its_life_goes_on_with_other_people(tmp_path: Path) -> None:
    old, straight = create_till(size=40, seed=3), create_till(size=40, seed=3)
    first = [await old.life.step() for _ in range(30)]
    new: Till = moved(old, create_till(size=0), tmp_path / "till")

    assert [await straight.life.step() for _ in range(60)] == first + [
        await new.life.step() for _ in range(30)
    ]


def test_after_a_crash_no_marker_falls(tmp_path: Path) -> None:
    old = create_till(size=20, seed=1)
    old.orders.create(ORDER)
    Memory(old, tmp_path / "till").save(clean=False)
    old.relations.edit(1, mobile="06-11111111")
    seen = old.orders.create(ORDER)
    told = old.service.marks()
    new = create_till(size=0)
    Memory(new, tmp_path / "till").load()

    assert [] == [name for name, mark in new.service.marks().items() if mark < told[name]]
    row = new.relations.edit(2, mobile="06-22222222")
    assert row["syncMarker"] > told["relationSyncMarker"]
    assert [2] == [
        number for number, _ in new.relations.cards.walk(told["relationSyncMarker"] + 1)
    ]  # the gap holds nothing
    assert new.orders.create(ORDER)["orderId"] not in {*old.orders.cards.rows, seen["orderId"]}


def test_mailchimp_goes_on_where_it_was(mailchimp: MailchimpSandbox, tmp_path: Path) -> None:
    new: MailchimpSandbox = moved(mailchimp, create_mailchimp(rounds=False), tmp_path / "mailchimp")
    audience = new.world.audience(LIST)
    before = mailchimp.inside.state()

    assert {**before, "now": ""} == {**new.inside.state(), "now": ""}
    assert audience.account.world is new.world
    assert new.world.credentials[audience.account.key] == (audience.account, audience.account.logins[0])
    assert audience.by_contact_id[audience.member("noor@klant-voorbeeld.nl").contact_id] is audience.member(
        "noor@klant-voorbeeld.nl"
    )
    assert mailchimp.world.next_id("list") == new.world.next_id("list")


async def test_a_batch_that_was_under_way_is_done_again(mailchimp: MailchimpSandbox, tmp_path: Path) -> None:
    account = mailchimp.world.audience(LIST).account
    body = '{"email_address": "new@klant-voorbeeld.nl", "status": "subscribed"}'
    batch = Batch(
        id="b1",
        login=account.logins[0],
        operations=[{"method": "POST", "path": f"/lists/{LIST}/members", "body": body}],
        submitted_at="",
        due=0,
        status="started",
    )
    account.batches["b1"] = batch
    account.logins[0].in_flight = 7
    new: MailchimpSandbox = moved(mailchimp, create_mailchimp(rounds=False), tmp_path / "mailchimp")

    assert 1 == await new.world.mill.work_off()
    again = new.world.audience(LIST).account
    assert ("finished", 0, 1) == (
        again.batches["b1"].status,
        again.batches["b1"].errored,
        len(again.batches["b1"].results),
    )
    assert 0 == again.logins[0].in_flight


def test_only_its_owner_reads_it_and_nothing_new_is_not_written(tmp_path: Path) -> None:
    till = create_till(size=5)
    memory = Memory(till, tmp_path / "deep" / "till")
    wrote = [memory.save(clean=False), memory.save(clean=False), memory.save(clean=True)]

    assert [True, False, True] == wrote
    assert 0o600 == stat.S_IMODE(memory.file.stat().st_mode)
    assert ["till"] == [one.name for one in memory.file.parent.iterdir()]


def test_without_a_file_there_is_nothing_to_remember(tmp_path: Path) -> None:
    assert not Memory(create_till(size=0), tmp_path / "till").load()


@pytest.mark.parametrize("content", [b"", b"not a pickle", b"\x80\x05N."])
def test_a_broken_file_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "till").write_bytes(content)

    with pytest.raises(Forgotten, match="cannot be read"):
        Memory(create_till(size=0), tmp_path / "till").load()


def test_records_with_other_fields_are_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Memory(create_till(size=1), tmp_path / "till").save(clean=True)
    grown = dataclasses.make_dataclass("Batch", ["id", "colour"], namespace={"__module__": Batch.__module__})
    monkeypatch.setattr("app.sandbox.mailchimp.batches.Batch", grown)

    with pytest.raises(Forgotten, match="another version"):
        Memory(create_till(size=0), tmp_path / "till").load()


async def test_it_is_kept_while_it_runs_and_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.0)
    saved: list[bool] = []
    memory = Memory(create_till(size=2), tmp_path / "till")
    real = memory.save

    def save(*, clean: bool) -> bool:
        saved.append(clean)
        return real(clean=clean)

    monkeypatch.setattr(memory, "save", save)
    async with memory.keeping():
        while len(saved) < 3:
            await module.asyncio.sleep(0)

    assert (False, True) == (any(saved[:-1]), saved[-1])


def test_the_life_of_subscribers_goes_on_with_other_people(
    mailchimp: MailchimpSandbox, tmp_path: Path
) -> None:
    audience = mailchimp.world.audience(LIST)
    for _ in range(20):
        mailchimp.world.subscribers_of(audience).step()
    new: MailchimpSandbox = moved(mailchimp, create_mailchimp(rounds=False), tmp_path / "mailchimp")
    recalled = new.world.audience(LIST)

    assert recalled is new.world.subscribers_of(recalled).audience
    assert [mailchimp.world.subscribers_of(audience).step() for _ in range(20)] == [
        new.world.subscribers_of(recalled).step() for _ in range(20)
    ]
