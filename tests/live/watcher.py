"""Reads every playlist of a broadcast as a low-latency player does, whatever happens, and checks each strictly."""

import threading
from urllib.parse import urljoin

import httpx

from server.media.playlist_check import check_playlist
from server.media.playlist_check_live import check_low_latency, check_reload
from server.media.playlist_read_live import read_live_playlist
from tests.hls_fetch import variants

_PAUSE_S = 0.2  # after a failure


class Watcher(threading.Thread):
    """One track of a broadcast: blocking reloads one after the other, delta updates between full ones.

    `wrong` is everything the checkers found; `reads` counts the playlists.
    """

    def __init__(self, multivariant: str, name: str) -> None:
        super().__init__(daemon=True)
        self.wrong: list[str] = []
        self.reads = 0
        self.ended = False
        self._multivariant, self._name = multivariant, name
        self._stopping = threading.Event()

    def run(self) -> None:
        """Until the broadcast has ended, or stopped."""
        with httpx.Client(trust_env=False, timeout=20) as client:
            found = variants(client, self._multivariant)
            url = next(one.url for one in found if one.name == self._name)
            others = sorted({f"../{one.url.split('/')[-2]}/index.m3u8" for one in found if one.url != url})
            before, query = "", ""
            while not self._stopping.is_set() and not self.ended:
                text = self._read(client, urljoin(url, f"index.m3u8{query}"))
                if not text:
                    before, query = "", ""  # the next answer may be another process's, which may be a part behind
                    continue
                self._check(text, before, others)
                playlist = read_live_playlist(text)
                msn, part = playlist.end
                self.ended = "#EXT-X-ENDLIST" in text
                query = f"?_HLS_msn={msn}&_HLS_part={part + 1}" + ("&_HLS_skip=YES" if self.reads % 10 else "")
                before = text

    def _read(self, client: httpx.Client, url: str) -> str:
        """The playlist; "" when the server is away for a moment, which is no fault of a playlist."""
        try:
            answer = client.get(url)
        except httpx.TransportError:
            self._stopping.wait(_PAUSE_S)
            return ""
        if answer.status_code != 200:
            self._stopping.wait(_PAUSE_S)
            return ""
        self.reads += 1
        return answer.text

    def _check(self, text: str, before: str, others: list[str]) -> None:
        found = [*check_playlist(text)]
        if "#EXT-X-ENDLIST" not in text:
            found += check_low_latency(text, others=others)
        if before:
            found += check_reload(before, text)
        self.wrong += [f"{finding} in\n{text[-1500:]}" for finding in found]

    def stop(self) -> None:
        self._stopping.set()
        self.join(30)
