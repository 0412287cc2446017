"""What is found, by whom, and where it opens; on SQLite and on PostgreSQL."""

import asyncio
from itertools import product
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from server.accounts.actor import ANONYMOUS
from server.core.db import Database
from server.search.answer import answer_question
from server.search.queries import Narrowed
from tests.server.events.people import Asker, somebody
from tests.server.search.conftest import Follow, draw, record
from tests.server.web.events import a_session, an_event


async def ask(asker: Asker, q: str, **narrowed: Any) -> Any:
    return await asker.get("/search", params={"q": q, **narrowed})


def titles(answer: Any) -> list[str]:
    return [item["title"] for item in answer["items"]]


async def test_hits_say_talk_second_and_page_and_open_there(
    admin: Asker, anybody: Asker, database: Database, indexed: Follow
) -> None:
    event = await an_event(admin)
    talk = await a_session(
        admin, event, title="On lurking", abstract="Most people never write.", speakers=[{"name": "Ada Öhman"}],
        links=[{"kind": "paper", "url": "https://example.org/papers/silent-majority.pdf", "title": "The paper"}],
    )  # fmt: skip
    await record(database, talk, "Good morning.", "We counted the <i>archives</i> &amp; mailing", "lists of ten years.")
    await draw(database, talk, "Welcome", "Retention\nThe curve flattens after ninety days.")
    await indexed()
    said = await ask(anybody, "archive list")
    assert (said["total"], said["complete"], said["next"], said["mended"]) == (1, True, None, {})
    hit = said["items"][0]["hits"][0]
    assert hit["text"] == "We counted the archives & mailing lists of ten years."
    assert [hit["text"][start:end] for start, end in hit["marks"]] == ["archives", "lists"]
    assert (hit["part"], hit["at_ms"], hit["url"]) == ("caption", 5_000, "/seminar-2027/sessions/on-lurking?t=5s")
    shown = (await ask(anybody, "curves flatten"))["items"][0]["hits"][0]
    assert (shown["part"], shown["page"], shown["deck"]) == ("page", 2, 1)
    assert shown["text"] == "The curve flattens after ninety days."
    assert shown["url"] == "/seminar-2027/sessions/on-lurking?slide=2"
    titled = (await ask(anybody, "lurk"))["items"][0]
    assert titled["title_marks"] == [[3, 10]]
    assert (await ask(anybody, "silent majority"))["items"][0]["hits"][0]["part"] == "link"
    assert (await ask(anybody, "ohman"))["items"][0]["hits"][0]["part"] == "speaker"
    assert titles(await ask(anybody, "nothing-like-that")) == []
    assert titles(await ask(anybody, "")) == []


async def test_who_may_not_see_does_not_find(
    admin: Asker, anybody: Asker, client: httpx.AsyncClient, database: Database, indexed: Follow
) -> None:
    places = {}
    for visibility in ("public", "unlisted", "closed"):
        event = await an_event(admin, slug=visibility, title=visibility, visibility=visibility)
        places[visibility] = event
        await a_session(admin, event, title=f"Walrus {visibility}")
    hidden = await a_session(admin, places["public"], title="Not shown yet")
    await record(database, hidden, "Walrus in the recording", published=False)
    off = await a_session(admin, places["public"], title="Off the record", do_not_record=True)
    await record(database, off, "Walrus off the record")
    gone = await a_session(admin, places["public"], title="Walrus gone")
    await indexed()
    await admin.delete(f"/sessions/{gone['id']}")  # the index has it still: the question leaves it out
    organiser = await somebody(client, database, roles=(("organiser", places["public"]["id"], None),))
    viewer = await somebody(client, database, roles=(("viewer", places["closed"]["id"], None),))
    assert set(titles(await ask(anybody, "walrus"))) == {"Walrus public"}
    assert set(titles(await ask(anybody, "walrus", event="unlisted"))) == {"Walrus unlisted"}
    await anybody.get("/search", params={"q": "walrus", "event": "closed"}, status=401)
    assert set(titles(await ask(viewer, "walrus"))) == {"Walrus public", "Walrus closed"}
    assert set(titles(await ask(organiser, "walrus"))) == {"Walrus public", "Not shown yet"}
    assert len(titles(await ask(admin, "walrus"))) == 4
    blind = await somebody(client, database, scopes=("upload",))
    assert titles(await ask(blind, "walrus")) == []


