"""Moving: a record that goes by another address than before, and whether the record under the old one comes along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.connectors.base import GoesBy
from app.pipeline.merging import Merged, is_about
from app.pipeline.work import ADDRESS_LEFT, Wish, prepare
from app.records.decision import Archive
from app.sealing import Sealer
from app.store.targets import Target


def leaving(
    row: Target, *, owner: tuple[str, str] | None, sealer: Sealer, options: Mapping[str, Any]
) -> Wish:
    """The wish that a record under an address that was left be put away."""
    archive = Archive(kind=row.kind, key=row.key, reason=ADDRESS_LEFT)
    wish = Wish(kind=row.kind, key=row.key, natural=None, owner=owner, archive=archive, row=row)
    prepare(wish, sealer=sealer, options=options)
    return wish


def leave_old(wish: Wish, *, sealer: Sealer, options: Mapping[str, Any]) -> Wish:
    """An address change that cannot take the record along: the old one becomes a wish of its own, to be put away."""
    assert wish.old_row is not None
    old = leaving(wish.old_row, owner=wish.owner, sealer=sealer, options=options)
    if wish.existing is not None and wish.existing.remote_id == wish.old_row.remote_id:
        wish.existing = None  # it stands under the old address
    wish.old_row, wish.moves_from = None, None
    prepare(wish, sealer=sealer, options=options)
    return old


def hand_on(wishes: Sequence[Wish], *, sealer: Sealer, options: Mapping[str, Any]) -> None:
    """What was found of a record that is put away goes to the one that takes its place."""
    for wish in wishes:
        if wish.put is None or wish.put.stands_for is None:
            continue
        old = next(
            (each for each in wishes if each.archive is not None and each.key == wish.put.stands_for), None
        )
        if old is not None and old.existing is not None:
            wish.instead_of = old.existing
            prepare(wish, sealer=sealer, options=options)


def stands_apart(wish: Wish) -> bool:
    """Under the new address another record stands already: two cannot become one."""
    return (
        wish.put is not None
        and wish.old_row is not None
        and wish.existing is not None
        and wish.existing.remote_id != wish.old_row.remote_id
    )


def stay(wishes: Sequence[Wish], *, sealer: Sealer, options: Mapping[str, Any]) -> list[Wish]:
    """What is left of the wishes once those were weighed whose record got another address at the target, while it was to be put
    away for a new one: where that address stays by the rules so does the record, and none is made."""
    staying: list[Wish] = []
    for wish in wishes:
        old = _stood_for_by(wish, wishes)
        if old is None or not isinstance(wish.compares, GoesBy):
            continue
        address = wish.compares.address
        wish.moves_from, wish.old_row, wish.existing = (old.kind, old.key), old.row, old.existing
        prepare(wish, sealer=sealer, options=options)
        if address in wish.merged.left or _goes_by(wish, address):
            staying.append(old)
            continue
        old.merged = Merged(
            conflicts=tuple(each for each in wish.merged.conflicts if is_about(each, address))
        )
        wish.moves_from, wish.old_row, wish.existing = None, None, None
        prepare(wish, sealer=sealer, options=options)
    return [wish for wish in wishes if wish not in staying]


def _goes_by(wish: Wish, address: str) -> bool:
    """Whether what was found has the wish's own address already, though it was not found by it: it got it only just now."""
    held = wish.existing.document.get(address) if wish.existing is not None else None
    return isinstance(held, str) and held.strip().casefold() == str(wish.natural).strip().casefold()


def _stood_for_by(wish: Wish, wishes: Sequence[Wish]) -> Wish | None:
    """The wish to put away the very record that this one is made for anew; None where something stands under the new address."""
    if wish.put is None or wish.put.stands_for is None or wish.existing is not None or wish.error is not None:
        return None
    return next(
        (
            each
            for each in wishes
            if each.archive is not None
            and each.key == wish.put.stands_for
            and each.error is None
            and each.row is not None
            and each.existing is not None
            and each.existing.state == "present"
        ),
        None,
    )
