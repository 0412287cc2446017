"""`search.*`: how well the fixed questions are answered, and how fast a large archive answers, on both databases.

Recall: 300 talks with 30,000 cues; a question is answered when the talk that is meant is among the first five and one
of its hits is the very second (or page). Speed: 1,000 talks with 500,000 cues, the fixed questions and others with
common words, beginnings, phrases and slips; one question at a time, everything the API does but HTTP. Beside the
clock stands what was computed: a question waits while others have the processor.
"""

import asyncio
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from server.accounts.actor import ANONYMOUS
from server.core.db import Database
from server.core.settle import settle
from server.migrate import upgrade
from server.search.answer import Answered, answer_question
from server.search.follow import follow_here, rouse
from server.search.queries import Narrowed
from tests.bench.results import emit, note
from tests.bench.search_corpus import Corpus, Expected, make_corpus
from tests.postgres import postgres_bin, running_postgres

TALKS = int(os.environ.get("SEMMA_BENCH_SEARCH_TALKS", "1000"))
CUES = int(os.environ.get("SEMMA_BENCH_SEARCH_CUES", "500000"))
_AMONG = 5
_TABLES = ("search_talks", "search_words", "search_postings", "search_pairs", "search_passages", "search_fts")


@dataclass(frozen=True)
class Timed:
    """One question: how long it took, and how much of that this process computed (another may use the processor)."""

    asked: str
    wall_ms: float
    cpu_ms: float


def measure() -> None:
    """Every `search.*` result."""
    settle()  # as the web process does
    with _databases() as urls:
        asyncio.run(_measure(urls))


@contextmanager
def _databases() -> Iterator[dict[str, str]]:
    """Empty places by kind: a folder for SQLite's files, a PostgreSQL of our own where it is installed."""
    folder = Path(tempfile.mkdtemp(prefix="semma-search-"))
    urls = {"sqlite": f"sqlite+aiosqlite:///{folder}"}
    try:
        if postgres_bin() is None:
            note("PostgreSQL is not installed: only SQLite is measured")
            yield urls
            return
        with running_postgres(folder / "postgres") as url:
            yield urls | {"postgresql": url.replace("postgresql:", "postgresql+asyncpg:").rsplit("/", 1)[0]}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _open(kind: str, base: str, name: str) -> Database:
    if kind == "sqlite":
        database = Database(f"{base}/{name}.db")
    else:
        server = Database(f"{base}/postgres")
        async with server.engine.connect() as connection:
            options = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await options.execute(text(f"CREATE DATABASE {name}"))
        await server.close()
        database = Database(f"{base}/{name}")
    await upgrade(database)
    return database


async def build(database: Database) -> float:
    """Index everything that is noted; seconds it took."""
    async with database.write() as db:
        await rouse(db)
    started = time.perf_counter()
    await follow_here(database, owner="bench", lease_s=3600)
    return time.perf_counter() - started


async def ask(database: Database, typed: str) -> Answered:
    """One question of somebody who is not signed in."""
    async with database.read() as db:
        return await answer_question(db, ANONYMOUS, typed, Narrowed(), offset=0, limit=20)


def is_answered(expected: Expected, found: Answered) -> bool:
    """Whether the talk that is meant is among the first five, and a hit leads to the second or page."""
    for talk in found.answer.talks[:_AMONG]:
        if talk.session == expected.session:
            if expected.at_ms is not None:
                return any(hit.at_ms == expected.at_ms for hit in talk.hits)
            return expected.page is None or any(hit.page == expected.page for hit in talk.hits)
    return False


async def _measure(urls: dict[str, str]) -> None:
    for kind, base in urls.items():
        database = await _open(kind, base, "small")
        corpus = await make_corpus(database, talks=300, cues=30_000)
        seconds = await build(database)
        missed = [
            one.needle.query for one in corpus.expected if not is_answered(one, await ask(database, one.needle.query))
        ]
        await database.close()
        asked = len(corpus.expected)
        emit(
            "search.recall_at_5" if kind == "sqlite" else f"search.recall_at_5.{kind}",
            (asked - len(missed)) / asked,
            "ratio",
            ">= 0.95",
            {"database": kind, "questions": asked, "missed": missed, "index_s": round(seconds, 1)},
        )
    for kind, base in urls.items():
        await _speed(kind, base)


