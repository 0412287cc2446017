"""Cues over HTTP: who sees and corrects what, history and undo, and what stands when deck or recording is another."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from server.core.jobs import CANCELLED, JobRow
from server.core.runtime import Runtime
from server.recordings.models import Recording, Rendition
from server.slides.jobs import MATCH
from server.slides.models import Deck
from server.slides.sync import fail_order, note_progress
from server.slides.sync_found import FoundDoubt
from tests.server.slides.talk_with_slides import DURATION_S, FOUND, SLIDES, TITLES, Talk, pages
from tests.server.uploads.world import make_world

# What these run of the database is run on both by the others.
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
AS_FOUND = [(float(start), page) for start, page in FOUND]


@pytest.fixture
async def talk(client: httpx.AsyncClient, runtime: Runtime) -> Talk:
    return Talk(client, runtime, await make_world(runtime.database))


async def test_what_is_found_is_what_everybody_sees(talk: Talk) -> None:
    assert await talk.look() == {
        "session": talk.world.talk, "state": "none", "progress": 0.0, "error": None, "version": 0, "decks": [],
        "cues": [], "unsure": [], "chapters": [], "links": [], "live": [],
    }  # fmt: skip
    deck = await talk.draw()
    await talk.settle()
    assert (await talk.look())["state"] == "waiting"  # for a recording
    await talk.record()
    await talk.settle()
    await talk.settle()  # a repeat changes nothing
    (order,) = await talk.orders()
    assert ((await talk.look())["state"], order.turn) == ("waiting", 1)
    doubt = FoundDoubt(240_000, 260_000, "near_identical", ((deck, 4), (deck, 5)))
    await talk.bring(order, unsure=(doubt,))
    view = await talk.look()
    assert (view["state"], view["progress"], pages(view)) == ("ready", 1.0, AS_FOUND)
    assert view["cues"][2] == {
        "start_ms": 90_000, "end_ms": 150_000, "deck": deck, "page": 2, "slide": 2, "confidence": 0.95,
        "method": "features", "edited": False,
    }  # fmt: skip
    assert view["unsure"] == [
        {"start_ms": 240_000, "end_ms": 260_000, "why": "near_identical", "deck": deck, "pages": [4, 5]}
    ]
    assert [page["slide"] for page in view["decks"][0]["pages"]] == list(SLIDES)
    await talk.settle()
    assert await talk.orders() == [] and await talk.look() == view


@SQLITE
async def test_answers_have_an_etag_and_editors_are_guarded_from_each_other(talk: Talk) -> None:
    deck = await talk.matched()
    url = f"{talk.root}/slides"
    seen = await talk.client.get(url)
    assert (await talk.client.get(url, headers={"If-None-Match": seen.headers["etag"]})).status_code == 304
    said: dict[str, Any] = {"op": "set", "start_ms": 0, "end_ms": 30_000, "deck": deck, "page": 1}
    guard = {"If-Match": seen.headers["etag"]}
    first = await talk.edit(headers=guard, **said)
    assert first.status_code == 200 and first.json()["version"] == seen.json()["version"] + 1
    late = await talk.edit("organiser", headers=guard, **said)
    assert (late.status_code, late.json()["code"]) == (412, "request.stale")
    assert (await talk.edit("organiser", headers={"If-Match": first.headers["etag"]}, **said)).status_code == 200
    assert (await talk.client.get(url)).headers["etag"] != seen.headers["etag"]


@SQLITE
async def test_the_first_word_may_be_a_persons(talk: Talk) -> None:
    """Before anything was found, or looked for; the guard holds then too."""
    await talk.record()
    deck = await talk.draw()
    seen = await talk.client.get(f"{talk.root}/slides")
    assert (seen.json()["version"], seen.json()["cues"]) == (0, [])
    said: dict[str, Any] = {"op": "set", "start_ms": 0, "end_ms": 9_000, "deck": deck, "page": 1}
    first = await talk.edit(headers={"If-Match": seen.headers["etag"]}, **said)
    assert (first.status_code, first.json()["version"], pages(first.json())) == (200, 1, [(0, 1), (9, None)])
    assert (await talk.edit(headers={"If-Match": seen.headers["etag"]}, **said)).status_code == 412
    await talk.settle()
    await talk.bring((await talk.orders())[0])
    assert pages(await talk.look())[:3] == [(0, 1), (9, None), (30, 1)]


async def test_edits_are_made_undone_and_made_again(talk: Talk) -> None:
    deck = await talk.matched()
    assert (await talk.edit(op="move", from_ms=90_000, to_ms=95_000)).status_code == 200
    assert (await talk.edit(op="delete", start_ms=300_000)).status_code == 200
    last = await talk.edit("organiser", op="renumber", from_ms=150_000, by=1)
    moved = [(0, None), (30, 1), (95, 2), (150, 4), (240, 5), (400, 6)]
    assert pages(last.json()) == moved
    assert [cue["edited"] for cue in last.json()["cues"]] == [False, True, False, True, True, True]
    assert {cue["method"] for cue in last.json()["cues"] if cue["edited"]} == {"hand"}
    undone = await talk.edit(path="cues/undo")
    assert pages(undone.json()) == [(0, None), (30, 1), (95, 2), (150, 3), (240, 4), (400, 6)]
    assert pages((await talk.edit(path="cues/undo")).json())[4:] == [(240, 4), (300, 5), (330, 4), (400, 6)]
    listed = await talk.client.get(f"{talk.root}/cues/history", headers=talk.world.askers["speaker"])
    assert [(one["number"], one["undone"], one["words"]) for one in listed.json()["items"]] == [
        (3, True, "From 2:30 on 1 page later"),
        (2, True, "What began at 5:00 joined to its neighbour"),
        (1, False, "The change at 1:30 moved to 1:35"),
    ]
    nothing = dict.fromkeys(("start_ms", "end_ms", "from_ms", "to_ms", "by_ms", "by", "deck", "page"))
    assert [one["asked"] for one in listed.json()["items"]] == [
        nothing | {"op": "renumber", "from_ms": 150_000, "by": 1},
        nothing | {"op": "delete", "start_ms": 300_000},
        nothing | {"op": "move", "from_ms": 90_000, "to_ms": 95_000},
    ]
    assert [one["by"] for one in listed.json()["items"]] == [
        "organiser@example.org", "speaker@example.org", "speaker@example.org"
    ]  # fmt: skip
    assert pages((await talk.edit(path="cues/redo")).json())[4:] == [(240, 4), (400, 6)]
    await talk.edit(op="set", start_ms=0, end_ms=10_000, page=6)  # of the only deck
    listed = await talk.client.get(f"{talk.root}/cues/history", headers=talk.world.askers["speaker"])
    said = {"op": "set", "start_ms": 0, "end_ms": 10_000, "deck": deck, "page": 6}
    assert listed.json()["items"][0]["asked"] == nothing | said
    assert (await talk.edit(path="cues/redo")).json()["code"] == "cues.nothing_to_redo"
    for _ in range(3):
        assert (await talk.edit(path="cues/undo")).status_code == 200
    assert (await talk.edit(path="cues/undo")).json()["code"] == "cues.nothing_to_undo"
    assert pages(await talk.look()) == AS_FOUND


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"op": "set", "start_ms": 5, "end_ms": 5}, "cues.bad_times"),
    ({"op": "set", "start_ms": -1, "end_ms": 5}, "cues.bad_times"),
    ({"op": "set", "start_ms": 0, "end_ms": 10**14}, "cues.bad_times"),
    ({"op": "set", "start_ms": 0}, "cues.incomplete"),
    ({"op": "set", "start_ms": 0, "end_ms": 9, "page": 7}, "cues.no_page"),
    ({"op": "set", "start_ms": 0, "end_ms": 9, "deck": "x", "page": 1}, "cues.no_page"),
    ({"op": "move", "from_ms": 91_000, "to_ms": 5}, "cues.no_border"),
    ({"op": "shift", "by_ms": 0}, "cues.nothing_changes"),
    ({"op": "renumber", "from_ms": 0, "by": 0}, "cues.nothing_changes"),
    ({"op": "turn"}, "request.invalid"),
    ({"op": "set", "start_ms": 0, "end_ms": 9, "by_hand": 1}, "request.invalid"),
]


@SQLITE
async def test_what_cannot_be_is_refused_in_words(talk: Talk) -> None:
    await talk.matched()
    for body, code in REFUSED:
        answer = await talk.edit(**body)
        assert (answer.status_code, answer.json()["code"]) == (400, code), body
        assert len(answer.json()["detail"]) > 15
    assert pages(await talk.look()) == AS_FOUND


@SQLITE
async def test_only_the_speaker_and_organisers_correct_and_see_what_is_not_published(talk: Talk) -> None:
    said: dict[str, Any] = {"op": "set", "start_ms": 0, "end_ms": 30_000, "page": 1}
    answer = await talk.edit(**said)
    assert (answer.status_code, answer.json()["code"]) == (409, "cues.no_recording")
    await talk.matched()
    assert (await talk.edit("nobody", **said)).status_code == 401
    assert (await talk.edit("stranger", **said)).status_code == 403
    reading = await talk.edit("organiser_reading", **said)
    assert reading.json()["code"] == "auth.scope_missing" and "write" in reading.json()["detail"]
    history = await talk.client.get(f"{talk.root}/cues/history")
    assert history.status_code == 401
    async with talk.runtime.database.write() as db:
        (await db.get_one(Recording, talk.recording)).published_at = None
    for who in ("nobody", "stranger"):
        hidden = await talk.look(who)
        assert (hidden["cues"], hidden["unsure"], hidden["chapters"]) == ([], [], [])
        assert len(hidden["decks"]) == 1
    for who in ("speaker", "organiser", "admin"):
        assert pages(await talk.look(who)) == AS_FOUND


@SQLITE
async def test_borders_that_move_ask_only_for_what_is_missing(talk: Talk) -> None:
    deck = await talk.matched()
    await talk.edit(op="set", start_ms=90_000, end_ms=150_000, deck=deck, page=6)

    async def cut(start_s: int, end_s: int) -> None:
        async with talk.runtime.database.write() as db:
            row = await db.get_one(Recording, talk.recording)
            row.cut = [{"source_id": talk.source, "start_ms": start_s * 1000, "end_ms": end_s * 1000}]
            row.duration_ms = (end_s - start_s) * 1000
        await talk.settle()

    await cut(60, 400)
    assert await talk.orders() == []
    trimmed = await talk.look()
    assert trimmed["state"] == "ready"
    assert pages(trimmed) == [(0, 1), (30, 6), (90, 3), (180, 4), (240, 5), (270, 4)]
    await cut(60, 600)
    (order,) = await talk.orders()
    assert pages(await talk.look())[-2:] == [(340, 6), (420, None)]  # what is known is shown meanwhile
    await talk.bring(order, ((480, 2), (550, 6)), end_s=600)
    assert pages(await talk.look())[-3:] == [(340, 6), (420, 2), (490, 6)]
    assert len((await talk.sync()).found[talk.source]["cues"]) == len(FOUND) + 2
    async with talk.runtime.database.write() as db:  # a better encode asks for nothing
        (await db.get_one(Recording, talk.recording)).generation = 2
        db.add(Rendition(recording_id=talk.recording, name="480p", kind="video", generation=2))
    await talk.settle()
    assert await talk.orders() == [] and (await talk.look())["state"] == "ready"


async def test_newer_orders_supersede_older_ones(talk: Talk) -> None:
    await talk.record()
    await talk.draw()
    await talk.settle()
    (old,) = await talk.orders()
    await talk.draw(TITLES[:5], SLIDES[:5], revision=2)
    await talk.settle()
    (new,) = await talk.orders()
    assert (old.turn, new.turn) == (1, 2)
    await talk.bring(old, ((0, 5),))
    assert (await talk.look())["cues"] == []
    async with talk.runtime.database.write() as db:
        await fail_order(db, talk.runtime, old, code="x", detail="old")
        await note_progress(db, talk.runtime, old, 0.9)
    assert ((await talk.sync()).state, (await talk.sync()).progress) == ("waiting", 0.0)
    await talk.bring(new, ((0, 5),))
    assert pages(await talk.look()) == [(0, 5)]


async def test_nothing_is_looked_for_once_deck_or_recording_is_gone(talk: Talk) -> None:
    await talk.record()
    deck = await talk.draw()
    await talk.settle()
    url, organiser = f"/api/v1/recordings/{talk.recording}", talk.world.organiser
    assert (await talk.client.delete(url, headers=organiser)).status_code == 200
    await talk.follow("recordings.retired")
    assert await talk.orders() == [] and (await talk.sync()).state == "idle"
    assert (await talk.client.post(f"{url}/restore", headers=organiser)).status_code == 200
    await talk.follow("recordings.retired")
    assert [order.turn for order in await talk.orders()] == [3]
    async with talk.runtime.database.write() as db:
        (await db.get_one(Deck, deck)).deleted_at = (await db.get_one(Deck, deck)).created_at
    await talk.settle()
    async with talk.runtime.database.read() as db:
        states = await db.scalars(select(JobRow.state).where(JobRow.name == MATCH))
        assert set(states) == {CANCELLED}
    assert (await talk.look())["state"] == "none"


@SQLITE
async def test_a_failure_is_said_in_words_and_tried_again_by_hand(talk: Talk) -> None:
    await talk.record()
    await talk.draw()
    await talk.settle()
    (order,) = await talk.orders()
    async with talk.runtime.database.write() as db:
        await fail_order(db, talk.runtime, order, code="media.broken", detail="The recording is damaged.")
    await talk.settle()  # other facts do not try again what failed
    assert (await talk.look("speaker"))["error"] == {"code": "media.broken", "detail": "The recording is damaged."}
    assert (await talk.look())["error"] is None and (await talk.look())["state"] == "failed"
    assert (await talk.edit("stranger", path="cues/match")).status_code == 403
    again = await talk.edit(path="cues/match")
    assert (again.status_code, again.json()["state"], again.json()["error"]) == (202, "waiting", None)
    newest = max(await talk.orders(), key=lambda one: one.turn)
    assert (newest.turn, newest.anew) == (2, True)
    await talk.bring(newest)
    assert pages(await talk.look()) == AS_FOUND


@SQLITE
async def test_a_talk_that_is_only_heard_has_cues_by_hand(talk: Talk) -> None:
    await talk.record(has_picture=False, seconds=60)
    deck = await talk.draw()
    await talk.settle()
    assert await talk.orders() == [] and (await talk.look())["state"] == "ready"
    assert (await talk.edit(path="cues/match")).json()["code"] == "cues.nothing_to_match"
    said = await talk.edit(op="set", start_ms=10_000, end_ms=99_000, deck=deck, page=2)
    assert pages(said.json()) == [(0, None), (10, 2)]


async def test_another_deck_keeps_what_was_said_of_the_same_slide(talk: Talk) -> None:
    old = await talk.matched()
    await talk.edit(op="set", start_ms=0, end_ms=30_000, deck=old, page=4)
    await talk.edit(op="set", start_ms=330_000, end_ms=400_000, deck=old, page=6)
    titles = ("A new beginning", *TITLES[:5])
    new = await talk.draw(titles, (1, 2, 3, 3, 4, 5), revision=2)
    await talk.settle()
    assert (await talk.sync()).carries == {old: {"deck": new, "pages": {"1": 2, "2": 3, "3": 4, "4": 5, "5": 6}}}
    meanwhile = await talk.look()  # until it is matched anew
    assert meanwhile["state"] == "waiting"
    assert pages(meanwhile)[:4] == [(0, 5), (30, 2), (90, 3), (150, 4)]
    assert pages(meanwhile)[-1] == (400, None)
    (order,) = await talk.orders()
    await talk.bring(order, ((0, 1), (40, 2), (330, 5)))
    view = await talk.look()
    assert pages(view) == [(0, 5), (30, 1), (40, 2), (330, 5)]
    gone = [one for one in view["unsure"] if one["why"] == "page_gone"]
    assert [(one["start_ms"], one["end_ms"]) for one in gone] == [(330_000, 400_000)]


@SQLITE
async def test_another_recording_keeps_what_was_said_where_the_same_is_shown(talk: Talk) -> None:
    deck = await talk.matched()
    await talk.edit(op="set", start_ms=90_000, end_ms=150_000, deck=deck, page=6)
    await talk.record(seconds=DURATION_S + 60)
    await talk.settle()
    (order,) = await talk.orders()
    later = tuple((start + 45 if start else 0, page) for start, page in FOUND)
    await talk.bring(order, later, end_s=DURATION_S + 60)
    assert pages(await talk.look())[:5] == [(0, None), (75, 1), (135, 6), (195, 3), (285, 4)]
    async with talk.runtime.database.write() as db:  # back to the older one: everything is known
        row = await db.get_one(Recording, talk.recording)
        row.deleted_at = row.created_at
    await talk.settle()
    assert await talk.orders() == []
    assert pages(await talk.look())[:4] == [(0, None), (30, 1), (90, 6), (150, 3)]
