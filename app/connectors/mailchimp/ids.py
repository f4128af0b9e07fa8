"""Ids that a store keeps as they are.

Mailchimp cuts ids beyond 50 characters without a word, and some characters break its paths (mailchimp.md §6, traps 2
and 3). So an id is what the source calls the thing where that fits, and else a beginning of it with a hash of the whole:
two long names that begin alike stay two.
"""

from __future__ import annotations

import hashlib
import re

LONGEST = 48
_FITS = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST}}}", re.ASCII)
_ODD = re.compile(r"[^A-Za-z0-9_-]+", re.ASCII)


def store_id(natural: str) -> str:
    """The id under which a store keeps what its source calls ``natural``. Total, stable, never the same for two."""
    if _FITS.fullmatch(natural) and not natural.startswith("x-"):
        return natural
    digest = hashlib.sha256(natural.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"x-{_ODD.sub('-', natural)[:24].strip('-')}-{digest}"
