"""What to send where a route takes a body, so that rights decide the answer and nothing else does.

By (method, path) or, for a case of its own, (method, path, case). A path's words come from the world by their name in
the path; `WORDS` says which where that name is not enough.
"""

import base64
from datetime import timedelta
from typing import Any

from tests.policy.world import CODE, LIVE_FROM, PASSWORD

_LINK = {"kind": "blog", "url": "https://example.org/b"}
_TUS = {"Tus-Resumable": "1.0.0"}
_FORM = {"content-type": "application/x-www-form-urlencoded"}

JSON: dict[tuple[str, ...], Any] = {
    ("POST", "/api/v1/sign-in"): {"email": "newcomer@example.org", "password": PASSWORD},
    ("POST", "/api/v1/sign-in-links"): {"email": "newcomer@example.org"},
    ("POST", "/api/v1/sign-in-links/use"): {"token": "semma_in_nothing"},
    ("PATCH", "/api/v1/users/me"): {"name": "N"},
    ("PUT", "/api/v1/users/me/password"): {"password": PASSWORD, "present": PASSWORD},
    ("POST", "/api/v1/users"): {"email": "brand-new@example.org"},
    ("PATCH", "/api/v1/users/{user_id}"): {"name": "N"},
    ("POST", "/api/v1/tokens"): {"name": "T", "scopes": ["admin"]},
    ("POST", "/api/v1/events/{event}/grants"): {"email": "newcomer@example.org", "role": "viewer"},
    ("POST", "/api/v1/sessions/{session}/grants"): {"email": "newcomer@example.org", "role": "speaker"},
    ("POST", "/api/v1/sessions/{session}/speaker-links"): {"name": "P"},
    ("PUT", "/api/v1/events/{event}/access/code"): {"code": "another code"},
    ("POST", "/api/v1/events/{event}/access/close"): {},
    ("POST", "/api/v1/events/{event}/access/enter"): {"code": CODE},
    ("POST", "/api/v1/series"): {"title": "S"},
    ("PATCH", "/api/v1/series/{series}"): {"title": "S"},
    ("POST", "/api/v1/events"): {"title": "New"},
    ("PATCH", "/api/v1/events/{event}"): {"title": "E"},
    ("POST", "/api/v1/events/{event}/rooms"): {"name": "R"},
    ("PATCH", "/api/v1/events/{event}/rooms/{room}"): {"name": "R"},
    ("POST", "/api/v1/events/{event}/tracks"): {"name": "T"},
    ("PATCH", "/api/v1/events/{event}/tracks/{track}"): {"name": "T"},
    ("POST", "/api/v1/events/{event}/links"): _LINK,
    ("PUT", "/api/v1/events/{event}/links"): [_LINK],
    ("PUT", "/api/v1/events/{event}/sponsors"): [{"name": "S"}],
    ("POST", "/api/v1/events/{event}/link-suggestions"): _LINK,
    ("POST", "/api/v1/events/{event}/link-suggestions/{suggestion}/take"): {},
    ("POST", "/api/v1/events/{event}/copy"): {"title": "Next"},
    ("POST", "/api/v1/sessions"): {"event": "{event}", "title": "T"},
    ("POST", "/api/v1/events/{event}/sessions"): {"title": "T"},
    ("PATCH", "/api/v1/sessions/{session}"): {"title": "T"},
    ("POST", "/api/v1/sessions/{session}/links"): _LINK,
    ("PUT", "/api/v1/sessions/{session}/links"): [_LINK],
    ("POST", "/api/v1/speakers"): {"name": "P"},
    ("POST", "/api/v1/rooms/{room}/keys"): {},
    ("POST", "/api/v1/rooms/{room}/srt/rotate"): {},
    ("POST", "/api/v1/broadcasts/{broadcast}/next"): {"session": None},
    # Reaches into the stretch that is there: whoever may add one is told that (409).
    ("POST", "/api/v1/broadcasts/{broadcast}/stretches"): {
        "session": "{session}",
        "starts_at": LIVE_FROM.isoformat(),
        "ends_at": (LIVE_FROM + timedelta(minutes=9)).isoformat(),
    },
    ("PATCH", "/api/v1/broadcasts/{broadcast}/stretches/{stretch}"): {
        "starts_at": (LIVE_FROM + timedelta(seconds=2)).isoformat()
    },
    ("PATCH", "/api/v1/speakers/{speaker}"): {"name": "P"},
    ("POST", "/api/v1/sessions/{session_id}/cues"): {"op": "shift", "by_ms": 100},
    ("PUT", "/api/v1/sessions/{session_id}/chapters"): [],
    ("PATCH", "/api/v1/decks/{deck_id}"): {"position": 0},
    ("POST", "/api/v1/events/{event}/webhooks"): {"url": "https://example.org/", "facts": ["room.live"]},
    ("POST", "/api/v1/webhooks"): {"url": "https://example.org/", "facts": ["room.live"]},
    ("PATCH", "/api/v1/webhooks/{webhook}"): {"description": "W"},
    ("POST", "/api/v1/events/{event}/programme-sources"): {"url": "https://example.org/schedule.json"},
    ("PATCH", "/api/v1/events/{event}/programme-sources/{source}"): {"grace_s": 60},
    ("POST", "/api/v1/events/{event}/imports/{import_id}/answers"): {"key": "k", "session": "{session}", "same": False},
    ("POST", "/api/v1/sessions/{session}/imported/revert"): {},
    ("POST", "/api/v1/sessions/{session_id}/downloads"): {"rung": "360p"},
    ("PATCH", "/api/v1/sessions/{session_id}/downloads"): {"allowed": True},
    ("PATCH", "/api/v1/events/{event}/downloads"): {"podcast": True},
    ("POST", "/api/v1/sessions/{session_id}/captions"): {"language": "en"},
    ("PATCH", "/api/v1/captions/{track_id}"): {"label": "L"},
    ("PUT", "/api/v1/captions/{track_id}/cues"): {"cues": []},
}

