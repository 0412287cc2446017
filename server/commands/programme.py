"""`semma import`: bring an event's programme from a file or an address."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from server.commands.user import opened_runtime
from server.core.fetch import FetchLimits, fetch
from server.core.runtime import Runtime
from server.events.errors import EventNotFound
from server.events.models import Event
from server.events.queries import find_event
from server.sessions.formats.form import Note
from server.sessions.imports.diff import Diff
from server.sessions.imports.errors import ImportTooLarge
from server.sessions.imports.history import diff_of, find_import
from server.sessions.imports.models import APPLIED, SHOWN
from server.sessions.imports.schemas import notes_of
from server.sessions.imports.sources import check_address, source_of_url
from server.sessions.imports.take import COMMAND, MOST_BYTES, Brought, dry_run, take_programme
from server.web.programme_diff import GroupShown, Words, groups_of

_FETCH_S = 120
_BY = "semma import"
_ADDRESSES = ("http://", "https://", "webcal://", "webcals://")


@click.command(name="import")
@click.argument("event")
@click.argument("programme", metavar="FILE|URL")
@click.option("--apply", "apply", is_flag=True, help="Apply it at once.")
@click.option("--dry-run", is_flag=True, help="Only say what it would change; nothing is noted.")
def import_(event: str, programme: str, apply: bool, dry_run: bool) -> None:
    """Bring the programme of EVENT (its id or slug) from FILE or URL: schedule.json, schedule.xml, an export of
    pretalx, iCalendar or CSV.

    Says what it changes. Without --apply it then waits in the studio for somebody's yes; nothing is changed before.
    What was edited here stays, and an import can be undone in the studio.
    """
    for sentence in asyncio.run(_import(event, programme, apply=apply, is_dry=dry_run)):
        click.echo(sentence)


async def _import(ref: str, programme: str, *, apply: bool, is_dry: bool) -> list[str]:
    async with opened_runtime() as runtime:
        return await bring(runtime, ref, programme, apply=apply, is_dry=is_dry)


async def bring(runtime: Runtime, ref: str, programme: str, *, apply: bool, is_dry: bool) -> list[str]:
    """Bring a programme to the event of this id or slug; returns what to say."""
    async with runtime.database.read() as db:
        event = await find_event(db, ref)
    if event is None or event.deleted_at is not None:
        raise EventNotFound(f"There is no event “{ref}” here.")
    is_address = programme.lower().startswith(_ADDRESSES)
    brought = await _fetched(runtime, event, programme) if is_address else _of_file(event, Path(programme))
    if is_dry:
        _read, plan = await dry_run(runtime, brought)
        return [*_told(plan.diff, plan.notes, event), "Nothing was noted (--dry-run)."]
    row = await take_programme(runtime, brought, apply=apply, later=False)
    async with runtime.database.read() as db:
        row = await find_import(db, event.id, row.id)
    end = {
        APPLIED: "Applied.",
        SHOWN: f"It waits for a yes at {runtime.base_url}/studio/{event.slug}/programme/imports/{row.id}",
    }
    return [*_told(diff_of(row), notes_of(row), event), end.get(row.state, "Nothing is new.")]


def _of_file(event: Event, path: Path) -> Brought:
    """A file of this machine."""
    if not path.is_file():
        raise click.ClickException(f"There is no file {path}.")
    if path.stat().st_size > MOST_BYTES:
        raise ImportTooLarge
    return Brought(event_id=event.id, data=path.read_bytes(), name=path.name, way=COMMAND, by_name=_BY)


async def _fetched(runtime: Runtime, event: Event, programme: str) -> Brought:
    """A file of the web."""
    url = check_address(programme)
    with tempfile.TemporaryDirectory(prefix="semma-programme-") as folder:
        path = Path(folder) / "file"
        limits = FetchLimits(size_bytes=MOST_BYTES, all_s=_FETCH_S)
        got = await fetch(url, path, limits=limits)
        data = await asyncio.to_thread(path.read_bytes)
    async with runtime.database.read() as db:
        source = await source_of_url(db, event.id, url)
    return Brought(
        event_id=event.id,
        data=data,
        name=got.filename or url,
        url=url,
        source_id=source.id if source is not None else "",
        way=COMMAND,
        by_name=_BY,
    )


def _told(diff: Diff, notes: Sequence[Note], event: Event) -> list[str]:
    """The diff as lines of text."""
    words = Words("en", event.time_zone, diff.names)
    lines: list[str] = []
    for group in groups_of(diff, words, is_applied=False):
        lines += _group(group)
    lines += [
        f"Room or track {place.act}: {place.old + ' → ' if place.old else ''}{place.name}" for place in diff.places
    ]
    lines += [f"No news: {block.says}" for block in diff.no_news]
    lines += [f"The same talk? {one.title} / {one.session_title}: {one.why}" for one in diff.questions]
    lines += [f"Note: {note.says}{f' ({note.where})' if note.where else ''}" for note in notes]
    return lines


def _group(group: GroupShown) -> list[str]:
    lines = [f"{group.label}: {group.count}"]
    for entry in group.entries:
        lines.append(f"  {entry.title}{f' ({entry.when})' if entry.when else ''}")
        for change in entry.changes:
            stays = " (edited here, stays)" if change.kept else ""
            lines.append(f"    {change.label}: {change.old or '–'} → {change.new or '–'}{stays}")
    return [*lines, *([f"  and {group.more} more"] if group.more else [])]
