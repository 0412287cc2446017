"""nginx as configured in front of a web process started by hand: TLS, media from the storage, uploads and events as
they come."""

import base64
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import msgspec
import pytest

from server.accounts.commands import make_account, make_api_token
from server.commands.serve import make_certificate
from server.core.live_bus import Bus
from server.core.queue import Ringer
from server.core.settings import read_settings
from server.events.models import Event, Room
from server.live.models import Broadcast
from server.live.rows import Meta
from server.live.window import Window
from server.media.playlist_read_live import read_live_playlist
from server.playback.models import Download
from server.process import make_runtime
from server.recordings.models import Recording
from server.sessions.models import Session
from server.slides.models import Deck
from tests.conftest import S3, run_apart
from tests.postgres import free_port
from tests.server.live.synthetic import BEGAN, Timeline, body_of, layout_of
from tests.waiting import eventually

TEMPLATE = Path(__file__).parents[2] / "infra/nginx/semma.conf.template"
SEGMENT = bytes(range(256)) * 4096
KEY = "recordings/r1/g1/720p/00000.m4s"
PICTURE = "decks/d1/r1/0001-large.webp"
FILE = "downloads/r1/" + "f" * 32 + "/720p.mp4"
DECK = "uploads/u1"  # stored as it came, before anybody knew what it is
LAYOUT = layout_of()
LIVE_ROOM, LIVE_BROADCAST, TALK = "a" * 32, "b" * 32, "c" * 32
LIVE = f"/live/public/{LIVE_ROOM}/{LIVE_BROADCAST}/720p"

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


@dataclass
class Site:
    """What is served, and where."""

    https: int
    http: int
    folder: Path
    token: str

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=f"https://localhost:{self.https}", verify=False, trust_env=False, timeout=20)

    def log(self) -> str:
        return (self.folder / "access.log").read_text()


async def fill(environ: dict[str, str]) -> str:
    """A public event with a published recording's segment, and an API token; returns the token."""
    settings = read_settings(environ)
    runtime = make_runtime(settings, Ringer(settings.redis_url), threads=2)
    await runtime.store.ensure_bucket()
    await runtime.store.put(KEY, SEGMENT, content_type="video/iso.segment")
    await runtime.store.put(PICTURE, SEGMENT, content_type="image/webp")
    await runtime.store.put(DECK, SEGMENT)
    await runtime.store.put(FILE, SEGMENT, content_type="video/mp4")
    async with runtime.database.write() as db:
        db.add(Event(id="e1", slug="e", title="E"))
        await db.flush()
        db.add(Session(id="s1", event_id="e1", guid="g", slug="s", title="S"))
        await db.flush()
        db.add(Recording(id="r1", event_id="e1", session_id="s1", state="ready", published_at=datetime.now(UTC)))
        file = {"recording_id": "r1", "rung": "720p", "fingerprint": "f" * 32, "state": "ready"}
        await db.flush()
        db.add(Download(id="f1", event_id="e1", session_id="s1", **file))
        about = {"kind": "pdf", "size_bytes": 1, "key": DECK, "state": "ready", "rendering": 1}
        db.add(Session(id=TALK, event_id="e1", guid="t", slug="t", title="T"))
        await db.flush()
        db.add(Deck(id="d1", event_id="e1", session_id=TALK, slot="d1", filename="kurjet – tanssi.pdf", **about))
        db.add(Room(id=LIVE_ROOM, event_id="e1", slug="hall", name="Hall"))
        await db.flush()
        shape = msgspec.to_builtins(LAYOUT)
        db.add(Broadcast(id=LIVE_BROADCAST, event_id="e1", room_id=LIVE_ROOM, started_at=BEGAN, layout=shape))
    await go_on_air(settings.redis_url)
    await make_account(runtime, email="a@example.org", is_admin=True)
    secret = await make_api_token(runtime, email="a@example.org", name="t", scopes=["upload"])
    await runtime.database.close()
    await runtime.redis.aclose()
    runtime.store.close()
    return secret


