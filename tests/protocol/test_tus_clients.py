"""Clients nobody here wrote or changed: tuspy as it is, and what browsers of another site ask first."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from tusclient.client import TusClient
from tusclient.storage.filestorage import FileStorage

from server.core.runtime import Runtime
from server.uploads import protocol
from tests.server.uploads.hall import ELSEWHERE
from tests.server.uploads.stored import check_stored
from tests.server.uploads.web_process import WebProcess
from tests.server.uploads.world import URL, World, metadata, noise

MIB = 1024 * 1024


def path_of(address: str) -> str:
    return httpx.URL(address).path


async def test_tuspy_in_small_chunks_with_checksums(
    web: WebProcess, world: World, runtime: Runtime, tmp_path: Path
) -> None:
    whole = noise(9 * MIB + 7)
    (tmp_path / "talk.mp4").write_bytes(whole)
    client = TusClient(f"{web.url}{URL}/", headers=world.organiser)
    uploader = client.uploader(
        str(tmp_path / "talk.mp4"),
        chunk_size=MIB,
        metadata={"session": world.talk, "purpose": "recording", "filename": "talk.mp4"},
        upload_checksum=True,
    )
    uploader.upload()
    await check_stored(runtime, path_of(uploader.url), whole)


async def test_tuspy_goes_on_where_it_stopped(web: WebProcess, world: World, runtime: Runtime, tmp_path: Path) -> None:
    whole = noise(5 * MIB, seed=2)
    (tmp_path / "talk.mp4").write_bytes(whole)
    client = TusClient(f"{web.url}{URL}", headers=world.organiser)
    for stop_at in (3 * MIB, None):
        uploader = client.uploader(
            str(tmp_path / "talk.mp4"),
            chunk_size=2 * MIB,
            metadata={"session": world.talk},
            store_url=True,
            url_storage=FileStorage(str(tmp_path / "urls")),
        )
        uploader.upload(stop_at=stop_at)
    await check_stored(runtime, path_of(uploader.url), whole)


async def test_eight_at_once(web: WebProcess, world: World, runtime: Runtime, tmp_path: Path) -> None:
    wholes = [noise(9 * MIB + number, seed=number) for number in range(8)]
    together = threading.Barrier(len(wholes))

    def upload(number: int) -> str:
        (tmp_path / f"{number}.mp4").write_bytes(wholes[number])
        client = TusClient(f"{web.url}{URL}", headers=world.organiser)
        uploader = client.uploader(str(tmp_path / f"{number}.mp4"), metadata={"session": world.talk})
        together.wait(30)
        uploader.upload()
        return str(uploader.url)

    with ThreadPoolExecutor(len(wholes)) as pool:
        addresses = list(pool.map(upload, range(len(wholes))))
    for whole, address in zip(wholes, addresses, strict=True):
        await check_stored(runtime, path_of(address), whole)


def test_memory_stays_bounded(web: WebProcess, world: World, tmp_path: Path) -> None:
    """Far more bytes than may be in memory: three parts of 8 MiB and what goes with them."""
    piece = noise(4 * MIB)
    headers = {"Tus-Resumable": "1.0.0"} | world.organiser
    with httpx.Client(base_url=web.url, timeout=120, trust_env=False) as client:

        def send(megabytes: int) -> None:
            asked = headers | metadata(session=world.talk) | {"Upload-Length": str(megabytes * MIB)}
            made = client.post(URL, headers=asked)
            answer = client.patch(
                made.headers["Location"],
                headers=headers | {"Content-Type": protocol.CONTENT_TYPE, "Upload-Offset": "0"},
                content=(piece for _ in range(megabytes // 4)),
            )
            assert answer.status_code == 204, answer.text

        send(8)
        before = web.rss_mib()
        send(200)
        assert web.peak_rss_mib() - before < 64


async def test_another_site_may_use_it(client: httpx.AsyncClient, world: World) -> None:
    """What a browser asks before tus-js-client or Uppy on another origin may speak (Fetch, CORS preflight)."""
    wanted = "authorization,content-type,tus-resumable,upload-length,upload-metadata,upload-offset,upload-checksum"
    for path, method in ((URL, "POST"), (f"{URL}/x", "PATCH"), (f"{URL}/x", "HEAD"), (f"{URL}/x", "DELETE")):
        answer = await client.options(
            path,
            headers={
                "Origin": ELSEWHERE,
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": wanted,
            },
        )
        assert answer.status_code == 204, (path, method, answer.text)
        assert answer.headers["Access-Control-Allow-Origin"] == ELSEWHERE
        assert method in answer.headers["Access-Control-Allow-Methods"]
        allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
        assert set(wanted.split(",")) <= allowed
    answer = await client.head(f"{URL}/x", headers={"Origin": ELSEWHERE, "Tus-Resumable": "1.0.0"} | world.organiser)
    exposed = {name.strip().lower() for name in answer.headers["Access-Control-Expose-Headers"].split(",")}
    assert {"location", "upload-offset", "upload-length", "tus-resumable", "upload-expires"} <= exposed
    other = await client.options(
        URL, headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert "Access-Control-Allow-Origin" not in other.headers
