"""A sandbox server as it runs for people: on its port, with what it held at its last end, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from app.sandbox.mailchimp import subscribers
from app.sandbox.mailchimp.server import MailchimpSandbox, create_mailchimp
from app.sandbox.memory import Forgotten, Memory
from app.sandbox.mplus.life import live
from app.sandbox.mplus.till import Till, create_till
from app.sandbox.serving import serving

NAMES = ("mplus", "mailchimp")
Told = Callable[[str], None]


async def run(
    name: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    listener: socket.socket | None = None,
    memory: Path | None = None,
    size: int = 200,
    seed: int = 1,
    life_s: float = 0.0,
    told: Told = lambda _: None,
) -> None:
    """Serve one of ``NAMES`` until SIGTERM or SIGINT. OSError when the port is taken.

    ``memory`` is the file it remembers in; without one it forgets. A till that remembers nothing is filled with ``size``
    relations from ``seed``; ``life_s`` seconds lie between two deeds at it, or of people at Mailchimp's side, none with 0.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    app: Till | MailchimpSandbox = create_till(size=0) if name == "mplus" else create_mailchimp()
    kept = None if memory is None else Memory(app, memory)
    if not _remembered(kept, told) and isinstance(app, Till) and size:
        app.seed(size=size, seed=seed)
    async with (
        contextlib.nullcontext() if kept is None else kept.keeping(),
        serving(app, host=host, port=port, listener=listener) as base_url,
    ):
        told(f"listens at {base_url}")
        async with asyncio.TaskGroup() as group:  # a life that fails ends the server, loudly
            life = None
            if life_s:
                going_on = live(app, every=life_s, told=told) if isinstance(app, Till) else subscribers.live(app, every=life_s, told=told)  # fmt: skip
                life = group.create_task(going_on)
            await stop.wait()
            if life is not None:
                life.cancel()


def _remembered(memory: Memory | None, told: Told) -> bool:
    if memory is None:
        return False
    try:
        return memory.load()
    except Forgotten as error:
        aside = memory.put_aside()
        told(f"starts anew, because {error}; that file is {aside} now")
        return False
