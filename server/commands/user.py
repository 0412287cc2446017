"""`semma user …`: accounts by hand; what is done is in server/accounts/commands.py."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import click

from server.accounts import commands
from server.core.queue import Ringer
from server.core.runtime import Runtime
from server.core.settings import read_settings
from server.local import local_environment
from server.process import make_runtime

T = TypeVar("T")


@contextlib.asynccontextmanager
async def opened_runtime() -> AsyncIterator[Runtime]:
    """The engines of this machine for the length of a block."""
    settings = read_settings(local_environment())
    ringer = Ringer(settings.redis_url)
    runtime = make_runtime(settings, ringer, threads=8)
    try:
        yield runtime
    finally:
        await runtime.database.close()
        await runtime.redis.aclose()
        runtime.store.close()
        ringer.close()


def done(act: Callable[[Runtime], Awaitable[T]]) -> T:
    """Do one act with this machine's engines."""

    async def run() -> T:
        async with opened_runtime() as runtime:
            return await act(runtime)

    return asyncio.run(run())


@click.group()
def user() -> None:
    """Accounts: make one, get a sign-in link, make an admin, disable, make an API token."""


@user.command()
@click.argument("email")
@click.option("--admin", is_flag=True, help="May do everything.")
@click.option("--name", default="", help="How the person is called on pages.")
def create(email: str, admin: bool, name: str) -> None:
    """Make an account and print a sign-in link that works once, for 24 hours."""
    account = done(lambda runtime: commands.make_account(runtime, email=email, name=name, is_admin=admin))
    click.echo(f"{account.email} may sign in, once, within 24 hours:\n{account.link}")


@user.command()
@click.argument("email")
def link(email: str) -> None:
    """Print a new sign-in link for an account."""
    click.echo(done(lambda runtime: commands.make_link(runtime, email=email)))


@user.command(name="list")
def list_() -> None:
    """List all accounts."""
    for account in done(commands.list_accounts):
        marks = [
            *(["admin"] if account.is_admin else []),
            *(["disabled"] if account.is_disabled else []),
            *(["password"] if account.has_password else []),
        ]
        click.echo(f"{account.email}  {account.name}  {', '.join(marks)}".rstrip())


@user.command()
@click.argument("email")
@click.option("--remove", is_flag=True, help="Take the password away; links still work.")
def password(email: str, remove: bool) -> None:
    """Set an account's password (asked for twice, not shown); ends its logins."""
    chosen = None if remove else str(click.prompt("New password", hide_input=True, confirmation_prompt=True))
    done(lambda runtime: commands.set_password(runtime, email=email, password=chosen))
    click.echo("Done.")


@user.command()
@click.argument("email")
@click.option("--no", "revoke", is_flag=True, help="No longer an admin.")
def admin(email: str, revoke: bool) -> None:
    """Make an account an admin."""
    account = done(lambda runtime: commands.make_admin(runtime, email=email, is_admin=not revoke))
    click.echo(f"{account.email} is {'an admin' if account.is_admin else 'no admin'} now.")


@user.command()
@click.argument("email")
@click.option("--undo", is_flag=True, help="Let the account in again.")
def disable(email: str, undo: bool) -> None:
    """Disable an account: its logins and tokens end."""
    account = done(lambda runtime: commands.disable(runtime, email=email, is_disabled=not undo))
    click.echo(f"{account.email} is {'disabled' if account.is_disabled else 'enabled'} now.")


@user.command()
@click.argument("email")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="What it may do; can be given several times.")
def token(email: str, name: str, scopes: tuple[str, ...]) -> None:
    """Make an API token of an account; it is shown once."""
    click.echo(done(lambda runtime: commands.make_api_token(runtime, email=email, name=name, scopes=scopes)))
