"""Links to slides that come with a talk: fetched from a real site, looked at again, replaced, withdrawn, explained."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from server.core.clock import now
from server.core.fetch import fetch
from server.core.jobs import ENDED, JobRow
from server.core.runtime import Runtime
from server.slides.jobs import LookAtLink
from server.slides.linked import DAY_S, PAUSES_S, pause_after
from server.slides.models import DeckLink
from tests.server.media.deck_files import Page, Pdf, text
from tests.server.slides.decks import DECKS, brief_of, bring, work_off
from tests.server.uploads.world import World, make_world
from tests.web_site import Answer, WebSite
from workers import deck_links
from workers.housekeeping import follow_links, housekeep
from workers.runtime import run_claimed


def tiny_deck(*words: str) -> bytes:
    """A page a word, the size of a stamp."""
    return Pdf([Page(text(word, 2, 5, 6), size=(20, 12)) for word in words]).bytes()


FIRST, SECOND = tiny_deck("one", "two"), tiny_deck("one", "two", "three")


@pytest.fixture
async def world(runtime: Runtime) -> World:
    return await make_world(runtime.database)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebSite]:
    """A site on this machine, which only tests may fetch from."""
    monkeypatch.setattr(deck_links, "fetch", partial(fetch, allow_private=True))
    with WebSite().running() as site:
        site.answers["/talk.pdf"] = Answer(body=FIRST, headers={"ETag": '"1"', "Content-Type": "application/pdf"})
        yield site


async def put_links(client: httpx.AsyncClient, world: World, *urls: str, kind: str = "slides") -> None:
    links = [{"kind": kind, "url": url} for url in urls]
    answer = await client.put(f"/api/v1/sessions/{world.talk}/links", json=links, headers=world.organiser)
    assert answer.status_code == 200, answer.text


async def due_again(runtime: Runtime) -> None:
    """As if a day had gone by."""
    async with runtime.database.write() as db:
        await db.execute(update(DeckLink).values(next_look_at=now()))


async def go_round(runtime: Runtime) -> int:
    """What a round of housekeeping does about links, and the looks it orders; no rendering. Returns how many looks."""
    await follow_links(runtime)
    async with runtime.database.read() as db:
        rows = await db.scalars(select(JobRow.id).where(JobRow.name == LookAtLink.name, JobRow.state.not_in(ENDED)))
        ids = list(rows)
    for job_id in ids:
        await run_claimed(runtime, job_id, owner="test")
    return len(ids)


async def beside(client: httpx.AsyncClient, world: World, who: str = "nobody") -> list[dict[str, Any]]:
    """The decks shown with the talk."""
    answer = await client.get(f"/api/v1/sessions/{world.talk}/slides", headers=world.askers[who])
    return answer.json()["decks"]  # type: ignore[no-any-return]


async def links_said(client: httpx.AsyncClient, world: World, who: str = "nobody") -> list[dict[str, Any]]:
    """What is said of the talk's links."""
    answer = await client.get(f"/api/v1/sessions/{world.talk}/slides", headers=world.askers[who])
    return answer.json()["links"]  # type: ignore[no-any-return]


async def the_row(runtime: Runtime) -> DeckLink:
    async with runtime.database.read() as db:
        return (await db.scalars(select(DeckLink))).one()


async def test_a_link_becomes_a_deck_and_a_changed_file_its_next_version(
    client: httpx.AsyncClient, world: World, runtime: Runtime, site: WebSite
) -> None:
    await put_links(client, world, site.url("/talk.pdf"))
    await housekeep(runtime)
    assert "slides.look_at_link" in await work_off(runtime)
    (deck,) = await beside(client, world)
    assert (deck["state"], deck["filename"], deck["page_count"]) == ("ready", "talk.pdf", 2)
    assert deck["source_url"] == site.url("/talk.pdf") and deck["revision"] == 1
    assert await go_round(runtime) == 0, "nothing to do before tomorrow"

    await due_again(runtime)
    assert await go_round(runtime) == 1
    assert site.asked[-1].headers["If-None-Match"] == '"1"', "asked with what is known"
    row = await the_row(runtime)
    assert row.state == "fetched" and row.next_look_at > now() + timedelta(seconds=DAY_S - 60)

    site.answers["/talk.pdf"] = Answer(body=FIRST, headers={"ETag": '"other tag, same file"'})
    await due_again(runtime)
    await go_round(runtime)
    assert [one["revision"] for one in await beside(client, world)] == [1]

    site.answers["/talk.pdf"] = Answer(body=SECOND, headers={"ETag": '"2"'})
    await due_again(runtime)
    await go_round(runtime)
    await work_off(runtime)
    (newer,) = await beside(client, world, "speaker")
    assert (newer["slot"], newer["revision"], newer["page_count"]) == (deck["slot"], 2, 3)
    assert len(newer["versions"]) == 2


async def test_only_links_to_slides_are_followed(
    client: httpx.AsyncClient, world: World, runtime: Runtime, site: WebSite
) -> None:
    await put_links(client, world, site.url("/talk.pdf"), kind="paper")
    assert await go_round(runtime) == 0 and site.asked == []


