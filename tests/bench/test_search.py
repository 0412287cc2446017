"""The fixed questions on a small corpus, in both databases: answered, and alike."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.core.db import Database
from tests.bench.search import ask, build, is_answered
from tests.bench.search_corpus import make_corpus
from tests.bench.search_needles import NEEDLES
from tests.databases import LentDatabases


@pytest.fixture
async def both(sqlite_template: Path, lent_databases: LentDatabases, tmp_path: Path) -> AsyncIterator[list[Database]]:
    """An empty database of each kind."""
    shutil.copy(sqlite_template, tmp_path / "semma.db")
    lent = lent_databases.lend()
    made = [
        Database(f"sqlite+aiosqlite:///{tmp_path / 'semma.db'}"),
        Database(lent.replace("postgresql:", "postgresql+asyncpg:")),
    ]
    yield made
    for database in made:
        await database.close()
    lent_databases.take_back(lent)


async def test_both_databases_find_what_is_meant_and_the_same(both: list[Database]) -> None:
    answers: list[dict[str, list[str]]] = []
    for database in both:
        corpus = await make_corpus(database, talks=72, cues=288, pages=3, vocabulary=1_200)
        await build(database)
        found: dict[str, list[str]] = {}
        answered = 0
        for one in corpus.expected:
            answer = await ask(database, one.needle.query)
            answered += is_answered(one, answer)
            found[one.needle.query] = [talk.session for talk in answer.answer.talks[:5]]
        assert answered >= 0.95 * len(NEEDLES)
        answers.append(found)
    assert len(NEEDLES) >= 60
    sqlite, postgresql = answers
    for asked, talks in sqlite.items():
        assert talks[:1] == postgresql[asked][:1], asked
        assert set(talks) == set(postgresql[asked]), asked
