"""Who may do what: one table decides everything.

A row is an action; its columns say what a role on the subject is needed. `can` is pure; `require` turns a no into the
right error: a token that only lacks the scope is told which one, what the asker may not even know of is NotFound, an
anonymous asker is asked to sign in, everybody else is Forbidden. List queries use the same table through `visible_*`
in each feature's queries.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from server.accounts.actor import Actor
from server.accounts.errors import ScopeMissing
from server.core.errors import Forbidden, NotFound, Unauthenticated


class Role(StrEnum):
    """What an actor is to one subject."""

    ADMIN = "admin"
    ORGANISER = "organiser"  # of the subject's event
    SPEAKER = "speaker"  # of the subject's session
    VIEWER = "viewer"  # let into the subject's closed event
    MEMBER = "member"  # has an account
    ANYONE = "anyone"


class Action(StrEnum):
    """Everything that can be done, as far as rights go."""

    SEE = "see"  # an event, its programme, its sessions; published media
    PREVIEW = "preview"  # media not (or no longer) published; deleted things
    CREATE_EVENT = "create_event"
    EDIT_EVENT = "edit_event"  # the event, its rooms, tracks, links; imports
    EDIT_SESSION = "edit_session"  # talk metadata
    EDIT_LINKS = "edit_links"  # links of a session
    UPLOAD_RECORDING = "upload_recording"
    UPLOAD_SLIDES = "upload_slides"
    UPLOAD_CAPTIONS = "upload_captions"
    EDIT_CUES = "edit_cues"  # which page of the slides is shown when; chapters
    MANAGE_RECORDING = "manage_recording"  # publish, cancel, retry, delete
    STREAM = "stream"  # a room's keys and doors, what is on air
    MANAGE_ACCESS = "manage_access"  # grants, personal links, access code
    ADMINISTER = "administer"  # users, series
    SEE_SELF = "see_self"  # one's own account
    MANAGE_SELF = "manage_self"  # one's own name, password, logins and API tokens


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is acted on: the event (with its visibility) and, when narrower, the session."""

    event_id: str | None = None
    visibility: str = "public"
    session_id: str | None = None


ANYTHING = Subject()

_ORGANISERS = frozenset({Role.ADMIN, Role.ORGANISER})
_WITH_SPEAKERS = _ORGANISERS | {Role.SPEAKER}
_LET_IN = _WITH_SPEAKERS | {Role.VIEWER}

# action → (roles that may on public and unlisted events, roles that may on closed events)
TABLE: dict[Action, tuple[frozenset[Role], frozenset[Role]]] = {
    Action.SEE: (_LET_IN | {Role.ANYONE}, _LET_IN),
    Action.PREVIEW: (_WITH_SPEAKERS, _WITH_SPEAKERS),
    Action.CREATE_EVENT: (_ORGANISERS, _ORGANISERS),
    Action.EDIT_EVENT: (_ORGANISERS, _ORGANISERS),
    Action.EDIT_SESSION: (_ORGANISERS, _ORGANISERS),
    Action.EDIT_LINKS: (_WITH_SPEAKERS, _WITH_SPEAKERS),
    Action.UPLOAD_RECORDING: (_ORGANISERS, _ORGANISERS),
    Action.UPLOAD_SLIDES: (_WITH_SPEAKERS, _WITH_SPEAKERS),
    Action.UPLOAD_CAPTIONS: (_ORGANISERS, _ORGANISERS),
    Action.EDIT_CUES: (_WITH_SPEAKERS, _WITH_SPEAKERS),
    Action.MANAGE_RECORDING: (_ORGANISERS, _ORGANISERS),
    Action.STREAM: (_ORGANISERS, _ORGANISERS),
    Action.MANAGE_ACCESS: (_ORGANISERS, _ORGANISERS),
    Action.ADMINISTER: (frozenset({Role.ADMIN}), frozenset({Role.ADMIN})),
    Action.SEE_SELF: (frozenset({Role.MEMBER}), frozenset({Role.MEMBER})),
    Action.MANAGE_SELF: (frozenset({Role.MEMBER}), frozenset({Role.MEMBER})),
}

# What an API token must carry in its scopes for an action; browsers are not limited by scopes.
SCOPE_OF: dict[Action, str] = {action: "write" for action in Action} | {
    Action.SEE: "read",
    Action.PREVIEW: "read",
    Action.UPLOAD_RECORDING: "upload",
    Action.UPLOAD_SLIDES: "upload",
    Action.UPLOAD_CAPTIONS: "upload",
    Action.MANAGE_ACCESS: "admin",
    Action.ADMINISTER: "admin",
    Action.SEE_SELF: "read",
    Action.MANAGE_SELF: "admin",
}


def roles_on(actor: Actor, subject: Subject) -> frozenset[Role]:
    """Every role the actor has on the subject."""
    roles = {Role.ANYONE}
    if actor.user_id is not None:
        roles.add(Role.MEMBER)
    if actor.is_admin:
        roles.add(Role.ADMIN)
    if subject.event_id in actor.organiser_of or (subject.event_id is None and actor.organiser_of):
        roles.add(Role.ORGANISER)
    if subject.session_id in actor.speaker_of:
        roles.add(Role.SPEAKER)
    if subject.event_id in actor.viewer_of or subject.event_id in actor.speaks_at:
        roles.add(Role.VIEWER)
    return frozenset(roles)


def can(actor: Actor, action: Action, subject: Subject) -> bool:
    """Whether the actor may do this to the subject."""
    if actor.scopes is not None and SCOPE_OF[action] not in actor.scopes:
        return False
    allowed = TABLE[action][1 if subject.visibility == "closed" else 0]
    return bool(allowed & roles_on(actor, subject))


def require(actor: Actor, action: Action, subject: Subject) -> None:
    """Raise ScopeMissing, NotFound, Unauthenticated or Forbidden unless the actor may."""
    if can(actor, action, subject):
        return
    whole = replace(actor, scopes=None)
    if actor.scopes is not None and can(whole, action, subject):
        raise ScopeMissing(f"This needs an API token with the scope `{SCOPE_OF[action]}`.")
    if subject.event_id is not None and action is not Action.SEE and not can(whole, Action.SEE, subject):
        raise NotFound
    if not actor.is_known:
        raise Unauthenticated
    if action is Action.SEE:
        raise NotFound
    raise Forbidden
