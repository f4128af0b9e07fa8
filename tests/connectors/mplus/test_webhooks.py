import base64
import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.base import PollSoon
from app.connectors.mplus import webhooks
from app.errors import BadSignature, BodyTooLarge, UnreadableBody

SECRET = "eFc5HrxwLbONJ+EYXrbHB+a9HueYIQzotgKRLRVAfx0="
SALE = {
    "event": {"eventBlocking": True, "eventCounter": 1, "eventTimestamp": "2026-08-09T16:07:33.964+02:00"},
    "sender": {"branchNumber": 1, "workplaceNumber": 2, "instanceId": "0d6f"},
    "session": {
        "sessionId": "5eea25d4",
        "lines": [{"lineId": "c686", "articleNumber": 1, "priceIncl": 2.5, "quantity": 1}],
    },
}


def keyed_hash(*parts: str) -> str:
    return hmac.new(b"installation", "\0".join(parts).encode(), "sha256").hexdigest()[:12]


def call(payload, *, event="completeSession", secret=SECRET, subscription="winkel"):
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    headers = {"x-mplus-subscription-id": subscription, "x-mplus-signature": webhooks.signature(secret, body)}
    return webhooks.receive(event=event, headers=headers, body=body, secret=SECRET, keyed_hash=keyed_hash)


def test_the_published_vector():
    assert webhooks.signature(SECRET, b"test") == "EBFFIb5qPH/teEFmjtwcIj6h80cl+X1DUy62D46tnu8="


@pytest.mark.parametrize(
    ("event", "payload", "kinds"),
    [
        ("completeSession", SALE, {"order", "stock", "customer"}),
        ("creditSession", SALE, {"order", "stock", "customer"}),
        ("selectRelation", SALE | {"selectRelation": {"relation": {"relationNumber": 1}}}, {"customer"}),
    ],
)
def test_doorbells(event, payload, kinds):
    answered = call(payload, event=event)

    assert answered.note == "event"
    assert [frozenset(kinds)] == [notification.kinds for notification in answered.notifications]


@pytest.mark.parametrize(
    ("event", "payload", "note"),
    [
        ("selectRelation", SALE | {"selectRelation": None}, "quiet"),
        ("selectRelation", SALE, "quiet"),
        ("addSessionLine", SALE, "quiet"),
        ("backgroundPoll", {}, "quiet"),
        ("kitchenFirstCourse", SALE, "unknown_event"),
        ("../../etc", {}, "unknown_event"),
    ],
)
def test_events_that_ring_nothing_are_answered_all_the_same(event, payload, note):
    assert webhooks.Call((), webhooks.signed_answer(SECRET), note) == call(payload, event=event)


def test_the_answer_is_the_signed_constant():
    answer = call(SALE).answer

    expected = base64.b64encode(hmac.digest(base64.b64decode(SECRET), b"{}", "sha256")).decode()
    assert (answer.status, answer.body) == (200, b"{}")
    assert {"Content-Type": "application/json", "X-Mplus-Signature": expected} == dict(answer.headers)


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        ({"code": "INVALID_SIGNATURE", "message": "x"}, "INVALID_SIGNATURE"),
        ({"code": "jan@voorbeeld.nl"}, ""),
        ({"code": 5}, ""),
        ("broken", ""),
    ],
)
def test_an_error_echo_is_no_event(error, detail):
    answered = call({"error": error, "original": SALE})

    assert webhooks.Call((), webhooks.signed_answer(SECRET), "error_echo", detail) == answered


def test_dedupe_follows_the_vendors_parts_and_the_body():
    first = call(SALE).notifications
    later = call(SALE | {"event": SALE["event"] | {"eventCounter": 2}}).notifications
    fallen_back = call(SALE | {"session": {"sessionId": "another"}}).notifications
    elsewhere = call(SALE, subscription="filiaal").notifications

    assert (
        first == call(SALE).notifications == (PollSoon(webhooks.KINDS["completeSession"], first[0].dedupe),)
    )
    assert len({first, later, fallen_back, elsewhere}) == 4


