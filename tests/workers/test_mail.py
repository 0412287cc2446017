"""Letters, handed to a real SMTP server of the test's own."""

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import select

import workers.mail
from server.accounts.attendees import Person
from server.accounts.jobs import SendPersonalLink, SendSignInLink
from server.accounts.letters import LANGUAGES, Letter, personal_link_letter, sign_in_letter
from server.accounts.links import make_links, revoke_link
from server.accounts.models import SignInLink
from server.accounts.post import MailNotSent, MailRefused, make_message, read_smtp_url, send_letter, sender_of
from server.accounts.users import create_user
from server.core.clock import now
from server.core.ids import hash_secret
from server.core.jobs import DONE, FAILED, QUEUED, Job, JobRow, enqueue
from server.core.runtime import Runtime
from workers.runtime import run_claimed

pytestmark = pytest.mark.db
assert workers.mail  # registers the handlers


@dataclass
class Sink:
    """An SMTP server (RFC 5321) that keeps what it is given; `refuses` answers RCPT with a code of its own."""

    port: int = 0
    refuses: str = ""
    tls: ssl.SSLContext | None = None  # offered by STARTTLS (RFC 3207)
    said: list[str] = field(default_factory=list)
    letters: list[tuple[str, EmailMessage]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipient = ""

        async def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())
            await writer.drain()

        await say("220 sink")
        while line := (await reader.readline()).decode().strip():
            verb = line.split(" ")[0].upper()
            self.said.append(line)
            if verb == "EHLO":
                await say("250-sink\r\n250-AUTH PLAIN\r\n250 STARTTLS" if self.tls else "250 sink")
            elif verb == "STARTTLS":
                await say("220 go on")
                assert self.tls is not None
                try:
                    await writer.start_tls(self.tls)
                except ssl.SSLError:
                    break  # the other side does not trust us
            elif verb == "AUTH":
                await say("235 known")
            elif verb == "RCPT":
                recipient = line.partition("<")[2].rstrip(">")
                await say(self.refuses or "250 ok")
            elif verb == "DATA":
                await say("354 go on")
                raw = await reader.readuntil(b"\r\n.\r\n")
                message = email.message_from_bytes(raw[:-5], policy=email.policy.SMTP)
                assert isinstance(message, EmailMessage)
                self.letters.append((recipient, message))
                await say("250 kept")
            elif verb == "QUIT":
                await say("221 bye")
                break
            else:
                await say("250 ok")
        writer.close()


@asynccontextmanager
async def a_sink(**values: Any) -> AsyncIterator[Sink]:
    sink = Sink(**values)
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    async with server:
        yield sink


async def _run(runtime: Runtime, job: Job) -> JobRow:
    """Order the job and run it as a worker does."""
    async with runtime.database.write() as db:
        job_id = await enqueue(db, job)
    await run_claimed(runtime, job_id, owner="test")
    async with runtime.database.read() as db:
        return await db.get_one(JobRow, job_id)


async def test_sign_in_letter_carries_a_link_that_is_stored_as_a_hash(runtime: Runtime) -> None:
    async with runtime.database.write() as db:
        await create_user(db, email="aino@example.org", name="Äinö")
    async with a_sink() as sink:
        row = await _run(
            replace(runtime, smtp_url=sink.url),
            SendSignInLink(email="aino@example.org", language="fi", next_path="/studio"),
        )
    assert row.state == DONE and "semma_in" not in str(row.arguments)
    [(recipient, message)] = sink.letters
    text = message.get_content()
    assert (recipient, message["To"], message["From"]) == (
        "aino@example.org",
        "aino@example.org",
        "Semma <semma@testserver>",
    )
    assert message["Auto-Submitted"] == "auto-generated" and message["Content-Language"] == "fi"
    assert message["Subject"] == "Kirjautumislinkkisi: testserver" and text.startswith("Hei Äinö,")
    url = next(line for line in text.splitlines() if line.startswith("http"))
    assert url.endswith("?next=/studio")
    async with runtime.database.read() as db:
        stored = await db.scalar(select(SignInLink.token_hash))
    assert stored == hash_secret(url.removeprefix("http://testserver/sign-in/").partition("?")[0])


async def test_unknown_address_gets_no_letter(runtime: Runtime) -> None:
    async with a_sink() as sink:
        row = await _run(replace(runtime, smtp_url=sink.url), SendSignInLink(email="nobody@example.org"))
    assert (row.state, sink.letters) == (DONE, [])


