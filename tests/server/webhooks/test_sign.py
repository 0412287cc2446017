"""Signatures and pauses of webhooks. Pure."""

import base64
import hashlib
import hmac

import pytest

from server.webhooks.errors import WebhookSecretUnfit
from server.webhooks.retry import MOST_TRIES, PAUSES_S, pause_s, succeeded, wants_no_more
from server.webhooks.sign import headers_of, new_webhook_secret, secret_bytes

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_receiver_that_follows_the_specification_finds_its_signature() -> None:
    """Verified as the specification describes it for receivers, apart from our code; the older secret signs too."""
    older, body = new_webhook_secret(), b'{"type":"room.live"}'
    headers = headers_of([SECRET, older], "msg_1", 1_674_087_231, body)
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg_1", "1674087231")
    offered = [one.split(",", 1) for one in headers["webhook-signature"].split(" ")]
    for secret, (version, sent) in zip((SECRET, older), offered, strict=True):
        key = base64.b64decode(secret.split("_", 1)[1])
        wanted = hmac.new(key, b"msg_1.1674087231." + body, hashlib.sha256).digest()
        assert version == "v1" and base64.b64decode(sent) == wanted
    other = headers_of([SECRET], "msg_1", 1_674_087_232, body)
    assert other["webhook-signature"] not in headers["webhook-signature"], "each try has its own time"


def test_secrets_have_their_form() -> None:
    assert len(secret_bytes(SECRET)) == 24 and len(secret_bytes(new_webhook_secret())) == 32
    for unfit in ("", "whsec_", SECRET.removeprefix("whsec_"), "whsec_c2hvcnQ=", "whsec_!!!", "whsec_" + "A" * 100):
        with pytest.raises(WebhookSecretUnfit):
            secret_bytes(unfit)


def test_pauses_grow_for_three_days_and_then_it_is_given_up() -> None:
    pauses = [pause_s(tries, "d") for tries in range(1, MOST_TRIES)]
    assert pauses == sorted(pauses) and pause_s(MOST_TRIES, "d") is None  # type: ignore[type-var]
    assert 3.0 <= sum(PAUSES_S) / 86_400 <= 3.5
    assert all(abs(got / wanted - 1) <= 0.1 for got, wanted in zip(pauses, PAUSES_S, strict=True))  # type: ignore[operator]
    assert pause_s(3, "d") == pause_s(3, "d") != pause_s(3, "e"), "what failed together does not come back together"


def test_only_two_hundreds_are_success() -> None:
    assert [succeeded(status) for status in (200, 204, 299, 301, 302, 400, 410, 500)] == [True] * 3 + [False] * 5
    assert wants_no_more(410) and not wants_no_more(404)
