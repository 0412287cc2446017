"""Ways in and out, by forms that work without scripts."""

import re

from server.core.runtime import Runtime
from tests.server.accounts.people import PASSWORD, Browsing, a_sign_in_link, a_user
from tests.server.events.people import Asker
from tests.server.web.events import a_session, an_event, on_one_database

pytestmark = on_one_database


async def send_form(browser: Browsing, page_path: str, path: str, **fields: str) -> "object":
    """Fetch the page with the form and send it with its token, as a browser would."""
    token = re.search(r'name="_csrf" value="([^"]+)"', (await browser.get(page_path)).text)
    assert token
    return await browser.http.post(path, data={"_csrf": token[1], **fields}, headers={"Origin": "http://testserver"})


async def test_a_password_signs_in_and_the_button_signs_out(browser: Browsing, app_runtime: Runtime) -> None:
    await a_user(app_runtime, password=PASSWORD, name="Aino", is_admin=True)
    wrong = await send_form(browser, "/sign-in", "/sign-in", email="aino@example.org", password="no", way="password")
    assert wrong.status_code == 401
    assert "do not belong together" in wrong.text
    assert 'value="aino@example.org"' in wrong.text
    right = await send_form(
        browser, "/sign-in", "/sign-in", email="aino@example.org", password=PASSWORD, way="password", next="/seminar"
    )
    assert (right.status_code, right.headers["location"]) == (303, "/seminar")
    assert "Signed in as Aino" in (await browser.get("/")).text
    out = await send_form(browser, "/", "/sign-out")
    assert out.status_code == 303
    assert "Signed in" not in (await browser.get("/")).text


async def test_the_way_on_never_leads_to_another_site(browser: Browsing, app_runtime: Runtime) -> None:
    await a_user(app_runtime, password=PASSWORD)
    for wish in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        answer = await send_form(
            browser, "/sign-in", "/sign-in", email="aino@example.org", password=PASSWORD, way="password", next=wish
        )
        assert answer.headers["location"] == "/studio"


async def test_a_one_time_link_waits_for_a_click(browser: Browsing, app_runtime: Runtime) -> None:
    user = await a_user(app_runtime, is_admin=True)
    path = f"/sign-in/{await a_sign_in_link(app_runtime, user)}"
    for _ in range(3):  # a mail scanner looks, twice
        page = await browser.get(path)
        assert page.headers["referrer-policy"] == "same-origin"
    entered = await send_form(browser, path, path)
    assert (entered.status_code, entered.headers["location"]) == (303, "/studio")
    used = await send_form(browser, path, path)
    assert used.status_code == 410
    assert "was used already" in used.text


async def test_a_form_without_its_token_is_refused_in_words(browser: Browsing, app_runtime: Runtime) -> None:
    await a_user(app_runtime, password=PASSWORD)
    answer = await browser.http.post("/sign-in", data={"email": "aino@example.org", "password": PASSWORD})
    assert answer.status_code == 403
    assert "reload the page" in answer.text


async def test_without_mail_the_form_says_whom_to_ask(browser: Browsing) -> None:
    answer = await send_form(browser, "/sign-in", "/sign-in", email="aino@example.org", way="link")
    assert answer.status_code == 409
    assert "This site sends no mail" in answer.text


async def test_a_closed_event_opens_with_its_code(browser: Browsing, admin: Asker) -> None:
    event = await an_event(admin, visibility="closed")
    session = await a_session(admin, event)
    await admin.ask("PUT", f"/events/{event['id']}/access/code", json={"code": "lake-ice"})
    path = f"/seminar-2027/sessions/{session['slug']}"
    door = await browser.get(path)
    assert door.status_code == 401
    assert "This event is for its attendees" in door.text
    assert "Still pictures" not in door.text
    wrong = await send_form(browser, path, "/seminar-2027/access", code="guess", next=path)
    assert wrong.status_code == 401
    assert "not the access code" in wrong.text
    right = await send_form(browser, path, "/seminar-2027/access", code="Lake-Ice", next=path)
    assert (right.status_code, right.headers["location"]) == (303, path)
    assert "Still pictures" in (await browser.get(path)).text


async def test_a_personal_link_leads_to_what_it_is_for(browser: Browsing, admin: Asker) -> None:
    event = await an_event(admin, visibility="closed")
    session = await a_session(admin, event)
    made = await admin.post(f"/sessions/{session['id']}/speaker-links", {"email": "ada@example.org", "name": "Ada"})
    path = re.search(r"/join/[\w-]+", str(made))
    assert path
    answer = await browser.get(path[0])
    assert (answer.status_code, answer.headers["location"]) == (303, f"/seminar-2027/sessions/{session['slug']}")
    assert (await browser.get("/seminar-2027")).status_code == 200
    assert (await browser.get("/join/semma_link_nonsense")).status_code == 410