async def test_personal_link_travels_sealed_and_a_revoked_one_not_at_all(runtime: Runtime) -> None:
    async with runtime.database.write() as db:
        (link, secret), *_ = await make_links(db, [Person(1, "aino@example.org", "Aino")], event_id="e1")
    job = SendPersonalLink(
        link_id=link.id, sealed_secret=runtime.keyring.encrypt(secret), about="Semma 2027", language="sv"
    )
    async with a_sink() as sink:
        working = replace(runtime, smtp_url=sink.url)
        row = await _run(working, job)
        assert row.state == DONE and secret not in str(row.arguments)
        [(_, message)] = sink.letters
        assert f"http://testserver/join/{secret}" in message.get_content() and message["Content-Language"] == "sv"
        async with runtime.database.write() as db:
            await revoke_link(db, link_id=link.id, event_id="e1")
        assert (await _run(working, job)).state == DONE
        assert len(sink.letters) == 1


async def test_server_that_cannot_now_is_tried_again_and_a_no_is_final(runtime: Runtime) -> None:
    async with runtime.database.write() as db:
        await create_user(db, email="aino@example.org")
    job = SendSignInLink(email="aino@example.org")
    away = await _run(replace(runtime, smtp_url="smtp://127.0.0.1:1"), job)
    assert (away.state, away.error_code) == (QUEUED, "mail.not_sent")
    async with a_sink(refuses="450 later") as sink:
        later = await _run(replace(runtime, smtp_url=sink.url), job)
    assert (later.state, later.error_code) == (QUEUED, "mail.not_sent")
    async with a_sink(refuses="550 no such mailbox") as sink:
        never = await _run(replace(runtime, smtp_url=sink.url), job)
    assert (never.state, never.error_code) == (FAILED, "mail.refused")


def _certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    host = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now() - timedelta(days=1)).not_valid_after(now() + timedelta(days=1))
    made = made.add_extension(host, critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    path = folder / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM) + private)
    return path


LETTER = Letter(subject="s", text="t", language="en")


async def test_letter_and_password_go_over_tls_to_who_proves_to_be_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    message = make_message(LETTER, to="a@example.org", sender="s@example.org")
    async with a_sink(tls=context) as sink:
        server = replace(read_smtp_url(sink.url), user="u", password="p")
        with pytest.raises(MailNotSent, match="certificate"):
            await send_letter(server, message)  # nobody vouches for it yet
        assert sink.letters == [] and not any(line.startswith("AUTH") for line in sink.said)
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        await send_letter(server, message)
        assert len(sink.letters) == 1
        verbs = [line.split(" ")[0].upper() for line in sink.said]
        assert verbs.index("STARTTLS") < verbs.index("AUTH") < verbs.index("MAIL")


async def test_password_is_never_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.accounts.post._LOOPBACK", ())
    message = make_message(LETTER, to="a@example.org", sender="s@example.org")
    async with a_sink() as sink:
        with pytest.raises(MailRefused, match="no TLS"):
            await send_letter(replace(read_smtp_url(sink.url), user="u", password="p"), message)
        assert sink.letters == [] and not any(line.startswith("AUTH") for line in sink.said)


def test_smtp_urls_are_read() -> None:
    server = read_smtp_url("smtps://user%40example.org:p%2Fw@mail.example.org")
    assert (server.host, server.port, server.user, server.password, server.is_tls) == (
        "mail.example.org",
        465,
        "user@example.org",
        "p/w",
        True,
    )
    assert read_smtp_url("smtp://mail.example.org").port == 587
    for wrong in ("", "mail.example.org", "http://x", "smtp://", "smtp://host:port"):
        with pytest.raises(MailRefused):
            read_smtp_url(wrong)


def test_letters_speak_every_language_and_stay_one_line_in_the_subject() -> None:
    for language in (*LANGUAGES, "de", "fi-FI"):
        for letter in (
            sign_in_letter(name="A", url="http://s/x", site="s", language=language),
            personal_link_letter(role="viewer", name="", url="http://s/x", about="A\nBcc: b", language=language),
            personal_link_letter(role="speaker", name="A", url="http://s/x", about="Talk {url}", language=language),
        ):
            assert "\n" not in letter.subject and "http://s/x" in letter.text
            assert letter.language == (language[:2] if language[:2] in LANGUAGES else "en")
            make_message(letter, to="a@example.org", sender=sender_of("", "https://semma.example"))
