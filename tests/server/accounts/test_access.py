"""Ways into events and sessions: roles, personal links, access codes."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from server.accounts.grants import give_grant
from server.accounts.models import User
from server.core.runtime import Runtime
from server.events.models import CLOSED, Event
from server.sessions.models import Session
from tests.server.accounts.people import Browsing, a_user

pytestmark = pytest.mark.db
LIST = "email,name\naino@example.org,Aino\nonni@example.org,Onni\n"


@dataclass
class Place:
    """A closed event with a session, and its organiser."""

    event: Event
    session: Session
    organiser: User

    @property
    def path(self) -> str:
        return f"/api/v1/events/{self.event.slug}"

    @property
    def session_path(self) -> str:
        return f"/api/v1/sessions/{self.session.id}"


@pytest.fixture
async def place(runtime: Runtime) -> Place:
    organiser = await a_user(runtime, "organiser@example.org")
    async with runtime.database.write() as db:
        event = Event(slug="closed-2027", title="Closed", visibility=CLOSED, languages=["fi"])
        db.add(event)
        await db.flush()
        session = Session(event_id=event.id, guid="g1", slug="talk", title="A talk")
        db.add(session)
        await give_grant(db, user_id=organiser.id, role="organiser", event_id=event.id)
    return Place(event, session, organiser)


@pytest.fixture
async def desk(runtime: Runtime, place: Place, browsers: Callable[..., Browsing]) -> Browsing:
    """The organiser's browser."""
    made = browsers()
    await made.sign_in(runtime, place.organiser)
    return made


async def _join(browser: Browsing, url: str) -> int:
    """Follow a personal link as its landing page does."""
    answer = await browser.get(url)
    return answer.status_code


async def _sees(browser: Browsing, place: Place) -> bool:
    return (await browser.get(place.path)).status_code == 200


async def test_grants_are_given_listed_and_taken(
    runtime: Runtime, place: Place, desk: Browsing, browser: Browsing
) -> None:
    onni = await a_user(runtime, "onni@example.org")
    await browser.sign_in(runtime, onni)
    assert not await _sees(browser, place)
    wanted = {"email": "onni@example.org", "role": "viewer"}
    first, twice = (
        await desk.post(f"{place.path}/grants", json=wanted),
        await desk.post(f"{place.path}/grants", json=wanted),
    )
    assert (first.status_code, first.json()["id"]) == (201, twice.json()["id"])
    assert await _sees(browser, place) and not (await browser.me())["organiser_of"]
    listed = (await desk.get(f"{place.path}/grants")).json()["items"]
    assert [(item["email"], item["role"]) for item in listed] == [
        ("organiser@example.org", "organiser"),
        ("onni@example.org", "viewer"),
    ]
    assert (await desk.send("DELETE", f"{place.path}/grants/{first.json()['id']}")).status_code == 204
    assert not await _sees(browser, place)


async def test_new_address_gets_an_account(place: Place, desk: Browsing) -> None:
    answer = await desk.post(
        f"{place.path}/grants", json={"email": "New@example.org", "role": "organiser", "name": "N"}
    )
    assert (answer.status_code, answer.json()["email"], answer.json()["name"]) == (201, "new@example.org", "N")
    wrong = await desk.post(f"{place.path}/grants", json={"email": "new@example.org", "role": "speaker"})
    assert wrong.status_code == 400


