"""Reading a batch from its source: lists where they exist, and a bad record found by halving."""

from __future__ import annotations

from collections.abc import Sequence

from app.connectors.base import Fetched, Found, Gone, Page, Source, Unreadable
from app.errors import AppError, CredentialsRefused, MisdirectedConnection, RemoteUnavailable, Throttled


async def read_all(source: Source, refs: Sequence[str]) -> tuple[dict[str, Fetched], dict[str, Exception]]:
    """What was read, and why the others were not.

    A list that fails as a whole is halved until the record that spoils it stands alone. What concerns the account or
    the connection (throttled, refused, away) concerns all: nothing is halved then. A time-out of many is halved once,
    since a smaller list may be quick enough.
    """
    found: dict[str, Fetched] = {}
    failed: dict[str, Exception] = {}
    lists: list[tuple[Sequence[str], int]] = [(refs, 0)]
    while lists:
        part, depth = lists.pop()
        if not part:
            continue
        try:
            answers = await source.fetch_many(part)
        except (Throttled, CredentialsRefused, MisdirectedConnection) as error:
            failed |= dict.fromkeys(part, error)
        except RemoteUnavailable as error:
            if error.in_doubt and len(part) > 1 and depth == 0:
                lists += _halves(part, depth)
            else:
                failed |= dict.fromkeys(part, error)
        except AppError as error:
            if len(part) > 1:
                lists += _halves(part, depth)
            else:
                found[part[0]] = Unreadable(part[0], error)
        else:
            found |= {answer.ref: answer for answer in answers}
            for ref in part:
                if ref not in found:
                    found[ref] = Gone(ref)
    return found, failed


def _halves(part: Sequence[str], depth: int) -> list[tuple[Sequence[str], int]]:
    middle = len(part) // 2
    return [(part[:middle], depth + 1), (part[middle:], depth + 1)]


async def read_again(source: Source, gone: Sequence[str]) -> set[str]:
    """Absence is dangerous, missing rights look like it too: only what is absent twice is gone."""
    if not gone:
        return set()
    found, failed = await read_all(source, gone)
    return {ref for ref in gone if ref not in failed and not isinstance(found.get(ref), Found | Unreadable)}


async def read_page(source: Source, page: Page, *, whole: bool = True) -> list[Fetched]:
    """The records of a poll's page, each once: as they came with it, or read now. ``whole``: what came with it has all the
    parts that are wanted. Raises what reading them raises."""
    held = {answer.ref: answer for answer in page.found} if whole else {}
    refs = list(dict.fromkeys(change.ref for change in page.changed))
    read = await read_these(source, [ref for ref in refs if ref not in held])
    found = held | {answer.ref: answer for answer in read}
    return [found[ref] for ref in refs]


async def read_these(source: Source, refs: Sequence[str]) -> list[Fetched]:
    """These records, in their order. Raises what reading them raises."""
    found, failed = await read_all(source, refs)
    if failed:
        raise next(iter(failed.values()))
    return [found[ref] for ref in refs]
