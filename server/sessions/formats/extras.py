"""What schedule.json 1 and schedule.xml cannot say of a session, kept beside it so that Semma reads back all it wrote.

In JSON it stands in `conference.meta`, the definition's place for anything else; in XML in a processing instruction
(XML 1.0 §2.6) of the event, and of the schedule: `timeless` are sessions without a time, which neither has a place for.
Others skip both. What is read from there goes the same way as all that is read.
"""

from collections.abc import Mapping
from typing import Any

META = "semma"
# Names as in schedule.json 1. `kinds` are the kinds of links by their place, links before attachments.
_FIELDS = ("key", "guid", "id", "code", "slug", "title", "state", "url", "duration")


def with_extras(loose: Mapping[str, Any], extras: Any) -> Mapping[str, Any]:
    """The event with what was kept beside it."""
    if not isinstance(extras, dict) or not extras:
        return loose
    whole = {**loose, **{name: extras[name] for name in _FIELDS if name in extras}}
    kinds = extras.get("kinds")
    if isinstance(kinds, dict):
        whole["links"] = _with_kinds(whole.get("links"), kinds, 0)
        before = len(whole["links"]) if isinstance(whole["links"], list) else 0
        whole["attachments"] = _with_kinds(whole.get("attachments"), kinds, before)
    return whole


def _with_kinds(references: Any, kinds: Mapping[Any, Any], before: int) -> Any:
    if not isinstance(references, list):
        return references
    return [
        {**entry, "kind": kinds[str(place)]} if isinstance(entry, dict) and str(place) in kinds else entry
        for place, entry in enumerate(references, before)
    ]