RAW: dict[tuple[str, ...], tuple[bytes, dict[str, str]]] = {
    ("POST", "/api/v1/events/{event}/pictures"): (b"", {}),
    ("PUT", "/api/v1/events/{event}/logo"): (b"", {}),
    ("POST", "/api/v1/events/{event}/attendees"): (b"a@example.org,A", {"content-type": "text/csv"}),
    ("POST", "/api/v1/events/{event}/imports"): (
        b'{"schedule": {"conference": {"days": [{"rooms": {"": [{"title": "T", "guid": "g"}, {"title": "N"}]}}]}}}',
        {"content-type": "application/octet-stream"},
    ),
    ("POST", "/studio/{event}/programme"): (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="p.json"\r\n\r\n'
        b'{"schedule": {"conference": {"days": [{"rooms": {"": [{"title": "T", "guid": "g"}, {"title": "N"}]}}]}}}'
        b"\r\n--b--\r\n",
        {"content-type": "multipart/form-data; boundary=b"},
    ),
    ("POST", "/studio/{event}/programme/sources"): (b"url=https%3A%2F%2Fexample.org%2Fschedule.xml", _FORM),
    ("POST", "/studio/{event}/programme/sources/{source}"): (b"act=save&grace=6", _FORM),
    ("POST", "/studio/{event}/programme/imports/{import_id}"): (b"act=discard", _FORM),
    ("POST", "/sign-in"): (f"email=newcomer@example.org&password={PASSWORD}&way=password".encode(), _FORM),
    ("POST", "/sign-in/{secret}"): (b"", _FORM),
    ("POST", "/{event}/suggest-link"): (b"kind=blog&url=https%3A%2F%2Fexample.org%2Fmine", _FORM),
    ("POST", "/{event}/access"): (f"code={CODE}".encode(), _FORM),
    ("POST", "/sign-out"): (b"", _FORM),
    ("HEAD", "/api/v1/uploads/{upload_id}"): (b"", _TUS),
    ("DELETE", "/api/v1/uploads/{upload_id}"): (b"", _TUS),
    ("POST", "/api/v1/uploads/{upload_id}"): (b"", _TUS | {"X-HTTP-Method-Override": "DELETE"}),
    # An offset that does not fit is told only to who may write.
    ("PATCH", "/api/v1/uploads/{upload_id}"): (
        b"x",
        _TUS | {"Upload-Offset": "5", "content-type": "application/offset+octet-stream"},
    ),
}

