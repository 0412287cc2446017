"""Pages around an edition's programme, and the colours they wear."""

import re

from hypothesis import given
from hypothesis import strategies as st

from server.core.runtime import Runtime
from server.web.looks import DARK_PAPER, LIGHT_PAPER, contrast, look_url, parse_hex, stylesheet
from tests.server.accounts.people import Browsing
from tests.server.events.people import Asker
from tests.server.web.events import an_event

WORDS = {
    "about": "For everybody who keeps a community.",
    "code_of_conduct": "Be kind.",
    "venue_name": "Werstas",
    "venue_address": "Väinö Linnan aukio 8, Tampere",
    "color": "#ffe800",
}


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_every_colour_is_legible_on_both_papers(color: tuple[int, int, int]) -> None:
    sheet = stylesheet((color[0] / 255, color[1] / 255, color[2] / 255))
    pairs = dict(re.findall(r"(--[a-z-]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\)", sheet))
    assert pairs.keys() == {"--spruce", "--spruce-deep", "--spruce-wash", "--on-spruce"}
    shown = {name: [parse_hex(one) for one in both.split(", ")] for name, both in pairs.items()}
    for place, paper in enumerate((LIGHT_PAPER, DARK_PAPER)):
        ink, text = shown["--spruce"][place], shown["--on-spruce"][place]
        assert ink is not None and text is not None
        assert contrast(ink, paper) >= 4.45  # 4.5 but for rounding to 8 bits
        assert contrast(text, ink) >= 4.45


async def test_an_edition_shows_its_words_its_colour_and_the_editions_beside_it(
    browser: Browsing, admin: Asker
) -> None:
    await admin.post("/series", {"title": "Seminar"})
    await an_event(admin, title="S 2026", slug="s26", series="seminar", starts_on="2026-05-20", ends_on="2026-05-20")
    await an_event(admin, title="S 2027", slug="s27", series="seminar", **WORDS)
    hidden = {"starts_on": "2028-05-20", "ends_on": "2028-05-20", "visibility": "unlisted"}
    await an_event(admin, title="S 2028", slug="s28", series="seminar", **hidden)
    await admin.ask("PUT", "/events/s27/sponsors", json=[{"name": "Kaupunki", "url": "https://kaupunki.example"}])

    programme = (await browser.get("/s27")).text
    assert look_url("#ffe800") in programme
    for words in ("Werstas", "/s27/about#conduct", "The edition before", 'href="/s26"', "https://kaupunki.example"):
        assert words in programme
    assert "S 2028" not in programme
    about = (await browser.get("/s27/about")).text
    for words in ("For everybody who keeps a community.", "Be kind.", "Väinö Linnan aukio 8", "Kaupunki"):
        assert words in about
    assert (await browser.get("/series/seminar/latest")).headers["location"] == "/s27"
    sheet = await browser.get(look_url("#ffe800"))
    assert sheet.headers["content-type"].startswith("text/css") and "--spruce" in sheet.text
    assert (await browser.get("/looks/nonsense.css")).status_code == 404


async def test_a_link_is_suggested_by_form_and_decided_on_in_the_studio(
    browser: Browsing, organiser: Browsing, admin: Asker, app_runtime: Runtime
) -> None:
    await an_event(admin)
    form = (await browser.get("/seminar-2027/suggest-link")).text
    token = re.search(r'name="_csrf" value="([^"]+)"', form)
    assert token
    fields = {"_csrf": token[1], "kind": "photo", "url": "https://photos.example/1", "title": "Photos", "more": ""}
    bad = await browser.post("/seminar-2027/suggest-link", data=fields | {"url": "photos"})
    assert bad.status_code == 400 and "starts with https://" in bad.text and 'value="Photos"' in bad.text
    robot = await browser.post(
        "/seminar-2027/suggest-link", data=fields | {"more": "buy", "url": "https://spam.example"}
    )
    assert robot.headers["location"] == "/seminar-2027?suggested=1#around"
    sent = await browser.post("/seminar-2027/suggest-link", data=fields)
    assert sent.status_code == 303
    assert "Thank you!" in (await browser.get("/seminar-2027?suggested=1")).text

    page = (await organiser.get("/studio/seminar-2027/edition")).text
    assert "https://photos.example/1" in page and "spam.example" not in page
    (waiting,) = (await admin.get("/events/seminar-2027/link-suggestions"))["items"]
    await admin.post(f"/events/seminar-2027/link-suggestions/{waiting['id']}/take", {}, status=200)
    assert "https://photos.example/1" in (await browser.get("/seminar-2027")).text
