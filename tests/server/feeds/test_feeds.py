"""Feeds as strict readers take them: well-formed, in their namespaces, sizes equal to what is fetched."""

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import feedparser
import httpx
import podcastparser
import pytest
from lxml import etree, html
from sqlalchemy import delete

from server.core.ids import new_id
from server.core.runtime import Runtime
from server.events.models import CLOSED, PUBLIC, UNLISTED, Event, Series
from server.feeds.podcast import podcast_guid
from server.feeds.sitemap import SITEMAP, VIDEO
from server.feeds.syndicate import FeedHead, write_atom, write_rss
from server.feeds.talks import best_file
from server.playback.downloads import download_key
from server.playback.models import CaptionTrack, ChapterList, Download, DownloadChoice
from server.recordings.models import Recording
from server.sessions.models import Session, SessionSpeaker, Speaker
from tests.conftest import client, database
from tests.server.feeds.feed_rules import broken_rules
from tests.server.uploads.world import World, make_world

# An application of each test's own: files are in its storage.
__all__ = ["client", "database"]
PODCAST = "https://podcastindex.org/namespace/1.0"
SOUND, PICTURE = b"sound" * 400, b"picture" * 900
PUBLISHED = datetime(2026, 5, 20, 10, tzinfo=UTC)


async def _talk(db: Any, runtime: Runtime, event_id: str, number: int, **session: Any) -> str:
    """A published talk with sound and pictures to download; its id."""
    words = {"title": f"Talk {number} <&> \x0b“ä”", "abstract": "What\n\nit is.", "language": "en"} | session
    talk = Session(id=new_id(), event_id=event_id, guid=f"g{number}", slug=f"talk-{number}", **words)
    db.add(talk)
    await db.flush()
    moment = PUBLISHED + timedelta(hours=number)
    recording = Recording(
        id=new_id(), event_id=event_id, session_id=talk.id, state="ready", playable=True, published_at=moment,
        duration_ms=61_500, playable_ms=61_500, poster_key="g1/poster.jpg",
    )  # fmt: skip
    db.add(recording)
    await db.flush()
    db.add(ChapterList(recording_id=recording.id, chapters=[[0, "Start"], [30_500, "Ends & all"]]))
    db.add(CaptionTrack(event_id=event_id, session_id=talk.id, language="en", cues=[[0, 900, "Hello", ""]]))
    for rung, body in (("audio", SOUND), ("720p", PICTURE), ("360p", b"small")):
        row = Download(
            event_id=event_id, session_id=talk.id, recording_id=recording.id, rung=rung, fingerprint="f" * 32,
            state="ready", size_bytes=len(body), duration_ms=61_500,
        )  # fmt: skip
        db.add(row)
        await runtime.store.put(download_key(recording.id, "f" * 32, rung), body)
    return talk.id


@pytest.fixture
async def world(runtime: Runtime) -> World:
    """Two talks, with a speaker, in an event of a series that has podcasts."""
    made = await make_world(runtime.database)
    async with runtime.database.write() as db:
        series = Series(id=new_id(), slug="kurki", title="Kurki days", description="Every year")
        db.add(series)
        await db.flush()
        event = await db.get_one(Event, made.event)
        event.series_id, event.languages, event.description = series.id, ["en"], "About cranes"
        db.add(DownloadChoice(id=made.event, podcast=True))
        first = await _talk(db, runtime, made.event, 1)
        await _talk(db, runtime, made.event, 2, licence="CC BY 4.0")
        speaker = Speaker(id=new_id(), slug="aino", name="Aino Öhman")
        db.add(speaker)
        await db.flush()
        db.add(SessionSpeaker(session_id=first, speaker_id=speaker.id))
    return made


async def _fetch(client: httpx.AsyncClient, path: str, **headers: str) -> httpx.Response:
    found = await client.get(path, headers=headers)
    assert found.status_code == 200, found.text
    root = etree.fromstring(found.content)  # well-formed, every prefix declared
    if etree.QName(root).localname in ("feed", "rss"):
        assert broken_rules(found.content) == []
    return found


async def _change(runtime: Runtime, model: Any, row_id: str, **values: Any) -> None:
    async with runtime.database.write() as db:
        row = await db.get_one(model, row_id)
        for name, value in values.items():
            setattr(row, name, value)


@pytest.mark.parametrize("place", ["/e26", "/series/kurki"])
async def test_atom_and_rss_tell_of_published_talks(client: httpx.AsyncClient, world: World, place: str) -> None:
    for form, content_type in (("atom", "application/atom+xml"), ("rss", "application/rss+xml")):
        answer = await _fetch(client, f"{place}/feed.{form}")
        assert answer.headers["content-type"].startswith(content_type)
        feed = feedparser.parse(answer.content)
        assert not feed.bozo, feed.get("bozo_exception")
        assert feed.version == {"atom": "atom10", "rss": "rss20"}[form]
        newest, oldest = feed.entries
        assert newest.title == "Talk 2 <&> “ä”" and oldest.link.endswith("/e26/sessions/talk-1")
        assert oldest.id.startswith("urn:uuid:") and oldest.author == "Aino Öhman" and "What" in oldest.summary
        assert any(link.rel == "self" and link.href.endswith(f"{place}/feed.{form}") for link in feed.feed.links)


