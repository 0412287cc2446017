"""Pages as answers: the security headers, caching, languages and the error page every page shares."""

import hashlib
from typing import Any

import structlog
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException

from server.accounts.actor import ANONYMOUS, Actor
from server.accounts.guards import csrf_token
from server.core.errors import SemmaError
from server.core.http import is_fresh, request_id_of, status_of
from server.core.runtime import Runtime
from server.web.languages import LANGUAGES, choose_language
from server.web.view import Asker, PageContext, View

AnyRequest = Request[Any, Any, Any]
HTML = "text/html"
READ = [HttpMethod.GET, HttpMethod.HEAD]
LANGUAGE_COOKIE, THEME_COOKIE = "semma_lang", "semma_theme"
LARGE_COOKIE = "semma_large"  # video or slide: which of both has the large place on the talk page
_YEAR_S = 365 * 86400

log = structlog.get_logger(__name__)


def content_security_policy(*, framed: bool = False, media_origins: tuple[str, ...] = ()) -> str:
    """What a page may do (W3C CSP 3): only files of this site; media also from the configured origins.

    hls.js plays through media source extensions (`media-src blob:`); its worker is a file of ours, so no blob: workers
    and no eval. Only the embed may stand in another site's frame.
    """
    elsewhere = "".join(f" {origin}" for origin in media_origins)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "worker-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data:{elsewhere}",
            f"media-src 'self' blob:{elsewhere}",
            f"connect-src 'self'{elsewhere}",
            "form-action 'self'",
            "base-uri 'none'",
            f"frame-ancestors {'*' if framed else chr(39) + 'none' + chr(39)}",
        )
    )


def page_headers(*, framed: bool = False, media_origins: tuple[str, ...] = ()) -> dict[str, str]:
    """The security headers of every page."""
    headers = {
        "Content-Security-Policy": content_security_policy(framed=framed, media_origins=media_origins),
        "X-Content-Type-Options": "nosniff",
        # Origin only to other sites: an unlisted event's address is nobody else's business.
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if not framed:
        headers["X-Frame-Options"] = "DENY"
    return headers


def language_of(request: AnyRequest) -> str:
    """The language to answer this request in."""
    return choose_language(
        asked=request.query_params.get("lang"),
        remembered=request.cookies.get(LANGUAGE_COOKIE),
        accepts=request.headers.get("accept-language", ""),
    )


def page_context(request: AnyRequest, runtime: Runtime, actor: Actor, *, has_form: bool = False) -> PageContext:
    """What the frame of this page shows. A CSRF token is made only for those signed in and for pages with a form."""
    theme = request.cookies.get(THEME_COOKIE, "")
    return PageContext(
        language=language_of(request),
        path=request.url.path,
        query=tuple(request.query_params.multi_items()),
        theme=theme if theme in ("light", "dark") else "",
        csrf=csrf_token(request, runtime) if has_form or actor.is_known else "",
        base_url=runtime.base_url,
        asker=Asker(name=(actor.name or actor.email) if actor.is_known else "", may_organise=actor.organises_any),
    )


def page(
    request: AnyRequest,
    runtime: Runtime,
    view: View,
    name: str,
    *,
    actor: Actor,
    status: int = 200,
    framed: bool = False,
    has_form: bool = False,
    **context: Any,
) -> Response[bytes]:
    """A template as an answer, with its ETag; 304 when the browser has this very page."""
    about = page_context(request, runtime, actor, has_form=has_form)
    body = view.render(name, about, **context).encode()
    private = has_form or actor.is_known or actor.login_id is not None  # let in by an access code, perhaps
    headers = page_headers(framed=framed, media_origins=view.media_origins) | {
        "Cache-Control": "private, no-cache" if private else "no-cache",
        "Vary": "Cookie, Accept-Language",
        "Content-Language": about.language,
        "ETag": f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"',
    }
    if status == 200 and is_fresh(request, headers["ETag"]):
        return Response(b"", status_code=304, headers=headers, media_type=HTML)
    cookies = [_language_cookie(about.language, runtime)] if request.query_params.get("lang") in LANGUAGES else []
    return Response(body, status_code=status, headers=headers, media_type=HTML, cookies=cookies)


def _language_cookie(language: str, runtime: Runtime) -> Cookie:
    return Cookie(
        key=LANGUAGE_COOKIE, value=language, path="/", max_age=_YEAR_S, secure=runtime.is_https, samesite="lax"
    )


def redirect(path: str, *, cookies: list[Cookie] | None = None) -> Response[bytes]:
    """See the other page (RFC 9110 §15.4.4): after a form, so that reloading sends nothing twice."""
    headers = page_headers() | {"Location": path, "Cache-Control": "no-store"}
    return Response(b"", status_code=303, headers=headers, media_type=HTML, cookies=cookies or [])


def fault_page(view: View, runtime: Runtime, request: AnyRequest, error: Exception) -> Response[bytes]:
    """An error as a page, in words; for requests of people, not of programs."""
    language = language_of(request)
    status, detail = _status_and_detail(error)
    titles = {
        401: view.text(language, "Sign in first"),
        403: view.text(language, "This is not open to you"),
        404: view.text(language, "There is nothing here"),
        410: view.text(language, "This is no longer here"),
        429: view.text(language, "That was a little fast"),
        503: view.text(language, "We will be right back"),
    }
    details = {
        404: view.text(language, "The address may be mistyped, or what was here has moved or gone."),
        503: view.text(language, "A part of the service is away just now. Try again in a moment."),
    }
    if status >= 500:
        log.error("web.fault", path=request.url.path, exc_info=error)
    actor = request.scope.get("state", {}).get("actor", ANONYMOUS)
    return page(
        request,
        runtime,
        view,
        "fault.html",
        actor=actor,
        status=status,
        fault=status,
        title=titles.get(status) or view.text(language, "That did not work"),
        detail=details.get(status) or detail or view.text(language, "Something went wrong here. It has been noted."),
        number=request_id_of(request.scope),
    )


def _status_and_detail(error: Exception) -> tuple[int, str]:
    """The HTTP status and the words of any error; unexpected ones say nothing of themselves."""
    if isinstance(error, SemmaError):
        return status_of(error), error.detail
    if isinstance(error, HTTPException):
        return error.status_code, str(error.detail) if error.status_code < 500 else ""
    return 500, ""