async def go_on_air(redis_url: str) -> None:
    """A broadcast that stands at segment 2, part 2."""
    bus = Bus(redis_url)
    meta = Meta(room_id=LIVE_ROOM, event_id="e1", broadcast_id=LIVE_BROADCAST, layout=LAYOUT, window_s=32)
    window = Window(bus, meta=meta)
    await window.open()
    for row in Timeline(LAYOUT).rows(8 + 3):
        await window.append(row)
    await window.stop()
    await bus.close()


def render(folder: Path, *, web: int, storage: str, http: int, https: int) -> Path:
    """The template with everything in the folder and on these ports, in a main file."""
    values = {
        "SEMMA_WEB": f"127.0.0.1:{web}",
        "SEMMA_STORAGE": storage,
        "SEMMA_CERTIFICATES": str(folder),
        "SEMMA_CACHE": str(folder / "cache"),
    }
    text = re.sub(r"\$\{(SEMMA_\w+)\}", lambda found: values[found[1]], TEMPLATE.read_text())
    text = text.replace("listen 80;", f"listen 127.0.0.1:{http};")
    text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{https} ssl http2;")
    text = text.replace("/dev/stdout", str(folder / "access.log")).replace("/dev/stderr", str(folder / "error.log"))
    temporary = "".join(
        f"{word}_temp_path {folder / word};\n" for word in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(
        f"{user}pid {folder / 'pid'};\nerror_log {folder / 'error.log'};\nevents {{}}\nhttp {{\n{temporary}{text}}}\n"
    )
    return main


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, valkey_url: str, s3: S3) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("nginx")
    shutil.copy(sqlite_template, folder / "semma.db")
    web, http, https = free_port(), free_port(), free_port()
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SEMMA_")},
        "SEMMA_DATA_DIR": str(folder),
        "SEMMA_SECRET_KEY": "k" * 32,
        "SEMMA_PORT": str(web),
        "SEMMA_PUBLIC_URL": f"https://localhost:{https}",
        "SEMMA_TRUSTED_PROXIES": "127.0.0.1",
        "SEMMA_X_ACCEL_PREFIX": "/_objects",
        "REDIS_URL": valkey_url,
        "S3_ENDPOINT_URL": s3.endpoint_url,
        "S3_BUCKET": "nginx",
        "AWS_ACCESS_KEY_ID": s3.access_key_id,
        "AWS_SECRET_ACCESS_KEY": s3.secret_access_key,
    }
    token = run_apart(fill(environ))
    chain, key = make_certificate(("localhost",), days=2)
    (folder / "fullchain.pem").write_bytes(chain)
    (folder / "privkey.pem").write_bytes(key)
    storage = s3.endpoint_url.removeprefix("http://")
    main = render(folder, web=web, storage=storage, http=http, https=https)
    nginx = [str(shutil.which("nginx")), "-p", str(folder), "-c", str(main)]
    checked = subprocess.run([*nginx, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "server.cli", "web"], env=environ, stdout=log, stderr=log)
    proxy = subprocess.Popen([*nginx, "-g", "daemon off;"])
    try:
        eventually(lambda: is_listening(web) and is_listening(https), timeout_s=60, what="web and nginx")
        yield Site(https, http, folder, token)
    finally:
        for child in (proxy, process):
            child.terminate()
            child.wait(20)


def test_plain_http_is_sent_to_tls(site: Site) -> None:
    answer = httpx.get(f"http://127.0.0.1:{site.http}/e?x=1", headers={"Host": "seminar.test"}, trust_env=False)
    assert (answer.status_code, answer.headers["Location"]) == (308, "https://seminar.test/e?x=1")


def test_pages_come_through_and_metrics_do_not(site: Site) -> None:
    with site.client() as client:
        assert client.get("/healthz").json() == {"status": "alive"}
        assert client.get("/api/v1/events/e").json()["slug"] == "e"
        assert client.get("/metrics").status_code == 404


