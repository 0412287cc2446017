"""People and their access over HTTP."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from server.accounts.actor import Actor
from server.accounts.models import ApiToken, Grant, Login, PersonalLink, User

Email = Annotated[str, Meta(max_length=254, examples=["aino@example.org"])]
Name = Annotated[str, Meta(max_length=200, examples=["Aino Virtanen"])]
Secret = Annotated[str, Meta(max_length=200)]
Scopes = Annotated[list[str], Meta(min_length=1, max_length=4, examples=[["read", "upload"]])]


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """An address and a password."""

    email: Email
    password: Annotated[str, Meta(max_length=200, examples=["correct horse battery staple"])]


class AskForLink(msgspec.Struct, forbid_unknown_fields=True):
    """Where to send a one-time link; `next` is the path to come back to."""

    email: Email
    language: Annotated[str, Meta(max_length=10, examples=["en", "fi", "sv"])] = "en"
    next: Annotated[str, Meta(max_length=500, examples=["/studio"])] = ""


class UseLink(msgspec.Struct, forbid_unknown_fields=True):
    """The secret of a one-time link."""

    token: Annotated[str, Meta(max_length=200, examples=["semma_in_…"])]


class UserView(msgspec.Struct):
    """An account."""

    id: str
    email: Email
    name: Name
    is_admin: bool
    is_disabled: bool
    has_password: bool
    created_at: datetime


class UserMade(msgspec.Struct):
    """A new account, with its one-time sign-in link: hand it over, it is told this once and lasts 24 hours."""

    user: UserView
    sign_in_url: Annotated[str, Meta(examples=["https://semma.example/sign-in/semma_in_…"])]


class NewUser(msgspec.Struct, forbid_unknown_fields=True):
    """An account to make."""

    email: Email
    name: Name = ""
    is_admin: bool = False


class UserChanges(msgspec.Struct, forbid_unknown_fields=True):
    """What an admin changes about an account; what is left out stays."""

    name: Name | UnsetType = UNSET
    is_admin: bool | UnsetType = UNSET
    is_disabled: bool | UnsetType = UNSET


class OwnChanges(msgspec.Struct, forbid_unknown_fields=True):
    """What people change about themselves."""

    name: Name


class NewPassword(msgspec.Struct, forbid_unknown_fields=True):
    """A password to set; `present` is needed when there is one."""

    password: Annotated[str, Meta(min_length=10, max_length=200, examples=["correct horse battery staple"])]
    present: Annotated[str, Meta(max_length=200)] | None = None


class Me(msgspec.Struct):
    """Who is asking, what they have rights on, and the CSRF token scripts send back as X-CSRF-Token."""

    id: str | None
    email: str
    name: str
    is_admin: bool
    organiser_of: list[str]
    viewer_of: list[str]
    speaker_of: list[str]
    scopes: list[str] | None
    csrf_token: str


class LoginView(msgspec.Struct):
    """A signed-in browser."""

    id: str
    user_agent: str
    is_this: bool
    last_seen_at: datetime
    expires_at: datetime


class TokenView(msgspec.Struct):
    """An API token, without its secret."""

    id: str
    name: Name
    scopes: Scopes
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class TokenMade(msgspec.Struct):
    """A new API token; `token` is told this once."""

    id: str
    token: Annotated[str, Meta(examples=["semma_api_…"])]
    name: Name
    scopes: Scopes
    expires_at: datetime | None


class NewToken(msgspec.Struct, forbid_unknown_fields=True):
    """A token to make. Scopes: read; upload (files only); write (programme and publishing, reading too);
    admin (people and access)."""

    name: Annotated[str, Meta(min_length=1, max_length=200, examples=["Recording desk"])]
    scopes: Scopes
    expires_at: datetime | None = None


class GrantView(msgspec.Struct):
    """A role of an account on an event or, for speakers, on a session."""

    id: str
    role: Annotated[str, Meta(examples=["organiser", "viewer", "speaker"])]
    user_id: str
    email: str
    name: str
    created_at: datetime


class NewGrant(msgspec.Struct, forbid_unknown_fields=True):
    """Whom to give a role; an address without an account gets one, and a letter when mail is on."""

    email: Email
    role: Annotated[str, Meta(examples=["organiser", "viewer", "speaker"])]
    name: Name = ""


class LinkView(msgspec.Struct):
    """A personal link, without its secret."""

    id: str
    email: str
    name: str
    created_at: datetime
    last_used_at: datetime | None


class LinkMade(msgspec.Struct):
    """A new personal link; `url` is told this once."""

    id: str
    email: str
    name: str
    url: Annotated[str, Meta(examples=["https://semma.example/join/semma_join_…"])]


class LinksMade(msgspec.Struct):
    """New personal links, in the order of the list."""

    items: list[LinkMade]


class NewLink(msgspec.Struct, forbid_unknown_fields=True):
    """A speaker to make a personal link for; `send` mails it."""

    name: Name
    email: Email = ""
    send: bool = False
    language: Annotated[str, Meta(max_length=10)] = "en"


class AccessView(msgspec.Struct):
    """How a closed event is entered."""

    visibility: Annotated[str, Meta(examples=["closed"])]
    has_code: bool
    epoch: int
    links: int


class NewCode(msgspec.Struct, forbid_unknown_fields=True):
    """The access code to set; null removes it. A new code lets those who came in by the old one stay."""

    code: Annotated[str, Meta(max_length=200, examples=["semma-2026"])] | None


class CloseDoors(msgspec.Struct, forbid_unknown_fields=True):
    """End everybody's access by code; `revoke_links` ends the attendees' personal links too."""

    revoke_links: bool = False


class GiveCode(msgspec.Struct, forbid_unknown_fields=True):
    """An access code as somebody typed it."""

    code: Annotated[str, Meta(max_length=200, examples=["semma-2026"])]


def user_view(user: User) -> UserView:
    """An account as it is shown."""
    return UserView(
        id=user.id,
        email=user.email,
        name=user.name,
        is_admin=user.is_admin,
        is_disabled=user.disabled_at is not None,
        has_password=user.password_hash is not None,
        created_at=user.created_at,
    )


def me_view(actor: Actor, *, csrf_token: str) -> Me:
    """The asker as shown to themselves."""
    return Me(
        id=actor.user_id,
        email=actor.email,
        name=actor.name,
        is_admin=actor.is_admin,
        organiser_of=sorted(actor.organiser_of),
        viewer_of=sorted(actor.viewer_of),
        speaker_of=sorted(actor.speaker_of),
        scopes=None if actor.scopes is None else sorted(actor.scopes),
        csrf_token=csrf_token,
    )


def login_view(login: Login, *, present_id: str | None) -> LoginView:
    """A login as shown to its owner."""
    return LoginView(
        id=login.id,
        user_agent=login.user_agent,
        is_this=login.id == present_id,
        last_seen_at=login.last_seen_at,
        expires_at=login.expires_at,
    )


def token_view(token: ApiToken) -> TokenView:
    """A token as it is listed."""
    return TokenView(
        id=token.id,
        name=token.name,
        scopes=token.scopes,
        created_at=token.created_at,
        last_used_at=token.last_used_at,
        expires_at=token.expires_at,
    )


def grant_view(grant: Grant, user: User) -> GrantView:
    """A role as it is listed."""
    return GrantView(
        id=grant.id,
        role=grant.role,
        user_id=user.id,
        email=user.email,
        name=user.name,
        created_at=grant.created_at,
    )


def link_view(link: PersonalLink) -> LinkView:
    """A personal link as it is listed."""
    return LinkView(
        id=link.id, email=link.email, name=link.name, created_at=link.created_at, last_used_at=link.last_used_at
    )
