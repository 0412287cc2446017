"""Caption tracks over HTTP: uploaded with what was mended, read, replaced, begun, saved; and with another cut."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from server.core.clock import now
from server.core.ids import new_id
from server.core.runtime import Runtime
from server.playback.captions_keep import settle_captions
from server.playback.models import CaptionTrack
from server.recordings.models import Recording
from tests.server.uploads.world import TUS, World, make_world, metadata

SRT = b"1\n10:00:01,000 --> 10:00:02,500\nHello & welcome\n\n2\n10:00:02.400 --> 10:09:00,000\nTo the talk.\n"


class Desk:
    """The organiser of a talk with a recording of a minute."""

    def __init__(self, client: httpx.AsyncClient, runtime: Runtime, world: World, recording: str) -> None:
        self.client, self.runtime, self.world, self.recording = client, runtime, world, recording

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = self.world.organiser | more.pop("headers", {})
        return await self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    async def upload(self, body: bytes, **pairs: str) -> dict[str, Any]:
        about = metadata(session=self.world.talk, purpose="captions", filename="a.srt", **pairs)
        length = {"Upload-Length": str(len(body)), "Content-Type": "application/offset+octet-stream"}
        answer = await self.ask("POST", "/uploads", headers=TUS | about | length, content=body)
        found: dict[str, Any] = (await self.ask("GET", f"/uploads/{answer.headers['Location'].split('/')[-1]}")).json()
        return found

    async def begin(self, cues: Sequence[tuple[int, int, str]], language: str = "fi") -> dict[str, Any]:
        body = {"language": language, "cues": [{"start_ms": a, "end_ms": b, "text": c} for a, b, c in cues]}
        made = await self.ask("POST", f"/sessions/{self.world.talk}/captions", json=body)
        assert made.status_code == 201, made.text
        found: dict[str, Any] = made.json()
        return found

    async def times(self, track: str) -> list[tuple[int, int]]:
        shown = (await self.ask("GET", f"/captions/{track}/cues")).json()
        return [(cue["start_ms"], cue["end_ms"]) for cue in shown["cues"]]

    async def cut(self, *ranges: tuple[str, int, int], duration_ms: int = 60_000) -> None:
        """The recording shows these ranges from now on; what follows the fact is done."""
        async with self.runtime.database.write() as db:
            row = await db.get_one(Recording, self.recording)
            row.cut = [{"source_id": name, "start_ms": start, "end_ms": end} for name, start, end in ranges]
            row.duration_ms = duration_ms
            await db.flush()
            await settle_captions(db, self.world.talk)


@pytest.fixture
async def desk(client: httpx.AsyncClient, runtime: Runtime) -> Desk:
    world = await make_world(runtime.database)
    recording = Recording(
        id=new_id(),
        event_id=world.event,
        session_id=world.talk,
        state="ready",
        playable=True,
        published_at=now(),
        duration_ms=60_000,
        cut=[{"source_id": "s", "start_ms": 10_000, "end_ms": 70_000}],
    )
    async with runtime.database.write() as db:
        db.add(recording)
    return Desk(client, runtime, world, recording.id)


async def test_an_upload_tells_what_was_mended_and_takes_the_place_of_the_one_before(desk: Desk) -> None:
    first = await desk.begin([(0, 1000, "Old")])
    made = await desk.upload(SRT, language="fi")
    assert made["state"] == "finished", made
    shown = (await desk.ask("GET", f"/captions/{made['result_id']}")).json()
    assert [one["detail"] for one in shown["warnings"]] == [
        "line 1: the times began at 10:00:00, which was taken off all of them (repaired)",
        "line 6: a point instead of a comma before the milliseconds (repaired)",
        "line 6: the caption before ran into this one by a moment and was shortened (repaired)",
        "1 caption runs beyond the end of the recording (0:01:00); the last one ends at 0:09:00",
    ]
    assert await desk.times(shown["id"]) == [(1000, 2400), (2400, 540_000)]
    public = (await desk.client.get(f"/api/v1/captions/{shown['id']}")).json()
    assert (public["warnings"], public["filename"], public["cues"]) == ([], "", 2)
    assert (await desk.ask("GET", f"/captions/{first['id']}")).status_code == 404
    assert (await desk.ask("POST", f"/captions/{first['id']}/restore")).status_code == 200
    listed = (await desk.ask("GET", f"/sessions/{desk.world.talk}/captions")).json()["items"]
    assert [one["id"] for one in listed] == [first["id"]]  # the upload made way for what was brought back


async def test_cues_are_read_replaced_and_guarded(desk: Desk) -> None:
    track = await desk.begin([(5000, 6000, "B"), (0, 900, "A <b>& b")])
    path = f"/captions/{track['id']}/cues"
    shown = await desk.ask("GET", path)
    assert [cue["text"] for cue in shown.json()["cues"]] == ["A <b>&amp; b</b>", "B"]
    body = {"cues": [*shown.json()["cues"], {"start_ms": 5500, "end_ms": 5600, "text": "x" * 60}]}
    saved = await desk.ask("PUT", path, json=body, headers={"If-Match": shown.headers["ETag"]})
    assert saved.status_code == 200 and saved.json()["version"] == 2
    assert [(one["cue"], one["code"]) for one in saved.json()["remarks"]] == [
        (2, "overlap"),
        (2, "too_fast"),
        (2, "long_line"),
    ]
    late = await desk.ask("PUT", path, json=body, headers={"If-Match": shown.headers["ETag"]})
    assert late.status_code == 412
    body["cues"] = [{"start_ms": 3000, "end_ms": 1000, "text": "B"}, {"start_ms": -1, "end_ms": 9, "text": "<i> </i>"}]
    wrong = await desk.ask("PUT", path, json=body)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "captions.cues_invalid")
    assert [(one["field"], one["message"]) for one in wrong.json()["errors"]] == [
        ("cues.0.end_ms", "Caption 1 (00:00:03.000) ends before it begins."),
        ("cues.1.start_ms", "Caption 2 (−00:00:00.001) begins before the recording does."),
        ("cues.1.text", "Caption 2 (−00:00:00.001) has no words."),
    ]


async def test_tracks_have_one_language_each_and_are_shown_once_they_have_words(desk: Desk) -> None:
    empty = await desk.begin([], language="sv")
    talk = desk.world.talk
    assert (await desk.client.get(f"/api/v1/sessions/{talk}/captions")).json()["items"] == []
    assert (await desk.client.get(f"/api/v1/sessions/{talk}/playback")).json()["captions"] == []
    again = await desk.ask("POST", f"/sessions/{talk}/captions", json={"language": "sv"})
    assert (again.status_code, again.json()["code"]) == (409, "captions.language_taken")
    await desk.begin([(0, 1, "A")], language="fi")
    changed = await desk.ask("PATCH", f"/captions/{empty['id']}", json={"language": "fi"})
    assert changed.status_code == 409
    changed = await desk.ask("PATCH", f"/captions/{empty['id']}", json={"language": "sv-FI", "label": "Svenska"})
    assert (changed.json()["language"], changed.json()["label"]) == ("sv-FI", "Svenska")
    wrong = await desk.ask("PATCH", f"/captions/{empty['id']}", json={"language": "på svenska"})
    assert wrong.status_code == 400


async def test_files_to_save(desk: Desk) -> None:
    track = await desk.begin([(0, 1000, "<v Ada>Hei &amp; <i>tervetuloa</i>."), (9000, 9500, "Öinen")])
    files = {}
    for form in ("vtt", "srt", "txt"):
        answer = await desk.client.get(f"/api/v1/captions/{track['id']}/file?form={form}")
        assert f"filename*=UTF-8''a.fi.{form}" in answer.headers["Content-Disposition"]
        files[answer.headers["Content-Type"]] = answer.text
    assert files == {
        "text/vtt; charset=utf-8": "WEBVTT\nLanguage: fi\n\n00:00:00.000 --> 00:00:01.000\n"
        "<v Ada>Hei &amp; <i>tervetuloa</i>.\n\n00:00:09.000 --> 00:00:09.500\nÖinen\n",
        "application/x-subrip; charset=utf-8": "1\n00:00:00,000 --> 00:00:01,000\nHei & <i>tervetuloa</i>.\n"
        "\n2\n00:00:09,000 --> 00:00:09,500\nÖinen\n",
        "text/plain; charset=utf-8": "Ada: Hei & tervetuloa.\n\nÖinen\n",
    }
    async with desk.runtime.database.write() as db:
        (await db.get_one(Recording, desk.recording)).published_at = None
    for path in ("file", "cues"):  # words of a talk that may not be watched (yet)
        assert (await desk.client.get(f"/api/v1/captions/{track['id']}/{path}")).status_code == 404
        assert (await desk.ask("GET", f"/captions/{track['id']}/{path}")).status_code == 200


async def test_captions_stay_with_the_words_when_the_recording_is_cut_otherwise(desk: Desk) -> None:
    track = await desk.begin([(0, 1000, "A"), (4000, 6000, "B"), (30_000, 31_000, "C")])
    await desk.cut(("s", 15_000, 70_000), duration_ms=55_000)
    assert await desk.times(track["id"]) == [(0, 1000), (25_000, 26_000)]
    await desk.cut(("s", 10_000, 15_000), ("s", 35_000, 70_000), duration_ms=40_000)
    assert await desk.times(track["id"]) == [(0, 1000), (4000, 5000), (10_000, 11_000)]
    await desk.cut(("s", 10_000, 70_000))
    assert await desk.times(track["id"]) == [(0, 1000), (4000, 6000), (30_000, 31_000)]
    await desk.cut(("other", 0, 20_000), duration_ms=20_000)  # another file: they stay where they were
    assert await desk.times(track["id"]) == [(0, 1000), (4000, 6000), (30_000, 31_000)]
    async with desk.runtime.database.read() as db:
        row = await db.get_one(CaptionTrack, track["id"])
    assert [one["code"] for one in row.warnings] == ["beyond_end"]
    assert row.left_out == []
