"""Fetching what strangers link to: from the public web only, with caps, and with a sentence when it does not work."""

import datetime
import gzip
import hashlib
import ssl
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server.core.fetch import FetchFailed, FetchLimits, fetch, filename_of, usable_url
from server.core.public_address import is_public
from tests.web_site import Answer, WebSite

LIMITS = FetchLimits(size_bytes=100_000, connect_s=5, silence_s=5, all_s=20)
here = partial(fetch, limits=LIMITS, allow_private=True)


@pytest.fixture
def site() -> Iterator[WebSite]:
    with WebSite().running() as site:
        yield site


async def refused(url: str, path: Path, *, allow_private: bool = True, limits: FetchLimits = LIMITS) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        await fetch(url, path, limits=limits, allow_private=allow_private)
    assert caught.value.detail.endswith(".")
    return caught.value


PRIVATE = """
127.0.0.1 127.9.9.9 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 255.255.255.255 224.0.0.1
240.0.0.1 198.18.0.1 192.0.2.1 192.0.0.1 203.0.113.9 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd12::1 ff02::1 fec0::1
::ffff:127.0.0.1 ::ffff:8.8.8.8 2002:7f00:1::1 2001:0:7f00:1::1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2001:db8::1 nonsense
"""


@pytest.mark.parametrize("address", PRIVATE.split())
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "193.166.1.1", "2a00:1450:4026:808::2004", "64:ff9b::808:808"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/a",
        "http://localhost:{port}/a",
        "http://0x7f.1:{port}/a",
        "http://2130706433:{port}/a",
        "http://[::1]:{port}/a",
        "http://[::ffff:127.0.0.1]:{port}/a",
        "http://0:{port}/a",
    ],
)
async def test_nothing_private_is_asked(url: str, site: WebSite, tmp_path: Path) -> None:
    port = httpx.URL(site.url()).port
    error = await refused(url.format(port=port), tmp_path / "f", allow_private=False)
    assert error.code in ("fetch.address_not_public", "fetch.name_unknown")
    assert site.asked == [] and not (tmp_path / "f").exists()


@pytest.mark.parametrize(
    "url",
    ["", "ftp://example.org/a", "file:///etc/passwd", "https://", "https://me:secret@example.org/", "x", "http://a:0/"],
)
async def test_what_is_no_address(url: str, tmp_path: Path) -> None:
    assert (await refused(url, tmp_path / "f")).code == "fetch.address_unusable"


