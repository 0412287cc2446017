"""People for tests, and browsers that keep cookies and send the CSRF token as our pages do."""

from dataclasses import dataclass
from typing import Any

import httpx

from server.accounts.login import make_sign_in_link
from server.accounts.models import User
from server.accounts.passwords import hash_password
from server.accounts.tokens import make_token
from server.accounts.users import create_user, set_password_hash
from server.core.runtime import Runtime

PASSWORD = "correct horse battery staple"


async def a_user(runtime: Runtime, email: str = "aino@example.org", *, password: str = "", **values: Any) -> User:
    """A user in the database."""
    hashed = await hash_password(password) if password else None
    async with runtime.database.write() as db:
        user = await create_user(db, email=email, **values)
        if hashed:
            await set_password_hash(db, user.id, hashed)
    return user


async def a_sign_in_link(runtime: Runtime, user: User) -> str:
    """The secret of a one-time link."""
    async with runtime.database.write() as db:
        return await make_sign_in_link(db, user)


async def a_token(runtime: Runtime, user: User, *scopes: str, **values: Any) -> dict[str, str]:
    """Headers with a new API token of the user."""
    async with runtime.database.write() as db:
        _token, secret = await make_token(db, user_id=user.id, name="test", scopes=scopes or ("read",), **values)
    return {"Authorization": f"Bearer {secret}"}


@dataclass
class Browsing:
    """A browser: cookies are kept, and unsafe requests carry the CSRF token unless told otherwise."""

    http: httpx.AsyncClient

    async def get(self, path: str, **values: Any) -> httpx.Response:
        return await self.http.get(path, **values)

    async def csrf(self) -> str:
        if "semma_csrf" not in self.http.cookies:
            await self.http.get("/api/v1/users/me")
        return self.http.cookies["semma_csrf"]

    async def send(self, method: str, path: str, *, csrf: str | None = None, **values: Any) -> httpx.Response:
        token = await self.csrf() if csrf is None else csrf
        headers = {"X-CSRF-Token": token} | values.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **values)

    async def post(self, path: str, **values: Any) -> httpx.Response:
        return await self.send("POST", path, **values)

    async def sign_in(self, runtime: Runtime, user: User) -> httpx.Response:
        secret = await a_sign_in_link(runtime, user)
        answer = await self.post("/api/v1/sign-in-links/use", json={"token": secret})
        assert answer.status_code == 200, answer.text
        return answer

    async def me(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get("/api/v1/users/me")).json()
        return found

    @property
    def login_cookie(self) -> str:
        return self.http.cookies.get("semma_login", "")


def new_browser(app: Any, address: str) -> Browsing:
    """A browser at an address."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 1234))
    return Browsing(httpx.AsyncClient(transport=transport, base_url="http://testserver"))