def test_media_comes_from_the_storage_with_the_answer_of_the_web_process(site: Site) -> None:
    path = "/media/public/r1/g1/720p/00000.m4s"
    with site.client() as client:
        first = client.get(path)
        assert (first.status_code, first.content) == (200, SEGMENT)
        assert first.headers.get_list("Content-Type") == ["video/iso.segment"]
        assert first.headers.get_list("Cache-Control") == ["public, max-age=86400, immutable"]
        assert first.headers.get_list("Access-Control-Allow-Origin") == ["*"]
        assert first.headers["X-Content-Type-Options"] == "nosniff"
        assert "x-accel-redirect" not in first.headers
        assert not [name for name in first.headers if name.startswith("x-amz")]

        part = client.get(path, headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, SEGMENT[100:200])
        assert part.headers["Content-Range"] == f"bytes 100-199/{len(SEGMENT)}"
        head = client.head(path)
        assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(SEGMENT)))
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304

        assert client.get("/media/public/r1/g1/720p/00001.m4s").status_code == 404
        assert client.get("/media/wrong/r1/g1/720p/00000.m4s").status_code in (403, 404)
        assert client.get("/_objects/nginx/" + KEY).status_code == 404
    eventually(lambda: site.log().count(" HIT ") >= 3, what="the cache to have answered")
    assert "/media/public" not in site.log()


def test_pictures_of_slides_come_from_the_storage_and_files_are_saved(site: Site) -> None:
    with site.client() as client:
        for _ in range(2):
            picture = client.get("/slides/public/d1/r1/0001-large.webp")
            assert (picture.status_code, picture.content) == (200, SEGMENT)
            assert picture.headers.get_list("Content-Type") == ["image/webp"]
            assert picture.headers.get_list("Cache-Control") == ["public, max-age=86400, immutable"]
        for method, asked, status, body in (
            ("GET", {}, 200, SEGMENT),
            ("GET", {"Range": "bytes=0-9"}, 206, SEGMENT[:10]),
            ("HEAD", {}, 200, b""),
        ):
            file = client.request(method, "/api/v1/decks/d1/file", headers=asked)
            assert (file.status_code, file.content) == (status, body)
            assert file.headers.get_list("Content-Type") == ["application/pdf"]
            saved_as = "attachment; filename=\"slides.pdf\"; filename*=UTF-8''kurjet%20%E2%80%93%20tanssi.pdf"
            assert file.headers.get_list("Content-Disposition") == [saved_as]
            assert file.headers.get_list("Cache-Control") == ["private, no-cache"]
            assert file.headers["X-Content-Type-Options"] == "nosniff"
        assert client.get("/slides/public/d2/r1/0001-large.webp").status_code == 404
    eventually(lambda: "/slides/-/d2/" in site.log(), what="the lines of the log")
    assert "/slides/public" not in site.log()


def test_files_to_download_are_read_from_the_storage_and_not_cached(site: Site) -> None:
    with site.client() as client:
        for method, asked, status, body in (
            ("GET", {}, 200, SEGMENT),
            ("GET", {"Range": "bytes=1000-"}, 206, SEGMENT[1000:]),
            ("HEAD", {}, 200, b""),
        ):
            file = client.request(method, "/downloads/public/f1/s.mp4", headers=asked)
            assert (file.status_code, file.content) == (status, body)
            assert file.headers.get_list("Content-Type") == ["video/mp4"]
            assert file.headers.get_list("Content-Length") == [str(len(body) or len(SEGMENT))]
            saved_as = "attachment; filename=\"talk.mp4\"; filename*=UTF-8''S%20%28720p%29.mp4"
            assert file.headers.get_list("Content-Disposition") == [saved_as]
            assert file.headers.get_list("Cache-Control") == ["public, max-age=600"]
            assert not [name for name in file.headers if name.startswith("x-amz")]
        assert client.get("/_objects/nginx/" + FILE).status_code == 404
        assert client.get("/downloads/public/f2/s.mp4").status_code == 404
    eventually(lambda: "/downloads/-/f2/" in site.log(), what="the lines of the log")
    assert "/downloads/public" not in site.log()


