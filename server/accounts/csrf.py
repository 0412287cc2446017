"""Proof that our own page sent an unsafe request: a signed double-submit token bound to the login, and the request's
origin (OWASP Cross-Site Request Forgery Prevention). Pure; guards.py applies it.

The token is `nonce.signature`; the signature covers the nonce and the login cookie's hash, so that a token planted by
another site or taken from another login never fits. It stands in a cookie that scripts may read and comes back in the
`X-CSRF-Token` header or, for small forms, in the field `_csrf`.
"""

import hmac
import secrets
from urllib.parse import urlsplit

from server.core.ids import hash_secret
from server.core.secrets import Keyring

PURPOSE = "csrf"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
FORM_MAX_BYTES = 64 * 1024


def make_token(keyring: Keyring, login_secret: str) -> str:
    """A new token for the holder of this login cookie ("" for a browser without one)."""
    nonce = secrets.token_urlsafe(12)
    return f"{nonce}.{keyring.sign(PURPOSE, _bound(nonce, login_secret))}"


def is_ours(keyring: Keyring, token: str, login_secret: str) -> bool:
    """Whether we made this token for the holder of this login cookie."""
    nonce, dot, signature = token.partition(".")
    return bool(dot) and keyring.verify(PURPOSE, _bound(nonce, login_secret), signature)


def is_proven(keyring: Keyring, *, cookie: str, sent: str, login_secret: str) -> bool:
    """Whether the token sent is the cookie's and ours."""
    same = bool(cookie) and hmac.compare_digest(cookie.encode(), sent.encode())
    return same and is_ours(keyring, sent, login_secret)


def is_own_origin(*, hosts: frozenset[str], origin: str | None, referer: str | None, fetch_site: str | None) -> bool:
    """Whether the request's headers allow that our own page sent it; `hosts` are our `host[:port]`s.

    Fetch metadata decides where the browser sends it (W3C Fetch Metadata §2.3): `same-origin`, or `none` for an act of
    the user. Otherwise Origin, else Referer, must name us. A program sends none of them and has no cookie to abuse.
    """
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    claimed = origin if origin is not None else referer
    return not claimed or urlsplit(claimed).netloc in hosts


def _bound(nonce: str, login_secret: str) -> str:
    return f"{nonce}:{hash_secret(login_secret) if login_secret else ''}"
