"""What a sandbox server remembers from one start to the next: its whole world in one file.

A world is plain objects, so it is pickled as it stands. What belongs to the running process (the loop's tasks, clocks,
clients) is an anchor: it stands in the file by its name, and what was read hangs on the anchors of today.
The file is readable by its owner alone, because whoever writes a pickle can run anything in who reads it.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import io
import os
import pickle
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Protocol

PAUSE_S = 1.0
SHARE = 50  # a big world is written less often: it takes this part of the time at most


class World(Protocol):
    """What a sandbox server offers to be remembered."""

    def anchors(self) -> Mapping[str, object]:
        """Objects of this process, by name: never stored, and found again by their names."""

    def memory(self) -> dict[str, Any]:
        """Everything that must come back, as it is held; not a copy."""

    def recall(self, memory: Mapping[str, Any], *, clean: bool) -> None:
        """Take over what was remembered. Not ``clean``: the latest of it may be missing."""


class Forgotten(Exception):
    """The file is there and cannot be used: it is broken, or records have other fields now."""


class Memory:
    """The file of one world."""

    def __init__(self, world: World, file: Path) -> None:
        self.world = world
        self.file = file
        self._written = b""

    def load(self) -> bool:
        """Give the world what it held before; False when there is nothing to remember. Raises Forgotten."""
        try:
            found = self.file.read_bytes()
        except FileNotFoundError:
            return False
        reading = io.BytesIO(found)
        try:
            layout, clean = pickle.load(reading)  # noqa: S301 - our own file, see above
            if layout != layout_of_records():
                raise Forgotten(f"{self.file} was written by another version")
            memory = _Unpickler(reading, self.world.anchors()).load()
        except Forgotten:
            raise
        except Exception as error:
            raise Forgotten(f"{self.file} cannot be read ({type(error).__name__})") from error
        self.world.recall(memory, clean=clean)
        return True

    def put_aside(self) -> Path:
        """Keep a file that cannot be used, under another name."""
        return self.file.replace(self.file.with_name(f"{self.file.name}.old"))

    def save(self, *, clean: bool) -> bool:
        """Write what changed since the last time; False when nothing did. ``clean``: nothing comes after it."""
        writing = io.BytesIO()
        pickle.dump((layout_of_records(), clean), writing)
        _Pickler(writing, self.world.anchors()).dump(self.world.memory())
        content = writing.getvalue()
        if content == self._written:
            return False
        draft = self.file.with_name(f".{self.file.name}.new")
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(self.file)
        self._written = content
        return True

    @contextlib.asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """Written down again and again while the block lasts, and for the last time at its end."""
        task = asyncio.create_task(self._keep(), name="sandbox: memory")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            self.save(clean=True)

    async def _keep(self) -> None:
        while True:
            began = time.perf_counter()
            self.save(clean=False)
            await asyncio.sleep(max(PAUSE_S, SHARE * (time.perf_counter() - began)))


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, anchors: Mapping[str, object]) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = {id(anchor): name for name, anchor in anchors.items()}

    def persistent_id(self, obj: object) -> str | None:
        return self._names.get(id(obj))


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, anchors: Mapping[str, object]) -> None:
        super().__init__(file)
        self._anchors = anchors

    def persistent_load(self, pid: str) -> object:
        return self._anchors[pid]


def layout_of_records() -> str:
    """Changes when a record of the sandbox gets, loses or renames a field: what was kept has the old ones."""
    told = sorted(
        f"{one.__module__}.{one.__qualname__}: {[field.name for field in dataclasses.fields(one)]}"
        for name, module in list(sys.modules.items())
        if name.startswith("app.sandbox.")
        for one in vars(module).values()
        if isinstance(one, type) and dataclasses.is_dataclass(one) and one.__module__ == name
    )
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
