"""Public ids, slugs, and the secret tokens people carry."""

import hashlib
import os
import re
import secrets
import time
import unicodedata

_SLUG = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")

# First path words that Semma uses, or may come to use: no event or series may take them as a slug (DESIGN §7).
_RESERVED = """
api series speakers search studio embed live media static healthz readyz metrics sign-in sign-out
signin login logout account accounts me admin access join link links feeds feed about help docs
assets robots sitemap favicon well-known oembed podcast calendar new edit delete semma internal
upload uploads download downloads slides pictures looks
"""
RESERVED_SLUGS = frozenset(_RESERVED.split())


def new_id() -> str:
    """A new opaque id: UUIDv7 (RFC 9562 §5.7) as 32 hex digits, so that ids sort by time of making."""
    milliseconds = time.time_ns() // 1_000_000
    value = int.from_bytes(os.urandom(10), "big")
    high = (milliseconds << 16) | 0x7000 | ((value >> 62) & 0x0FFF)
    low = (0b10 << 62) | (value & ((1 << 62) - 1))
    return f"{high:016x}{low:016x}"


def slugify(text: str, *, fallback: str = "item", max_chars: int = 80) -> str:
    """A slug from a title: lower-case ASCII words joined by hyphens; `fallback` when nothing is left."""
    folded = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("æ", "ae"))
    ascii_text = folded.encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", ascii_text)
    slug = "-".join(words)[:max_chars].strip("-")
    return slug or fallback


def is_slug(text: str) -> bool:
    """Whether the text can stand in a path as a slug: lower-case ASCII words joined by single hyphens."""
    return len(text) <= 100 and bool(_SLUG.match(text))


def new_secret(prefix: str) -> str:
    """A secret token with 256 bits; the prefix lets scanners recognise a leaked one."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hash_secret(secret: str) -> str:
    """SHA-256 of a high-entropy secret: what is stored of it. (Passwords use argon2id instead.)"""
    return hashlib.sha256(secret.encode()).hexdigest()
