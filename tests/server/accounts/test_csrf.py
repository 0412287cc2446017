"""Unsafe requests by cookie: only our own pages' pass."""

from collections.abc import Callable

import pytest

from server.accounts.csrf import is_own_origin, is_proven, make_token
from server.core.runtime import Runtime
from server.core.secrets import Keyring
from server.core.settings import Settings
from tests.conftest import serving, with_settings
from tests.server.accounts.people import Browsing, a_sign_in_link, a_token, a_user, new_browser

KEYS = Keyring(["k" * 32])
HOSTS = frozenset({"semma.example"})


def test_token_fits_its_login_only() -> None:
    token = make_token(KEYS, "login-a")
    assert is_proven(KEYS, cookie=token, sent=token, login_secret="login-a")
    assert not is_proven(KEYS, cookie=token, sent=token, login_secret="login-b")
    assert not is_proven(KEYS, cookie=token, sent=token, login_secret="")
    assert not is_proven(KEYS, cookie=token, sent=make_token(KEYS, "login-a"), login_secret="login-a")
    assert not is_proven(KEYS, cookie="x", sent="x", login_secret="")
    assert not is_proven(KEYS, cookie="", sent="", login_secret="")


def test_token_of_a_rotated_key_still_fits() -> None:
    token = make_token(KEYS, "login")
    assert is_proven(Keyring(["n" * 32, "k" * 32]), cookie=token, sent=token, login_secret="login")
    assert not is_proven(Keyring(["n" * 32]), cookie=token, sent=token, login_secret="login")


@pytest.mark.parametrize(
    ("origin", "referer", "fetch_site", "is_own"),
    [
        (None, None, None, True),
        ("https://semma.example", None, None, True),
        ("https://evil.example", None, None, False),
        ("null", None, None, False),
        (None, "https://semma.example/studio", None, True),
        (None, "https://evil.example/semma.example", None, False),
        ("https://evil.example", None, "cross-site", False),
        ("https://sub.semma.example", None, "same-site", False),
        ("null", None, "same-origin", True),
        (None, None, "none", True),
        ("https://semma.example", None, "cross-site", False),
    ],
)
def test_origin(origin: str | None, referer: str | None, fetch_site: str | None, is_own: bool) -> None:
    assert is_own_origin(hosts=HOSTS, origin=origin, referer=referer, fetch_site=fetch_site) == is_own


async def test_cookie_alone_changes_nothing(runtime: Runtime, browser: Browsing) -> None:
    user = await a_user(runtime)
    await browser.sign_in(runtime, user)
    change = {"json": {"name": "Mallory"}}
    refused = [
        await browser.send("PATCH", "/api/v1/users/me", csrf="", **change),
        await browser.send("PATCH", "/api/v1/users/me", csrf="made.up", **change),
        await browser.send("PATCH", "/api/v1/users/me", headers={"Origin": "http://evil.example"}, **change),
        await browser.send("PATCH", "/api/v1/users/me", headers={"Sec-Fetch-Site": "cross-site"}, **change),
        await browser.send("DELETE", "/api/v1/users/me/logins", csrf=""),
        await browser.send("PUT", "/api/v1/users/me/password", csrf="", json={"password": "long enough password"}),
        await browser.send("POST", "/api/v1/sign-out", csrf=""),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "auth.csrf_failed")}
    assert all(answer.headers["x-request-id"] == answer.json()["request_id"] for answer in refused)
    assert (await browser.me())["name"] == ""
    assert (await browser.send("PATCH", "/api/v1/users/me", json={"name": "Aino"})).json()["name"] == "Aino"


async def test_token_of_another_login_is_refused(runtime: Runtime, browsers: Callable[..., Browsing]) -> None:
    mine, theirs = browsers(), browsers()
    await mine.sign_in(runtime, await a_user(runtime))
    await theirs.sign_in(runtime, await a_user(runtime, "onni@example.org"))
    planted = await mine.csrf()
    theirs.http.cookies.set("semma_csrf", planted, domain="testserver.local")
    answer = await theirs.send("PATCH", "/api/v1/users/me", csrf=planted, json={"name": "Mallory"})
    assert answer.json()["code"] == "auth.csrf_failed"


async def test_nobody_is_signed_in_from_another_site(runtime: Runtime, browser: Browsing) -> None:
    secret = await a_sign_in_link(runtime, await a_user(runtime))
    for values in ({"csrf": ""}, {"headers": {"Sec-Fetch-Site": "cross-site"}}, {"headers": {"Origin": "null"}}):
        answer = await browser.post("/api/v1/sign-in-links/use", json={"token": secret}, **values)
        assert (answer.status_code, answer.json()["code"]) == (403, "auth.csrf_failed")
    assert (await browser.post("/api/v1/sign-in-links/use", json={"token": secret})).status_code == 200


async def test_bearer_needs_no_csrf_and_is_never_taken_by_cookie(runtime: Runtime, browser: Browsing) -> None:
    user = await a_user(runtime)
    await browser.sign_in(runtime, user)
    bearer = await a_token(runtime, user, "admin")
    answer = await browser.send("PATCH", "/api/v1/users/me", csrf="", headers=bearer, json={"name": "Robot"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Robot")
    invalid = {"Authorization": "Bearer nonsense"}
    refused = await browser.send("PATCH", "/api/v1/users/me", csrf="", headers=invalid, json={"name": "Mallory"})
    assert (refused.status_code, refused.json()["code"]) == (401, "auth.token_invalid")


async def test_form_field_counts_in_small_forms_only(runtime: Runtime, browser: Browsing) -> None:
    await browser.sign_in(runtime, await a_user(runtime))
    token = await browser.csrf()
    small = await browser.send("POST", "/api/v1/sign-out", csrf="", data={"_csrf": token, "filler": "x" * 70_000})
    assert small.json()["code"] == "auth.csrf_failed"
    other = await browser.send("POST", "/api/v1/sign-out", csrf="", files={"_csrf": (None, token)})
    assert other.json()["code"] == "auth.csrf_failed"
    assert (await browser.send("POST", "/api/v1/sign-out", csrf="", data={"_csrf": token})).status_code == 204


async def test_page_gets_its_token_once(browser: Browsing) -> None:
    first = await browser.get("/api/v1/users/me")
    assert first.json()["csrf_token"] == browser.http.cookies["semma_csrf"]
    second = await browser.get("/api/v1/users/me")
    assert second.json()["csrf_token"] == first.json()["csrf_token"]
    assert "set-cookie" not in second.headers


async def test_cookies_on_https_are_this_hosts_alone(settings: Settings, runtime: Runtime) -> None:
    from server.app import create_app

    secret = await a_sign_in_link(runtime, await a_user(runtime))
    app = create_app(with_settings(settings, public_url="https://testserver"))
    async with serving(app):
        browser = new_browser(app, "10.7.7.7")
        browser.http.base_url = "https://testserver"  # type: ignore[assignment]
        token = (await browser.get("/api/v1/users/me")).json()["csrf_token"]
        answer = await browser.post("/api/v1/sign-in-links/use", csrf=token, json={"token": secret})
        await browser.http.aclose()
    assert answer.status_code == 200
    for cookie in answer.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-semma_") and "Secure" in cookie and "Path=/" in cookie
        assert "Domain" not in cookie
