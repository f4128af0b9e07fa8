"""Looking: what stands at the target, asked only for what its rows here cannot answer."""

from __future__ import annotations

from collections.abc import Sequence

from app.connectors.base import Compares, Refers
from app.errors import AppError
from app.pipeline.moving import hand_on, leave_old, stands_apart, stay
from app.pipeline.numbering import recall
from app.pipeline.route import Route
from app.pipeline.work import Item, Wish, prepare, wanted
from app.translation import needs_existing_leaves


async def look_up(route: Route, items: Sequence[Item]) -> None:
    """Ask the target only for what its rows here cannot answer."""
    await recall(route, [wish for item in items for wish in item.wishes if not wish.unchanged])
    await _ask(route, [wish for item in items for wish in item.wishes if _is_to_be_asked(route, wish)])
    left: list[Wish] = []
    for item in items:
        apart = [wish for wish in item.wishes if stands_apart(wish)]
        old = [leave_old(wish, sealer=route.sealer, options=route.options) for wish in apart]
        item.wishes += old
        left += old
        item.wishes = stay(item.wishes, sealer=route.sealer, options=route.options)
        _keep_what_moves_on(item.wishes)
        hand_on(item.wishes, sealer=route.sealer, options=route.options)
    await _ask(route, left)


def _is_to_be_asked(route: Route, wish: Wish) -> bool:
    if wish.unchanged or wish.intent is None or wish.row is None:
        return False
    asks = getattr(route.target.target(wish.kind), "needs_existing", None)
    whole = wish.desired is not None and needs_existing_leaves(wish.desired)
    sure = wish.row.state == "present" and not wish.row.in_doubt and not whole
    return not sure or asks is None or bool(asks(wish.intent))


async def _ask(route: Route, wishes: Sequence[Wish]) -> None:
    by_kind: dict[str, list[Wish]] = {}
    for wish in wishes:
        by_kind.setdefault(wish.kind, []).append(wish)
    for kind, asking in by_kind.items():
        try:
            await ask(route, kind, asking)
        except Exception as error:  # nothing was sent: the known state of every row stays
            for wish in asking:
                wish.error = error


async def ask(route: Route, kind: str, wishes: Sequence[Wish], *, whole: bool = False) -> None:
    """What stands at the target for these wishes, all of one kind; and of a record that is to be made, what it names there.

    Raises what the target's calls raise; what concerns one wish alone is that wish's error.
    """
    target = route.target.target(kind)
    existing = await target.fetch_many([wanted(wish, whole=whole) for wish in wishes])
    for wish in wishes:
        wish.existing, wish.looked = existing.get(wish.key), True
        wish.compares = target if isinstance(target, Compares) else None
        prepare(wish, sealer=route.sealer, options=route.options)
    if isinstance(target, Refers):
        await _ask_named(route, target, wishes)


async def _ask_named(route: Route, target: Refers, wishes: Sequence[Wish]) -> None:
    making = [
        (wish, wish.intent)
        for wish in wishes
        if wish.put is not None and wish.existing is None and wish.intent is not None
    ]
    if not making:
        return
    answers = await target.named([intent for _, intent in making])
    for (wish, _), answer in zip(making, answers, strict=True):
        if isinstance(answer, AppError):
            wish.error = answer
        else:
            wish.named = answer
            prepare(wish, sealer=route.sealer, options=route.options)


def _keep_what_moves_on(wishes: Sequence[Wish]) -> None:
    """What an earlier move of unknown outcome may have left is the very record that moves on now, if that one landed."""
    moving = {
        wish.existing.remote_id for wish in wishes if wish.put is not None and wish.existing is not None
    }
    for wish in wishes:
        if wish.archive is not None and wish.existing is not None and wish.existing.remote_id in moving:
            wish.existing = None
