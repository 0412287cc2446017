"""One try: a POST to a public address, without following where it leads, with little time and little read back."""

import asyncio
import ssl
import time
from dataclasses import dataclass
from functools import cache

import httpx

from server.core.fetch import AddressNotPublic, FetchFailed, resolve, usable_url

USER_AGENT = "Semma (webhooks)"
CONNECT_S, ALL_S = 5.0, 20.0
EXCERPT_BYTES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a try: the status of the answer, or why there is none."""

    status: int | None
    duration_ms: int
    response: str = ""
    error: str = ""


async def send(url: str, body: bytes, headers: dict[str, str], *, allow_private: bool = False) -> Outcome:
    """Send it once. `allow_private` is for tests, whose receiver is on this machine."""
    started = time.monotonic()

    def outcome(status: int | None = None, response: str = "", error: str = "") -> Outcome:
        elapsed_ms = round((time.monotonic() - started) * 1000)
        return Outcome(status=status, duration_ms=elapsed_ms, response=response, error=error)

    try:
        async with asyncio.timeout(ALL_S):
            status, excerpt = await _post(usable_url(url), body, headers, allow_private=allow_private)
    except AddressNotPublic:
        return outcome(error="The address leads to a private network, where nothing is sent to.")
    except FetchFailed as error:
        return outcome(error=error.detail)
    except (httpx.TimeoutException, TimeoutError):
        return outcome(error=f"There was no answer within {ALL_S:.0f} seconds.")
    except httpx.HTTPError as error:
        return outcome(error=f"The connection failed: {str(error) or type(error).__name__}."[:300])
    return outcome(status, excerpt)


async def _post(url: httpx.URL, body: bytes, headers: dict[str, str], *, allow_private: bool) -> tuple[int, str]:
    # The address that was looked at is the one connected to; the name is what the certificate is checked against.
    addresses = await resolve(url, allow_private=allow_private, within_s=CONNECT_S)
    head = {
        "Host": url.netloc.decode("ascii"),
        "User-Agent": USER_AGENT,
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        **headers,
    }
    extensions = {"sni_hostname": url.raw_host.decode("ascii")}
    timeout = httpx.Timeout(ALL_S, connect=CONNECT_S)
    async with httpx.AsyncClient(verify=_tls(), trust_env=False, follow_redirects=False, timeout=timeout) as client:
        request = client.build_request(
            "POST",
            url.copy_with(host=addresses[0]),
            content=body,
            headers=head,
            extensions=extensions,
        )
        answer = await client.send(request, stream=True)
        try:
            return answer.status_code, await _excerpt(answer)
        finally:
            await answer.aclose()


@cache
def _tls() -> ssl.SSLContext:
    """Reading the list of authorities costs more than a message."""
    return httpx.create_ssl_context(trust_env=False)


async def _excerpt(answer: httpx.Response) -> str:
    data = b""
    async for chunk in answer.aiter_raw():
        data += chunk
        if len(data) >= EXCERPT_BYTES:
            break
    text = data[:EXCERPT_BYTES].decode("utf-8", "replace")
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)
