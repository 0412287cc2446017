"""Orders to send letters. Secrets are never in a job in the clear: a sign-in link is made when its letter is sent, a
personal link travels encrypted by the secret key."""

from server.core.jobs import Job


class SendSignInLink(Job, frozen=True, kw_only=True):
    """Mail a one-time sign-in link to this address, if it has an account.

    Asked for by address and not by account, so that asking takes the same work for an unknown one.
    """

    name = "accounts.send_sign_in_link"
    max_attempts = 8
    email: str
    language: str = "en"
    next_path: str = ""


class SendPersonalLink(Job, frozen=True, kw_only=True):
    """Mail a personal link to its holder; `sealed_secret` is the link's secret, encrypted."""

    name = "accounts.send_personal_link"
    max_attempts = 8
    link_id: str
    sealed_secret: str
    about: str  # title of the event, or of the session
    language: str = "en"
