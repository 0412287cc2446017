"""The search page and the field in every header, as a browser without scripts gets them; the scripts' pure parts."""

import re

from server.core.db import Database
from tests.server.accounts.people import Browsing
from tests.server.events.people import Asker
from tests.server.search.conftest import bring_up, draw, record
from tests.server.web.events import a_session, an_event
from tests.server.web.test_scripts import run


async def test_answers_are_read_and_narrowed_without_scripts(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    event = await an_event(admin)
    for number, language in enumerate(("fi", "en")):
        talk = await a_session(admin, event, title=f"Curlew <{number}>", language=language)
        await record(database, talk, "Quiet.", "A curlew was & is heard.", language="en")
        await draw(database, talk, "First", "The curlew's migration")
    await bring_up(database)
    front = (await browser.get("/")).text
    assert re.search(r'<form class="find" role="search" action="/search"', front)
    empty = (await browser.get("/search")).text
    assert 'name="q"' in empty and "data-find" not in empty and "found-talk" not in empty
    page = (await browser.get("/search?q=curlew")).text
    assert "<title>curlew – Search – Semma</title>" in page
    assert "2 talks" in page
    assert "<mark>Curlew</mark> &lt;0&gt;" in page
    assert 'href="/seminar-2027/sessions/curlew-0?t=5s"' in page
    assert "A <mark>curlew</mark> was &amp; is heard." in page
    assert 'href="/seminar-2027/sessions/curlew-0?slide=2"' in page
    assert 'href="/search?q=curlew&amp;language=fi"' in page
    narrowed = (await browser.get("/search?q=curlew&language=fi&has=video")).text
    assert "1 talk<" in narrowed and "Curlew</mark> &lt;1&gt;" not in narrowed
    assert 'href="/search?q=curlew&amp;has=video"' in narrowed  # takes the language back
    assert '<input type="hidden" name="language" value="fi">' in narrowed
    finnish = (await browser.get("/search?q=curlwe&lang=fi")).text
    assert "Näillä kirjaimilla ei löydy mitään" in finnish and "<strong>curlew</strong>" in finnish
    assert "Nothing was found" in (await browser.get("/search?q=xyzzyx&lang=en")).text
    assert (await browser.get("/search?q=a&has=wings")).status_code == 400
    assert (await browser.get("/search?q=a&event=nothing")).status_code == 404


async def test_admins_see_how_far_the_index_is(organiser: Browsing, admin: Asker, database: Database) -> None:
    await bring_up(database)  # what other tests left
    await a_session(admin, await an_event(admin))
    assert "1 waits" in (await organiser.get("/studio")).text
    await bring_up(database)
    page = (await organiser.get("/studio")).text
    assert "1 talk is indexed" in page and "POST /api/v1/search/rebuild" in page


def test_arrows_go_round_and_marks_count_letters() -> None:
    assert run("search/latest.js", "[[-1, 'ArrowDown'], [2, 'ArrowDown'], [-1, 'ArrowUp'], [0, 'ArrowUp'], [1, 'x']]"
               ".map(([at, key]) => m.step(at, 3, key))") == [0, -1, 2, -1, 1]  # fmt: skip
    assert run("search/latest.js", "m.cut('💥 a bc', [[2, 3], [4, 6]])") == [
        ["💥 ", False],
        ["a", True],
        [" ", False],
        ["bc", True],
    ]


def test_only_the_newest_answer_is_taken() -> None:
    script = """await (async () => {
      const asked = [], taken = [], waiting = [];
      const ask = (text) => new Promise((done) => { asked.push(text); waiting.push(() => done(text)); });
      const latest = new m.Latest(ask, (answer) => taken.push(answer), { later: (act) => (act(), 1), never: () => 0 });
      latest.type("a"); latest.type("ab");
      waiting[1](); waiting[0]();
      await new Promise((done) => setImmediate(done));
      const quiet = new m.Latest(() => Promise.reject(new Error("away")), (answer) => taken.push(answer));
      await quiet.now("x");
      return [asked, taken];
    })()"""
    assert run("search/latest.js", script) == [["a", "ab"], ["ab"]]
