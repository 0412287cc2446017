"""A programme is brought in a browser: its diff is looked at, answered, applied, gone back from, and undone."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys.browser import Watched, sign_in
from tests.journeys.looking import FAULTS
from tests.private_semma import PrivateSemma
from tests.server.sessions.imports.test_apply import schedule, talk
from tests.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.journey, pytest.mark.timeout(300)]


def test_import_with_a_diff(semma: PrivateSemma, browser: Browser, tmp_path: Path) -> None:
    event = semma.api("POST", "/api/v1/events", json={"title": "Brought", "slug": "brought"}).json()
    file = tmp_path / "schedule.json"
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="reduce")
    page = context.new_page()
    watched = Watched(page, semma.url)
    sign_in(page, semma)

    def bring(*talks: dict[str, object]) -> str:
        file.write_bytes(schedule(*talks))
        page.goto(f"{semma.url}/studio/brought/programme")
        page.get_by_label("File", exact=True).set_input_files(file)
        page.get_by_role("button", name="Look what it changes").click()
        page.wait_for_url("**/programme/imports/*")
        return page.url

    bring(talk(1), talk(2), talk(3))
    assert page.locator(".diff-entry").count() == 3
    page.get_by_role("button", name="Apply", exact=True).click()
    assert page.get_by_role("button", name="Undo this import").is_visible()
    sessions = semma.api("GET", f"/api/v1/sessions?event={event['id']}").json()["items"]
    mine = next(one for one in sessions if one["guid"] == "guid-1")
    semma.api("PATCH", f"/api/v1/sessions/{mine['id']}", json={"title": "My words"})

    second = bring(talk(1, title="Their words", room="Cellar"), talk(2, guid="other", title="Talk 2!"), talk(3))
    text = page.locator("main").inner_text()
    assert "Edited here, stays: My words" in text and "Cellar" in text and "The same talk?" in text
    assert page.evaluate(FAULTS) == []
    page.get_by_role("button", name="The same talk", exact=True).click()
    page.get_by_role("button", name="Apply", exact=True).click()
    after = semma.api("GET", f"/api/v1/sessions?event={event['id']}").json()["items"]
    assert {one["title"] for one in after} == {"My words", "Talk 2!", "Talk 3"}
    assert {one["id"] for one in after} == {one["id"] for one in sessions}, "the same talks as before"

    page.goto(f"{semma.url}/studio/brought/sessions/{mine['slug']}")
    page.get_by_role("button", name="Go back to that").click()
    eventually(lambda: page.get_by_label("Title").first.input_value() == "Their words", timeout_s=30)

    # The page of the programme hears of what others bring.
    page.goto(f"{semma.url}/studio/brought/programme")
    assert page.evaluate(FAULTS) == []
    assert page.locator("[data-import]").count() == 2
    body = schedule(talk(1, title="Their words", room="Cellar"), talk(2, guid="other", title="Talk 2!"))
    semma.api("POST", "/api/v1/events/brought/imports?filename=schedule.json", content=body)
    eventually(lambda: page.locator("[data-import]").count() == 3, timeout_s=30)
    assert watched.complaints == [] and watched.elsewhere == []

    # Without scripts, on a phone: the same forms.
    plain = browser.new_context(
        viewport={"width": 360, "height": 800}, java_script_enabled=False, storage_state=context.storage_state()
    ).new_page()
    plain.goto(second)
    plain.get_by_role("button", name="Undo this import").click()
    plain.get_by_text("Undone", exact=True).wait_for()
    back = {one["title"] for one in semma.api("GET", f"/api/v1/sessions?event={event['id']}").json()["items"]}
    assert "Talk 2" in back and "Talk 2!" not in back
