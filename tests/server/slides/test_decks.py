"""A deck, from its upload to its download: judged by content, one a session, deleted with undo, open to speakers."""

import io
import zipfile
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import delete, select

from server.core.clock import now
from server.core.removals import Removal
from server.core.runtime import Runtime
from server.orphans import find_orphans
from server.slides.errors import DeckUnusable
from server.slides.kinds import kind_of, safe_name
from server.slides.models import Deck
from server.uploads.models import Upload
from tests.server.uploads.world import BYTES, TUS, URL, World, make_world, metadata
from workers.purge import purge

PDF = b"%PDF-1.7\n" + b"slides" * 50
DECKS = "/api/v1/decks"


@pytest.fixture
async def world(runtime: Runtime) -> World:
    return await make_world(runtime.database)


def archive(*names: str, first: tuple[str, str] | None = None) -> bytes:
    """A ZIP file with these files in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        if first:
            made.writestr(*first)
        for name in names:
            made.writestr(name, "x" * 40)
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PDF, "pdf"),
        (b"\xef\xbb\xbfrubbish before it\n" + PDF, "pdf"),
        (b"\x89PNG\r\n\x1a\n...", "png"),
        (b"\xff\xd8\xff\xe0...", "jpeg"),
        (archive("[Content_Types].xml", "ppt/presentation.xml"), "pptx"),
        (archive("content.xml", first=("mimetype", "application/vnd.oasis.opendocument.presentation")), "odp"),
        (archive("a/1.PNG", "a/2.jpg", "__MACOSX/a/._1"), "zip"),
    ],
)
def test_content_decides_the_kind(data: bytes, kind: str) -> None:
    assert kind_of(data[:1024], data[-4096:]) == kind


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"just text", "no slides"),
        (b"\xd0\xcf\x11\xe0....", "password"),
        (archive("[Content_Types].xml", "word/document.xml"), "neither a presentation"),
        (archive("1.png", "run.exe"), "neither a presentation"),
        (archive("1.png")[:-10], "damaged"),
        (archive(), "holds no slides"),
    ],
)
def test_what_is_no_deck_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(DeckUnusable, match=words):
        kind_of(data[:1024], data[-4096:])


def test_a_long_archive_is_judged_by_its_end() -> None:
    data = archive("big.png", *(f"{number}.jpg" for number in range(20)))
    assert kind_of(data[:64], data[len(data) // 2 :]) == "zip"


@pytest.mark.parametrize(
    ("name", "kind", "safe"),
    [
        ("My talk.pdf", "pdf", "My talk.pdf"),
        ("C:\\decks\\esitys.PPTX", "pptx", "esitys.PPTX"),
        ("evil.html", "pdf", "evil.html.pdf"),
        ("a.jpeg", "jpeg", "a.jpeg"),
        ("../..", "zip", "slides.zip"),
        ("line\nbreak", "png", "linebreak.png"),
    ],
)
def test_names_end_as_their_kind_does(name: str, kind: str, safe: str) -> None:
    assert safe_name(name, kind) == safe


async def upload(
    client: httpx.AsyncClient, world: World, body: bytes, *, who: str = "speaker", filename: str = "slides.pdf"
) -> httpx.Response:
    """Send a deck in one request (creation-with-upload)."""
    headers = TUS | BYTES | world.askers[who] | {"Upload-Length": str(len(body))}
    about = metadata(session=world.talk, purpose="slides", filename=filename)
    return await client.post(URL, headers=headers | about, content=body)


async def deck_in(client: httpx.AsyncClient, world: World) -> dict[str, object] | None:
    """What the session says of its slides."""
    answer = await client.get(f"/api/v1/sessions/{world.talk}")
    return answer.json()["slides"]  # type: ignore[no-any-return]


async def test_a_speaker_uploads_and_anybody_downloads(client: httpx.AsyncClient, world: World) -> None:
    assert await deck_in(client, world) is None
    assert (await upload(client, world, PDF, filename="Näin.pdf")).status_code == 201
    brief = await deck_in(client, world)
    assert brief is not None
    assert (brief["filename"], brief["content_type"], brief["size_bytes"]) == ("Näin.pdf", "application/pdf", len(PDF))
    shown = (await client.get(f"{DECKS}/{brief['id']}")).json()
    assert (shown["session"], shown["url"], shown["deleted_at"]) == (world.talk, brief["url"], None)
    answer = await client.get(str(brief["url"]))
    assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].endswith("filename*=UTF-8''N%C3%A4in.pdf")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_a_strangers_deck_and_a_film_are_refused(client: httpx.AsyncClient, world: World) -> None:
    assert (await upload(client, world, PDF, who="stranger")).status_code == 403
    assert (await upload(client, world, PDF, who="nobody")).status_code == 401
    answer = await upload(client, world, b"\x00\x00\x00\x18ftypmp42" + b"film" * 20)
    assert (answer.status_code, answer.json()["reason"]) == (422, "deck.unusable")
    assert "PDF" in answer.json()["detail"]
    assert await deck_in(client, world) is None


async def test_a_new_deck_takes_the_place_and_the_older_comes_back(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    await upload(client, world, PDF)
    older = await deck_in(client, world)
    await upload(client, world, archive("1.png"), filename="s.zip")
    newer = await deck_in(client, world)
    assert older and newer and older["id"] != newer["id"] and newer["content_type"] == "application/zip"
    assert (await client.get(f"{DECKS}/{older['id']}")).status_code == 404
    speaker = world.askers["speaker"]
    assert (await client.post(f"{DECKS}/{older['id']}/restore")).status_code == 401
    assert (await client.post(f"{DECKS}/{older['id']}/restore", headers=speaker)).status_code == 200
    assert await deck_in(client, world) == older
    assert (await client.delete(f"{DECKS}/{older['id']}", headers=world.askers["stranger"])).status_code == 403
    assert (await client.delete(f"{DECKS}/{older['id']}", headers=speaker)).status_code == 200
    assert await deck_in(client, world) is None
    assert (await client.get(str(older["url"]))).status_code == 404


async def test_files_have_an_owner_and_go_with_their_decks(
    client: httpx.AsyncClient, world: World, runtime: Runtime
) -> None:
    await upload(client, world, PDF)
    brief = await deck_in(client, world)
    assert brief is not None
    async with runtime.database.write() as db:
        await db.execute(delete(Upload))  # its row is kept for a while only; the file is the deck's
    assert await find_orphans(runtime.database, runtime.store, age=timedelta(0)) == []
    async with runtime.database.write() as db:
        deck = await db.get_one(Deck, brief["id"])
        deck.deleted_at = now() - timedelta(days=400)
    speaker = world.askers["speaker"]
    assert (await client.post(f"{DECKS}/{deck.id}/restore", headers=speaker)).json()["code"] == "deck.undo_time_over"
    assert await purge(runtime) == 1
    async with runtime.database.read() as db:
        assert await db.get(Deck, deck.id) is None
        freed = await db.scalars(select(Removal.prefix).where(Removal.reason == "slides purged"))
        assert set(freed) == {deck.key, f"decks/{deck.id}/"}
    orphans = await find_orphans(runtime.database, runtime.store, age=timedelta(0))
    assert [orphan.key for orphan in orphans] == [deck.key]
