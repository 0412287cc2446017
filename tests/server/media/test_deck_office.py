"""Presentations through a real LibreOffice: hidden slides stay hidden, and nothing that is linked to is fetched."""

import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from server.media.deck_office import find_office
from server.media.deck_pages import DeckDamaged
from server.media.deck_read import read_deck
from tests.server.media.deck_files import ODP_TYPE, write_odp

OFFICE = find_office()
pytestmark = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")


class Web(ThreadingHTTPServer):
    """Counts who comes."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _Answer)


class _Answer(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_error(404)

    do_HEAD = do_OPTIONS = do_PROPFIND = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing is written."""


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


async def test_a_presentation(tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    # The settings have to do where the system gives us no namespace without network.
    monkeypatch.setenv("PATH", "/nowhere")
    deck = write_odp(
        tmp_path / "deck.odp",
        [("Shown first", True), ("Kept from you", False), ("Shown last", True)],
        f"http://127.0.0.1:{web.server_port}/picture.png",
    )
    contents = await read_deck(deck, "odp", tmp_path, office=OFFICE)
    assert [page.text for page in contents.pages] == ["Shown first", "Shown last"]
    assert [page.title for page in contents.pages] == ["Shown first", "Shown last"]
    assert web.asked == []


async def test_a_presentation_that_is_none(tmp_path: Path) -> None:
    deck = tmp_path / "deck.odp"
    with zipfile.ZipFile(deck, "w") as archive:
        archive.writestr("mimetype", ODP_TYPE)
        archive.writestr("content.xml", "<office:document-content")
    with pytest.raises(DeckDamaged, match="LibreOffice cannot open"):
        await read_deck(deck, "odp", tmp_path, office=OFFICE)
