"""Fetch a file from an address that a stranger wrote: http(s) only, public addresses only, with caps of size and time.

    got = await fetch("https://…/slides.pdf", path, limits=FetchLimits(size_bytes=1 << 30), validator=known)

The name is resolved here and the connection goes to the address that was looked at, so that a name cannot mean another
machine a moment later (DNS rebinding); the certificate is still checked against the name. Redirects are followed here,
each one looked at anew. Proxies, passwords and cookies of the environment are not used.
"""

import asyncio
import hashlib
import re
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote

import httpx

from server.core.errors import Invalid
from server.core.public_address import is_public

REDIRECTS = 5
ADDRESSES_TRIED = 4
USER_AGENT = "Semma (fetches slides that a programme links to)"
VALIDATOR_CHARS = 200


class FetchFailed(Invalid):
    """The file could not be fetched. `retryable`: another time it may be there."""

    code = "fetch.failed"
    says = "The link could not be followed."


class AddressUnusable(FetchFailed):
    """Nothing that can be asked for."""

    code = "fetch.address_unusable"
    says = "This is no address of a file on the web. Give one that starts with https://."


class AddressNotPublic(FetchFailed):
    """It leads into a private network."""

    code = "fetch.address_not_public"
    says = "This link leads to a private network, where nothing is fetched from. Put the file on the public web."


class NameUnknown(FetchFailed):
    """The name does not resolve."""

    code = "fetch.name_unknown"
    retryable = True
    says = "There is no machine of this name. Look for a mistake in the link."


class NoAnswer(FetchFailed):
    """Nobody is there, or breaks off."""

    code = "fetch.no_answer"
    retryable = True
    says = "The other side does not answer, or broke off. It is tried again later."


class NotSecure(FetchFailed):
    """The certificate does not hold."""

    code = "fetch.not_secure"
    retryable = True
    says = "The other side's certificate is not valid, so nothing was fetched. Tell whoever runs it."


class NotThere(FetchFailed):
    """404 or 410."""

    code = "fetch.not_there"
    retryable = True
    says = "There is no file (any more) where the link leads. Correct the link."


class NotForUs(FetchFailed):
    """A sign-in is wanted."""

    code = "fetch.not_for_us"
    retryable = True
    says = "The file is only given to people who are signed in there. Make it public, or upload it here."


class RefusedThere(FetchFailed):
    """Any other answer that is no file."""

    code = "fetch.refused_there"
    retryable = True


class TooManyRedirects(FetchFailed):
    """It leads in a circle, or too far."""

    code = "fetch.too_many_redirects"
    says = f"The link leads on more than {REDIRECTS} times. Link to the file itself."


class FileTooLarge(FetchFailed):
    """More bytes than are taken."""

    code = "fetch.too_large"


class TooSlow(FetchFailed):
    """It would take for ever."""

    code = "fetch.too_slow"
    retryable = True


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much is fetched, and how long is waited: for a connection, for the next bytes, for all."""

    size_bytes: int
    connect_s: float = 10.0
    silence_s: float = 30.0
    all_s: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came. `is_new` is False when the other side says that it has not changed; then there is no file.

    `validator` is what to send the next time: the entity tag, else the date of the last change, else empty.
    """

    is_new: bool
    url: str
    validator: str = ""
    content_type: str = ""
    filename: str = ""
    size_bytes: int = 0
    sha256: str = ""


class Fetching:
    """One fetch; made by `fetch`."""

    redirect_codes: ClassVar[frozenset[int]] = frozenset((301, 302, 303, 307, 308))

    def __init__(self, path: Path, limits: FetchLimits, validator: str, *, allow_private: bool) -> None:
        self._path, self._limits, self._validator = path, limits, validator
        self._allow_private = allow_private

    async def run(self, address: str) -> Fetched:
        """Follow the address to its end. Raises FetchFailed."""
        url = usable_url(address)
        timeout = httpx.Timeout(self._limits.silence_s, connect=self._limits.connect_s)
        async with httpx.AsyncClient(verify=_tls(), trust_env=False, timeout=timeout) as client:
            for _ in range(REDIRECTS + 1):
                async with self._ask(client, url) as answer:
                    if answer.status_code not in self.redirect_codes:
                        return await self._take(url, answer)
                    url = _next(url, answer)
        raise TooManyRedirects

    @asynccontextmanager
    async def _ask(self, client: httpx.AsyncClient, url: httpx.URL) -> AsyncIterator[httpx.Response]:
        """The head of the answer, from the first address that takes the connection."""
        addresses = await resolve(url, allow_private=self._allow_private, within_s=self._limits.connect_s)
        answer: httpx.Response | None = None
        for index, address in enumerate(addresses):
            try:
                answer = await client.send(self._request(client, url, address), stream=True)
                break
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if _is_about_certificate(error):
                    raise NotSecure from error
                if index + 1 == len(addresses):
                    raise
        assert answer is not None
        try:
            yield answer
        finally:
            await answer.aclose()

    def _request(self, client: httpx.AsyncClient, url: httpx.URL, address: str) -> httpx.Request:
        headers = {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": USER_AGENT,
            "Accept": "application/pdf, application/*, image/*;q=0.9, */*;q=0.5",
            "Accept-Encoding": "identity",
        }
        if self._validator:
            # RFC 9110, 13.1: by tag where there is one, else by date.
            is_tag = self._validator.startswith(('"', 'W/"'))
            headers["If-None-Match" if is_tag else "If-Modified-Since"] = self._validator
        # The connection goes to the address; the name is what the certificate is checked against.
        extensions = {"sni_hostname": url.raw_host.decode("ascii")}
        return client.build_request("GET", url.copy_with(host=address), headers=headers, extensions=extensions)

    async def _take(self, url: httpx.URL, answer: httpx.Response) -> Fetched:
        if answer.status_code == 304 and self._validator:
            return Fetched(is_new=False, url=str(url), validator=_validator(answer) or self._validator)
        _refuse_status(answer.status_code)
        declared = answer.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > self._limits.size_bytes:
            raise self._too_large()
        digest, size = hashlib.sha256(), 0
        with self._path.open("wb") as file:
            async for chunk in answer.aiter_bytes():
                size += len(chunk)
                if size > self._limits.size_bytes:
                    raise self._too_large()
                digest.update(chunk)
                await asyncio.to_thread(file.write, chunk)
        return Fetched(
            is_new=True,
            url=str(url),
            validator=_validator(answer),
            content_type=answer.headers.get("content-type", "").split(";")[0].strip().lower()[:100],
            filename=filename_of(answer.headers.get("content-disposition", ""), url),
            size_bytes=size,
            sha256=digest.hexdigest(),
        )

    def _too_large(self) -> FileTooLarge:
        most = self._limits.size_bytes
        shown = f"{most >> 20:,} MiB" if most >= 1 << 20 else f"{most:,} bytes"
        return FileTooLarge(f"The file is larger than {shown}, which is the most that is taken.")


