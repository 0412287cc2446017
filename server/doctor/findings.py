"""What the doctor says of one thing."""

from dataclasses import dataclass, field
from typing import Any

OK, NOTE, WRONG = "ok", "note", "wrong"


@dataclass(frozen=True)
class Finding:
    """`state` is ok, note (works, but look at it) or wrong; `says` what was found, `advice` what to do about it."""

    name: str
    state: str
    says: str
    advice: str = ""
    details: dict[str, Any] = field(default_factory=dict)


def ok(name: str, says: str, **details: Any) -> Finding:
    """All is well."""
    return Finding(name, OK, says, "", details)


def note(name: str, says: str, advice: str, **details: Any) -> Finding:
    """It works; somebody should look at it."""
    return Finding(name, NOTE, says, advice, details)


def wrong(name: str, says: str, advice: str, **details: Any) -> Finding:
    """Something will not work until this is put right."""
    return Finding(name, WRONG, says, advice, details)
