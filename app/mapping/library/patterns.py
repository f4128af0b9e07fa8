"""Regular expressions that end: google-re2 in linear time, small programs, bounded texts.

Python's own ``re`` cannot be stopped; one pattern froze the loop for 2.7 s. RE2 knows no backtracking, and a pattern
must be written out in the expression or rule, so it is compiled once and refused when it is saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import re2

from app.errors import InvalidInput, MappingFailed
from app.mapping.run import Run

MAX_PATTERN = 300
MAX_PROGRAM = 600  # instructions; beyond that RE2 walks all of them for every character: 6 ns each
MAX_SUBJECT = 20_000

_options = re2.Options()
_options.max_mem = 1 << 17
_options.log_errors = False
_options_anycase = re2.Options()
_options_anycase.max_mem = 1 << 17
_options_anycase.log_errors = False
_options_anycase.case_sensitive = False


@dataclass(frozen=True, slots=True)
class Regex:
    """A compiled pattern that pays for what it looks at."""

    compiled: Any
    cost: int

    def found(self, run: Run, text: str) -> bool:
        """Whether it matches anywhere."""
        return self._search(run, text) is not None

    def extracted(self, run: Run, text: str) -> str | None:
        """Its first group, or its whole match."""
        match = self._search(run, text)
        if match is None:
            return None
        found: str | None = match.group(1 if self.compiled.groups else 0)
        return found

    def replaced(self, run: Run, text: str, new: str) -> str:
        """Every match replaced; ``\\1`` is the first group."""
        self._pay(run, text)
        pieces: list[str] = []
        at = 0
        for match in self.compiled.finditer(_clean(text)):
            run.pay(2)
            piece = _filled(new, match)
            run.grow(match.start() - at + len(piece))
            pieces += (text[at : match.start()], piece)
            at = match.end()
        return "".join((*pieces, text[at:]))

    def _search(self, run: Run, text: str) -> Any:
        self._pay(run, text)
        return self.compiled.search(_clean(text))

    def _pay(self, run: Run, text: str) -> None:
        if len(text) > MAX_SUBJECT:
            raise MappingFailed(
                f"a text of more than {MAX_SUBJECT:,} characters is too long for a pattern",
                advice="Shorten it first, for instance with cut().",
                code="mapping_too_large",
            )
        run.pay(1 + (len(text) * self.cost >> 8))


def compile_pattern(pattern: str, *, any_case: bool = False) -> Regex:
    """The pattern compiled, or InvalidInput that says what is wrong with it."""
    if len(pattern) > MAX_PATTERN:
        raise InvalidInput(f"The pattern is longer than {MAX_PATTERN} characters.")
    try:
        compiled = re2.compile(_clean(pattern), _options_anycase if any_case else _options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise InvalidInput(
            f"The pattern cannot be used: {text}.",
            advice="Patterns follow RE2: no look-around (?=…), no back-references.",
        ) from None
    if compiled.programsize > MAX_PROGRAM:
        raise InvalidInput(
            "The pattern is too large: it repeats too much.",
            advice="Use * or + instead of large counts like {500}.",
        )
    return Regex(compiled, max(1, compiled.programsize))


def _clean(text: str) -> str:
    """Lone surrogates have no UTF-8 and RE2 works on bytes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _filled(new: str, match: Any) -> str:
    if "\\" not in new:
        return new
    parts: list[str] = []
    at = 0
    while at < len(new):
        if new[at] == "\\" and at + 1 < len(new):
            sign = new[at + 1]
            if sign.isdigit() and sign.isascii():
                parts.append((match.group(int(sign)) or "") if int(sign) <= len(match.groups()) else "")
            else:
                parts.append(sign)
            at += 2
        else:
            parts.append(new[at])
            at += 1
    return "".join(parts)
