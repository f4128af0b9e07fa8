"""When a row is written: a row's mode, and the reason why merchants need several of them."""

from __future__ import annotations

from typing import Literal

Mode = Literal["always", "create", "update", "if_empty", "source_wins", "target_wins", "newest"]

MODE_TEXT = (
    "`always`; `create`: only when the target record is made; `update`: only when it exists; "
    "`if_empty`: only where the target holds nothing, so that what people enriched survives; "
    "`source_wins`, `target_wins`, `newest`: like `always`, and what happens when both sides edited the field, whatever the "
    "flow says."
)
