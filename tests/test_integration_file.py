"""The integration file: what is written is read back, and what a stranger sends is bounded."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.integration_file import MOST_BYTES, of_this_version, read, written

TEXTS = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12
) | st.sampled_from(
    [
        "no",
        "NO",
        "yes",
        "on",
        "~",
        "null",
        "Null",
        "true",
        "True",
        "012",
        "0x1F",
        "1e3",
        "1_000",
        "12:30:45",
        ".5",
        "2026-05-01",
        "<<",
        "=",
        "*a",
        "&a",
        "!x",
        "- a",
        "a: b",
        "# a",
        "",
        " ",
        "\n",
        "a\n b",
        "é\u2028ü",
        "1.",
        "-0",
        "%TAG",
        "---",
        "...",
        "{a}",
        "[a]",
        "|",
        ">",
        "@",
        "`",
        "'",
        '"',
        "\\",
        "\t",
        "\x85",
        "\ufeff",
        "9" * 30,
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_what_is_written_is_what_is_read(document: dict[str, Any]) -> None:
    found = read(written(document).encode())

    assert (document, repr(document)) == (found, repr(found))


def test_equal_parts_are_written_out() -> None:
    part = {"a": [1]}

    assert "one:\n  a:\n  - 1\ntwo:\n  a:\n  - 1\n" == written({"one": part, "two": part})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("country: NO", {"country": "NO"}),
        ("number: 012", {"number": "012"}),
        ("when: 2026-05-01", {"when": "2026-05-01"}),
        ("hours: 22:00-06:00", {"hours": "22:00-06:00"}),
        ("yes: [yes, true, 1, 1.5, ~]", {"yes": ["yes", True, 1, 1.5, None]}),
        ("\ufeffa: 1", {"a": 1}),
        ("", None),
    ],
)
def test_what_people_write_is_what_they_mean(text: str, expected: Any) -> None:
    assert expected == read(text.encode())


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(8)
)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (BOMB.encode(), "Anchors and aliases are not taken (line 1, column 4)."),
        (b"a: *b", "Anchors and aliases are not taken (line 1, column 4)."),
        (b"[" * 5000, "Nested deeper than 40 levels (line 1, column 41)."),
        (b"a: " * 5000, "The file is not YAML that can be read"),
        (b"\n- x" * 120_000, "More than 100000 parts"),
        (b"x" * (MOST_BYTES + 1), "The file is larger than 1024 KB."),
        (b"a: 1\nb: 2\na: 3", "The name 'a' stands there twice (line 3, column 1)."),
        (b"? [a]\n: 1", "A name must be a text (line 1, column 3)."),
        (b"a: !!python/object/apply:os.system [id]", "Tags are not taken (line 1, column 4)."),
        (b"a: !!binary aGk=", "Tags are not taken (line 1, column 4)."),
        (b"\xff\xfe", "The file is not text in UTF-8."),
        (b"a: [1", "The file is not YAML that can be read (line 2, column 1)."),
        (b"a: \x01", "The file is not YAML that can be read"),
        (b"a: 1\n---\nb: 2", "The file is not YAML that can be read"),
    ],
)
def test_what_cannot_be_read_says_where_and_quickly(raw: bytes, said: str) -> None:
    started = time.process_time()
    with pytest.raises(InvalidInput) as caught:
        read(raw)

    assert caught.value.detail.startswith(said)
    assert time.process_time() - started < 5


def test_merging_is_a_name_like_any_other() -> None:
    assert {"<<": {"a": 1}} == read(b"<<: {a: 1}")
    assert {"a": 1} == yaml.safe_load("<<: {a: 1}")


@pytest.mark.parametrize("document", [None, [], "text", {}, {"format": 2}, {"format": "1"}, {"format": True}])
def test_a_file_of_another_version_is_refused(document: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        of_this_version(document)

    assert caught.value.advice