def test_live_parts_are_cached_and_playlists_are_not(site: Site) -> None:
    with site.client() as client:
        for _ in range(3):
            part = client.get(f"{LIVE}/2.1.m4s")
            assert (part.status_code, part.content) == (200, body_of("720p", 2, 1))
            assert part.headers.get_list("Access-Control-Allow-Origin") == ["*"]
            assert part.headers["Cache-Control"] == "public, max-age=60, immutable"
            playlist = client.get(f"{LIVE}/index.m3u8?_HLS_msn=2&_HLS_part=2")
            assert playlist.headers["Content-Encoding"] == "gzip"
            assert read_live_playlist(playlist.text).end == (2, 2)
        span = client.get(f"{LIVE}/2.1.m4s", headers={"Range": "bytes=0-9"})
        assert (span.status_code, span.content) == (206, body_of("720p", 2, 1)[:10])
        assert client.get(f"{LIVE.replace('public', 'wrong')}/2.1.m4s").status_code == 403

    def answered() -> list[str]:
        lines = [line for line in site.log().splitlines() if LIVE_BROADCAST in line]
        return [line.split()[-2] for line in lines if "2.1.m4s" in line] if len(lines) == 8 else []

    assert eventually(answered, what="eight lines of the log") == ["MISS", "HIT", "HIT", "HIT", "MISS"]
    assert not [line for line in site.log().splitlines() if "index.m3u8" in line and " HIT " in line]
    assert "/live/public" not in site.log()


def test_event_streams_come_as_they_are_sent(site: Site) -> None:
    headers = {"Last-Event-ID": "1", "Accept": "text/event-stream"}
    with site.client() as client, client.stream("GET", "/api/v1/events/e/changes", headers=headers) as answer:
        assert answer.status_code == 200
        assert any("resync" in line for line in answer.iter_lines() if line)


def test_uploads_reach_the_storage_while_they_are_sent(site: Site) -> None:
    """Half a request's body counts, although the rest never comes: nginx passed it on at once."""
    session = base64.b64encode(b"s1").decode()
    name = base64.b64encode(b"talk.mp4").decode()
    headers = {"Authorization": f"Bearer {site.token}", "Tus-Resumable": "1.0.0"}
    with site.client() as client:
        made = client.post(
            "/api/v1/uploads",
            headers={
                **headers,
                "Upload-Length": str(64 * 1024 * 1024),
                "Upload-Metadata": f"session {session},purpose cmVjb3JkaW5n,filename {name}",
            },
        )
        assert made.status_code == 201, made.text
        where = httpx.URL(made.headers["Location"]).path
        _send_half(site, where, headers, size_bytes=20 * 1024 * 1024)

        def offset() -> int:
            return int(client.head(where, headers=headers).headers.get("Upload-Offset", "0"))

        eventually(lambda: offset() > 0, what="the bytes that were sent to count")
        assert offset() <= 20 * 1024 * 1024


def _send_half(site: Site, where: str, headers: dict[str, str], *, size_bytes: int) -> None:
    """A PATCH that announces more than it sends, and then is cut."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    lines = [f"{name}: {value}" for name, value in headers.items()]
    request = "\r\n".join(
        [
            f"PATCH {where} HTTP/1.1",
            f"Host: localhost:{site.https}",
            *lines,
            "Content-Type: application/offset+octet-stream",
            "Upload-Offset: 0",
            f"Content-Length: {64 * 1024 * 1024}",
            "\r\n",
        ]
    )
    with (
        socket.create_connection(("127.0.0.1", site.https)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as sock,
    ):
        sock.sendall(request.encode())
        sock.sendall(b"\0" * size_bytes)


def test_the_configuration_has_no_placeholder_left_unknown() -> None:
    known = {"SEMMA_WEB", "SEMMA_STORAGE", "SEMMA_CERTIFICATES", "SEMMA_CACHE"}
    assert set(re.findall(r"\$\{(\w+)\}", TEMPLATE.read_text())) == known
