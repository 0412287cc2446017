"""What stands around an edition: it gets a face, somebody suggests a link, and next year is made like it."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, expect

from tests.journeys.browser import Watched, sign_in
from tests.journeys.looking import FAULTS
from tests.private_semma import PrivateSemma
from tests.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def logo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture with see-through parts."""
    path = tmp_path_factory.mktemp("logo") / "logo.png"
    image = Image.new("RGBA", (900, 300))
    ImageDraw.Draw(image).rounded_rectangle((20, 20, 880, 280), radius=90, fill=(150, 30, 90, 255))
    image.save(path)
    return path


@pytest.fixture(scope="module")
def organiser(semma: PrivateSemma, browser: Browser) -> BrowserContext:
    """Somebody who is signed in."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
    page = context.new_page()
    sign_in(page, semma)
    page.close()
    return context


@pytest.fixture(scope="module")
def edition(semma: PrivateSemma) -> str:
    """An event of its own; its slug."""
    semma.api("POST", "/api/v1/series", json={"title": "Faces"})
    words = {"title": "Faces 2027", "slug": "faces-2027", "series": "faces", "starts_on": "2027-05-20"}
    semma.api("POST", "/api/v1/events", json=words)
    semma.api("POST", "/api/v1/events/faces-2027/rooms", json={"name": "Hall"})
    for hour, title in ((9, "First"), (10, "Second")):
        times = {"starts_at": f"2027-05-20T{hour:02}:00:00+03:00", "duration_ms": 900_000}
        semma.api("POST", "/api/v1/events/faces-2027/sessions", json={"title": title, **times})
    return "faces-2027"


def shown_sponsors(semma: PrivateSemma, edition: str) -> list[tuple[str, bool]]:
    found = semma.get(f"/api/v1/events/{edition}/sponsors")["items"]
    return [(one["name"], bool(one["logo"])) for one in found]


def test_an_organiser_gives_the_edition_a_face(
    semma: PrivateSemma, organiser: BrowserContext, edition: str, logo: Path
) -> None:
    studio = Watched(organiser.new_page(), semma.url)
    page = studio.page
    page.goto(f"{semma.url}/studio/{edition}/edition")
    page.get_by_role("textbox", name="Colour", exact=True).fill("#961e5a")
    page.get_by_role("textbox", name="Venue", exact=True).fill("Werstas")
    page.get_by_role("textbox", name="About", exact=True).fill("For everybody who keeps a community.")
    page.get_by_role("textbox", name="Code of conduct", exact=True).fill("Be kind.")
    page.locator("section", has=page.get_by_role("heading", name="Looks and words")).get_by_role(
        "button", name="Save"
    ).click()
    studio.until("document.querySelector('[data-toasts]').textContent.includes('Saved.')")
    page.set_input_files("[data-logo]", logo)
    studio.until("document.querySelector('.logo-shown')?.naturalWidth === 900")

    page.get_by_role("button", name="Add a sponsor").click()
    row = page.locator("[data-sponsor]")
    row.get_by_label("Name").fill("Kaupunki")
    row.get_by_label("Address").fill("https://kaupunki.example")
    row.locator("[data-logo-file]").set_input_files(logo)
    studio.until("document.querySelector('[data-sponsor] img')?.naturalWidth === 900")
    page.get_by_role("button", name="Add a sponsor").click()
    page.locator("[data-sponsor]").last.get_by_label("Name").fill("Kirjasto")
    page.locator("[data-sponsor]").last.get_by_role("button", name="Move up").click()
    page.locator("[data-sponsors]").get_by_role("button", name="Save").click()
    wanted = [("Kirjasto", False), ("Kaupunki", True)]
    eventually(lambda: shown_sponsors(semma, edition) == wanted, what=f"sponsors: {wanted}")
    assert page.evaluate(f"({FAULTS})()") == []
    assert not studio.complaints and not studio.elsewhere
    page.close()


def test_a_visitor_suggests_a_link_and_it_is_shown_once_taken(
    semma: PrivateSemma, browser: Browser, organiser: BrowserContext, edition: str
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    visitor = Watched(context.new_page(), semma.url)
    page = visitor.page
    page.goto(f"{semma.url}/{edition}")
    ink = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--spruce')")
    assert "961e5a" in ink
    assert page.evaluate(f"({FAULTS})()") == []
    page.get_by_role("link", name="Suggest a link").click()
    page.get_by_label("Address").fill("https://blog.example/learned")
    page.get_by_label("Title").fill("What I learned")
    page.get_by_role("button", name="Send to the organisers").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you!")
    expect(page.get_by_role("link", name="What I learned")).to_have_count(0)

    studio = organiser.new_page()
    studio.goto(f"{semma.url}/studio/{edition}/edition")
    studio.get_by_role("button", name="Show it").click()
    expect(studio.get_by_text("Nothing waits for you.")).to_be_visible()
    studio.close()
    page.goto(f"{semma.url}/{edition}")
    expect(page.get_by_role("link", name="What I learned")).to_be_visible()
    assert not visitor.complaints and not visitor.elsewhere
    context.close()


def test_next_year_is_made_like_it(semma: PrivateSemma, organiser: BrowserContext, edition: str) -> None:
    page = organiser.new_page()
    page.goto(f"{semma.url}/studio/{edition}/edition")
    page.get_by_text("The next edition, set up like this one").click()
    form = page.locator("[data-copy]")
    form.get_by_label("Title").fill("Faces 2028")
    form.get_by_label("First day").fill("2028-05-18")
    form.get_by_role("button", name="Create it").click()
    page.wait_for_url("**/studio/faces-2028")
    made = semma.get("/api/v1/events/faces-2028")
    assert (made["color"], made["visibility"], made["series"]["slug"]) == ("#961e5a", "unlisted", "faces")
    assert [room["name"] for room in semma.get("/api/v1/events/faces-2028/rooms")["items"]] == ["Hall"]
    page.close()


def test_a_visitor_marks_talks_and_takes_them_along_as_a_calendar(
    semma: PrivateSemma, browser: Browser, edition: str
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    visitor = Watched(context.new_page(), semma.url)
    page = visitor.page
    page.goto(f"{semma.url}/{edition}")
    page.get_by_role("button", name="In my programme: Second").click()
    page.reload()
    expect(page.get_by_role("button", name="In my programme: Second")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="My programme (1)").click()
    expect(page.get_by_role("link", name="First")).to_be_hidden()
    expect(page.get_by_role("link", name="Second")).to_be_visible()
    address = page.get_by_role("link", name="Calendar of my programme").get_attribute("href")
    calendar = page.request.get(f"{semma.url}{address}").text()
    assert "SUMMARY:Second" in calendar and "SUMMARY:First" not in calendar
    assert page.evaluate(f"({FAULTS})()") == []
    assert not visitor.complaints and not visitor.elsewhere
    context.close()
