"""Static files: held in memory, compressed once, under an address that names the content of all of them.

`/static/{digest}/js/player.js`: the digest covers every file, so a relative import between modules inherits it and the
whole tree may be cached for ever. An old digest (a page loaded before an upgrade) still gets the present file, to be
asked for again next time.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Request, Response, route
from litestar.di import NamedDependency
from litestar.enums import HttpMethod
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from server.core.http import is_fresh

ROOT = Path(__file__).parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is sent."""

    body: bytes
    packed: bytes
    etag: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Statics:
    """All static files of this process."""

    files: Mapping[str, StaticFile]
    digest: str

    def url(self, path: str) -> str:
        """The address of a file; KeyError for one that is not there, so that a page with a typo fails in its test."""
        if path not in self.files:
            raise KeyError(f"no static file {path}; after `python -m server.web.vendor`?")
        return f"/static/{self.digest}/{path}"


def read_statics(root: Path = ROOT) -> Statics:
    """Read every file once."""
    files: dict[str, StaticFile] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix not in TYPES or not path.is_file():
            continue
        body = path.read_bytes()
        etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        packed = gzip.compress(body, 9, mtime=0)
        files[path.relative_to(root).as_posix()] = StaticFile(body, packed, etag, TYPES[path.suffix])
    whole = hashlib.sha256("".join(f"{name} {file.etag}\n" for name, file in files.items()).encode())
    return Statics(files, whole.hexdigest()[:16])


@route(
    "/static/{digest:str}/{path:path}",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    opt={"public": True},
    include_in_schema=False,
    sync_to_thread=False,
)
def static_file(
    request: Request[Any, Any, Any], digest: FromPath[str], path: FromPath[str], statics: NamedDependency[Statics]
) -> Response[bytes]:
    """One static file, compressed when the asker takes it; 304 when they have it already."""
    file = statics.files.get(str(path).lstrip("/"))
    if file is None:
        raise NotFoundException("There is no such file.")
    packs = "gzip" in request.headers.get("accept-encoding", "")
    etag = file.etag[:-1] + '-gz"' if packs else file.etag  # another representation, another strong tag
    headers = {
        "ETag": etag,
        "Vary": "Accept-Encoding",
        "Cache-Control": FOR_EVER if digest == statics.digest else "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if is_fresh(request, etag):
        return Response(b"", status_code=304, headers=headers, media_type=file.media_type)
    if packs:
        headers["Content-Encoding"] = "gzip"
    return Response(file.packed if packs else file.body, headers=headers, media_type=file.media_type)
