"""A sandbox server in a process of its own: ``python -m bench.servers till|mailchimp [size [articles [sales]]]`` prints its address and serves
until its input ends."""

from __future__ import annotations

import asyncio
import sys

from starlette.types import ASGIApp

from app.sandbox.mailchimp.server import create_mailchimp
from app.sandbox.mplus.till import create_till
from app.sandbox.serving import serving


async def serve(app: ASGIApp) -> None:
    """Say where it is, and serve until nobody reads us any more."""
    async with serving(app) as url:
        print(url, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main() -> None:
    """The server that was named."""
    name, size = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
    articles = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    sales = int(sys.argv[4]) if len(sys.argv) > 4 else None
    app: ASGIApp = (
        create_till(size=size, articles=articles, sales=sales)
        if name == "till"
        else create_mailchimp(log_limit=1000)
    )
    asyncio.run(serve(app))


if __name__ == "__main__":
    main()
