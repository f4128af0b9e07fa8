"""Trouble on the way: one bad record, lost answers, a remote that is away; nothing lost, nothing doubled."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.shop import CONSENT, Shop
from tests.stories.test_polls import add


async def test_one_bad_record_of_many_is_quarantined_with_its_cause(shop: Shop) -> None:
    """The others go on; after the mend a replay clears the list."""
    flow_id = await shop.flow("customers", CONSENT)
    shop.till.seed(size=1000, seed=3)
    bad = 500
    shop.mailchimp.faults.fail_next(
        status=400,
        method="PUT",
        body='{"type":"about:blank","title":"Invalid Resource","status":400,"detail":"The resource submitted could not be validated."}',
        content_type="application/problem+json",
        path=f"*/members/{shop.hash_of(shop.till.relations.cards.get(bad)['email'])}",
    )
    await shop.rest()

    outcomes = await shop.outcomes()
    quarantined = {ref: code for ref, (outcome, code) in outcomes.items() if outcome == "quarantined"}

    assert 1000 == len(outcomes)
    assert {str(bad): "record_refused"} == quarantined
    (attempt,) = [row for row in await shop.attempts() if row["outcome"] == "quarantined"]
    assert "administrator" == attempt["who"]
    assert "could not be validated" in attempt["reason"]

    assert 1 == await shop.replay(flow_id, failed=True)
    await shop.quiet()

    assert not [ref for ref, (outcome, _) in (await shop.outcomes()).items() if outcome == "quarantined"]
    assert 0 == await shop.replay(flow_id, failed=True)


async def test_an_answer_that_is_lost_doubles_nothing(shop: Shop) -> None:
    await shop.flow("customers", CONSENT)
    add(shop, "Anna")
    shop.mailchimp.faults.fail_next(kind="reset_after", operation="member.put")
    await shop.rest()

    assert ["anna@klant-voorbeeld.nl"] == list(shop.content())
    assert {"1": ("unchanged", None)} == await shop.outcomes()  # it was looked up, and stood there
    # The second says what the first had brought about: whoever takes the run back must know.
    assert ["retrying", "unchanged"] == [row["outcome"] for row in await shop.attempts()]
    assert 1 == len(shop.audience.members)


async def test_an_answer_that_is_lost_and_lands_late_leaves_the_newest_state(shop: Shop) -> None:
    """X delivered; Y sent, its answer lost; the till goes back to X: without the doubt Y would stay for ever."""
    await shop.flow("customers", CONSENT)
    number = add(shop, "Anna")
    await shop.rest()
    shop.clock.advance(60)
    shop.till.relations.edit(number, name="Anna de Boer")
    shop.mailchimp.faults.fail_next(kind="late", operation="member.patch")
    await shop.poll()
    await shop.deliver()
    shop.till.relations.edit(number, name="Anna Visser")
    await shop.mailchimp.door.land()
    await shop.rest()

    assert "Visser" == shop.content()["anna@klant-voorbeeld.nl"]["LNAME"]


async def test_a_remote_that_is_away_is_tried_again_until_it_is_back(shop: Shop) -> None:
    await shop.flow("customers", CONSENT)
    for name in ("Anna", "Bram"):
        add(shop, name)
    shop.mailchimp.faults.fail_next(8, status=503)
    started = shop.clock.now
    await shop.rest()

    assert ["anna@klant-voorbeeld.nl", "bram@klant-voorbeeld.nl"] == list(shop.content())
    assert {"delivered"} == {outcome for outcome, _ in (await shop.outcomes()).values()}
    assert shop.clock.now - started > 5_000  # it was left in peace meanwhile


async def test_a_till_that_refuses_us_breaks_the_connection_once(shop: Shop) -> None:
    """Confirmed by a check; deliveries wait without losing attempts; a passing check lets everything go on."""
    await shop.flow("customers", CONSENT)
    add(shop, "Anna")
    await shop.poll()
    right, shop.till.settings.secret = shop.till.settings.secret, "another"
    await shop.deliver()
    await shop.deliver()

    assert [("credentials_refused", True)] == await shop.alerts()
    assert {} == shop.content()

    shop.till.settings.secret = right
    await shop.check(shop.till_id)
    await shop.quiet()

    assert ["anna@klant-voorbeeld.nl"] == list(shop.content())
    assert [("credentials_refused", False)] == await shop.alerts()


async def test_nights_only_holds_across_both_changes_of_the_clock(shop: Shop) -> None:
    """Outside its hours a flow's changes are noticed and kept; they go when it opens, by the shop's own clock."""
    shop.clock.now = _millis(2026, 3, 28, 12, 0)
    flow_id = await shop.flow("customers", CONSENT)
    await shop.change_flow(flow_id, schedule={"hours": ["22:00-06:00"]})
    await shop.worker.round("hours")
    add(shop, "Anna")
    await shop.poll()

    assert 0 == await shop.deliver()

    shop.clock.now = _millis(2026, 3, 28, 21, 1)  # 22:01 in Amsterdam, winter time
    await shop.worker.round("hours")

    assert 1 == await shop.deliver()

    shop.clock.now = _millis(2026, 3, 29, 4, 1)  # 06:01 in summer time, which began this night
    await shop.worker.round("hours")
    add(shop, "Bram")
    await shop.poll()

    assert 0 == await shop.deliver()

    shop.clock.now = _millis(2026, 10, 25, 4, 30)  # 05:30, winter time began this night
    await shop.worker.round("hours")

    assert 1 == await shop.deliver()
    assert ["anna@klant-voorbeeld.nl", "bram@klant-voorbeeld.nl"] == list(shop.content())


async def test_a_live_change_goes_before_the_second_next_batch_of_a_backfill(shop: Shop) -> None:
    flow_id = await shop.flow("customers", CONSENT)
    shop.till.seed(size=60, seed=5)
    await shop.poll()
    await shop.worker.batch(flow_id, limit=10)
    number = add(shop, "Anna")
    await shop.poll()
    await shop.worker.batch(flow_id, limit=10)

    assert ("delivered", None) == (await shop.outcomes())[str(number)]


def _millis(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type]