def test_the_rules_of_feeds_see_what_breaks_them() -> None:
    head = FeedHead(id=new_id(), title="T", description="D", url="https://x.example/", self_url="https://x.example/f")
    for written in (write_atom(head, []).decode(), write_rss(head, []).decode()):
        assert broken_rules(written.encode()) == []
        for before, after in (
            ("<title>T</title>", ""),
            ("https://x.example/", "x"),
            ("<generator>", "<other/><generator>"),
        ):
            assert before in written and broken_rules(written.replace(before, after).encode()), before


async def test_an_unchanged_feed_is_not_sent_again(client: httpx.AsyncClient, runtime: Runtime, world: World) -> None:
    first = await _fetch(client, "/e26/feed.atom")
    assert (await _fetch(client, "/e26/feed.atom")).content == first.content, "nothing in it is of the moment"
    for headers in (
        {"If-None-Match": first.headers["etag"]},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        again = await client.get("/e26/feed.atom", headers=headers)
        assert (again.status_code, again.content) == (304, b"")
    async with runtime.database.write() as db:
        await _talk(db, runtime, world.event, 3)
    changed = await client.get("/e26/feed.atom", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200 and b"Talk 3" in changed.content


@pytest.mark.parametrize(("kind", "body", "content_type"), [
    ("audio", SOUND, "audio/mp4"), ("video", PICTURE, "video/mp4"),
])  # fmt: skip
async def test_a_podcast_is_taken_by_strict_readers(
    client: httpx.AsyncClient, world: World, kind: str, body: bytes, content_type: str
) -> None:
    answer = await _fetch(client, f"/e26/podcast/{kind}.xml")
    feed = podcastparser.parse("http://testserver/e26", BytesIO(answer.content))
    assert (feed["title"], feed["type"], feed["itunes_author"]) == ("Seminar 2026", "episodic", "Seminar 2026")
    assert feed["cover_url"].endswith("/g1/poster.jpg") and feed["explicit"] is False
    assert [episode["title"] for episode in feed["episodes"]] == ["Talk 2 <&> “ä”", "Talk 1 <&> “ä”"]
    episode = feed["episodes"][1]
    assert (episode["total_time"], episode["published"]) == (62, int((PUBLISHED + timedelta(hours=1)).timestamp()))
    ((enclosure),) = episode["enclosures"]
    assert (enclosure["mime_type"], enclosure["file_size"]) == (content_type, len(body))
    assert (await client.get(enclosure["url"])).content == body, "the size is that of what is fetched"
    assert episode["guid"].startswith("urn:uuid:")
    chapters = await client.get(_new_tags(answer.content, "item[2]/p:chapters")[0].attrib["url"])
    assert chapters.headers["content-type"].startswith("application/json+chapters")
    said = json.loads(chapters.content)
    assert said["chapters"] == [{"startTime": 0, "title": "Start"}, {"startTime": 30.5, "title": "Ends & all"}]
    _has_new_tags(answer.content, kind)


def _new_tags(content: bytes, path: str) -> list[Any]:
    """Those of Podcasting 2.0: podcastparser knows them by an older name of their namespace only."""
    found: list[Any] = etree.fromstring(content).findall(f"channel/{path}", namespaces={"p": PODCAST})
    return found


def _has_new_tags(content: bytes, kind: str) -> None:
    channel = etree.fromstring(content).find("channel")
    assert channel is not None
    self_url = channel.find("{http://www.w3.org/2005/Atom}link[@rel='self']")
    assert self_url is not None
    assert [one.text for one in _new_tags(content, "p:guid")] == [podcast_guid(self_url.attrib["href"])]
    assert [one.text for one in _new_tags(content, "p:medium")] == [{"audio": "podcast", "video": "video"}[kind]]
    (person,) = _new_tags(content, "item/p:person")
    assert (person.text, person.attrib["role"]) == ("Aino Öhman", "guest")
    transcripts = _new_tags(content, "item/p:transcript")
    assert {one.attrib["type"] for one in transcripts} == {"text/vtt", "application/x-subrip"}
    order = [etree.QName(child).localname for child in channel]
    assert order.index("guid") < order.index("item"), "the channel's own tags come first"


def test_a_feed_has_the_guid_that_everybody_works_out() -> None:
    """The example of the public definition of podcast:guid."""
    assert podcast_guid("https://mp3s.nashownotes.com/pc20rss.xml") == "917393e3-1b1e-5cef-ace4-edaa54e1f810"


async def test_what_has_no_file_or_may_not_be_had_is_no_episode(
    client: httpx.AsyncClient, runtime: Runtime, world: World
) -> None:
    async with runtime.database.write() as db:
        await _talk(db, runtime, world.event, 3, licence="All rights reserved")
        without = await _talk(db, runtime, world.event, 4)
    async with runtime.database.write() as db:
        await db.execute(delete(Download).where(Download.session_id == without))
    entries = feedparser.parse((await _fetch(client, "/e26/podcast/audio.xml")).content).entries
    assert [entry.title[:6] for entry in entries] == ["Talk 2", "Talk 1"]
    await _change(runtime, DownloadChoice, world.event, podcast=False)
    gone = await client.get("/e26/podcast/audio.xml")
    assert (gone.status_code, gone.json()["code"]) == (404, "feed.no_podcast")
    assert (await client.get("/series/kurki/podcast/video.xml")).json()["code"] == "feed.no_podcast"


async def test_what_is_not_public_is_in_no_feed_of_the_series(
    client: httpx.AsyncClient, runtime: Runtime, world: World
) -> None:
    for visibility, own in ((UNLISTED, 200), (CLOSED, 401), (PUBLIC, 200)):
        await _change(runtime, Event, world.event, visibility=visibility)
        assert (await client.get("/e26/feed.atom")).status_code == own
        assert (await client.get("/e26/podcast/audio.xml")).status_code == own
        entries = feedparser.parse((await _fetch(client, "/series/kurki/feed.atom")).content).entries
        assert len(entries) == (2 if visibility == PUBLIC else 0)
    await _change(runtime, Event, world.event, visibility=CLOSED)
    seen = await _fetch(client, "/e26/podcast/audio.xml", **world.organiser)
    assert seen.headers["cache-control"] == "private, no-cache"
    ((enclosure), *_) = feedparser.parse(seen.content).entries[0].enclosures
    assert "/downloads/a" in enclosure.href and (await client.get(enclosure.href)).content == SOUND


def test_of_several_files_the_one_that_suits_is_taken() -> None:
    def row(rung: str, day: int) -> Download:
        return Download(id=f"{rung}{day}", rung=rung, created_at=datetime(2026, 1, day, tzinfo=UTC))

    rows = [row("1080p", 1), row("720p", 1), row("720p", 2), row("360p", 3), row("audio", 1)]
    assert [best_file(rows, kind).id for kind in ("video", "audio")] == ["720p2", "audio1"]  # type: ignore[union-attr]
    assert best_file([row("2160p", 1), row("1080p", 1)], "video").id == "1080p1"  # type: ignore[union-attr]
    assert best_file([row("audio", 1)], "video") is None


async def test_a_talks_page_leads_programs_to_what_it_is(
    client: httpx.AsyncClient, runtime: Runtime, world: World
) -> None:
    await _change(runtime, Event, world.event, starts_on=PUBLISHED.date())
    page = html.fromstring((await client.get("/e26/sessions/talk-1")).text)
    (data,) = page.xpath('//script[@type="application/ld+json"]/text()')
    video = json.loads(data)
    assert (video["@type"], video["name"], video["duration"]) == ("VideoObject", "Talk 1 <&> \x0b“ä”", "PT1M2S")
    assert [part["name"] for part in video["hasPart"]] == ["Start", "Ends & all"]
    (found,) = page.xpath('//link[@type="application/json+oembed"]/@href')
    answer = await client.get(found.replace(runtime.base_url, ""))
    said = answer.json()
    assert (said["version"], said["type"], said["author_name"]) == ("1.0", "video", "Aino Öhman")
    assert "/embed/e26/sessions/talk-1" in said["html"]
    (as_xml,) = page.xpath('//link[@type="text/xml+oembed"]/@href')
    other = await _fetch(client, as_xml.replace(runtime.base_url, ""))
    assert etree.fromstring(other.content).findtext("html") == said["html"].replace("\x0b", ""), "XML holds less"
    programme = html.fromstring((await client.get("/e26")).text)
    assert json.loads(programme.xpath('//script[@type="application/ld+json"]/text()')[0])["@type"] == "Event"
    assert programme.xpath('//link[@type="application/rss+xml"]/@href') == ["/e26/feed.rss"]
    for url, status in (("/e26/sessions/none", 404), ("/e26", 404)):
        assert (await client.get("/oembed", params={"url": runtime.base_url + url})).status_code == status
    refused = await client.get("/oembed", params={"url": f"{runtime.base_url}/e26/sessions/talk-1", "format": "yaml"})
    assert (refused.status_code, refused.json()["code"]) == (501, "oembed.format_unknown")


async def test_the_sitemap_has_public_pages_with_their_videos(
    client: httpx.AsyncClient, runtime: Runtime, world: World
) -> None:
    found = await _fetch(client, "/sitemap.xml")
    assert f"Sitemap: {runtime.base_url}/sitemap.xml" in (await client.get("/robots.txt")).text
    root = etree.fromstring(found.content)
    names = {"s": SITEMAP, "v": VIDEO}
    pages = [element.text for element in root.findall("s:url/s:loc", names)]
    assert [page.removeprefix(runtime.base_url) for page in pages if page][:3] == ["/", "/series/kurki", "/e26"]
    players = [element.text for element in root.findall("s:url/v:video/v:player_loc", names)]
    assert players == [f"{runtime.base_url}/embed/e26/sessions/talk-{number}" for number in (2, 1)]
    await _change(runtime, Event, world.event, visibility=UNLISTED)
    assert b"/e26" not in (await _fetch(client, "/sitemap.xml")).content
