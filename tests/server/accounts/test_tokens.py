"""API tokens and accounts over the API."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from server.accounts.models import ApiToken, User
from server.core.clock import now
from server.core.ids import hash_secret
from server.core.runtime import Runtime
from tests.server.accounts.people import Browsing, a_token, a_user

pytestmark = pytest.mark.db


async def test_token_is_told_once_and_stored_as_a_hash(runtime: Runtime, browser: Browsing) -> None:
    user = await a_user(runtime)
    await browser.sign_in(runtime, user)
    made = await browser.post("/api/v1/tokens", json={"name": "Desk", "scopes": ["upload", "read", "read"]})
    assert (made.status_code, made.json()["scopes"]) == (201, ["read", "upload"])
    secret = made.json()["token"]
    assert secret.startswith("semma_api_") and made.headers["cache-control"] == "no-store"
    listed = (await browser.get("/api/v1/tokens")).json()
    assert [item["name"] for item in listed["items"]] == ["Desk"] and secret not in str(listed)
    async with runtime.database.read() as db:
        assert (await db.scalars(select(ApiToken.token_hash))).all() == [hash_secret(secret)]


async def test_token_stops_when_revoked_expired_or_its_user_disabled(
    runtime: Runtime, browsers: Callable[..., Browsing]
) -> None:
    user = await a_user(runtime)
    program, browser = browsers(), browsers()
    await browser.sign_in(runtime, user)

    async def status(headers: dict[str, str]) -> tuple[int, str]:
        answer = await program.get("/api/v1/users/me", headers=headers)
        return answer.status_code, answer.json().get("code", "")

    revoked = await a_token(runtime, user)
    assert await status(revoked) == (200, "")
    token_id = (await browser.get("/api/v1/tokens")).json()["items"][0]["id"]
    assert (await browser.send("DELETE", f"/api/v1/tokens/{token_id}")).status_code == 204
    assert await status(revoked) == (401, "auth.token_invalid")
    ending = await a_token(runtime, user, expires_at=now() + timedelta(hours=1))
    assert await status(ending) == (200, "")
    async with runtime.database.write() as db:
        await db.execute(update(ApiToken).values(expires_at=now()))
    assert await status(ending) == (401, "auth.token_invalid")
    last = await a_token(runtime, user)
    async with runtime.database.write() as db:
        (await db.get_one(User, user.id)).disabled_at = now()
    assert await status(last) == (401, "auth.token_invalid")


async def test_use_is_noted_but_not_with_every_request(runtime: Runtime, browser: Browsing) -> None:
    user = await a_user(runtime)
    headers = await a_token(runtime, user)

    async def last_used() -> object:
        await browser.get("/api/v1/users/me", headers=headers)
        async with runtime.database.read() as db:
            return await db.scalar(select(ApiToken.last_used_at))

    first = await last_used()
    assert first is not None and await last_used() == first


async def test_token_makes_no_token_that_may_do_more(runtime: Runtime, browser: Browsing) -> None:
    user = await a_user(runtime)
    reading, managing = await a_token(runtime, user, "read"), await a_token(runtime, user, "read", "admin")
    wanted = {"name": "More", "scopes": ["write"]}
    assert (await browser.post("/api/v1/tokens", headers=reading, json=wanted)).status_code == 403
    assert (await browser.post("/api/v1/tokens", headers=managing, json=wanted)).status_code == 403
    same = await browser.post("/api/v1/tokens", headers=managing, json={"name": "Same", "scopes": ["read"]})
    assert same.status_code == 201


async def test_unusable_token_is_refused_in_words(runtime: Runtime, browser: Browsing) -> None:
    await browser.sign_in(runtime, await a_user(runtime))
    for wrong in (
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": "", "scopes": ["read"]},
        {"name": "x", "scopes": ["read"], "expires_at": "2001-01-01T00:00:00Z"},
        {"name": "x", "scopes": ["read"], "power": 9},
    ):
        answer = await browser.post("/api/v1/tokens", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid") and answer.json()["detail"]


async def test_somebody_elses_token_is_not_there(runtime: Runtime, browsers: Callable[..., Browsing]) -> None:
    mine, theirs = browsers(), browsers()
    await mine.sign_in(runtime, await a_user(runtime))
    await theirs.sign_in(runtime, await a_user(runtime, "onni@example.org"))
    token_id = (await theirs.post("/api/v1/tokens", json={"name": "T", "scopes": ["read"]})).json()["id"]
    assert (await mine.send("DELETE", f"/api/v1/tokens/{token_id}")).status_code == 404
    assert len((await theirs.get("/api/v1/tokens")).json()["items"]) == 1


async def test_admin_makes_lists_and_disables_accounts(runtime: Runtime, browsers: Callable[..., Browsing]) -> None:
    admin, newcomer = browsers(), browsers()
    await admin.sign_in(runtime, await a_user(runtime, "admin@example.org", is_admin=True))
    made = await admin.post("/api/v1/users", json={"email": "Onni@Example.org", "name": "Onni"})
    assert (made.status_code, made.json()["user"]["email"]) == (201, "onni@example.org")
    secret = made.json()["sign_in_url"].removeprefix("http://testserver/sign-in/")
    assert (await newcomer.post("/api/v1/sign-in-links/use", json={"token": secret})).status_code == 200
    twice = await admin.post("/api/v1/users", json={"email": "onni@example.org"})
    assert (twice.status_code, twice.json()["code"]) == (409, "users.email_taken")
    listed = (await admin.get("/api/v1/users?q=ONNI")).json()
    assert [item["name"] for item in listed["items"]] == ["Onni"] and listed["next"] is None
    path = f"/api/v1/users/{made.json()['user']['id']}"
    disabled = await admin.send("PATCH", path, json={"is_disabled": True})
    assert disabled.json()["is_disabled"] and (await newcomer.me())["id"] is None
    assert not (await admin.send("PATCH", path, json={"is_disabled": False})).json()["is_disabled"]
    again = await admin.post(f"{path}/sign-in-links")
    assert again.status_code == 201 and "/sign-in/semma_in_" in again.json()["sign_in_url"]


async def test_list_of_accounts_pages_and_takes_signs_literally(runtime: Runtime, browser: Browsing) -> None:
    await browser.sign_in(runtime, await a_user(runtime, "admin@example.org", is_admin=True))
    for number in range(3):
        await a_user(runtime, f"person_{number}@example.org")
    await a_user(runtime, "personx9@example.org")
    seen, after = [], ""
    while True:
        page = (await browser.get(f"/api/v1/users?q=person_&limit=2{after}")).json()
        seen += [item["email"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [f"person_{number}@example.org" for number in range(3)]
    assert (await browser.get("/api/v1/users?after=nonsense")).status_code == 400


async def test_last_admin_stays(runtime: Runtime, browser: Browsing) -> None:
    admin = await a_user(runtime, "admin@example.org", is_admin=True)
    await browser.sign_in(runtime, admin)
    for change in ({"is_admin": False}, {"is_disabled": True}):
        answer = await browser.send("PATCH", f"/api/v1/users/{admin.id}", json=change)
        assert (answer.status_code, answer.json()["code"]) == (409, "users.last_admin")
    other = await a_user(runtime, "other@example.org", is_admin=True)
    assert (await browser.send("PATCH", f"/api/v1/users/{other.id}", json={"is_admin": False})).status_code == 200


async def test_what_is_no_address_is_refused(runtime: Runtime, browser: Browsing) -> None:
    await browser.sign_in(runtime, await a_user(runtime, "admin@example.org", is_admin=True))
    for email in ("", "aino", "aino@", "@example.org", "a b@example.org", "a@b@c", "a@example.org\nBcc: b@c"):
        answer = await browser.post("/api/v1/users", json={"email": email})
        assert (answer.status_code, answer.json()["code"]) == (400, "users.email_invalid")
