"""The studio's pages of a programme from elsewhere: with forms alone, as a browser without scripts sends them."""

import re
from html import unescape

from server.sessions.imports.diff import Change
from server.web.programme_diff import Words, change_shown, differing
from tests.server.accounts.people import Browsing
from tests.server.events.people import Asker
from tests.server.sessions.imports.test_apply import schedule, talk
from tests.server.web.events import an_event

PATH = "/studio/seminar-2027/programme"


def csrf_of(page: str) -> str:
    """The token of the page's forms."""
    found = re.search(r'name="_csrf" value="([^"]+)"', page)
    assert found is not None
    return unescape(found[1])


async def bring(organiser: Browsing, body: bytes) -> str:
    """Bring a file by the form; returns the address of its import."""
    token = csrf_of((await organiser.get(PATH)).text)
    files = {"file": ("schedule.json", body, "application/json")}
    answer = await organiser.http.post(PATH, params={"_csrf": token}, files=files)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def press(organiser: Browsing, path: str, **fields: str) -> str:
    """Press a button of the page; returns the page that comes of it."""
    token = csrf_of((await organiser.get(path)).text)
    answer = await organiser.http.post(path, data={"_csrf": token, **fields})
    assert answer.status_code == 303, answer.text
    return (await organiser.get(answer.headers["location"])).text


async def test_a_programme_is_brought_seen_applied_edited_and_undone_by_forms(
    organiser: Browsing, admin: Asker
) -> None:
    event = await an_event(admin)
    assert "Nothing was imported yet." in (await organiser.get(PATH)).text
    refused = await organiser.http.post(PATH, files={"file": ("s.json", b"{}", "application/json")})
    assert refused.status_code == 403, "a form of another site has no token"

    shown = await bring(organiser, schedule(talk(1), talk(2, title="Codecs <b>")))
    page = (await organiser.get(shown)).text
    assert "Waits for you" in page and "Codecs &lt;b&gt;" in page and "Hall" in page
    page = await press(organiser, shown, act="apply")
    assert "Applied" in page and "Undo this import" in page

    sessions = (await admin.get(f"/sessions?event={event['id']}"))["items"]
    mine = next(one for one in sessions if one["guid"] == "guid-1")
    await admin.patch(f"/sessions/{mine['id']}", {"title": "Mine"})
    second = await bring(organiser, schedule(talk(1, title="Theirs", duration="1:30"), talk(2, title="Codecs <b>")))
    page = (await organiser.get(second)).text
    assert "Edited here, stays:" in page and "Theirs" in page
    assert re.search(r"<dt>Length</dt>\s*<dd><del>45 min</del>.*?<ins>1 h 30 min</ins>", page)
    await press(organiser, second, act="apply")
    page = (await organiser.get(f"/studio/seminar-2027/sessions/{mine['slug']}")).text
    assert "Not as the programme says" in page and "Go back to that" in page
    assert "Undone" in await press(organiser, second, act="undo")
    await press(organiser, await bring(organiser, schedule(talk(1, title="Theirs"))), act="apply")
    assert (await organiser.get("/studio/seminar-2027")).text.count("Missing from the programme") == 1
    board = (await organiser.get(PATH)).text
    assert board.count("data-import=") == 3 and "Somebody" not in board and "Aino" in board


async def test_addresses_are_added_and_problems_said_on_the_page(organiser: Browsing, admin: Asker) -> None:
    await an_event(admin)
    token = csrf_of((await organiser.get(PATH)).text)
    wrong = await organiser.http.post(f"{PATH}/sources", data={"_csrf": token, "url": "no address"})
    assert wrong.status_code == 400 and 'role="alert"' in wrong.text
    answer = await organiser.http.post(f"{PATH}/sources", data={"_csrf": token, "url": "https://example.org/s.json"})
    assert answer.headers["location"] == PATH
    page = (await organiser.get(PATH)).text
    (source,) = re.findall(r'data-source="([0-9a-f]+)"', page)
    assert "To be looked at" in page
    for act in ("look", "save", "remove"):
        form = {"_csrf": token, "act": act, "grace": "72"}
        assert (await organiser.http.post(f"{PATH}/sources/{source}", data=form)).status_code == 303
    assert "data-source=" not in (await organiser.get(PATH)).text

    broken = await organiser.http.post(PATH, params={"_csrf": token}, files={"file": ("s.json", b"{", "x/y")})
    assert broken.status_code == 400 and 'role="alert"' in broken.text


def test_of_long_texts_only_the_difference_is_shown() -> None:
    old, new = differing("a" * 300 + " old " + "b" * 300, "a" * 300 + " new " + "b" * 300)
    assert "old" in old and "new" in new and len(new) < 200 and new.startswith("… ") and new.endswith(" …")
    assert differing("short", "shorter") == ("short", "shorter")
    assert differing("", "x" * 2000)[0] == ""


def test_values_are_said_in_words() -> None:
    words = Words("fi", "Europe/Helsinki", {"r": "Sali"})
    moved = change_shown(Change(field="starts_at", old="2027-05-20T07:00:00+00:00", new=None), words)
    assert (moved.label, moved.old, moved.new) == ("Alkaa", "20. toukokuuta 2027, 10:00", "")
    assert change_shown(Change(field="room", old=None, new="r"), words).new == "Sali"
    assert change_shown(Change(field="do_not_record", old=False, new=True), words).new == "Kyllä"
