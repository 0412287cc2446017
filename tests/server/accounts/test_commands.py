"""`semma user …`, below the command line; and how little a request asks the database."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from server.accounts import commands
from server.accounts.errors import EmailTaken, LastAdmin, PasswordWeak, UserUnknown
from server.accounts.links import add_code_pass
from server.accounts.login import open_login
from server.accounts.queries import actor_by_login, actor_by_token
from server.accounts.sweep import sweep_access
from server.core.clock import now
from server.core.db import Database
from server.core.runtime import Runtime
from server.events.models import Event
from server.sessions.access import present_epochs
from tests.server.accounts.people import PASSWORD, Browsing

pytestmark = pytest.mark.db


async def test_made_account_signs_in_by_its_printed_link(runtime: Runtime, browser: Browsing) -> None:
    made = await commands.make_account(runtime, email="Admin@Example.org", name="A", is_admin=True)
    assert (made.email, made.is_admin, made.has_password) == ("admin@example.org", True, False)
    secret = made.link.removeprefix("http://testserver/sign-in/")
    assert (await browser.post("/api/v1/sign-in-links/use", json={"token": secret})).status_code == 200
    assert (await browser.me())["is_admin"]
    with pytest.raises(EmailTaken):
        await commands.make_account(runtime, email="admin@example.org")


async def test_ensured_admin_is_made_once(runtime: Runtime) -> None:
    first = await commands.ensure_admin(runtime, email="admin@example.org", name="A")
    second = await commands.ensure_admin(runtime, email="admin@example.org")
    assert second.is_admin and second.link != first.link
    assert [account.email for account in await commands.list_accounts(runtime)] == ["admin@example.org"]


async def test_accounts_are_changed_by_hand(runtime: Runtime, browser: Browsing) -> None:
    await commands.make_account(runtime, email="admin@example.org", is_admin=True)
    await commands.make_account(runtime, email="aino@example.org")
    await commands.set_password(runtime, email="aino@example.org", password=PASSWORD)
    signed_in = await browser.post("/api/v1/sign-in", json={"email": "aino@example.org", "password": PASSWORD})
    assert signed_in.status_code == 200
    assert (await commands.disable(runtime, email="aino@example.org")).is_disabled
    assert (await browser.me())["id"] is None
    assert not (await commands.disable(runtime, email="aino@example.org", is_disabled=False)).is_disabled
    assert (await commands.make_admin(runtime, email="aino@example.org")).is_admin
    token = await commands.make_api_token(runtime, email="aino@example.org", name="desk", scopes=["read"])
    headers = {"Authorization": f"Bearer {token}"}
    assert (await browser.get("/api/v1/users/me", headers=headers)).json()["email"] == "aino@example.org"
    assert "/sign-in/semma_in_" in await commands.make_link(runtime, email="aino@example.org")


async def test_commands_refuse_in_words(runtime: Runtime) -> None:
    await commands.make_account(runtime, email="admin@example.org", is_admin=True)
    with pytest.raises(UserUnknown, match="semma user list"):
        await commands.make_link(runtime, email="nobody@example.org")
    with pytest.raises(PasswordWeak):
        await commands.set_password(runtime, email="admin@example.org", password="short")
    with pytest.raises(LastAdmin):
        await commands.make_admin(runtime, email="admin@example.org", is_admin=False)


@contextmanager
def _counted(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    engine = database.read_engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("events", [1, 3])
async def test_asker_is_known_after_four_statements_whatever_they_hold(runtime: Runtime, events: int) -> None:
    await commands.make_account(runtime, email="aino@example.org")
    token = await commands.make_api_token(runtime, email="aino@example.org", name="t", scopes=["read"])
    async with runtime.database.write() as db:
        user_id = (await commands._known(db, "aino@example.org")).id
        fresh = await open_login(db, user_id=user_id, lasts_s=3600)
        for number in range(events):
            row = Event(slug=f"e{number}", title="E", visibility="closed")
            db.add(row)
            await db.flush()
            await add_code_pass(db, fresh.login_id, event_id=row.id, access_epoch=0)
    with _counted(runtime.database) as statements:
        async with runtime.database.read() as db:
            actor, _login = await actor_by_login(db, fresh.secret, moment=now(), read_epochs=present_epochs)
    assert (len(actor.viewer_of), len(statements)) == (events, 4)
    with _counted(runtime.database) as statements:
        async with runtime.database.read() as db:
            assert await actor_by_token(db, token, moment=now()) is not None
    assert len(statements) == 2


async def test_ended_logins_are_swept_and_live_ones_stay(runtime: Runtime, browser: Browsing) -> None:
    made = await commands.make_account(runtime, email="aino@example.org")
    await browser.post("/api/v1/sign-in-links/use", json={"token": made.link.rpartition("/")[2]})
    async with runtime.database.write() as db:
        ended = await open_login(db, user_id=None, lasts_s=-1)
        await add_code_pass(db, ended.login_id, event_id="e", access_epoch=0)
    async with runtime.database.write() as db:
        await sweep_access(db)
    assert (await browser.me())["email"] == "aino@example.org"
    async with runtime.database.read() as db:
        _actor, login = await actor_by_login(db, ended.secret, moment=now(), read_epochs=present_epochs)
    assert login is None
