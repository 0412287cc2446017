"""Who is asking: everything the policy needs to know of them, read once a request."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Actor:
    """The asker of one request.

    `scopes` is None for a browser and the granted scopes for an API token. `link_id` is set for the holder of a
    personal link, who has no account.
    """

    user_id: str | None = None
    login_id: str | None = None
    link_id: str | None = None
    token_id: str | None = None
    name: str = ""
    email: str = ""
    is_admin: bool = False
    organiser_of: frozenset[str] = field(default_factory=frozenset)  # event ids
    viewer_of: frozenset[str] = field(default_factory=frozenset)  # event ids
    speaker_of: frozenset[str] = field(default_factory=frozenset)  # session ids
    speaks_at: frozenset[str] = field(default_factory=frozenset)  # event ids of those sessions
    scopes: frozenset[str] | None = None

    @property
    def is_known(self) -> bool:
        """Whether somebody is signed in, holds a link, or sent a token."""
        return self.user_id is not None or self.link_id is not None

    @property
    def organises_any(self) -> bool:
        """Whether the studio has anything to show."""
        return self.is_admin or bool(self.organiser_of)


ANONYMOUS = Actor()
