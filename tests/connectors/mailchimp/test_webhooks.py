"""Webhooks of an audience as they come: forms with brackets, a signature with a time, and everything that is neither."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.base import PollSoon
from app.connectors.mailchimp.webhooks import MAX_FIELDS, Call, parse, receive, verify
from app.errors import BadSignature, CallerError, UnreadableBody

NOW = 1_772_366_400.0
SECRET = "0123456789abcdef0123456789abcdef"

# As the vendor shows them (mailchimp.md §5.2).
MERGES = {
    "data[merges][EMAIL]": "api@mailchimp.com",
    "data[merges][FNAME]": "Mailchimp",
    "data[merges][LNAME]": "API",
    "data[merges][INTERESTS]": "Group1,Group2",
}
SAMPLES: dict[str, dict[str, str]] = {
    "subscribe": {
        "type": "subscribe", "fired_at": "2009-03-26 21:35:57", "data[id]": "8a25ff1d98", "data[list_id]": "a6b5da1054",
        "data[email]": "api@mailchimp.com", "data[email_type]": "html", **MERGES, "data[ip_opt]": "10.20.10.30",
        "data[ip_signup]": "10.20.10.30",
    },
    "unsubscribe": {
        "type": "unsubscribe", "fired_at": "2009-03-26 21:40:57", "data[action]": "unsub", "data[reason]": "manual",
        "data[id]": "8a25ff1d98", "data[list_id]": "a6b5da1054", "data[email]": "api+unsub@mailchimp.com",
        "data[email_type]": "html", **MERGES, "data[ip_opt]": "10.20.10.30", "data[campaign_id]": "cb398d21d2",
    },
    "profile": {
        "type": "profile", "fired_at": "2009-03-26 21:31:21", "data[id]": "8a25ff1d98", "data[list_id]": "a6b5da1054",
        "data[email]": "API@mailchimp.com ", "data[email_type]": "html", **MERGES, "data[ip_opt]": "10.20.10.30",
    },
    "upemail": {
        "type": "upemail", "fired_at": "2009-03-26 22:15:09", "data[list_id]": "a6b5da1054", "data[new_id]": "51da8c3259",
        "data[new_email]": "api+new@mailchimp.com", "data[old_email]": "api+old@mailchimp.com",
    },
    "cleaned": {
        "type": "cleaned", "fired_at": "2009-03-26 22:01:00", "data[list_id]": "a6b5da1054", "data[campaign_id]": "4fjk2ma9xd",
        "data[reason]": "hard", "data[email]": "api+cleaned@mailchimp.com",
    },
    "campaign": {
        "type": "campaign", "fired_at": "2009-03-26 21:31:21", "data[id]": "5aa2102003",
        "data[subject]": "Test Campaign Subject", "data[status]": "sent", "data[reason]": "", "data[list_id]": "a6b5da1054",
    },
}  # fmt: skip


def keyed_hash(*parts: str, length: int = 40) -> str:
    return hmac.new(b"test", "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:length]


def signed(body: bytes, *, at: float = NOW, secret: str = SECRET) -> str:
    return f"t={int(at)},v1={hmac.new(secret.encode(), f'{int(at)}.'.encode() + body, 'sha256').hexdigest()}"


def take(body: bytes, *, secret: str | None = None, signature: str | None = None, now: float = NOW) -> Call:
    headers = {} if signature is None else {"x-mailchimp-signature": signature}
    return receive(headers=headers, body=body, secret=secret, now=now, keyed_hash=keyed_hash)


@pytest.mark.parametrize("event", ["subscribe", "unsubscribe", "profile", "cleaned", "upemail"])
def test_what_happens_to_a_person_is_a_doorbell_and_names_nobody(event: str) -> None:
    call = take(urlencode(SAMPLES[event]).encode())

    [bell] = call.notifications
    assert ("event", 200, b"") == (call.note, call.answer.status, call.answer.body)
    assert frozenset({"contact"}) == bell.kinds
    assert "@" not in repr(call)


def test_one_notice_is_one_event_and_another_is_another() -> None:
    again = take(urlencode(SAMPLES["profile"]).encode()).notifications[0].dedupe
    others = {
        take(urlencode(SAMPLES["profile"] | change).encode()).notifications[0].dedupe
        for change in (
            {"fired_at": "2009-03-26 21:31:22"},
            {"type": "subscribe"},
            {"data[merges][FNAME]": "Chimp"},
        )
    }

    assert again == take(urlencode(SAMPLES["profile"]).encode()).notifications[0].dedupe
    assert (3, False) == (len(others), again in others)


@pytest.mark.parametrize(
    ("form", "note"),
    [
        (SAMPLES["campaign"], "quiet"),
        ({"type": "sms_subscribe", "data[email]": "a@b.nl"}, "quiet"),
        ({"type": "moved_to_mars", "data[email]": "a@b.nl"}, "unknown_event"),
    ],
)
def test_what_says_nothing_about_a_person_is_acknowledged(form: dict[str, str], note: str) -> None:
    call = take(urlencode(form).encode())

    assert (note, (), 200) == (call.note, call.notifications, call.answer.status)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_data"),
        (b"\xff\xfe=1&type=profile", "unreadable_body"),
        (b"type=profile&data%5Bemail%5D=%ff%fe%40b.nl", "unreadable_body"),
        (b'{"type": "profile"}', "unreadable_body"),
        (b"data%5Bemail%5D=a%40b.nl", "invalid_data"),
        (b"type=&data%5Bemail%5D=a%40b.nl", "invalid_data"),
        (b"type=profile", "invalid_data"),
        (b"type=profile&data%5Bemail%5D=nobody", "invalid_data"),
        (b"type=profile&data%5Bemail%5D%5B%5D=a%40b.nl", "invalid_data"),
        (b"type=upemail&data%5Bnew_email%5D=&data%5Bold_email%5D=a%40b.nl", "invalid_data"),
        (b"&".join([b"type=profile", *(b"a=1" for _ in range(MAX_FIELDS))]), "unreadable_body"),
        (b"type=profile&" + b"data%5B" * 100_000 + b"=1&data%5Bemail%5D=nobody", "invalid_data"),
    ],
)
def test_bodies_that_cannot_be_read(body: bytes, code: str) -> None:
    with pytest.raises(UnreadableBody) as refused:
        take(body)

    assert (code, 400) == (refused.value.code, refused.value.status)


def test_the_first_of_a_name_counts() -> None:
    assert {"type": "a", "b": ""} == parse(b"type=a&b=&type=c")


# --- the signature -------------------------------------------------------------------------------------------------

BODY = urlencode(SAMPLES["profile"]).encode()


@pytest.mark.parametrize("late", [0, 300, -300])
def test_a_signature_within_five_minutes(late: float) -> None:
    assert "event" == take(BODY, secret=SECRET, signature=signed(BODY), now=NOW + late).note


@pytest.mark.parametrize("spelled", [lambda t, v1: f"{t}, {v1}", lambda t, v1: f"{t},v1={v1[3:].upper()}"])
def test_spellings_of_one_signature(spelled: Callable[[str, str], str]) -> None:
    header = spelled(*signed(BODY).split(","))

    assert "event" == take(BODY, secret=SECRET, signature=header).note


@pytest.mark.parametrize(
    ("signature", "now", "code"),
    [
        (None, NOW, "no_signature"),
        ("", NOW, "no_signature"),
        ("v1=abc", NOW, "invalid_signature"),
        ("t=1772366400,v1=" + "0" * 63, NOW, "invalid_signature"),
        ("t=1772366400,v1=" + "0" * 64, NOW, "invalid_signature"),
        ("t=１７７２３６６４００,v1=" + "0" * 64, NOW, "invalid_signature"),
        (signed(BODY, secret="another"), NOW, "invalid_signature"),
        (signed(BODY + b" "), NOW, "invalid_signature"),
        (signed(BODY).replace("t=17", "t=18"), NOW, "invalid_signature"),
        (signed(BODY), NOW + 301, "stale_signature"),
        (signed(BODY), NOW - 301, "stale_signature"),
    ],
)
def test_signatures_that_do_not_count(signature: str | None, now: float, code: str) -> None:
    with pytest.raises(BadSignature) as refused:
        take(BODY, secret=SECRET, signature=signature, now=now)

    assert code == refused.value.code


def test_without_a_secret_the_address_is_the_only_one() -> None:
    """A webhook from before the signing feature: what it may carry as a signature cannot be judged."""
    assert "event" == take(BODY, signature="t=1,v1=00").note


def test_the_body_is_looked_at_only_when_the_signature_fits() -> None:
    with pytest.raises(BadSignature):
        take(b"\xff", secret=SECRET, signature=signed(BODY))


# --- whatever comes ------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(
    ["type", "fired_at", "data[email]", "data[new_email]", "data[old_email]", "data[id]", "data[list_id]"]
)
FORMS = st.dictionaries(
    NAMES | st.text(max_size=12),
    st.sampled_from([*SAMPLES, "anna@klant-voorbeeld.nl", ""]) | st.text(max_size=30),
    max_size=12,
)  # fmt: skip


@given(body=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        status = take(body).answer.status
    except CallerError as refused:
        status = refused.status

    assert status in (200, 400)


@given(form=FORMS)
def test_any_form_is_read_or_refused_and_leaves_nobody_behind(form: dict[str, str]) -> None:
    body = urlencode(form, errors="replace").encode()
    try:
        call = take(body)
    except UnreadableBody:
        return
    for bell in call.notifications:
        assert isinstance(bell, PollSoon)
        assert "@" not in repr(bell)


@given(header=st.text(max_size=120))
def test_any_header_is_refused(header: str) -> None:
    with pytest.raises(BadSignature):
        verify(headers={"x-mailchimp-signature": header}, body=BODY, secret=SECRET, now=NOW)