async def test_a_file_comes_with_its_name_and_validator(site: WebSite, tmp_path: Path) -> None:
    body = b"%PDF-1.7 slides" * 1000
    site.answers["/talk/my%20slides.pdf"] = Answer(
        body=body, headers={"ETag": '"v1"', "Content-Type": "application/pdf; x=y"}
    )
    url = site.url("/talk/my%20slides.pdf", host="localhost")
    got = await here(url, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == body
    assert (got.is_new, got.size_bytes, got.sha256) == (True, len(body), hashlib.sha256(body).hexdigest())
    assert (got.filename, got.content_type, got.validator) == ("my slides.pdf", "application/pdf", '"v1"')
    asked = site.asked[0].headers
    assert asked["Host"] == httpx.URL(url).netloc.decode(), "the name, though the connection goes to its address"
    assert "Cookie" not in asked and "Authorization" not in asked
    again = await here(url, tmp_path / "g", validator=got.validator)
    assert (again.is_new, again.validator) == (False, '"v1"') and not (tmp_path / "g").exists()
    assert site.asked[1].headers["If-None-Match"] == '"v1"'


async def test_a_date_does_where_there_is_no_tag(site: WebSite, tmp_path: Path) -> None:
    date = "Wed, 25 Nov 2026 10:00:00 GMT"
    site.answers["/a.pdf"] = Answer(body=b"x", headers={"Last-Modified": date})
    got = await here(site.url("/a.pdf"), tmp_path / "f")
    assert got.validator == date
    assert not (await here(site.url("/a.pdf"), tmp_path / "f", validator=date)).is_new
    site.answers["/a.pdf"] = Answer(body=b"y", headers={"ETag": "not a tag"})
    assert (await here(site.url("/a.pdf"), tmp_path / "f", validator=date)).validator == ""


async def test_redirects_are_followed_and_each_is_looked_at(site: WebSite, tmp_path: Path) -> None:
    site.answers |= {
        "/a": Answer(302, headers={"Location": "/b?x=1#there"}),
        "/b": Answer(301, headers={"Location": site.url("/c.pdf")}),
        "/c.pdf": Answer(body=b"file"),
        "/round": Answer(307, headers={"Location": "/round"}),
        "/local": Answer(302, headers={"Location": "file:///etc/passwd"}),
        "/nowhere": Answer(302),
    }
    got = await here(site.url("/a"), tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == b"file" and got.url == site.url("/c.pdf")
    assert (await refused(site.url("/round"), tmp_path / "f")).code == "fetch.too_many_redirects"
    assert len([one for one in site.asked if one.path == "/round"]) == 6
    assert (await refused(site.url("/local"), tmp_path / "f")).code == "fetch.address_unusable"
    assert (await refused(site.url("/nowhere"), tmp_path / "f")).code == "fetch.refused_there"


@pytest.mark.parametrize(
    ("status", "code", "again"),
    [
        (404, "fetch.not_there", True),
        (410, "fetch.not_there", True),
        (403, "fetch.not_for_us", True),
        (500, "fetch.refused_there", True),
        (204, "fetch.refused_there", True),
        (304, "fetch.refused_there", True),
    ],
)
async def test_answers_that_are_no_file(status: int, code: str, again: bool, site: WebSite, tmp_path: Path) -> None:
    site.answers["/a"] = Answer(status)
    error = await refused(site.url("/a"), tmp_path / "f")
    assert (error.code, error.retryable) == (code, again)


async def test_no_more_than_is_taken(site: WebSite, tmp_path: Path) -> None:
    site.answers["/declared"] = Answer(body=bytes(100_001))
    site.answers["/packed"] = Answer(body=gzip.compress(bytes(5_000_000)), headers={"Content-Encoding": "gzip"})
    for path in ("/declared", "/packed"):
        assert (await refused(site.url(path), tmp_path / "f")).code == "fetch.too_large"
    site.answers["/small"] = Answer(body=gzip.compress(b"slides"), headers={"Content-Encoding": "gzip"})
    assert (await here(site.url("/small"), tmp_path / "f")).size_bytes == 6
    site.answers["/broken"] = Answer(body=b"no gzip", headers={"Content-Encoding": "gzip"})
    assert (await refused(site.url("/broken"), tmp_path / "f")).code == "fetch.refused_there"


async def test_who_breaks_off_or_keeps_us_waiting(site: WebSite, tmp_path: Path) -> None:
    site.answers["/cut"] = Answer(body=bytes(5000), cut=100)
    error = await refused(site.url("/cut"), tmp_path / "f")
    assert (error.code, error.retryable) == ("fetch.no_answer", True)
    go = threading.Event()
    site.answers["/slow"] = Answer(body=b"x", before=go.wait)
    slow = FetchLimits(size_bytes=10, all_s=0.3)
    assert (await refused(site.url("/slow"), tmp_path / "f", limits=slow)).code == "fetch.too_slow"
    silent = FetchLimits(size_bytes=10, silence_s=0.3)
    assert (await refused(site.url("/slow"), tmp_path / "f", limits=silent)).code == "fetch.no_answer"
    go.set()


async def test_nobody_there(tmp_path: Path) -> None:
    with WebSite().running() as gone:
        url = gone.url("/a")
    assert (await refused(url, tmp_path / "f")).code == "fetch.no_answer"
    assert (await refused("http://no-such-name.invalid/a", tmp_path / "f")).code == "fetch.name_unknown"


async def test_a_certificate_is_checked_against_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the connection goes to an address, which no certificate here names."""
    named: list[str | None] = []
    certificate = self_signed(tmp_path, "localhost")
    with WebSite(serving(certificate, named)).running() as site:
        site.answers["/a"] = Answer(body=b"slides")
        url = site.url("/a", host="localhost")
        error = await refused(url, tmp_path / "f")
        assert error.code == "fetch.not_secure" and site.asked == [], "nobody vouches for it"
        monkeypatch.setattr("server.core.fetch._tls", lambda: ssl.create_default_context(cafile=certificate))
        assert (await here(url, tmp_path / "f")).size_bytes == 6
        assert set(named) == {"localhost"}
    certificate = self_signed(tmp_path, "elsewhere.example")
    with WebSite(serving(certificate, named)).running() as site:
        error = await refused(site.url("/a", host="localhost"), tmp_path / "f")
        assert error.code == "fetch.not_secure" and site.asked == [], "it is for another name"


def serving(certificate: Path, named: list[str | None]) -> ssl.SSLContext:
    """The site's side; notes the names it is called by."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    return context


def self_signed(folder: Path, host: str) -> Path:
    """A certificate for a name that nobody vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    start = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "site.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.mark.parametrize(
    ("disposition", "url", "name"),
    [
        ("", "https://x.org/a/b%20c.pdf?d=e", "b c.pdf"),
        ("", "https://x.org/", ""),
        ('attachment; filename="talk.pdf"', "https://x.org/d?id=4", "talk.pdf"),
        ("attachment; filename=talk.pdf; size=3", "https://x.org/d", "talk.pdf"),
        ("attachment; filename=\"a.pdf\"; filename*=UTF-8''n%C3%A4yt%C3%B6s.pdf", "https://x.org/d", "näytös.pdf"),
        ('attachment; filename="../../etc/passwd"', "https://x.org/d", "passwd"),
        ('attachment; filename="a\\"b\x07.pdf"', "https://x.org/d", 'a"b.pdf'),
    ],
)
def test_the_name_of_the_file(disposition: str, url: str, name: str) -> None:
    assert filename_of(disposition, usable_url(url)) == name
