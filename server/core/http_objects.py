"""Answer with a stored object: passed through in spans (RFC 9110 §14), or handed to the proxy with X-Accel-Redirect.

Objects never change under their key, so their ETag is that of the storage.
"""

from typing import Any

from litestar import Request, Response
from litestar.response import Stream

from server.core.errors import SemmaError
from server.core.http import is_fresh
from server.core.metrics import MEDIA_BYTES
from server.core.ranges import Span, Unsatisfiable, range_applies, wanted_span
from server.core.runtime import Runtime
from server.core.storage import ObjectMissing, StoredObject


async def answer_object(
    request: Request[Any, Any, Any],
    runtime: Runtime,
    key: str,
    *,
    media_type: str,
    headers: dict[str, str],
    missing: type[SemmaError],
) -> Response[Any]:
    """The object under the key, or the span of it that is asked for; raises `missing` when it is not there.

    `headers` are those of every answer; Content-Length, Content-Range and ETag come with the object.
    """
    headers = {"Accept-Ranges": "bytes", **headers}
    if runtime.x_accel_prefix:
        headers["X-Accel-Redirect"] = await _accel_path(runtime, key, media_type)
        return Response(b"", media_type=media_type, headers=headers)
    try:
        if request.method == "GET" and not ({"range", "if-none-match"} & set(request.headers.keys())):
            stored, chunks = await runtime.store.open(key)  # the common case costs the storage one request
            MEDIA_BYTES.inc(stored.size_bytes)
            headers |= {"ETag": f'"{stored.etag}"', "Content-Length": str(stored.size_bytes)}
            return Stream(chunks, media_type=media_type, headers=headers)
        stored = await runtime.store.head(key)
    except ObjectMissing:
        raise missing from None
    headers["ETag"] = f'"{stored.etag}"'
    if is_fresh(request, headers["ETag"]):
        return Response(b"", status_code=304, headers=headers)
    return await _span_of(request, runtime, stored, media_type, headers)


async def _accel_path(runtime: Runtime, key: str, media_type: str) -> str:
    """The internal nginx location with the signed query the storage wants.

    The storage is told what to call the object: nginx passes on its Content-Type, not that of our answer, and an upload
    is stored before anybody knows what it is.
    """
    signed = await runtime.store.presign(key, expires_s=3600, media_type=media_type)
    return runtime.x_accel_prefix.rstrip("/") + "/" + signed.split("://", 1)[1].split("/", 1)[1]


async def _span_of(
    request: Request[Any, Any, Any], runtime: Runtime, stored: StoredObject, media_type: str, headers: dict[str, str]
) -> Response[Any]:
    """The whole object or the asked span of it."""
    asked = request.headers.get("range") if range_applies(request.headers.get("if-range"), etag=stored.etag) else None
    try:
        span = wanted_span(asked, size_bytes=stored.size_bytes)
    except Unsatisfiable:
        return Response(b"", status_code=416, headers=headers | {"Content-Range": f"bytes */{stored.size_bytes}"})
    whole = span or Span(0, stored.size_bytes - 1)
    headers["Content-Length"] = str(whole.size_bytes)
    if span is not None:
        headers["Content-Range"] = f"bytes {span.first}-{span.last}/{stored.size_bytes}"
    status = 200 if span is None else 206
    if request.method == "HEAD":
        return Response(b"", status_code=status, media_type=media_type, headers=headers)
    _found, chunks = await runtime.store.open(stored.key, first=whole.first, last=whole.last)
    MEDIA_BYTES.inc(whole.size_bytes)
    return Stream(chunks, status_code=status, media_type=media_type, headers=headers)