async def test_what_was_withdrawn_or_not_for_the_asker_is_no_hit_and_no_time(
    admin: Asker, anybody: Asker, database: Database, indexed: Follow
) -> None:
    event = await an_event(admin)
    talk = await a_session(admin, event, title="Talk")
    await record(database, talk, "A badger is mentioned", published=False)
    deck = await draw(database, talk, "A badger is drawn")
    await indexed()
    [found] = (await ask(anybody, "badger"))["items"]
    assert [(hit["part"], hit["at_ms"]) for hit in found["hits"]] == [("page", None)]
    assert (await ask(anybody, "-badger talk"))["total"] == 0
    assert (await ask(anybody, "-mentioned talk"))["total"] == 1  # it is not theirs to know
    await admin.delete(f"/decks/{deck}", status=200)
    await indexed()
    assert (await ask(anybody, "badger"))["total"] == 0


async def test_words_are_found_in_their_forms_compounds_and_slips(
    admin: Asker, anybody: Asker, indexed: Follow
) -> None:
    event = await an_event(admin, languages=["fi", "sv", "en"])
    for language, title in (
        ("fi", "Verkkoseminaarissa puhutaan"), ("fi", "Seminaarit keväällä"), ("fi", "Väri"), ("fi", "Vari"),
        ("sv", "Föreläsningarna började"), ("en", "Captioned communities"), ("de", "Überraschungen"),
    ):  # fmt: skip
        await a_session(admin, event, title=title, language=language, abstract="", speakers=[])
    await indexed()
    assert set(titles(await ask(anybody, "seminaari"))) == {"Verkkoseminaarissa puhutaan", "Seminaarit keväällä"}
    assert set(titles(await ask(anybody, "verkkoseminaari"))) == {"Verkkoseminaarissa puhutaan", "Seminaarit keväällä"}
    assert titles(await ask(anybody, "seminaari"))[0] == "Seminaarit keväällä"
    assert titles(await ask(anybody, "verkkoseminaari"))[0] == "Verkkoseminaarissa puhutaan"
    assert titles(await ask(anybody, "väri")) == ["Väri", "Vari"]
    assert titles(await ask(anybody, "vari")) == ["Vari", "Väri"]
    assert titles(await ask(anybody, "forelasning")) == ["Föreläsningarna började"]
    assert titles(await ask(anybody, "uberraschungen")) == ["Überraschungen"]
    assert titles(await ask(anybody, "capti")) == ["Captioned communities"]  # still typing
    slip = await ask(anybody, "comunities captoned")
    assert titles(slip) == ["Captioned communities"]
    assert slip["mended"] == {"comunities": "communities", "captoned": "captioned"}


async def test_phrases_exclusions_and_fields(admin: Asker, anybody: Asker, database: Database, indexed: Follow) -> None:
    old = await an_event(admin, slug="seminar-2026", title="2026", starts_on="2026-05-20", ends_on="2026-05-20")
    new = await an_event(admin)
    hall = await admin.post(f"/events/{new['id']}/rooms", {"name": "Main hall", "slug": "main-hall"})
    one = await a_session(admin, new, title="One", speakers=[{"name": "Ada Öhman"}], room=hall["id"])
    two = await a_session(admin, old, title="Two", speakers=[{"name": "Bo Ek"}], starts_at="2026-05-20T10:00:00+03:00")
    await record(database, one, "nobody reads the", "manual in time, Bo said")
    await record(database, two, "the manual nobody reads")
    await indexed()
    assert titles(await ask(anybody, '"reads the manual"')) == ["One"]
    assert (await ask(anybody, '"reads the manual"'))["items"][0]["hits"][0]["at_ms"] == 0
    assert titles(await ask(anybody, '"manual reads"')) == []
    assert titles(await ask(anybody, "manual -time")) == ["Two"]
    assert titles(await ask(anybody, 'manual -"nobody reads the manual"')) == ["Two"]
    assert titles(await ask(anybody, "manual speaker:ohm")) == ["One"]
    assert titles(await ask(anybody, "manual speaker:bo")) == ["Two"]
    narrowed = (await ask(anybody, "manual speaker:bo"))["items"][0]["hits"]
    assert [(hit["part"], hit["at_ms"]) for hit in narrowed] == [("caption", 0)]  # what he says, not that he does
    assert titles(await ask(anybody, "manual year:2026")) == ["Two"]
    assert titles(await ask(anybody, "manual event:2027")) == ["One"]
    assert titles(await ask(anybody, 'manual room:"main hall"')) == ["One"]
    assert titles(await ask(anybody, "year:2027")) == ["One"]
    some = await ask(anybody, "manual umbrella weather")
    assert (set(titles(some)), some["complete"]) == ({"One", "Two"}, False)


