"""`live.*`: delay, what ingest costs, how many viewers a web process holds, how soon a talk can be replayed.

Everything through the public contract: an encoder sends RTMP, a page in Chromium plays, an organiser says "next talk".
"""

import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
from playwright.sync_api import Browser

from tests.bench import live_viewers
from tests.bench.cpu import own_cpu
from tests.bench.live_glass import Glass, measure_glass
from tests.bench.nginx_rtmp import nginx_rtmp
from tests.bench.results import emit, note
from tests.hls_fetch import join, variants
from tests.journeys.browser import chromium
from tests.live.clock import Clock, clock
from tests.live.encoder import Sent, sending
from tests.live.room import LiveRoom, make_room
from tests.private_semma import PrivateSemma, private_semma, processes
from tests.waiting import eventually

GLASS_S = float(os.environ.get("SEMMA_BENCH_GLASS_S", "60"))
INGEST_S = float(os.environ.get("SEMMA_BENCH_INGEST_S", "60"))
WIDTH, HEIGHT = 1280, 720


def measure() -> None:
    """Every `live.*` result."""
    with private_semma({}) as semma:
        _delay(semma)
        _replay(semma)
    with private_semma({"SEMMA_LIVE_LADDER": "360"}) as semma:
        _ingest(semma)
    live_viewers.measure()


# --- from glass to glass ---


def _delay(semma: PrivateSemma) -> None:
    """Our page, and nginx-rtmp's default HLS, both fed by the same kind of encoder, one after the other."""
    note(f"live.glass_to_glass: {GLASS_S:.0f} s in Chromium")
    room = make_room(semma, "glass")
    with chromium() as browser, ExitStack() as stack:
        sender = stack.enter_context(clock(room.rtmp, width=WIDTH, height=HEIGHT))
        ours = _watch_room(browser, room, sender)
        stack.close()
        detail = {
            "pictures": len(ours.delays),
            "stalls": ours.stalls,
            "input": f"{WIDTH}x{HEIGHT} 25",
            "worst_s": round(ours.delays[-1], 3),
        }
        emit("live.glass_to_glass_p50_s", ours.share(0.5), "s", "<= 2.5", detail)
        emit("live.glass_to_glass_p95_s", ours.share(0.95), "s", "<= 3.5", detail)
        theirs = _watch_nginx(browser)
    room.act("end")
    if theirs is not None:
        compared = {"nginx_rtmp_p50_s": round(theirs.share(0.5), 2), "ours_p50_s": round(ours.share(0.5), 2)}
        emit("live.latency_ratio", theirs.share(0.5) / ours.share(0.5), "ratio", ">= 3", compared)


def _watch_room(browser: Browser, room: LiveRoom, sender: Clock) -> Glass:
    room.wait_state("on_air")
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(room.page)
    eventually(lambda: page.evaluate("Boolean(window.semmaLive?.video)"), what="the player")
    page.evaluate("(semmaLive.video.muted = true, semmaLive.video.play(), 0)")
    eventually(lambda: page.evaluate("semmaLive.video.currentTime > 0 && !semmaLive.video.paused"), what="playing")
    found = measure_glass(page, "semmaLive.video", sender, settle_s=12, seconds=GLASS_S)
    page.close()
    return found


def _watch_nginx(browser: Browser) -> Glass | None:
    """The same picture through nginx-rtmp; None, said on standard error, where it is not installed."""
    with tempfile.TemporaryDirectory(prefix="semma-nginx-") as folder, nginx_rtmp(Path(folder)) as found:
        if found is None:
            note("live.latency_ratio: nginx with its rtmp module is not here")
            return None
        note("live.latency_ratio: nginx-rtmp, default HLS")
        with clock(found.rtmp, width=WIDTH, height=HEIGHT) as sender:
            eventually(lambda: httpx.get(found.hls, trust_env=False).status_code == 200, timeout_s=60, what="its HLS")
            page = browser.new_page()
            page.goto(found.page)
            eventually(lambda: page.evaluate("document.querySelector('video').currentTime > 0"), what="nginx's HLS")
            glass = measure_glass(page, "document.querySelector('video')", sender, settle_s=15, seconds=GLASS_S / 2)
            page.close()
            return glass


# --- what ingest costs ---


def _ingest(semma: PrivateSemma) -> None:
    """CPU of the ingest process itself, its ffmpeg apart, for one room at 6 Mbit/s."""
    note(f"live.ingest_cores_per_room: {INGEST_S:.0f} s")
    room = make_room(semma, "cost")
    with sending(room.rtmp, Sent(width=640, height=360, bitrate_kbps=6000)):
        room.wait_state("on_air")
        before, started = own_cpu(semma, "ingest"), time.monotonic()
        eventually(lambda: time.monotonic() > started + INGEST_S, timeout_s=INGEST_S + 5, every_s=0.5, what="time")
        took = time.monotonic() - started
        cores = (own_cpu(semma, "ingest") - before) / took
        health = room.broadcast()["health"]
    detail = {"bitrate_kbps": 6000, "seconds": round(took, 1), "health": health, "processes": len(processes(semma))}
    emit("live.ingest_cores_per_room", cores, "cores", "<= 0.10", detail)


# --- from the end of a talk to its replay ---


def _replay(semma: PrivateSemma) -> None:
    """From "next talk" to a picture decoded from the talk's own playlist; the last second is there a little later."""
    note("live.replay_ready_s")
    room = make_room(semma, "replay")
    with sending(room.rtmp, Sent(width=640, height=360)), tempfile.TemporaryDirectory() as folder:
        room.wait_state("on_air")
        started = time.monotonic()
        eventually(lambda: time.monotonic() > started + 20, timeout_s=30, every_s=0.5, what="twenty seconds of talk")
        room.act("next")
        pressed = time.monotonic()
        hls = eventually(lambda: _playable(semma, room.sessions[0]), timeout_s=60, every_s=0.05, what="a replay")
        with httpx.Client(trust_env=False, timeout=30) as client:
            lowest = variants(client, hls)[-1]
            whole = join(client, lowest.url, Path(folder) / "replay.mp4")
            took = time.monotonic() - pressed
            detail = {"bytes": whole.stat().st_size, "rendition": lowest.name}
    emit("live.replay_ready_s", took, "s", "<= 5", detail)


def _playable(semma: PrivateSemma, session: str) -> str:
    headers = semma.authorization
    answer = httpx.get(f"{semma.url}/api/v1/sessions/{session}/playback", headers=headers, trust_env=False, timeout=10)
    if answer.status_code != 200 or not answer.json()["hls"]:
        return ""
    return str(httpx.URL(semma.url).join(answer.json()["hls"]))
