"""The transcript on the talk's page before any script runs: in which language, for whom; and its scripts, by Node."""

import json
import re
from typing import Any

from server.core.db import Database
from server.playback.models import CaptionTrack
from server.web.transcript import chosen, language_label
from tests.server.accounts.people import Browsing
from tests.server.events.people import Asker
from tests.server.web.test_scripts import run
from tests.server.web.test_slides_beside import a_talk, seen

FINNISH = [[0, 2000, "<v Ada>Hei &amp; <i>tervetuloa</i>.", ""], [65_000, 66_500, "Jää &lt;b&gt; on ohutta.", ""]]


async def a_track(database: Database, session: dict[str, Any], language: str, cues: list[list[Any]]) -> str:
    """A caption track, as a row only; its id."""
    async with database.write() as db:
        row = CaptionTrack(event_id=session["event"], session_id=session["id"], language=language, cues=cues)
        db.add(row)
        await db.flush()
        return row.id


async def test_what_is_said_is_on_the_page_with_links_to_its_times(
    browser: Browsing, admin: Asker, database: Database
) -> None:
    session = await a_talk(admin, database)
    assert "data-transcript" not in await seen(browser)
    track = await a_track(database, session, "fi", FINNISH)
    await a_track(database, session, "en", [[0, 900, "Hello.", ""]])
    await a_track(database, session, "x-klingon", [[0, 900, "Qapla'", ""]])  # a language nobody can name
    shown = await seen(browser, "/seminar-2027/sessions/still?transcript=fi")
    assert '<b class="transcript-who">Ada:</b> <span data-at="0">Hei &amp; tervetuloa.</span>' in shown
    assert '<span data-at="65000">Jää &lt;b&gt; on ohutta.</span>' in shown
    assert re.search(r'<a class="transcript-time[^>]* href="/seminar-2027/sessions/still\?t=65"[^>]*>1:05</a>', shown)
    assert 'aria-label="Play from 1:05"' in shown
    assert f'href="/api/v1/captions/{track}/file?form=srt"' in shown
    assert '<a class="chip" href="?transcript=en#transcript"' in shown
    english = await seen(browser)  # the page's language, when nobody asks for another
    assert '<span data-at="0">Hello.</span>' in english and "tervetuloa" not in english


async def test_only_who_may_watch_reads_what_was_said(
    browser: Browsing, organiser: Browsing, admin: Asker, database: Database
) -> None:
    session = await a_talk(admin, database, published_at=None)
    await a_track(database, session, "fi", FINNISH)
    assert "tervetuloa" in await seen(organiser)
    organiser.http.cookies.clear()
    assert "tervetuloa" not in await seen(organiser)


def test_the_language_that_fits_best() -> None:
    tracks = [CaptionTrack(language=one) for one in ("en", "sv-FI", "fi")]
    found = [chosen(tracks, *wishes) for wishes in (("fi", "en"), ("", "sv", "en"), ("de", "en-GB"), ("de", "", "et"))]
    assert [one and one.language for one in found] == ["fi", "sv-FI", "en", "en"]
    assert chosen([], "fi") is None
    assert [language_label(one) for one in ("pt-BR", "fi", "x-klingon", "")] == [
        "Português (Brasil)",
        "Suomi",
        "x-klingon",
        "",
    ]


def test_words_are_found_whatever_their_accents_and_across_captions() -> None:
    text = json.dumps("Jää ja JÄÄTELÖ, café\u0301 😀 jaa")
    assert run("transcript/find.js", f"m.placesOf({text}, 'jää')") == [[0, 3], [7, 10], [24, 27]]
    assert run("transcript/find.js", f"[m.placesOf({text}, ' '), m.placesOf('a  b', 'a b')]") == [[], []]
    assert run("transcript/find.js", "m.piecesOf('abc def', [[1, 3], [3, 4]])") == [
        {"text": "a", "marked": False},
        {"text": "bc", "marked": True},
        {"text": " ", "marked": True},
        {"text": "def", "marked": False},
    ]
    lines = "[-1, 0, 999, 1000, 9999].map((ms) => m.lineAt([0, 1000, 5000], ms))"
    assert run("transcript/transcript.js", lines, texts={}) == [-1, 0, 0, 1, 2]