WORDS: dict[tuple[str, ...], dict[str, str]] = {
    ("POST", "/api/v1/series/{series}/restore"): {"series": "series_deleted"},
    ("POST", "/api/v1/events/{event}/restore"): {"event": "event_deleted"},
    ("POST", "/api/v1/events/{event}/rooms/{room}/restore"): {"room": "room_deleted"},
    ("POST", "/api/v1/events/{event}/tracks/{track}/restore"): {"track": "track_deleted"},
    ("DELETE", "/api/v1/events/{event}/links/{link}"): {"link": "event_link"},
    ("POST", "/api/v1/events/{event}/links/{link}/restore"): {"link": "event_link_deleted"},
    ("POST", "/api/v1/sessions/{session}/restore"): {"session": "session_deleted"},
    ("DELETE", "/api/v1/sessions/{session}/links/{link}"): {"link": "session_link"},
    ("POST", "/api/v1/sessions/{session}/links/{link}/restore"): {"link": "session_link_deleted"},
    ("POST", "/api/v1/sessions/{session_id}/slides/links/{link_id}/fetch"): {
        "session_id": "session",
        "link_id": "session_slides_link",
    },
    ("POST", "/api/v1/speakers/{speaker}/restore"): {"speaker": "speaker_deleted"},
    ("DELETE", "/api/v1/sessions/{session}/grants/{grant_id}"): {"grant_id": "session_grant"},
    ("DELETE", "/api/v1/events/{event}/attendees/{link_id}"): {"link_id": "attendee_link"},
    ("DELETE", "/api/v1/sessions/{session}/speaker-links/{link_id}"): {"link_id": "speaker_link"},
    ("GET", "/api/v1/recordings/{recording_id}", "unpublished"): {"recording_id": "recording_hidden"},
    ("GET", "/api/v1/recordings/{recording_id}", "deleted"): {"recording_id": "recording_deleted"},
    ("POST", "/api/v1/recordings/{recording_id}/restore"): {"recording_id": "recording_deleted"},
    ("POST", "/api/v1/captions/{track_id}/restore"): {"track_id": "captions_deleted"},
    ("GET", "/api/v1/sessions/{session_id}/captions"): {"session_id": "session"},
    ("POST", "/api/v1/sessions/{session_id}/captions"): {"session_id": "session"},
    ("POST", "/api/v1/decks/{deck_id}/restore"): {"deck_id": "deck_deleted"},
    ("GET", "/slides/{token}/{deck_id}/{file}"): {"file": "picture"},
    ("HEAD", "/slides/{token}/{deck_id}/{file}"): {"file": "picture"},
    ("GET", "/pictures/{event_id}/{name}"): {"event_id": "event", "name": "event_picture"},
    ("HEAD", "/pictures/{event_id}/{name}"): {"event_id": "event", "name": "event_picture"},
    ("GET", "/join/{secret}"): {"secret": "join_secret"},
    ("GET", "/{event}"): {"event": "event_slug"},
    ("GET", "/looks/{name}"): {"name": "look"},
    ("GET", "/{event}/sessions/{session}"): {"event": "event_slug", "session": "session_slug"},
    ("GET", "/embed/{event}/sessions/{session}"): {"event": "event_slug", "session": "session_slug"},
    ("GET", "/api/v1/sessions/{session_id}/playback"): {"session_id": "session"},
    ("GET", "/api/v1/sessions/{session_id}/slides"): {"session_id": "session"},
    ("GET", "/api/v1/sessions/{session_id}/related"): {"session_id": "session"},
    ("GET", "/api/v1/sessions/{session_id}/downloads"): {"session_id": "session"},
    ("POST", "/api/v1/sessions/{session_id}/downloads"): {"session_id": "session"},
    ("PATCH", "/api/v1/sessions/{session_id}/downloads"): {"session_id": "session"},
    ("POST", "/api/v1/sessions/{session_id}/cues"): {"session_id": "session"},
    ("POST", "/api/v1/sessions/{session_id}/cues/undo"): {"session_id": "session"},
    ("POST", "/api/v1/sessions/{session_id}/cues/redo"): {"session_id": "session"},
    ("GET", "/api/v1/sessions/{session_id}/cues/history"): {"session_id": "session"},
    ("POST", "/api/v1/sessions/{session_id}/cues/match"): {"session_id": "session"},
    ("PUT", "/api/v1/sessions/{session_id}/chapters"): {"session_id": "session"},
    ("DELETE", "/api/v1/sessions/{session_id}/chapters"): {"session_id": "session"},
}


def tus_creation(session_id: str, purpose: str) -> dict[str, str]:
    """Headers that begin an upload."""
    pairs = {"session": session_id, "purpose": purpose, "filename": "talk.mp4", "language": "en"}
    text = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    return _TUS | {"Upload-Length": "10", "Upload-Metadata": text}
