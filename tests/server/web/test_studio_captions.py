"""The studio's pages of captions before any script runs: what was mended, older versions, the editor."""

from server.core.clock import now
from server.core.db import Database
from server.playback.models import CaptionTrack
from tests.server.accounts.people import Browsing
from tests.server.events.people import Asker
from tests.server.web.events import a_session, an_event
from tests.server.web.test_slides_beside import seen
from tests.server.web.test_transcript import FINNISH, a_track


async def test_tracks_are_on_the_sessions_page_with_what_was_mended(
    organiser: Browsing, admin: Asker, database: Database
) -> None:
    event = await an_event(admin)
    session = await a_session(admin, event, slug="still", language="sv")
    track, old = await a_track(database, session, "fi", FINNISH), await a_track(database, session, "fi", [])
    async with database.write() as db:
        (await db.get_one(CaptionTrack, old)).deleted_at = now()
        row = await db.get_one(CaptionTrack, track)
        row.filename = "talk & more.srt"
        row.warnings = [{"code": "repaired", "detail": "line 3: a <font>", "line": 3, "count": 1}]
    shown = await seen(organiser, "/studio/seminar-2027/sessions/still")
    assert "talk &amp; more.srt" in shown and "line 3: a &lt;font&gt;" in shown and "2 captions" in shown
    assert f'href="/studio/seminar-2027/sessions/still/captions/{track}"' in shown
    assert f'data-act="DELETE /api/v1/captions/{track}"' in shown
    assert f'data-act="POST /api/v1/captions/{old}/restore"' in shown
    assert '<option value="sv" selected>' in shown  # the talk's own language is the one that is offered

    editor = await seen(organiser, f"/studio/seminar-2027/sessions/still/captions/{track}")
    assert f'data-captions="{track}"' in editor and 'data-watchable="false"' in editor
    await a_session(admin, event, slug="other")
    astray = await organiser.get(f"/studio/seminar-2027/sessions/other/captions/{track}")
    assert astray.status_code == 404
