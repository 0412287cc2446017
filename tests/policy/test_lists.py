"""What lists show to whom: a list never tells of what its asker could not open, nor of unlisted events."""

import json
from typing import Any

import pytest

from tests.policy.asking import ask
from tests.policy.table import ASKERS, VISIBILITIES
from tests.policy.world import World

# Whether an event (and what stands in it) is in the lists of this asker: public, unlisted, closed.
_MINE, _OPEN, _NONE = "+++", "+--", "---"
LISTED = dict.fromkeys(ASKERS, _MINE) | {"anon": _OPEN, "other": _OPEN, "t:upload": _NONE, "t:admin": _NONE}
# Uploads: of those who organise the event or may see every upload.
UPLOADS = dict.fromkeys(ASKERS, _NONE) | dict.fromkeys(("organiser", "admin", "t:read", "t:upload", "t:write"), _MINE)
LISTS = (
    ("/api/v1/events?limit=200", "event", LISTED),
    ("/api/v1/sessions?limit=200", "session", LISTED),
    ("/api/v1/speakers?limit=200", "speaker", LISTED),
    ("/api/v1/uploads?limit=200", "upload_id", UPLOADS),
)


@pytest.mark.parametrize(("path", "word", "wanted"), LISTS, ids=[path for path, _, _ in LISTS])
async def test_list_shows_what_its_asker_may_know_of(
    path: str, word: str, wanted: dict[str, str], policy_app: Any, world: World
) -> None:
    wrong = []
    for asker in ASKERS:
        found = ""
        for visibility in VISIBILITIES:
            who = world.askers[visibility][asker]
            answer = await ask(policy_app, "GET", path, headers=who.headers)
            ids = {item["id"] for item in json.loads(answer.body).get("items", [])}
            found += "+" if world.words[visibility][word] in ids else "-"
            gone = world.words[visibility].get(f"{word}_deleted")
            assert gone not in ids, f"{asker} is shown what was deleted"
        if found != wanted[asker]:
            wrong.append(f"{asker}: {found}, wanted {wanted[asker]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", ["/", "/series/series", "/robots.txt", "/api/openapi.json"])
async def test_open_pages_name_no_event_the_asker_may_not_open(path: str, policy_app: Any, world: World) -> None:
    answer = await ask(policy_app, "GET", path, headers={})
    assert answer.status == 200
    for hidden in ("unlisted-event", "closed-event", "public-gone"):
        assert hidden not in answer.body.decode()


async def test_answers_to_members_are_not_for_shared_caches(policy_app: Any, world: World) -> None:
    """A closed event's page and programme, as one let in gets them, must not be handed to the next one."""
    words = world.words["closed"]
    for path in (f"/{words['event_slug']}", f"/api/v1/events/{words['event']}", "/api/v1/users/me"):
        for asker in ("viewer", "code", "organiser"):
            headers = world.askers["closed"][asker].headers
            answer = await ask(policy_app, "GET", path, headers=headers)
            control = answer.headers.get("cache-control", "")
            assert answer.status == 200 and "public" not in control
            assert {"private", "no-store"} & set(control.replace(",", " ").split()), f"{path} for {asker}: {control}"
