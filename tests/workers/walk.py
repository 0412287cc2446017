"""The main walk by hand: upload through the application, run the jobs off their rows, look at what viewers get."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from server.core.jobs import ENDED, JobRow
from server.core.runtime import Runtime
from server.media.playlist_check import check_playlist
from server.media.playlist_check_growth import check_growth, check_presentation
from server.media.playlist_read import read_media_playlist, read_multivariant_playlist
from server.recordings.models import Recording
from tests.server.uploads.world import URL, World, begin
from workers.runtime import run_claimed

BODY = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0", "Tus-Resumable": "1.0.0"}


@dataclass
class Walk:
    """One recording on its way."""

    client: httpx.AsyncClient
    runtime: Runtime
    world: World
    recording: str = ""
    playlists: dict[str, list[str]] = field(default_factory=dict)

    async def upload(self, path: Path) -> str:
        """Upload a file for the world's talk; keeps and returns the recording's id."""
        body = path.read_bytes()
        url = await begin(self.client, self.world, len(body), filename=path.name)
        answer = await self.client.patch(url, content=body, headers=BODY | self.world.organiser)
        assert answer.status_code == 204, answer.text
        self.recording = (await self.client.get(url, headers=self.world.organiser)).json()["result_id"]
        return self.recording

    async def waiting(self) -> list[str]:
        """Ids of jobs to do, in their order."""
        async with self.runtime.database.read() as db:
            rows = await db.scalars(
                select(JobRow).where(JobRow.state.not_in(ENDED)).order_by(JobRow.position, JobRow.id)
            )
            return [row.id for row in rows]

    async def step(self) -> bool:
        """Run the next job; False when none is left."""
        jobs = await self.waiting()
        if not jobs:
            return False
        await run_claimed(self.runtime, jobs[0], owner="walk")
        return True

    async def finish(self, *, most: int = 60) -> dict[str, Any]:
        """Run every job, looking at the playlists after each; returns the recording at the end."""
        for _ in range(most):
            if not await self.step():
                break
            await self.look()
        return await self.state()

    async def state(self) -> dict[str, Any]:
        answer = await self.client.get(f"/api/v1/recordings/{self.recording}", headers=self.world.organiser)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def get(self, path: str, token: str = "public", **headers: str) -> httpx.Response:
        return await self.client.get(f"/media/{token}/{self.recording}/{path}", headers=headers)

    async def look(self) -> None:
        """Fetch every playlist there is, judge it strictly, and that it only grew."""
        answer = await self.get("index.m3u8")
        if answer.status_code != 200:
            return
        texts = {"index.m3u8": answer.text}
        for name in _children(answer.text):
            texts[name] = (await self.get(name)).text
        for name, text in texts.items():
            assert check_playlist(text) == [], name
            before = self.playlists.setdefault(name, [])
            if name != "index.m3u8" and before:
                assert check_growth(before[-1], text) == [], name
            before.append(text)
        children = {name: text for name, text in texts.items() if name != "index.m3u8"}
        assert [f for f in check_presentation(texts["index.m3u8"], children) if not _may_differ(f, texts)] == []

    async def save(self, folder: Path) -> Path:
        """Everything a player would fetch, as files beside each other; returns the multivariant playlist."""
        index = await self.get("index.m3u8")
        names = _children(index.text)
        (folder / "index.m3u8").write_text(index.text)
        for name in names:
            text = (await self.get(name)).text
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            playlist = read_media_playlist(text)
            inits = {segment.map.uri for segment in playlist.segments if segment.map}
            for part in [*inits, *(segment.uri for segment in playlist.segments)]:
                path = str(Path(name).parent / part)
                answer = await self.get(path)
                assert answer.status_code == 200, path
                (folder / path).write_bytes(answer.content)
        return folder / "index.m3u8"

    async def row(self) -> Recording:
        async with self.runtime.database.read() as db:
            return await db.get_one(Recording, self.recording)


def _children(text: str) -> list[str]:
    playlist = read_multivariant_playlist(text)
    uris = [variant.uri for variant in playlist.variants] + [item.uri for item in playlist.renditions if item.uri]
    return list(dict.fromkeys(uris))


def _may_differ(finding: Any, texts: dict[str, str]) -> bool:
    """While it grows, sound and picture may reach differently far."""
    return "#EXT-X-ENDLIST" not in "".join(texts.values()) and "duration" in finding.code


def short_chunks(runtime: Runtime, **changed: Any) -> Runtime:
    """Chunks of two segments and a small ladder, so that a short clip has several of both; the fastest preset that has
    B-frames."""
    limits = {"chunk_s": 8, "ladder": (360, 240), "encode_threads": 2, "encode_preset": "superfast"} | changed
    return replace(runtime, limits=replace(runtime.limits, **limits))


__all__ = ["URL", "Walk", "short_chunks"]