@cache
def _tls() -> ssl.SSLContext:
    """Reading the list of authorities costs more than a fetch."""
    return httpx.create_ssl_context(trust_env=False)


async def fetch(
    url: str, path: Path, *, limits: FetchLimits, validator: str = "", allow_private: bool = False
) -> Fetched:
    """Fetch what is at `url` into the file `path`, if it is not what `validator` (of an earlier Fetched) names.

    Raises a subclass of FetchFailed, in words. `allow_private` is for tests, whose server is on this machine.
    """
    try:
        async with asyncio.timeout(limits.all_s):
            return await Fetching(path, limits, validator, allow_private=allow_private).run(url)
    except TimeoutError:
        raise TooSlow(f"Fetching the file took longer than {limits.all_s:,.0f} seconds and was stopped.") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError) as error:
        raise AddressUnusable from error
    except httpx.DecodingError as error:
        raise RefusedThere("The other side packs the file in a way that cannot be unpacked.") from error
    except httpx.HTTPError as error:
        raise NoAnswer from error


def usable_url(address: str) -> httpx.URL:
    """The address to ask; raises AddressUnusable."""
    try:
        url = httpx.URL(address.strip())
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise AddressUnusable from error
    if url.scheme not in ("http", "https") or not url.raw_host or url.userinfo or url.port == 0:
        raise AddressUnusable
    return url.copy_with(fragment=None)


async def resolve(url: httpx.URL, *, allow_private: bool, within_s: float) -> Sequence[str]:
    """The addresses of the machine, those only that may be connected to. Raises NameUnknown, AddressNotPublic."""
    port = url.port or (443 if url.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(within_s):
            found = await loop.getaddrinfo(url.raw_host.decode("ascii"), port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise NameUnknown from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    usable = [address for address in addresses if allow_private or is_public(address)]
    if not usable:
        raise AddressNotPublic if addresses else NameUnknown
    return usable[:ADDRESSES_TRIED]


def _next(url: httpx.URL, answer: httpx.Response) -> httpx.URL:
    location = answer.headers.get("location", "")
    if not location:
        raise RefusedThere("The link leads on to nowhere. Link to the file itself.")
    try:
        return usable_url(str(url.join(location)))
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise AddressUnusable from error


def _refuse_status(status: int) -> None:
    if status == 200:
        return
    if status in (404, 410):
        raise NotThere
    if status in (401, 402, 403, 407):
        raise NotForUs
    later = " It is tried again later." if status >= 429 else ""
    raise RefusedThere(f"The other side answers with an error ({status}) instead of the file.{later}")


def _validator(answer: httpx.Response) -> str:
    tag = str(answer.headers.get("etag", "")).strip()
    if re.fullmatch(r'(W/)?"[\x21\x23-\x7e]*"', tag) and len(tag) <= VALIDATOR_CHARS:
        return tag
    date = str(answer.headers.get("last-modified", "")).strip()
    return date if re.fullmatch(r"[A-Za-z]{3}, [0-9A-Za-z :]{1,40}", date) else ""


def filename_of(disposition: str, url: httpx.URL) -> str:
    """The name of the file: as the other side says (RFC 6266), else the end of the address. Only its last part."""
    extended = re.search(r"filename\*\s*=\s*(?:utf-8|iso-8859-1)'[^']*'([^;\s]+)", disposition, re.IGNORECASE)
    plain = re.search(r'filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', disposition, re.IGNORECASE)
    if extended:
        name = unquote(extended.group(1), errors="replace")
    elif plain:
        name = re.sub(r"\\(.)", r"\1", plain.group(1) or plain.group(2) or "")
    else:
        name = unquote(url.path.rsplit("/", 1)[-1], errors="replace")
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in last if char.isprintable()).strip(" .")[:200]


def _is_about_certificate(error: BaseException) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError) or "CERTIFICATE_VERIFY_FAILED" in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