async def test_a_removed_link_takes_its_deck_along_and_brings_it_back(
    client: httpx.AsyncClient, world: World, runtime: Runtime, site: WebSite
) -> None:
    await put_links(client, world, site.url("/talk.pdf"))
    await go_round(runtime)
    (deck,) = await beside(client, world)
    links = f"/api/v1/sessions/{world.talk}/links"
    (link,) = (await client.get(links)).json()["items"]
    await client.delete(f"{links}/{link['id']}", headers=world.organiser)
    await go_round(runtime)
    assert await beside(client, world) == []
    answer = await client.post(f"{links}/{link['id']}/restore", headers=world.organiser)
    assert answer.status_code == 200
    await go_round(runtime)
    assert [one["id"] for one in await beside(client, world)] == [deck["id"]]


async def test_a_corrected_link_replaces_the_deck(
    client: httpx.AsyncClient, world: World, runtime: Runtime, site: WebSite
) -> None:
    site.answers["/better.pdf"] = Answer(body=SECOND)
    await put_links(client, world, site.url("/talk.pdf"))
    await go_round(runtime)
    (deck,) = await beside(client, world)
    await put_links(client, world, site.url("/better.pdf"))
    await go_round(runtime)
    (newer,) = await beside(client, world)
    assert (newer["slot"], newer["revision"], newer["source_url"]) == (deck["slot"], 2, site.url("/better.pdf"))


async def test_what_people_did_goes_first(
    client: httpx.AsyncClient, world: World, runtime: Runtime, site: WebSite
) -> None:
    await put_links(client, world, site.url("/talk.pdf"))
    await go_round(runtime)
    (deck,) = await beside(client, world)
    own = await bring(client, world, tiny_deck("my", "own"), slot=deck["slot"])
    assert own.status_code == 201
    await work_off(runtime)
    site.answers["/talk.pdf"] = Answer(body=SECOND, headers={"ETag": '"2"'})
    await due_again(runtime)
    await go_round(runtime)
    (mine,) = await beside(client, world, "speaker")
    assert (mine["revision"], mine["source_url"]) == (2, None) and (await the_row(runtime)).state == "left"
    assert (await client.delete(f"{DECKS}/{mine['id']}", headers=world.organiser)).status_code in (200, 204)
    await due_again(runtime)
    await go_round(runtime)
    assert await beside(client, world) == [], "withdrawn is withdrawn"


async def test_the_very_file_that_was_uploaded_is_not_taken_twice(
    client: httpx.AsyncClient, world: World, runtime: Runtime, site: WebSite
) -> None:
    assert (await bring(client, world, FIRST)).status_code == 201
    brief = await brief_of(client, world)
    assert brief is not None
    mine = brief["id"]
    await put_links(client, world, site.url("/talk.pdf"))
    await go_round(runtime)
    assert [one["id"] for one in await beside(client, world)] == [mine]
    assert (await the_row(runtime)).state == "same"
    await client.delete(f"{DECKS}/{mine}", headers=world.organiser)
    await due_again(runtime)
    await go_round(runtime)
    (deck,) = await beside(client, world)
    assert deck["source_url"] == site.url("/talk.pdf"), "now the link is all there is"


async def test_failures_are_said_and_tried_again_after_growing_pauses(
    client: httpx.AsyncClient, world: World, runtime: Runtime, site: WebSite
) -> None:
    await put_links(client, world, site.url("/gone.pdf"))
    for count, pause_s in enumerate(PAUSES_S[:3], start=1):
        await due_again(runtime)
        await go_round(runtime)
        row = await the_row(runtime)
        assert (row.state, row.failures, row.error_code) == ("failed", count, "fetch.not_there")
        assert row.error_detail is not None and row.error_detail.endswith("Correct the link.")
        (said,) = await links_said(client, world, "organiser")
        assert (said["state"], said["error"]) == ("failed", {"code": row.error_code, "detail": row.error_detail})
        assert said["url"] == site.url("/gone.pdf") and await links_said(client, world) == []
        assert abs((row.next_look_at - now()).total_seconds() - pause_s) < 60
    site.answers["/gone.pdf"] = Answer(body=b"<!DOCTYPE html><title>My slides</title>")
    await due_again(runtime)
    await go_round(runtime)
    row = await the_row(runtime)
    assert row.error_code == "deck.link_is_a_page" and (row.next_look_at - now()).total_seconds() > DAY_S - 60
    site.answers["/gone.pdf"] = Answer(body=FIRST)
    await due_again(runtime)
    await go_round(runtime)
    row = await the_row(runtime)
    assert (row.state, row.failures, row.error_code) == ("fetched", 0, None)
    assert len(await beside(client, world)) == 1


async def test_a_private_address_is_not_followed(client: httpx.AsyncClient, world: World, runtime: Runtime) -> None:
    with WebSite().running() as site:
        await put_links(client, world, site.url("/talk.pdf"))
        await go_round(runtime)
        assert site.asked == []
    assert (await the_row(runtime)).error_code == "fetch.address_not_public"


def test_pauses() -> None:
    assert [pause_after(count) for count in range(1, 7)] == [300, 1_200, 4_800, 19_200, DAY_S, DAY_S]
    assert pause_after(0) == pause_after(1, retryable=False) == DAY_S