async def test_last_organiser_stays_unless_an_admin_takes_the_role(
    runtime: Runtime, place: Place, desk: Browsing, browser: Browsing
) -> None:
    grant_id = (await desk.get(f"{place.path}/grants")).json()["items"][0]["id"]
    refused = await desk.send("DELETE", f"{place.path}/grants/{grant_id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "grants.last_organiser")
    await browser.sign_in(runtime, await a_user(runtime, "admin@example.org", is_admin=True))
    assert (await browser.send("DELETE", f"{place.path}/grants/{grant_id}")).status_code == 204
    assert not await _sees(desk, place)


async def test_speaker_with_an_account_gets_their_session(
    runtime: Runtime, place: Place, desk: Browsing, browser: Browsing
) -> None:
    await browser.sign_in(runtime, await a_user(runtime, "puhuja@example.org"))
    wanted = {"email": "puhuja@example.org", "role": "speaker"}
    given = await desk.post(f"{place.session_path}/grants", json=wanted)
    assert given.status_code == 201
    assert (await browser.me())["speaker_of"] == [place.session.id]
    assert await _sees(browser, place)
    assert (await browser.get(f"{place.session_path}/grants")).status_code == 403
    assert len((await desk.get(f"{place.session_path}/grants")).json()["items"]) == 1
    wrong_place = await desk.send("DELETE", f"{place.path}/grants/{given.json()['id']}")
    assert wrong_place.status_code == 404
    assert (await desk.send("DELETE", f"{place.session_path}/grants/{given.json()['id']}")).status_code == 204
    assert (await browser.me())["speaker_of"] == []


async def test_links_from_a_list_let_people_in(place: Place, desk: Browsing, browsers: Callable[..., Browsing]) -> None:
    made = await desk.post(f"{place.path}/attendees", content=LIST, headers={"Content-Type": "text/csv"})
    items: list[dict[str, Any]] = made.json()["items"]
    assert made.status_code == 201 and [item["name"] for item in items] == ["Aino", "Onni"]
    assert made.headers["cache-control"] == "no-store"
    aino = browsers()
    assert await _join(aino, items[0]["url"]) in (302, 303, 307)
    assert await _sees(aino, place)
    me = await aino.me()
    assert (me["id"], me["name"], me["viewer_of"]) == (None, "Aino", [place.event.id])
    listed = (await desk.get(f"{place.path}/attendees?limit=1")).json()
    assert listed["items"][0]["last_used_at"] and listed["next"] and "url" not in listed["items"][0]
    rest = (await desk.get(f"{place.path}/attendees?limit=1&after={listed['next']}")).json()
    assert [item["name"] for item in rest["items"]] == ["Onni"] and rest["next"] is None
    assert (await desk.send("DELETE", f"{place.path}/attendees/{items[0]['id']}")).status_code == 204
    assert not await _sees(aino, place)
    assert await _join(aino, items[0]["url"]) == 410


async def test_links_come_as_csv_when_asked(place: Place, desk: Browsing) -> None:
    made = await desk.post(f"{place.path}/attendees", content=LIST, headers={"Accept": "text/csv"})
    assert (
        made.headers["content-type"] == "text/csv; charset=utf-8"
        and "attachment" in made.headers["content-disposition"]
    )
    rows = list(csv.DictReader(io.StringIO(made.text)))
    assert [row["email"] for row in rows] == ["aino@example.org", "onni@example.org"]
    assert all(row["link"].startswith("http://testserver/join/semma_join_") for row in rows)


async def test_list_with_problems_makes_nothing(place: Place, desk: Browsing) -> None:
    answer = await desk.post(f"{place.path}/attendees", content="email,name\nok@example.org,Ok\nnobody,No\n")
    assert (answer.status_code, answer.json()["code"]) == (400, "access.csv_invalid")
    assert answer.json()["problems"] == [{"line": 3, "detail": "“nobody” is not an e-mail address."}]
    assert (await desk.get(f"{place.path}/attendees")).json()["items"] == []
    huge = await desk.post(f"{place.path}/attendees", content=b"x" * (3 * 1024 * 1024))
    assert huge.status_code == 413


async def test_link_made_again_replaces_the_old_one(place: Place, desk: Browsing, browser: Browsing) -> None:
    old = (await desk.post(f"{place.path}/attendees", content=LIST)).json()["items"][0]["url"]
    new = (await desk.post(f"{place.path}/attendees", content="AINO@example.org")).json()["items"][0]["url"]
    assert await _join(browser, old) == 410 and await _join(browser, new) in (302, 303, 307)
    assert len((await desk.get(f"{place.path}/attendees")).json()["items"]) == 2


async def test_following_a_link_again_keeps_the_login(place: Place, desk: Browsing, browser: Browsing) -> None:
    url = (await desk.post(f"{place.path}/attendees", content="aino@example.org,Aino")).json()["items"][0]["url"]
    await _join(browser, url)
    cookie = browser.login_cookie
    assert cookie
    await _join(browser, url)
    assert browser.login_cookie == cookie


async def test_links_and_accounts_add_up(runtime: Runtime, place: Place, desk: Browsing, browser: Browsing) -> None:
    viewer = (await desk.post(f"{place.path}/attendees", content="aino@example.org,Aino")).json()["items"][0]["url"]
    speaker = (await desk.post(f"{place.session_path}/speaker-links", json={"name": "Aino"})).json()["url"]
    await _join(browser, viewer)
    await _join(browser, speaker)
    both = await browser.me()
    assert (both["viewer_of"], both["speaker_of"]) == ([place.event.id], [place.session.id])
    user = await a_user(runtime)
    await browser.sign_in(runtime, user)
    signed_in = await browser.me()
    assert (signed_in["id"], signed_in["speaker_of"]) == (user.id, [place.session.id])
    await browser.sign_in(runtime, await a_user(runtime, "other@example.org"))
    assert (await browser.me())["speaker_of"] == []  # another person at the same browser


async def test_speaker_links_are_their_sessions_alone(place: Place, desk: Browsing, browser: Browsing) -> None:
    made = (await desk.post(f"{place.session_path}/speaker-links", json={"name": "P", "email": "p@example.org"})).json()
    assert (await desk.get(f"{place.path}/attendees")).json()["items"] == []
    assert [item["id"] for item in (await desk.get(f"{place.session_path}/speaker-links")).json()["items"]] == [
        made["id"]
    ]
    await _join(browser, made["url"])
    assert await _sees(browser, place)
    assert (await desk.send("DELETE", f"{place.path}/attendees/{made['id']}")).status_code == 404
    assert (await desk.send("DELETE", f"{place.session_path}/speaker-links/{made['id']}")).status_code == 204
    assert not await _sees(browser, place)


async def test_access_code_lets_in_until_the_doors_are_closed(
    place: Place, desk: Browsing, browsers: Callable[..., Browsing]
) -> None:
    one, other = browsers(), browsers()
    enter = f"{place.path}/access/enter"
    assert (await one.post(enter, json={"code": "semma 2027"})).json()["code"] == "access.no_code"
    assert (await desk.send("PUT", f"{place.path}/access/code", json={"code": "abc"})).json()[
        "code"
    ] == "access.code_weak"
    view = (await desk.send("PUT", f"{place.path}/access/code", json={"code": "Semma 2027"})).json()
    assert (view["has_code"], view["links"]) == (True, 0)
    wrong = await one.post(enter, json={"code": "semma2026"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "access.code_wrong") and not await _sees(one, place)
    assert (await one.post(enter, json={"code": " semma2027 "})).status_code == 204
    assert await _sees(one, place)
    await desk.send("PUT", f"{place.path}/access/code", json={"code": "another code"})
    assert await _sees(one, place)  # a new code alone puts nobody out
    closed = await desk.post(f"{place.path}/access/close", json={})
    assert closed.json()["epoch"] == view["epoch"] + 1
    assert not await _sees(one, place) and await _sees(desk, place)
    assert (await one.post(enter, json={"code": "Semma 2027"})).status_code == 403
    assert (await one.post(enter, json={"code": "another code"})).status_code == 204
    assert await _sees(one, place) and not await _sees(other, place)


async def test_closing_the_doors_can_end_the_links_too(place: Place, desk: Browsing, browser: Browsing) -> None:
    url = (await desk.post(f"{place.path}/attendees", content="aino@example.org,Aino")).json()["items"][0]["url"]
    await _join(browser, url)
    await desk.post(f"{place.path}/access/close", json={})
    assert await _sees(browser, place)
    await desk.post(f"{place.path}/access/close", json={"revoke_links": True})
    assert not await _sees(browser, place)


async def test_codes_are_limited_by_address(place: Place, desk: Browsing, browser: Browsing) -> None:
    await desk.send("PUT", f"{place.path}/access/code", json={"code": "semma 2027"})
    codes = [(await browser.post(f"{place.path}/access/enter", json={"code": "x"})).status_code for _ in range(61)]
    assert codes == [403] * 60 + [429]


async def test_signed_in_people_keep_their_account_when_they_give_a_code(
    runtime: Runtime, place: Place, desk: Browsing, browser: Browsing
) -> None:
    await desk.send("PUT", f"{place.path}/access/code", json={"code": "semma 2027"})
    user = await a_user(runtime)
    await browser.sign_in(runtime, user)
    before = browser.login_cookie
    assert (await browser.post(f"{place.path}/access/enter", json={"code": "semma 2027"})).status_code == 204
    me = await browser.me()
    assert (me["id"], me["viewer_of"]) == (user.id, [place.event.id]) and browser.login_cookie != before


async def test_list_is_described_and_so_is_every_refusal(browser: Browsing) -> None:
    described = (await browser.get("/api/openapi.json")).json()["paths"]
    attendees = described["/api/v1/events/{event}/attendees"]["post"]
    assert list(attendees["requestBody"]["content"]) == ["text/csv"]
    ours = [path for path in described if path.split("/")[3] in ("sign-in", "sign-in-links", "users", "tokens")]
    ours += [path for path in described if "/access" in path or "/grants" in path or "/attendees" in path]
    assert len(ours) > 15
    for path in ours:
        for operation in described[path].values():
            assert {"400", "401", "403", "404", "409", "429"} <= set(operation["responses"]), path
