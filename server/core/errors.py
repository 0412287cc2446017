"""The kinds of error the domain speaks; edges translate them.

    SemmaError
    ├── Invalid          what was sent cannot be used            400
    ├── Unauthenticated  we do not know who is asking            401
    ├── Forbidden        we know, and they may not               403
    ├── NotFound         nothing here for this asker             404
    ├── Conflict         not in this state, or already there     409
    ├── Gone             was here, is no more                    410
    ├── Stale            If-Match names an older version         412
    ├── TooLarge         more bytes than allowed                 413
    ├── Unsupported      a type we do not take                   415
    ├── TooMany          rate limit; try later                   429
    └── Unavailable      an engine is away; try again            503

A subclass names the condition and gives it a stable `code`. The message is a sentence that says what to do. The numbers
are applied in core/http only; a worker asks `retryable` instead.
"""

from typing import Any, ClassVar


class SemmaError(Exception):
    """An error of the domain: a stable code, a sentence, and extra members for the answer's body."""

    code: ClassVar[str] = "semma.error"
    retryable: ClassVar[bool] = False
    says: ClassVar[str] = "Something went wrong."

    def __init__(self, detail: str | None = None, **extra: Any) -> None:
        self.detail = detail or self.says
        self.extra = extra
        super().__init__(self.detail)


class Invalid(SemmaError):
    """What was sent cannot be used as it is."""

    code = "request.invalid"
    says = "The request cannot be used as it is."


class Unauthenticated(SemmaError):
    """Nobody is signed in, or the token is not valid."""

    code = "auth.required"
    says = "Sign in first, or send a valid API token."


class Forbidden(SemmaError):
    """The actor is known and may not do this."""

    code = "auth.forbidden"
    says = "You may not do this."


class NotFound(SemmaError):
    """Nothing under this name that the asker may know of."""

    code = "request.not_found"
    says = "There is nothing here under this name."


class Conflict(SemmaError):
    """The thing is not in a state that allows this."""

    code = "request.conflict"
    says = "This does not fit the present state."


class Gone(SemmaError):
    """It existed and was removed for good."""

    code = "request.gone"
    says = "This is no longer here."


class Stale(SemmaError):
    """If-Match names another version than the present one (RFC 9110 §13.1.1)."""

    code = "request.stale"
    says = "Somebody changed this meanwhile; fetch it again and repeat your change."


class TooLarge(SemmaError):
    """More bytes than allowed."""

    code = "request.too_large"
    says = "This is larger than allowed."


class Unsupported(SemmaError):
    """A media type this does not take."""

    code = "request.unsupported"
    says = "This type is not taken here."


class TooMany(SemmaError):
    """A rate limit; `retry_after_s` says when to come back."""

    code = "request.too_many"
    says = "Too many attempts; wait a little and try again."

    def __init__(self, detail: str | None = None, *, retry_after_s: int = 60, **extra: Any) -> None:
        super().__init__(detail, **extra)
        self.retry_after_s = retry_after_s


class Unavailable(SemmaError):
    """An engine Semma needs does not answer; worth another try."""

    code = "engine.unavailable"
    retryable = True
    says = "A part of the service is away for a moment; try again."
