"""Sending a letter by SMTP (RFC 5321): the standard library in a thread, with TLS and time limits."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from server.accounts.letters import Letter
from server.core.errors import Invalid, SemmaError

TIMEOUT_S = 20.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class MailNotSent(SemmaError):
    """The SMTP server does not answer, or not now; worth another try."""

    code = "mail.not_sent"
    retryable = True
    says = "The mail server does not take the letter at the moment."


class MailRefused(Invalid):
    """The SMTP server does not want this letter, or not from us."""

    code = "mail.refused"
    says = "The mail server refused the letter; check SEMMA_SMTP_URL, SEMMA_MAIL_FROM and the address."


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where letters go out: `smtp://user:password@host:587` (TLS as soon as the server offers it) or `smtps://…`."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    is_tls: bool = False


def read_smtp_url(url: str) -> MailServer:
    """The server an SMTP URL names; raises MailRefused for an unusable one."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise MailRefused("SEMMA_SMTP_URL must look like smtp://user:password@host:587 or smtps://user:password@host.")
    is_tls = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname,
        port=port or (465 if is_tls else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=is_tls,
    )


def sender_of(mail_from: str, base_url: str) -> str:
    """Who letters are from: SEMMA_MAIL_FROM, else semma at the public host."""
    return mail_from or f"Semma <semma@{urlsplit(base_url).hostname or 'localhost'}>"


def make_message(letter: Letter, *, to: str, sender: str) -> EmailMessage:
    """The letter as a message (RFC 5322), marked as sent by a program (RFC 3834 §5)."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = letter.subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].rstrip(">") or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message["Content-Language"] = letter.language  # after the content, which would take it away
    return message


async def send_letter(server: MailServer, message: EmailMessage) -> None:
    """Hand the message over; raises MailNotSent (worth another try) or MailRefused."""
    try:
        await asyncio.to_thread(_send, server, message)
    except smtplib.SMTPRecipientsRefused as error:
        raise _by_code(max(code for code, _ in error.recipients.values()), str(error)) from error
    except smtplib.SMTPResponseException as error:
        raise _by_code(error.smtp_code, str(error)) from error
    except smtplib.SMTPNotSupportedError as error:
        raise MailRefused(f"The mail server cannot do what the letter needs: {error}.") from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailNotSent(f"The mail server does not take the letter at the moment: {error}.") from error


def _by_code(code: int, said: str) -> SemmaError:
    """5yz is a no for good, 4yz for now (RFC 5321 §4.2.1)."""
    return MailRefused(f"The mail server refused the letter: {said}") if code >= 500 else MailNotSent(said)


def _send(server: MailServer, message: EmailMessage) -> None:
    context = ssl.create_default_context()
    if server.is_tls:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    with connection:
        connection.ehlo_or_helo_if_needed()
        if not server.is_tls and connection.has_extn("starttls"):
            connection.starttls(context=context)
            connection.ehlo()
        elif not server.is_tls and server.user and server.host not in _LOOPBACK:
            raise MailRefused("The mail server offers no TLS; the password is not sent to it in the clear.")
        if server.user:
            connection.login(server.user, server.password)
        connection.send_message(message)