async def _speed(kind: str, base: str) -> None:
    note(f"{kind}: {TALKS} talks, {CUES} cues")
    database = await _open(kind, base, "large")
    corpus = await make_corpus(database, talks=TALKS, cues=CUES, vocabulary=60_000)
    seconds = await build(database)
    if not database.is_sqlite:  # as autovacuum does, which rests in databases of tests
        async with database.write() as db:
            await db.execute(text("ANALYZE"))
    questions = questions_of(corpus)
    for one in questions[::7]:
        await ask(database, one)
    before = await _server_cpu_s(database)
    timed = [await _timed(database, one) for one in questions]
    server_s = await _server_cpu_s(database) - before
    detail = _detail(timed) | {
        "server_cpu_mean_ms": round(server_s / len(timed) * 1000, 1),
        "talks": TALKS,
        "cues": CUES,
        "index_s": round(seconds, 1),
        "index_bytes": await _size(database),
        "source_bytes": await _source_size(database),
    }
    await database.close()
    emit(f"search.p95_ms.{kind}", _p95([one.wall_ms for one in timed]), "ms", "<= 50", detail)


def questions_of(corpus: Corpus) -> list[str]:
    """The fixed questions, and others of their language's words: common, rare, both, beginnings, phrases, slips."""
    rng = random.Random(11)
    asked = [one.needle.query for one in corpus.expected]
    for language, common in corpus.common.items():
        rare = corpus.rare[language]
        for _ in range(12):
            first, second = rng.sample(common, 2)
            one, other = rng.sample(rare, 2)
            slip = one[:2] + one[3:] if len(one) > 5 else one
            asked += [
                first,
                f"{first} {second}",
                f"{first} {one}",
                f"{one} {other}",
                one[:4],
                slip,
                f'"{first} {second}"',
            ]
    return asked


async def _timed(database: Database, typed: str) -> Timed:
    wall, cpu = time.perf_counter(), time.process_time()
    await ask(database, typed)
    return Timed(typed, (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000)


async def _server_cpu_s(database: Database) -> float:
    """What the database's own processes for our connections computed so far (proc(5)); SQLite has none."""
    if database.is_sqlite:
        return 0.0
    async with database.read() as db:
        pids = await db.scalars(text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()"))
        stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(field) for fields in stats for field in fields[11:13]) / os.sysconf("SC_CLK_TCK")


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _detail(timed: Sequence[Timed]) -> dict[str, Any]:
    slowest = sorted(timed, key=lambda one: -one.wall_ms)[:5]
    dearest = sorted(timed, key=lambda one: -one.cpu_ms)[:5]
    return {
        "questions": len(timed),
        "p50_ms": round(statistics.median(one.wall_ms for one in timed), 1),
        "max_ms": round(slowest[0].wall_ms, 1),
        "cpu_p50_ms": round(statistics.median(one.cpu_ms for one in timed), 1),
        "cpu_p95_ms": round(_p95([one.cpu_ms for one in timed]), 1),
        "wall_per_cpu": round(sum(one.wall_ms for one in timed) / sum(one.cpu_ms for one in timed), 2),
        "slowest": {one.asked: round(one.wall_ms, 1) for one in slowest},
        "dearest": {one.asked: round(one.cpu_ms, 1) for one in dearest},
    }


async def _size(database: Database) -> int:
    async with database.read() as db:
        if database.is_sqlite:
            names = " OR ".join(
                f"name LIKE '{one}%'" for one in (*_TABLES, "search_grams", "ix_search", "sqlite_autoindex_search")
            )
            return await db.scalar(text(f"SELECT sum(pgsize) FROM dbstat WHERE {names}")) or 0
        return sum([await db.scalar(text(f"SELECT pg_total_relation_size('{one}')")) or 0 for one in _TABLES])


async def _source_size(database: Database) -> int:
    column = "cues" if database.is_sqlite else "CAST(cues AS text)"
    async with database.read() as db:
        return await db.scalar(text(f"SELECT sum(length({column})) FROM caption_tracks")) or 0