def test_dedupe_tells_nothing_about_the_session():
    body = json.dumps(SALE).encode()
    dedupe = call(SALE).notifications[0].dedupe

    assert dedupe.startswith("completeSession:")
    assert hashlib.sha256(body).hexdigest()[:12] not in dedupe
    assert len(dedupe) < 100


def forged(body: bytes, signature: str | None):
    headers = {} if signature is None else {"x-mplus-signature": signature}
    return webhooks.receive(
        event="completeSession", headers=headers, body=body, secret=SECRET, keyed_hash=keyed_hash
    )


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        (None, "no_signature"),
        ("  ", "no_signature"),
        ("x", "invalid_signature"),
        ("é", "invalid_signature"),
        (webhooks.signature(SECRET, b"{} "), "invalid_signature"),
        (webhooks.signature("AAAA", b"{}"), "invalid_signature"),
        (
            base64.b64encode(hmac.digest(SECRET.encode(), b"{}", "sha256")).decode(),
            "invalid_signature",
        ),  # key not decoded
    ],
)
def test_forged(signature, code):
    with pytest.raises(BadSignature) as refused:
        forged(b"{}", signature)

    assert refused.value.code == code


def test_the_error_echo_of_a_stranger_is_refused_too():
    with pytest.raises(BadSignature):
        forged(b'{"error":{},"original":{}}', "x")


@pytest.mark.parametrize("secret", ["", "   ", "not base64!", "é"])
def test_a_secret_that_is_not_base64_verifies_nothing(secret):
    with pytest.raises(BadSignature):
        webhooks.signature(secret, b"{}")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "unreadable_body"),
        (b"{", "unreadable_body"),
        (json.dumps(SALE).encode()[:-10], "unreadable_body"),
        (b"\xff\xfe{}", "unreadable_body"),
        (b"[" * 100_000 + b"]" * 100_000, "unreadable_body"),
        (b'{"event":' + b"9" * 5000 + b"}", "unreadable_body"),
        (b"[]", "invalid_data"),
        (b'"event"', "invalid_data"),
        (b"null", "invalid_data"),
    ],
)
def test_a_verified_body_that_cannot_be_read(body, code):
    with pytest.raises(UnreadableBody) as refused:
        call(body)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (BadSignature("no"), 400, b'{"error":{"code":"INVALID_SIGNATURE","message":"no"}}'),
        (BadSignature("no", code="no_signature"), 400, b'{"error":{"code":"NO_SIGNATURE","message":"no"}}'),
        (UnreadableBody("no"), 400, b'{"error":{"code":"INVALID_JSON","message":"no"}}'),
        (UnreadableBody("no", code="invalid_data"), 400, b'{"error":{"code":"INVALID_DATA","message":"no"}}'),
        (BodyTooLarge("no"), 413, b'{"error":{"code":"INVALID_DATA","message":"no"}}'),
    ],
)
def test_refusals_are_never_signed(error, status, body):
    answer = webhooks.refusal(error)

    assert (status, body, {"Content-Type": "application/json"}) == (
        answer.status,
        answer.body,
        dict(answer.headers),
    )


def test_a_large_body_is_only_hashed():
    payload = SALE | {"session": {"note": "x" * 2_000_000}}

    assert call(payload).note == "event"


def test_new_secrets_verify():
    first, second = webhooks.new_secret(), webhooks.new_secret()

    assert first != second
    assert len(base64.b64decode(first)) == 32


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
SHAPES = st.dictionaries(
    st.sampled_from(["event", "sender", "session", "selectRelation", "error"]), JSON, max_size=5
)


@given(SHAPES, st.sampled_from(["completeSession", "selectRelation", "startSession", "é"]))
def test_any_object_is_answered(payload, event):
    assert call(payload, event=event).answer == webhooks.signed_answer(SECRET)


@given(st.binary(max_size=200))
def test_any_bytes_are_answered_or_refused(body):
    try:
        call(body)
    except UnreadableBody:
        return


def test_half_a_character_in_an_identifier_is_only_data():
    body = b'{"sender":{"instanceId":"\\ud800"}}'

    assert call(body).note == "event"
