"""`semma search …`: the search index by hand; what is done is in server/search/follow.py."""

import asyncio
import os
import socket
from collections.abc import Callable

import click

from server.commands.user import done
from server.core.runtime import Runtime
from server.search.follow import IndexState, follow_here, read_state
from server.search.follow import rebuild as note_all

_PATIENCE_S = 10  # so long a worker may take to begin
_LOOK_EVERY_S = 0.5


@click.group()
def search() -> None:
    """The search index: build it anew, look how far it is."""


@search.command()
def rebuild() -> None:
    """Index every talk anew and show how far it is; search goes on meanwhile.

    The workers do it. Where none takes it up within ten seconds, it is done here. It can be broken off at any time:
    what is noted is indexed as soon as a worker runs.
    """
    done(_rebuild)


@search.command()
def status() -> None:
    """Say how many talks are indexed, and how many wait."""
    click.echo(_said(done(_state)))


async def _state(runtime: Runtime) -> IndexState:
    async with runtime.database.read() as db:
        return await read_state(db)


async def _rebuild(runtime: Runtime) -> None:
    async with runtime.database.write() as db:
        total = await note_all(db)
    with click.progressbar(length=max(total, 1), label="Indexing") as bar:
        shown, silent_s = 0, 0.0
        while (state := await _state(runtime)).waiting:
            bar.update(max(total - state.waiting - shown, 0))
            silent_s = 0.0 if state.working or total - state.waiting > shown else silent_s + _LOOK_EVERY_S
            shown = max(shown, total - state.waiting)
            if silent_s >= _PATIENCE_S:
                await _do_here(runtime, lambda share: bar.update(max(int(share * total) - bar.pos, 0)))
                shown = bar.pos
            await asyncio.sleep(_LOOK_EVERY_S)
        bar.update(max(total - shown, 0))
    click.echo(_said(await _state(runtime)))


async def _do_here(runtime: Runtime, told: Callable[[float], None]) -> None:
    owner = f"{socket.gethostname()}:{os.getpid()}"
    await follow_here(runtime.database, owner=owner, lease_s=runtime.limits.lease_s, told=told)


def _said(state: IndexState) -> str:
    waiting = f"{state.waiting} wait" if state.waiting else "none waits"
    return f"{state.talks} talks are indexed, {waiting}."
