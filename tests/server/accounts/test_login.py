"""Signing in and out, as a browser meets it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from server.accounts.login import LOGIN_SEEN_EVERY
from server.accounts.models import Login, SignInLink, User
from server.accounts.passwords import needs_rehash
from server.core.clock import now
from server.core.ids import hash_secret
from server.core.jobs import JobRow
from server.core.runtime import Runtime
from server.core.settings import Settings
from tests.conftest import serving, with_settings
from tests.server.accounts.people import PASSWORD, Browsing, a_sign_in_link, a_user, new_browser

pytestmark = pytest.mark.db


async def test_password_signs_in_and_sets_a_cookie_scripts_cannot_read(runtime: Runtime, browser: Browsing) -> None:
    user = await a_user(runtime, password=PASSWORD)
    answer = await browser.post("/api/v1/sign-in", json={"email": " Aino@Example.ORG ", "password": PASSWORD})
    assert (answer.status_code, answer.json()["id"]) == (200, user.id)
    login, csrf = answer.headers.get_list("set-cookie")
    assert login.startswith("semma_login=semma_login_") and "HttpOnly" in login and "SameSite=lax" in login
    assert csrf.startswith("semma_csrf=") and "HttpOnly" not in csrf
    assert (await browser.me())["email"] == "aino@example.org"
    async with runtime.database.read() as db:
        stored = (await db.scalars(select(Login))).one()
    assert stored.token_hash == hash_secret(browser.login_cookie)


async def test_wrong_password_and_unknown_address_answer_alike(runtime: Runtime, browser: Browsing) -> None:
    await a_user(runtime, password=PASSWORD)
    await a_user(runtime, "no-password@example.org")
    answers = [
        await browser.post("/api/v1/sign-in", json={"email": email, "password": "wrong password"})
        for email in ("aino@example.org", "nobody@example.org", "no-password@example.org")
    ]
    bodies = [answer.json() | {"request_id": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert bodies[0] == bodies[1] == bodies[2] and bodies[0]["code"] == "auth.sign_in_failed"
    assert not browser.login_cookie


async def test_disabled_account_cannot_sign_in(runtime: Runtime, browser: Browsing) -> None:
    user = await a_user(runtime, password=PASSWORD)
    secret = await a_sign_in_link(runtime, user)
    async with runtime.database.write() as db:
        (await db.get_one(User, user.id)).disabled_at = now()
    by_password = await browser.post("/api/v1/sign-in", json={"email": user.email, "password": PASSWORD})
    by_link = await browser.post("/api/v1/sign-in-links/use", json={"token": secret})
    assert (by_password.status_code, by_link.status_code) == (401, 410)


async def test_signing_in_replaces_a_planted_login(runtime: Runtime, browsers: Callable[..., Browsing]) -> None:
    attacker, victim = await a_user(runtime, "attacker@example.org"), await a_user(runtime)
    theirs, ours = browsers(), browsers()
    await theirs.sign_in(runtime, attacker)
    planted = theirs.login_cookie
    ours.http.cookies.set("semma_login", planted, domain="testserver.local")
    await ours.sign_in(runtime, victim)
    assert ours.login_cookie not in ("", planted)
    assert (await ours.me())["id"] == victim.id
    assert (await theirs.me())["id"] is None  # the planted login ended; it never becomes the victim's


async def test_invented_cookie_never_becomes_a_login(runtime: Runtime, browser: Browsing) -> None:
    user = await a_user(runtime)
    browser.http.cookies.set("semma_login", "chosen-by-somebody", domain="testserver.local")
    await browser.sign_in(runtime, user)
    assert browser.login_cookie != "chosen-by-somebody"
    async with runtime.database.read() as db:
        assert (await db.scalars(select(Login.token_hash))).all() == [hash_secret(browser.login_cookie)]


async def test_one_time_link_works_once_even_when_used_twice_at_once(
    runtime: Runtime, browsers: Callable[..., Browsing]
) -> None:
    user = await a_user(runtime)
    secret = await a_sign_in_link(runtime, user)
    doors = [browsers() for _ in range(4)]
    for door in doors:
        await door.csrf()
    answers = await asyncio.gather(*(door.post("/api/v1/sign-in-links/use", json={"token": secret}) for door in doors))
    assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 410} == {"auth.link_invalid"}


async def test_one_time_link_runs_out(runtime: Runtime, browser: Browsing) -> None:
    secret = await a_sign_in_link(runtime, await a_user(runtime))
    async with runtime.database.write() as db:
        await db.execute(update(SignInLink).values(expires_at=now()))
    answer = await browser.post("/api/v1/sign-in-links/use", json={"token": secret})
    assert answer.status_code == 410


async def test_sign_out_ends_the_login_and_takes_the_cookies(runtime: Runtime, browser: Browsing) -> None:
    await browser.sign_in(runtime, await a_user(runtime))
    cookie = browser.login_cookie
    answer = await browser.post("/api/v1/sign-out")
    assert answer.status_code == 204 and not browser.login_cookie
    browser.http.cookies.set("semma_login", cookie, domain="testserver.local")
    assert (await browser.me())["id"] is None


async def test_sign_out_everywhere_and_one_by_one(runtime: Runtime, browsers: Callable[..., Browsing]) -> None:
    user = await a_user(runtime)
    first, second, third = browsers(), browsers(), browsers()
    for each in (first, second, third):
        await each.sign_in(runtime, user)
    listed = (await first.get("/api/v1/users/me/logins")).json()["items"]
    assert [item["is_this"] for item in listed].count(True) == 1 and len(listed) == 3
    other = next(item["id"] for item in listed if not item["is_this"])
    assert (await first.send("DELETE", f"/api/v1/users/me/logins/{other}")).status_code == 204
    assert [(await each.me())["id"] for each in (second, third)].count(None) == 1
    assert (await first.send("DELETE", "/api/v1/users/me/logins")).status_code == 204
    assert [(await each.me())["id"] for each in (first, second, third)] == [None, None, None]


async def test_somebody_elses_login_cannot_be_ended(runtime: Runtime, browsers: Callable[..., Browsing]) -> None:
    mine, theirs = browsers(), browsers()
    await mine.sign_in(runtime, await a_user(runtime))
    await theirs.sign_in(runtime, await a_user(runtime, "onni@example.org"))
    their_id = (await theirs.get("/api/v1/users/me/logins")).json()["items"][0]["id"]
    assert (await mine.send("DELETE", f"/api/v1/users/me/logins/{their_id}")).status_code == 404
    assert (await theirs.me())["id"] is not None


async def test_login_slides_on_but_writes_at_most_twice_an_hour(runtime: Runtime, browser: Browsing) -> None:
    await browser.sign_in(runtime, await a_user(runtime))

    async def seen() -> tuple[object, object]:
        async with runtime.database.read() as db:
            login = (await db.scalars(select(Login))).one()
        return login.last_seen_at, login.expires_at

    before = await seen()
    await browser.me()
    assert await seen() == before
    long_ago = now() - LOGIN_SEEN_EVERY - timedelta(seconds=1)
    async with runtime.database.write() as db:
        await db.execute(update(Login).values(last_seen_at=long_ago, expires_at=now() + timedelta(minutes=5)))
    await browser.me()
    last_seen_at, expires_at = await seen()
    assert last_seen_at > before[0] - timedelta(seconds=1)  # type: ignore[operator]
    assert expires_at > now() + timedelta(days=29)  # type: ignore[operator]


async def test_ended_login_is_nobody(runtime: Runtime, browser: Browsing) -> None:
    await browser.sign_in(runtime, await a_user(runtime))
    async with runtime.database.write() as db:
        await db.execute(update(Login).values(expires_at=now() - timedelta(seconds=1)))
    assert (await browser.me())["id"] is None


async def test_emptied_redis_signs_nobody_out(runtime: Runtime, browser: Browsing) -> None:
    user = await a_user(runtime)
    await browser.sign_in(runtime, user)
    async for key in runtime.redis.scan_iter("semma:rate:*from:10.*"):
        await runtime.redis.delete(key)
    assert (await browser.me())["id"] == user.id


async def test_password_is_limited_by_account_from_any_address(
    runtime: Runtime, browsers: Callable[..., Browsing]
) -> None:
    user = await a_user(runtime, f"limit{now().timestamp()}@example.org", password=PASSWORD)
    wrong = {"email": user.email, "password": "wrong password"}
    answers = [await browsers().post("/api/v1/sign-in", json=wrong) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) in range(1, 901)
    right = await browsers().post("/api/v1/sign-in", json={"email": user.email, "password": PASSWORD})
    assert right.status_code == 429


async def test_attempts_are_limited_by_address_for_any_account(runtime: Runtime, browser: Browsing) -> None:
    answers = [
        await browser.post("/api/v1/sign-in-links/use", json={"token": f"semma_in_{number}"}) for number in range(61)
    ]
    assert [answer.status_code for answer in answers] == [410] * 60 + [429]


async def test_redis_away_locks_nobody_out(settings: Settings, runtime: Runtime) -> None:
    from server.app import create_app

    user = await a_user(runtime, password=PASSWORD)
    app = create_app(with_settings(settings, redis_url="redis://127.0.0.1:1/0"))
    async with serving(app):
        browser = new_browser(app, "10.9.9.9")
        answer = await browser.post("/api/v1/sign-in", json={"email": user.email, "password": PASSWORD})
        assert answer.status_code == 200
        assert (await browser.me())["id"] == user.id
        await browser.http.aclose()


async def test_hash_of_other_parameters_is_renewed_at_sign_in(runtime: Runtime, browser: Browsing) -> None:
    from argon2 import PasswordHasher

    user = await a_user(runtime)
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    async with runtime.database.write() as db:
        (await db.get_one(User, user.id)).password_hash = old
    answer = await browser.post("/api/v1/sign-in", json={"email": user.email, "password": PASSWORD})
    assert answer.status_code == 200
    async with runtime.database.read() as db:
        renewed = (await db.get_one(User, user.id)).password_hash
    assert renewed is not None and renewed != old and not needs_rehash(renewed)


async def test_changing_the_password_needs_the_present_one_and_ends_other_logins(
    runtime: Runtime, browsers: Callable[..., Browsing]
) -> None:
    user = await a_user(runtime)
    here, elsewhere = browsers(), browsers()
    await here.sign_in(runtime, user)
    await elsewhere.sign_in(runtime, user)
    path = "/api/v1/users/me/password"
    assert (await here.send("PUT", path, json={"password": "short"})).status_code == 400
    assert (await here.send("PUT", path, json={"password": PASSWORD})).status_code == 204
    assert (await here.me())["id"] == user.id
    assert (await elsewhere.me())["id"] is None
    again = await here.send("PUT", path, json={"password": PASSWORD + "!", "present": "wrong"})
    assert (again.status_code, again.json()["code"]) == (401, "auth.sign_in_failed")
    assert (await here.send("PUT", path, json={"password": PASSWORD + "!", "present": PASSWORD})).status_code == 204


async def test_asking_for_a_link_says_the_same_for_every_address(settings: Settings, runtime: Runtime) -> None:
    from server.app import create_app

    await a_user(runtime)
    app = create_app(with_settings(settings, smtp_url="smtp://127.0.0.1:1"))
    async with serving(app):
        browser = new_browser(app, "10.8.8.8")
        for email in ("aino@example.org", "nobody@example.org"):
            answer = await browser.post("/api/v1/sign-in-links", json={"email": email, "next": "/studio"})
            assert (answer.status_code, answer.text) == (204, "")
        await browser.http.aclose()
    async with runtime.database.read() as db:
        jobs = (await db.scalars(select(JobRow).order_by(JobRow.id))).all()
        assert [job.arguments["email"] for job in jobs] == ["aino@example.org", "nobody@example.org"]
        assert await db.scalar(select(func.count()).select_from(SignInLink)) == 0  # made when the letter is sent


async def test_asking_for_a_link_without_mail_says_what_to_do(runtime: Runtime, browser: Browsing) -> None:
    await a_user(runtime)
    answer = await browser.post("/api/v1/sign-in-links", json={"email": "aino@example.org"})
    assert (answer.status_code, answer.json()["code"]) == (409, "auth.mail_off")
    assert "semma user link" in answer.json()["detail"]
