"""What may be downloaded, how files are named, and which a podcast needs. Pure."""

from datetime import UTC, datetime
from typing import Any

from server.events.models import Event
from server.media.chapters import Chapter
from server.playback.downloads import (
    Ingredients,
    Offer,
    can_be_made,
    download_key,
    filename_of,
    is_allowed,
    podcast_rungs,
)
from server.playback.models import CaptionTrack, DownloadChoice
from server.recordings.models import Recording
from server.sessions.models import Session
from server.sessions.queries import Item, SpeakerOf


def _item(licence: str = "", title: str = "On sails") -> Item:
    event = Event(id="e" * 32, slug="e", title="Seminar")
    session = Session(id="s" * 32, event_id=event.id, guid="a", slug="a", title=title, licence=licence)
    session.starts_at = datetime(2026, 5, 4, tzinfo=UTC)
    return Item(session=session, event=event, speakers=[SpeakerOf("1", "aino", "Aino")])


def test_the_nearest_word_counts_and_the_licence_last() -> None:
    closed, open_ = _item("All rights reserved"), _item("CC BY 4.0")
    event, session = closed.event.id, closed.session.id

    def said(**choices: bool | None) -> dict[str, DownloadChoice]:
        names = {"event": event, "session": session}
        return {names[one]: DownloadChoice(id=names[one], allowed=allowed) for one, allowed in choices.items()}

    assert is_allowed(open_, {}) and not is_allowed(closed, {})
    assert is_allowed(closed, said(event=True)) and not is_allowed(open_, said(event=False))
    assert is_allowed(closed, said(event=False, session=True)) and not is_allowed(open_, said(session=False))
    assert not is_allowed(closed, said(event=None, session=None))


def _made_of(**changed: Any) -> Ingredients:
    recording = Recording(id="r" * 32, session_id="s" * 32, generation=1, plan={}, cut=[], state="ready", playable=True)
    track = CaptionTrack(id="c" * 32, version=1, language="fi", label="")
    values = {"recording": recording, "item": _item(), "captions": [track], "chapters": [Chapter(0, "A")]}
    return Ingredients(**(values | changed))


def test_whatever_is_in_a_file_names_it() -> None:
    """The same of the same; another of anything else. Captions are not in the sound's file."""
    same, first = _made_of(), _made_of().fingerprint("720p")
    assert same.fingerprint("720p") == first and len(first) == 32 and same.fingerprint("360p") != first
    assert download_key("r" * 32, first, "720p") == f"downloads/{'r' * 32}/{first}/720p.mp4"
    corrected = CaptionTrack(id="c" * 32, version=2, language="fi", label="")
    for made_of in (
        _made_of(captions=[corrected]),
        _made_of(captions=[]),
        _made_of(chapters=[Chapter(1, "A")]),
        _made_of(item=_item(title="On oars")),
        _made_of(item=_item(licence="CC0")),
        _made_of(recording=Recording(id="r" * 32, generation=2, plan={}, cut=[])),
        _made_of(recording=Recording(id="r" * 32, generation=1, plan={}, cut=[{"source_id": "x"}])),
    ):
        assert made_of.fingerprint("720p") != first
    assert _made_of(captions=[]).fingerprint("audio") == same.fingerprint("audio")


def test_only_what_is_whole_is_made() -> None:
    whole = {"state": "ready", "playable": True, "generation": 1, "plan": {}}
    assert can_be_made(Recording(**whole))
    for changed in ({"state": "encoding"}, {"playable": False}, {"deleted_at": datetime.now(UTC)}):
        assert not can_be_made(Recording(**(whole | changed)))


def test_a_saved_file_is_called_as_the_talk() -> None:
    assert filename_of(_item(title='A/B: "C"?\n..'), "720p") == "A B C (720p).mp4"
    assert filename_of(_item(title="…"), "audio") == "….m4a" and filename_of(_item(title="///"), "audio") == "talk.m4a"


def _offers(*heights: int, sound: bool = True) -> list[Offer]:
    videos = [
        Offer(rung=f"{height}p", fingerprint="", size_bytes=1, width=height * 16 // 9, height=height)
        for height in heights
    ]
    return videos + ([Offer(rung="audio", fingerprint="", size_bytes=1)] if sound else [])


def test_podcasts_take_the_sound_and_what_suits_a_phone() -> None:
    assert podcast_rungs(_offers(1080, 720, 480)) == ["audio", "720p"]
    assert podcast_rungs(_offers(1080)) == ["audio", "1080p"], "rather large than nothing"
    assert podcast_rungs(_offers(sound=True)) == ["audio"] and podcast_rungs([]) == []
    assert podcast_rungs(_offers(480, sound=False)) == ["480p"]
