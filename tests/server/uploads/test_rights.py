"""Who may go on with an upload: its maker, however they come back, and who may upload the same; nobody else."""

import pytest

from server.accounts.actor import ANONYMOUS, Actor
from server.uploads.models import Upload
from server.uploads.queries import may_touch

BY_USER = Upload(event_id="e", session_id="s", purpose="slides", user_id="u", link_id=None)
BY_LINK = Upload(event_id="e", session_id="s", purpose="slides", user_id=None, link_id="l")
RECORDING = Upload(event_id="e", session_id="s", purpose="recording", user_id="u", link_id=None)


@pytest.mark.parametrize(
    ("actor", "upload", "may"),
    [
        (Actor(user_id="u"), BY_USER, True),
        (Actor(user_id="u", token_id="t", scopes=frozenset({"upload"})), BY_USER, True),
        (Actor(user_id="u", token_id="t", scopes=frozenset({"read", "write"})), BY_USER, False),
        (Actor(user_id="other"), BY_USER, False),
        (Actor(link_id="l"), BY_LINK, True),
        (Actor(link_id="other"), BY_LINK, False),
        (Actor(user_id="u"), BY_LINK, False),
        (Actor(link_id="l"), BY_USER, False),
        (Actor(user_id="x", is_admin=True), BY_LINK, True),
        (Actor(user_id="x", organiser_of=frozenset({"e"})), BY_LINK, True),
        (Actor(user_id="x", organiser_of=frozenset({"another"})), BY_LINK, False),
        (Actor(link_id="x", speaker_of=frozenset({"s"})), BY_USER, True),
        (Actor(link_id="x", speaker_of=frozenset({"another"})), BY_USER, False),
        (Actor(link_id="x", speaker_of=frozenset({"s"})), RECORDING, False),
        (Actor(link_id="x", viewer_of=frozenset({"e"})), BY_USER, False),
        (ANONYMOUS, BY_USER, False),
    ],
)
def test_who_may_go_on(actor: Actor, upload: Upload, may: bool) -> None:
    assert may_touch(actor, upload) is may
