"""Playback tokens name an audience and a bucket; ranges follow RFC 9110."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from server.core.ranges import Span, Unsatisfiable, range_applies, wanted_span
from server.core.secrets import Keyring
from server.events.audience import PUBLIC_TOKEN, Watched, audience_token, expires_at, left_s, opens

RING = Keyring(["k" * 32])
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CLOSED = Watched(event_id="e1", visibility="closed", access_epoch=3, published=True)
PUBLIC = replace(CLOSED, visibility="public")


def test_public_token_is_constant_and_opens_only_what_is_public_and_published() -> None:
    assert audience_token(RING, PUBLIC, moment=NOON) == PUBLIC_TOKEN
    assert audience_token(RING, replace(PUBLIC, visibility="unlisted"), moment=NOON) == PUBLIC_TOKEN
    assert opens(RING, PUBLIC_TOKEN, PUBLIC, moment=NOON)
    assert not opens(RING, PUBLIC_TOKEN, replace(PUBLIC, published=False), moment=NOON)
    assert not opens(RING, PUBLIC_TOKEN, CLOSED, moment=NOON)


def test_closed_token_is_shared_by_its_audience_for_a_day_at_least() -> None:
    token = audience_token(RING, CLOSED, moment=NOON)
    assert token == audience_token(RING, CLOSED, moment=NOON + timedelta(hours=11))
    assert opens(RING, token, CLOSED, moment=NOON + timedelta(hours=24))
    assert opens(RING, token, CLOSED, moment=expires_at(NOON) - timedelta(seconds=1))
    assert not opens(RING, token, CLOSED, moment=expires_at(NOON))
    assert left_s(token, moment=NOON) == 36 * 3600
    assert not opens(RING, token, CLOSED, moment=NOON - timedelta(days=1))


def test_closing_the_doors_ends_every_token_at_once() -> None:
    token = audience_token(RING, CLOSED, moment=NOON)
    assert not opens(RING, token, replace(CLOSED, access_epoch=4), moment=NOON)


def test_token_opens_its_own_event_only() -> None:
    token = audience_token(RING, CLOSED, moment=NOON)
    assert not opens(RING, token, replace(CLOSED, event_id="e2"), moment=NOON)


def test_preview_opens_the_unpublished_and_an_audience_token_does_not() -> None:
    hidden = replace(CLOSED, published=False)
    assert opens(RING, audience_token(RING, hidden, moment=NOON, preview=True), hidden, moment=NOON)
    assert not opens(RING, audience_token(RING, hidden, moment=NOON), hidden, moment=NOON)
    public_hidden = replace(PUBLIC, published=False)
    assert audience_token(RING, public_hidden, moment=NOON, preview=True) != PUBLIC_TOKEN


@pytest.mark.parametrize("bad", ["", "a", "publicx", "a3.20780.", "a3.20780." + "x" * 22, "p" * 60, "a3..x", "ä"])
def test_anything_else_opens_nothing(bad: str) -> None:
    assert not opens(RING, bad, CLOSED, moment=NOON)


def test_tampered_tokens_open_nothing() -> None:
    token = audience_token(RING, CLOSED, moment=NOON)
    hidden = replace(CLOSED, published=False)
    assert not opens(RING, "p" + token[1:], hidden, moment=NOON), "an audience token made a preview token"
    kind, bucket, signature = token.split(".")
    later = f"{kind}.{int(bucket) + 1}.{signature}"
    assert not opens(RING, later, CLOSED, moment=NOON + timedelta(days=1))


def test_rotated_key_still_opens_until_it_is_taken_away() -> None:
    token = audience_token(RING, CLOSED, moment=NOON)
    assert opens(Keyring(["n" * 32, "k" * 32]), token, CLOSED, moment=NOON)
    assert not opens(Keyring(["n" * 32]), token, CLOSED, moment=NOON)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-9", Span(0, 9)),
        ("bytes=90-", Span(90, 99)),
        ("bytes=-10", Span(90, 99)),
        ("bytes=-1000", Span(0, 99)),
        ("bytes=50-1000", Span(50, 99)),
        ("Bytes = 1 - 2", Span(1, 2)),
        ("bytes=0-1,5-6", None),
        ("bytes=9-1", None),
        ("bytes=-", None),
        ("pages=1-2", None),
        ("bytes=a-b", None),
    ],
)
def test_ranges(header: str | None, expected: Span | None) -> None:
    assert wanted_span(header, size_bytes=100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=200-300", "bytes=-0"])
def test_ranges_outside_are_unsatisfiable(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        wanted_span(header, size_bytes=100)


def test_if_range_needs_the_same_strong_etag() -> None:
    assert range_applies(None, etag="x") and range_applies('"x"', etag="x")
    assert not range_applies('"y"', etag="x") and not range_applies('W/"x"', etag="x")
