"""Signatures by the Standard Webhooks specification, version 1.0.0. Pure.

The secret is at least 24 random bytes, told to people as `whsec_` and base64. Signed is `{id}.{timestamp}.{body}`,
with HMAC-SHA256; the header holds `v1,` and base64 for each secret that is in use, with a blank between.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from server.webhooks.errors import WebhookSecretUnfit

PREFIX = "whsec_"
SECRET_BYTES = 32
LEAST_BYTES, MOST_BYTES = 24, 64


def new_webhook_secret() -> str:
    """A secret of 256 bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def secret_bytes(secret: str) -> bytes:
    """What signatures are made with; raises WebhookSecretUnfit."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise WebhookSecretUnfit from None
    if not secret.startswith(PREFIX) or not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise WebhookSecretUnfit
    return key


def signature(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    """One signature as it stands in the header."""
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    digest = hmac.new(secret_bytes(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def headers_of(secrets_in_use: Sequence[str], message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The headers of one try. The timestamp is that of the try, the id that of the message."""
    signatures = [signature(one, message_id, timestamp_s, body) for one in secrets_in_use]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(signatures),
    }
