"""Put the looks together into one report."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from server.core.db import Database
from server.core.settings import read_settings
from server.doctor.engines import look_at_database, look_at_redis
from server.doctor.findings import OK, WRONG, Finding, wrong
from server.doctor.live import look_at_archive, look_at_ingest
from server.doctor.machine import look_at_machine
from server.doctor.storage import look_at_storage

_MARKS = {"ok": "ok   ", "note": "note ", "wrong": "WRONG"}


@dataclass(frozen=True)
class Report:
    """All findings, in the order they are shown."""

    findings: Sequence[Finding]

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong; notes are no wrongs."""
        return all(finding.state != WRONG for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """For programs: `{"ok": bool, "findings": [{name, state, says, advice, details}]}`."""
        return {"ok": self.is_well, "findings": [asdict(finding) for finding in self.findings]}


async def examine(environ: Mapping[str, str]) -> Report:
    """Look at everything; never raises."""
    try:
        settings = read_settings(environ)
        database = Database(settings.sqlalchemy_url)
    except Exception as error:
        return Report([wrong("settings", str(error), "Correct the variable; `semma settings` lists all.")])
    machine = await asyncio.to_thread(look_at_machine, settings)
    ingest = await asyncio.to_thread(look_at_ingest, settings)
    try:
        of_database = await look_at_database(database)
        of_redis = await look_at_redis(settings)
        has_tables = of_database[0].state == OK
        of_storage = await look_at_storage(settings, database) if has_tables else []
        of_live = await look_at_archive(settings, database) if has_tables else []
    finally:
        await database.close()
    return Report([*machine, *ingest, *of_database, *of_redis, *of_storage, *of_live])


def as_text(report: Report) -> str:
    """For people: a line a finding, what to do below it."""
    width = max(len(finding.name) for finding in report.findings)
    lines = []
    for finding in report.findings:
        lines.append(f"{_MARKS[finding.state]}  {finding.name:<{width}}  {finding.says}")
        if finding.advice:
            lines.append(f"{'':5}  {'':<{width}}  → {finding.advice}")
    count = sum(finding.state == WRONG for finding in report.findings)
    end = "All is well." if report.is_well else f"{count} thing{'s' if count > 1 else ''} to put right."
    return "\n".join([*lines, "", end])
