"""Slides for a room of a running Semma."""

import base64
import io
import zipfile

import cv2

from tests.private_semma import PrivateSemma
from tests.slide_films.decks import Deck
from tests.waiting import eventually


def deck_zip(deck: Deck, *, width: int = 960) -> bytes:
    """Its pages as pictures in a ZIP."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for page in deck.pages:
            archive.writestr(f"{page:03}.jpg", cv2.imencode(".jpg", deck.draw(page, width))[1].tobytes())
    return packed.getvalue()


def bring_slides(semma: PrivateSemma, session: str, body: bytes) -> None:
    """Upload slides in one request, and wait until their pages are there."""
    about = {"session": session, "purpose": "slides", "filename": "slides.zip"}
    pairs = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in about.items())
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(body)), "Upload-Metadata": pairs}
    headers["Content-Type"] = "application/offset+octet-stream"
    semma.api("POST", "/api/v1/uploads", headers=headers, content=body)

    def drawn() -> bool:
        decks = semma.get(f"/api/v1/sessions/{session}/slides")["decks"]
        return bool(decks) and all(one["state"] == "ready" for one in decks)

    eventually(drawn, timeout_s=120, what="the pages")
