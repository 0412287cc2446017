"""What can go wrong with people and their access; `code` is part of the public contract."""

from server.core.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Unauthenticated


class TokenInvalid(Unauthenticated):
    """A bearer token that is unknown, revoked, expired, or of a disabled user."""

    code = "auth.token_invalid"
    says = "This API token is not valid (any more); make a new one under /api/v1/tokens."


class ScopeMissing(Forbidden):
    """An API token whose user may, but whose scopes do not reach so far."""

    code = "auth.scope_missing"
    says = "This API token lacks the scope for this."


class SignInFailed(Unauthenticated):
    """Unknown address or wrong password; which of them is not said."""

    code = "auth.sign_in_failed"
    says = "This e-mail address and password do not belong together. Try again, or ask for a sign-in link."


class CsrfFailed(Forbidden):
    """An unsafe request by cookie without proof that our own page sent it."""

    code = "auth.csrf_failed"
    says = "This page is out of date or the request came from another site; reload the page and try again."


class SignInLinkInvalid(Gone):
    """A one-time link that was used, ran out, or never was."""

    code = "auth.link_invalid"
    says = "This sign-in link was used already or has run out; ask for a new one."


class PersonalLinkInvalid(Gone):
    """A personal link that was revoked or never was."""

    code = "access.link_invalid"
    says = "This link is not valid (any more); ask the organiser for a new one."


class AccessCodeWrong(Forbidden):
    """The access code does not open this event."""

    code = "access.code_wrong"
    says = "This is not the access code of this event."


class EmailTaken(Conflict):
    """There is an account with this address already."""

    code = "users.email_taken"
    says = "There is an account with this e-mail address already."


class EmailInvalid(Invalid):
    """The text is no e-mail address."""

    code = "users.email_invalid"
    says = "This is not an e-mail address."


class PasswordWeak(Invalid):
    """Too short, or too long to hash."""

    code = "users.password_weak"
    says = "A password has 10 to 200 characters."


class UserUnknown(NotFound):
    """No account with this id or address."""

    code = "users.unknown"
    says = "There is no such account."


class LastAdmin(Conflict):
    """The only admin left would go."""

    code = "users.last_admin"
    says = "This is the only admin left; make somebody else admin first."


class LastOrganiser(Conflict):
    """The only organiser of an event would go."""

    code = "grants.last_organiser"
    says = "This is the event's only organiser; name another one first."


class CsvUnusable(Invalid):
    """A list of attendees with problems; `problems` names each with its line."""

    code = "access.csv_invalid"
    says = "Some lines cannot be used; nothing was made. Correct them and send the list again."


class MailOff(Conflict):
    """No SMTP server is configured, so no letter can go out."""

    code = "auth.mail_off"
    says = "This server sends no mail; ask whoever runs it for a sign-in link (`semma user link`)."


class NoAccessCode(Conflict):
    """The event has no access code that could be given."""

    code = "access.no_code"
    says = "This event has no access code; ask the organiser for a personal link."


class CodeWeak(Invalid):
    """Too easily guessed, or too long to hash."""

    code = "access.code_weak"
    says = "An access code has 6 to 200 characters; case and spaces do not count."
