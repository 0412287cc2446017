"""Send a file by tus 1.0.0 over a bad line: every break is answered by asking how far it got and going on from there.

The official tuspy reads a whole chunk into memory and repeats every refusal as if it were a break; this streams, and
stops at once at an answer that repeating cannot change.
"""

import base64
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from server.core.errors import Conflict, Invalid, Unavailable

PIECE_BYTES = 256 * 1024
LONGEST_PAUSE_S = 15.0
# Worth another try; 409 and 423 mean that another request still held the upload.
_TRY_AGAIN = frozenset({408, 409, 423, 425, 429, 500, 502, 503, 504})
_GONE = frozenset({404, 410})
_PROTOCOL = {"Tus-Resumable": "1.0.0"}


class Refused(Invalid):
    """The server said no, in words, and would say so again."""

    code = "send.refused"


class ServerAway(Unavailable):
    """The server did not answer for longer than one was willing to wait."""

    code = "send.server_away"


class FileChanged(Conflict):
    """The file is not the one that was begun."""

    code = "send.file_changed"
    says = "The file changed while it was being sent; run the same command again to send it anew."


class _Broken(Exception):
    """This attempt ended early; the next goes on."""


@dataclass
class Notebook:
    """Where unfinished uploads are written down, so that a later run can go on with them."""

    path: Path

    def read(self) -> dict[str, str]:
        """All unfinished uploads: fingerprint to address."""
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}

    def write(self, key: str, url: str | None) -> None:
        """Write one down, or cross it out with None."""
        known = self.read()
        known.pop(key, None)
        if url is not None:
            known[key] = url
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        beside.write_text(json.dumps(known, indent=1))
        beside.replace(self.path)


@dataclass(kw_only=True)
class Sending:
    """One file on its way. `on_progress` hears the number of bytes sent; `on_trouble` what is being waited for."""

    file: Path
    server_url: str
    headers: Mapping[str, str]
    metadata: Mapping[str, str]
    notebook: Notebook
    patience_s: float = 600.0
    on_progress: Callable[[int], None] = lambda _sent_bytes: None
    on_trouble: Callable[[str], None] = lambda _sentence: None
    size_bytes: int = field(init=False)
    url: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        stat = self.file.stat()
        self.size_bytes, self._changed_ns = stat.st_size, stat.st_mtime_ns
        named = [str(self.file.resolve()), str(self.size_bytes), str(self._changed_ns), self.server_url]
        named += [f"{key}={value}" for key, value in sorted(self.metadata.items())]
        self._fingerprint = hashlib.sha256("\0".join(named).encode()).hexdigest()

    def run(self) -> dict[str, Any]:
        """Send all of it; returns the upload as JSON. Raises Refused, ServerAway, FileChanged."""
        self.url = self.notebook.read().get(self._fingerprint)
        timeout = httpx.Timeout(60, connect=10, read=300)  # after the last byte the server joins the parts
        with httpx.Client(headers=dict(self.headers), timeout=timeout) as client:
            self._send_all(client)
            self.notebook.write(self._fingerprint, None)
            return self._describe(client)

    def _send_all(self, client: httpx.Client) -> None:
        last_progress_at, best, pause_s = time.monotonic(), -1, 0.5
        while True:
            try:
                offset = self._step(client)
                trouble = "the connection broke"
            except (_Broken, httpx.TransportError) as error:
                offset, trouble = best, str(error) or type(error).__name__
            if offset == self.size_bytes:
                return
            if offset > best:
                last_progress_at, best, pause_s = time.monotonic(), offset, 0.5
                continue
            if time.monotonic() - last_progress_at > self.patience_s:
                raise ServerAway(f"The server has not answered for {self.patience_s:.0f} seconds: {trouble}.")
            self.on_trouble(trouble)
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _step(self, client: httpx.Client) -> int:
        """Begin, or ask how far it is, and send the rest; returns the offset the server has said last."""
        offset = self._find_offset(client)
        if offset is None:
            self._begin(client)
            offset = 0
        self.on_progress(offset)
        if offset == self.size_bytes:
            return offset
        answer = client.patch(
            self.url or "",
            headers=_PROTOCOL
            | {
                "Content-Type": "application/offset+octet-stream",
                "Content-Length": str(self.size_bytes - offset),
                "Upload-Offset": str(offset),
            },
            content=self._bytes_from(offset),
        )
        _check(answer)
        return int(answer.headers["Upload-Offset"])

    def _begin(self, client: httpx.Client) -> None:
        pairs = [f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in self.metadata.items()]
        headers = _PROTOCOL | {"Upload-Length": str(self.size_bytes), "Upload-Metadata": ",".join(pairs)}
        address = f"{self.server_url}/api/v1/uploads"
        answer = client.post(address, headers=headers)
        _check(answer)
        self.url = urljoin(address, answer.headers["Location"])
        self.notebook.write(self._fingerprint, self.url)

    def _find_offset(self, client: httpx.Client) -> int | None:
        """Where the server stands; None when there is no upload (any more) and one must be begun."""
        if self.url is None:
            return None
        answer = client.head(self.url, headers=_PROTOCOL)
        if answer.status_code in _GONE:
            self._explain_failure(client)
            self.url = None
            self.notebook.write(self._fingerprint, None)
            return None
        _check(answer)
        return int(answer.headers["Upload-Offset"])

    def _explain_failure(self, client: httpx.Client) -> None:
        """An upload that failed for a reason would fail again; one that is only gone is begun anew."""
        shown = client.get(self.url or "")
        error = shown.json().get("error") if shown.status_code == 200 else None
        if error:
            self.notebook.write(self._fingerprint, None)
            raise Refused(error["detail"], reason=error["code"])

    def _bytes_from(self, offset: int) -> Iterator[bytes]:
        stat = self.file.stat()
        if (stat.st_size, stat.st_mtime_ns) != (self.size_bytes, self._changed_ns):
            raise FileChanged
        with self.file.open("rb") as opened:
            opened.seek(offset)
            while piece := opened.read(PIECE_BYTES):
                yield piece
                offset += len(piece)
                self.on_progress(offset)

    def _describe(self, client: httpx.Client) -> dict[str, Any]:
        answer = client.get(self.url or "")
        return dict(answer.json()) if answer.status_code == 200 else {}


def _check(answer: httpx.Response) -> None:
    """Raise _Broken for what passes, Refused for what stays."""
    if answer.is_success:
        return
    try:
        body = answer.json()
        said = str(body.get("detail") or body.get("title"))
    except ValueError:
        said = ""
    if answer.status_code in _TRY_AGAIN:
        raise _Broken(said or f"the server answers {answer.status_code}")
    raise Refused(said or f"The server answers {answer.status_code}.")
