"""Letters: sign-in links and personal links."""

import structlog

from server.accounts.jobs import SendPersonalLink, SendSignInLink
from server.accounts.letters import Letter, personal_link_letter, sign_in_letter
from server.accounts.links import link_url
from server.accounts.login import make_sign_in_link
from server.accounts.models import PersonalLink
from server.accounts.post import make_message, read_smtp_url, send_letter, sender_of
from server.accounts.queries import user_by_email
from server.accounts.users import sign_in_url
from server.core.runtime import Runtime
from workers.runtime import Work, handles

log = structlog.get_logger(__name__)


@handles(SendSignInLink)
async def send_sign_in_link(job: SendSignInLink, work: Work) -> None:
    """Make a one-time link and mail it; nothing for an address without an account. A repeat makes another link."""
    async with work.transaction() as db:
        user = await user_by_email(db, job.email)
        if user is None or user.disabled_at is not None:
            return
        url = sign_in_url(work.runtime.base_url, await make_sign_in_link(db, user), next_path=job.next_path)
    site = work.runtime.base_url.split("://", 1)[-1]
    letter = sign_in_letter(name=user.name, url=url, site=site, language=job.language)
    await _send(work.runtime, letter, to=user.email)


@handles(SendPersonalLink)
async def send_personal_link(job: SendPersonalLink, work: Work) -> None:
    """Mail a personal link, unless it was revoked meanwhile."""
    async with work.read() as db:
        link = await db.get(PersonalLink, job.link_id)
    if link is None or link.revoked_at is not None or not link.email:
        return
    url = link_url(work.runtime.base_url, work.runtime.keyring.decrypt(job.sealed_secret))
    letter = personal_link_letter(role=link.role, name=link.name, url=url, about=job.about, language=job.language)
    await _send(work.runtime, letter, to=link.email)


async def _send(runtime: Runtime, letter: Letter, *, to: str) -> None:
    if not runtime.smtp_url:
        log.warning("mail.off")
        return
    sender = sender_of(runtime.mail_from, runtime.base_url)
    await send_letter(read_smtp_url(runtime.smtp_url), make_message(letter, to=to, sender=sender))
