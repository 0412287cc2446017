"""The policy table, every action for every role on every visibility: what is wanted, written out."""

from dataclasses import replace

import pytest

from server.accounts.actor import ANONYMOUS, Actor
from server.accounts.errors import ScopeMissing
from server.accounts.policy import ANYTHING, SCOPE_OF, TABLE, Action, Subject, can, require
from server.core.errors import Forbidden, NotFound, Unauthenticated

ACTORS = {
    "anon": ANONYMOUS,
    "code": Actor(login_id="l", viewer_of=frozenset({"e"})),
    "viewer": Actor(login_id="l", link_id="k", viewer_of=frozenset({"e"})),
    "speaker": Actor(login_id="l", link_id="k", speaker_of=frozenset({"s"}), speaks_at=frozenset({"e"})),
    "organiser": Actor(user_id="u", organiser_of=frozenset({"e"})),
    "other": Actor(user_id="u", organiser_of=frozenset({"x"}), speaker_of=frozenset({"y"}), speaks_at=frozenset({"x"})),
    "admin": Actor(user_id="u", is_admin=True),
}
_O = {"organiser", "admin"}
_S = _O | {"speaker"}
# Who may on a session of a public event, and of a closed one.
WANTED = {
    Action.SEE: (set(ACTORS), _S | {"code", "viewer"}),
    Action.PREVIEW: (_S, _S),
    Action.CREATE_EVENT: (_O, _O),
    Action.EDIT_EVENT: (_O, _O),
    Action.EDIT_SESSION: (_O, _O),
    Action.EDIT_LINKS: (_S, _S),
    Action.UPLOAD_RECORDING: (_O, _O),
    Action.UPLOAD_SLIDES: (_S, _S),
    Action.UPLOAD_CAPTIONS: (_O, _O),
    Action.EDIT_CUES: (_S, _S),
    Action.MANAGE_RECORDING: (_O, _O),
    Action.STREAM: (_O, _O),
    Action.MANAGE_ACCESS: (_O, _O),
    Action.ADMINISTER: ({"admin"}, {"admin"}),
    Action.SEE_SELF: (_O | {"other"}, _O | {"other"}),
    Action.MANAGE_SELF: (_O | {"other"}, _O | {"other"}),
}


def _subject(visibility: str) -> Subject:
    return Subject(event_id="e", visibility=visibility, session_id="s")


def test_every_action_is_in_both_tables() -> None:
    assert set(TABLE) == set(Action) == set(WANTED) == set(SCOPE_OF)


@pytest.mark.parametrize("action", Action)
def test_roles(action: Action) -> None:
    for visibility, wanted in zip(
        ("public", "unlisted", "closed"), (*WANTED[action][:1], *WANTED[action]), strict=True
    ):
        assert {name for name, actor in ACTORS.items() if can(actor, action, _subject(visibility))} == wanted


def test_speaker_of_one_session_is_not_of_the_next() -> None:
    elsewhere = Subject(event_id="e", visibility="closed", session_id="t")
    assert can(ACTORS["speaker"], Action.SEE, elsewhere)
    assert not any(can(ACTORS["speaker"], action, elsewhere) for action in Action if action is not Action.SEE)


def test_who_organises_anything_may_create() -> None:
    may = {name for name, actor in ACTORS.items() if can(actor, Action.CREATE_EVENT, ANYTHING)}
    assert may == {"organiser", "other", "admin"}


@pytest.mark.parametrize("action", Action)
def test_scopes_only_take_away(action: Action) -> None:
    for scope in ("read", "upload", "write", "admin"):
        for actor in ACTORS.values():
            limited = replace(actor, scopes=frozenset({scope}))
            whole = can(actor, action, _subject("closed"))
            assert can(limited, action, _subject("closed")) == (whole and SCOPE_OF[action] == scope)


@pytest.mark.parametrize(
    ("who", "action", "visibility", "error"),
    [
        ("anon", Action.SEE, "closed", Unauthenticated),
        ("other", Action.SEE, "closed", NotFound),
        ("anon", Action.EDIT_EVENT, "public", Unauthenticated),
        ("anon", Action.EDIT_EVENT, "closed", NotFound),
        ("other", Action.EDIT_EVENT, "unlisted", Forbidden),
        ("other", Action.EDIT_EVENT, "closed", NotFound),
        ("viewer", Action.EDIT_EVENT, "closed", Forbidden),
        ("code", Action.EDIT_EVENT, "closed", Unauthenticated),
        ("speaker", Action.UPLOAD_RECORDING, "closed", Forbidden),
    ],
)
def test_a_no_is_said_so_that_nothing_hidden_shows(
    who: str, action: Action, visibility: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        require(ACTORS[who], action, _subject(visibility))
    assert type(raised.value) is error


def test_token_is_told_the_scope_it_lacks() -> None:
    token = Actor(user_id="u", is_admin=True, scopes=frozenset({"upload"}))
    with pytest.raises(ScopeMissing, match="`write`"):
        require(token, Action.EDIT_EVENT, _subject("closed"))
    with pytest.raises(NotFound):
        require(Actor(user_id="u", scopes=frozenset({"upload"})), Action.EDIT_EVENT, _subject("closed"))