async def test_phrases_of_frequent_words_are_found_without_their_texts(
    admin: Asker, anybody: Asker, database: Database, indexed: Follow
) -> None:
    talk = await a_session(admin, await an_event(admin), title="Talk")
    lines = ["so it is", "it is so", "is it", "so is it then", "it so is", "is so it", "rare is it so", "so"]
    await record(database, talk, *lines)
    await indexed()
    asked = [*(" ".join(some) for size in (2, 3) for some in product(("so", "it", "is"), repeat=size)), "rare is"]

    def begins(phrase: str, place: int) -> bool:
        after = lines[place + 1].split()[: len(phrase.split()) - 1] if place + 1 < len(lines) else []
        return f" {phrase} " in f" {' '.join([lines[place], *after])} "

    expected = {phrase: sum(begins(phrase, place) for place in range(len(lines))) for phrase in asked}
    for _by_pairs_and_by_texts in range(2):
        for phrase in asked:
            items = (await ask(anybody, f'"{phrase}"'))["items"]
            assert [item["hit_count"] for item in items] == [count for count in [expected[phrase]] if count], phrase
        async with database.write() as db:  # as it is until the talk is indexed anew
            await db.execute(text("UPDATE search_talks SET pairs = NULL"))
            await db.execute(text("DELETE FROM search_pairs"))


async def test_facets_count_and_narrow_and_pages_follow(
    admin: Asker, anybody: Asker, database: Database, indexed: Follow
) -> None:
    event = await an_event(admin)
    room = await admin.post(f"/events/{event['id']}/rooms", {"name": "Hall"})
    for number in range(5):
        talk = await a_session(
            admin, event, title=f"Kestrel {number}", language=("fi", "en")[number % 2], room=room["id"],
            starts_at=f"2027-05-20T1{number}:00:00+03:00",
        )  # fmt: skip
        if number < 2:
            await record(database, talk, "Kestrel" if number else "")
        if number == 4:
            await draw(database, talk, "A kestrel")
    await indexed()
    whole = await ask(anybody, "kestrel")
    facets = {name: {one["name"]: one["count"] for one in some} for name, some in whole["facets"].items()}
    assert facets == {
        "event": {"Seminar 2027": 5}, "room": {"Hall": 5}, "track": {}, "speaker": {"Ada Öhman": 5},
        "language": {"fi": 3, "en": 2}, "has": {"video": 2, "captions": 1, "slides": 1},
    }  # fmt: skip
    for name, wanted in (("language", 2), ("has", 1), ("room", 5), ("speaker", 5), ("event", 5)):
        value = next(one["value"] for one in whole["facets"][name] if one["count"] == wanted)
        assert (await ask(anybody, "kestrel", **{name: value}))["total"] == wanted
    assert (await ask(anybody, "kestrel", has="video,captions"))["total"] == 1
    seen: list[str] = []
    after: str | None = None
    while True:
        page = await ask(anybody, "kestrel", limit=2, **({"after": after} if after else {}))
        seen += titles(page)
        after = page["next"]
        if after is None:
            break
    assert sorted(seen) == sorted(titles(whole)) and len(set(seen)) == 5
    await anybody.refused("GET", "/search?q=a&has=wings", "search.has_unknown", status=400)
    await anybody.refused("GET", "/search?q=a&after=WzUwMDBd", "search.beyond_last", status=400)
    await anybody.refused("GET", "/search?q=a&after=x", "request.invalid", status=400)


@pytest.mark.parametrize("odd", ['"', "' OR '1'='1", "a & b | !c", "NEAR(a b)", "%_", "\\", "💥", "x" * 399, "a\x00b"])
async def test_nothing_typed_is_an_error(anybody: Asker, odd: str) -> None:
    assert (await ask(anybody, odd))["items"] == []


async def test_others_are_served_between_the_steps_of_a_search(
    admin: Asker, database: Database, indexed: Follow
) -> None:
    await a_session(admin, await an_event(admin), title="Auk")
    await indexed()
    turns = 0

    async def somebody_else() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(somebody_else())
    async with database.read() as db:
        found = await answer_question(db, ANONYMOUS, "auk", Narrowed(), offset=0, limit=5)
    other.cancel()
    assert found.answer.total == 1
    assert turns >= 8
