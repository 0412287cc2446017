"""What every HTTP edge shares: errors as problem+json (RFC 9457), request ids, ETags, cursors.

The only core module that knows Litestar.
"""

import base64
import time
from collections.abc import Sequence
from hashlib import blake2b
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import structlog
from litestar import Request, Response
from litestar.enums import MediaType, ScopeType
from litestar.exceptions import HTTPException, ValidationException
from litestar.middleware import ASGIMiddleware
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import QueryParameter
from litestar.serialization import encode_json
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from server.core import errors
from server.core.ids import new_id
from server.core.metrics import HTTP_SECONDS

log = structlog.get_logger(__name__)

PROBLEM = "application/problem+json"

_STATUS: tuple[tuple[type[errors.SemmaError], int], ...] = (
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Gone, 410),
    (errors.Stale, 412),
    (errors.TooLarge, 413),
    (errors.Unsupported, 415),
    (errors.TooMany, 429),
    (errors.Unavailable, 503),
    (errors.Invalid, 400),
)
_TITLES = {
    400: "Bad request",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Gone",
    412: "Precondition failed",
    413: "Too large",
    415: "Unsupported media type",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}

T = TypeVar("T")


class Problem(msgspec.Struct, omit_defaults=True):
    """The body of every error answer (RFC 9457 §3), with a stable `code`."""

    title: str
    status: int
    code: str
    detail: str
    type: str = "about:blank"
    request_id: str = ""
    errors: list[dict[str, str]] = []


Limit = Annotated[
    int,
    QueryParameter(ge=1, le=200, description="How many items at most.", examples=[Example(summary="50", value=50)]),
]
After = Annotated[
    str | None,
    QueryParameter(description="The `next` of the page before.", examples=[Example(summary="One", value="WyIwMSJd")]),
]


class Page(msgspec.Struct, Generic[T]):
    """One page of a list; `next` goes into `?after=` and is null on the last page."""

    items: list[T]
    next: str | None


def status_of(error: errors.SemmaError) -> int:
    """The HTTP status of an error of the domain; a class may fix its own with `http_status`."""
    fixed = getattr(error, "http_status", None)
    if fixed is not None:
        return int(fixed)
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def title_of(status: int) -> str:
    """The short name of an error's status."""
    return _TITLES.get(status, "Error")


def problem_response(
    request: Request[Any, Any, Any],
    *,
    status: int,
    code: str,
    detail: str,
    headers: dict[str, str] | None = None,
    extra: dict[str, Any] | None = None,
) -> Response[bytes]:
    """An error answer as problem+json."""
    body = {
        "type": "about:blank",
        "title": title_of(status),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_id_of(request.scope),
        **(extra or {}),
    }
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type=PROBLEM,
        headers={"Cache-Control": "no-store"} | (headers or {}),
    )


def semma_error_response(request: Request[Any, Any, Any], error: errors.SemmaError) -> Response[bytes]:
    """An error of the domain, translated."""
    headers: dict[str, str] = dict(getattr(error, "headers", {}))
    if isinstance(error, errors.TooMany):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return problem_response(
        request, status=status_of(error), code=error.code, detail=error.detail, headers=headers, extra=error.extra
    )


def http_error_response(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """An error of the framework (no such route, body that does not parse), in the same form."""
    status = error.status_code
    code = {404: "request.not_found", 405: "request.method_not_allowed", 413: "request.too_large"}.get(
        status, "request.invalid" if status < 500 else "server.error"
    )
    detail, extra = str(error.detail), {}
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        found = [
            {"field": str(item.get("key", "")), "message": str(item.get("message", ""))}
            for item in error.extra
            if isinstance(item, dict)
        ]
        extra = {"errors": found}
        detail = "; ".join(
            f"{item['field']}: {item['message']}" if item["field"] else item["message"] for item in found
        )
    headers = {key: value for key, value in (error.headers or {}).items() if key.lower() == "allow"}
    return problem_response(
        request, status=status, code=code, detail=detail or _TITLES.get(status, "Error"), headers=headers, extra=extra
    )


def unexpected_response(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Anything else: logged with its trace, answered without it."""
    log.error("http.unexpected", path=request.url.path, exc_info=error)
    return problem_response(
        request,
        status=500,
        code="server.error",
        detail=f"Something went wrong here; tell the organiser this number: {request_id_of(request.scope)}.",
    )


def request_id_of(scope: Any) -> str:
    """The id of this request, as in the logs and in X-Request-Id."""
    return str(scope.get("state", {}).get("request_id", ""))


class RequestContext(ASGIMiddleware):
    """Gives every request an id, binds it to the logs, measures it."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Run the request with its id bound; answer with X-Request-Id."""
        request_id = new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await next_app(scope, receive, send_with_id)
        finally:
            route = str(scope.get("path_template") or "other")
            elapsed = time.perf_counter() - started
            HTTP_SECONDS.labels(scope.get("method", ""), route, str(status)).observe(elapsed)
            structlog.contextvars.unbind_contextvars("request_id")


def etag_of(version: int, body: bytes = b"") -> str:
    """The strong ETag of a row's version (RFC 9110 §8.8.3); with the body, of this very representation.

    What an answer shows of other rows (progress, names) changes without the row's version.
    """
    return f'"v{version}-{blake2b(body, digest_size=6).hexdigest()}"' if body else f'"v{version}"'


def check_if_match(request: Request[Any, Any, Any], version: int) -> None:
    """Raise Stale when If-Match is there and names no present version (RFC 9110 §13.1.1).

    Only the row's version counts: a change is refused when the row was changed, not when its recording progressed.
    """
    header = request.headers.get("if-match")
    if header is None or header.strip() == "*":
        return
    versions = {tag.strip().removeprefix("W/").strip('"').split("-")[0] for tag in header.split(",")}
    if f"v{version}" not in versions:
        raise errors.Stale


def is_fresh(request: Request[Any, Any, Any], etag: str) -> bool:
    """Whether If-None-Match already names this representation (weak comparison, RFC 9110 §13.1.2)."""
    header = request.headers.get("if-none-match")
    if header is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags


def json_with_etag(request: Request[Any, Any, Any], body: Any, version: int, *, status: int = 200) -> Response[Any]:
    """A JSON answer carrying the row's ETag; 304 when the asker has it already."""
    encoded = encode_json(body)
    headers = {"ETag": etag_of(version, encoded), "Cache-Control": "private, no-cache"}
    if request.method == "GET" and is_fresh(request, headers["ETag"]):
        return Response(None, status_code=304, headers=headers)
    return Response(encoded, status_code=status, headers=headers, media_type=MediaType.JSON)


def encode_cursor(values: Sequence[Any]) -> str:
    """An opaque cursor for `?after=`."""
    return base64.urlsafe_b64encode(msgspec.json.encode(list(values))).rstrip(b"=").decode()


def decode_cursor(text: str, *, length: int) -> list[Any]:
    """The values of a cursor; raises Invalid when it is not one of ours."""
    try:
        values = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, msgspec.DecodeError):
        values = None
    if not isinstance(values, list) or len(values) != length:
        raise errors.Invalid("`after` must be the `next` of an earlier page.")
    return values


def _problem_spec(description: str) -> ResponseSpec:
    return ResponseSpec(data_container=Problem, description=description, media_type=PROBLEM)


# What any operation may answer; the codes are listed in docs/api.md.
PROBLEM_RESPONSES: dict[int, ResponseSpec] = {
    status: _problem_spec(_TITLES[status]) for status in (400, 401, 403, 404, 409, 412, 429, 503)
}
