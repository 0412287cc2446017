"""Ingest as encoders meet it: real ffmpeg over RTMP, real Valkey, S3 and SQLite; the archive is decoded at the end."""

from itertools import pairwise
from pathlib import Path

import pytest

from server.core.runtime import Runtime
from server.core.settings import Settings
from server.core.storage import ObjectStore
from tests.live.encoder import Sent, sending
from tests.server.live.hall import Hall, make_hall, open_hall

pytestmark = pytest.mark.ffmpeg


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> str:
    """One kind of database: what is asked of it here is tried on both elsewhere."""
    (tmp_path / "semma.db").write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{tmp_path / 'semma.db'}"


@pytest.fixture
async def hall(settings: Settings, runtime: Runtime, store: ObjectStore) -> Hall:
    return await make_hall(settings, runtime.database, store, runtime)


async def test_a_broadcast_from_the_first_picture_to_its_end(hall: Hall, tmp_path: Path) -> None:
    async with open_hall(hall):
        with sending(hall.main):
            broadcast = await hall.on_air()
            await hall.archived(2)
            await hall.end(broadcast.id)
    rows = await hall.segments()
    assert [row.msn for row in rows] == list(range(1, len(rows) + 1))
    assert [row.start for row in rows] == [sum(row.duration for row in rows[:n]) for n in range(len(rows))]
    assert not any(row.discontinuity or row.slate for row in rows)
    assert all(row.archived_at for row in rows)
    numbers = [number for segment in await hall.numbers(broadcast.id, tmp_path) for number in segment]
    assert numbers == list(range(numbers[0] or 0, (numbers[0] or 0) + len(numbers)))
    assert len(await hall.broadcasts()) == 1


async def test_a_lost_encoder_is_replaced_by_the_slate_until_it_is_back(hall: Hall, tmp_path: Path) -> None:
    async with open_hall(hall):
        with sending(hall.main) as encoder:
            broadcast = await hall.on_air()
            await hall.archived(1)
            encoder.kill()
        await hall.on_air("away")
        await hall.archived(1, slate=True)
        with sending(hall.main, Sent(start=1000)):
            await hall.on_air("main")
            before = len(await hall.segments())
            await hall.archived(before + 1)
            await hall.end(broadcast.id)
    rows = await hall.segments()
    assert [row.msn for row in rows] == list(range(1, len(rows) + 1))
    kinds = [(row.slate, row.discontinuity) for row in rows]
    assert [number for number, (_slate, border) in enumerate(kinds) if border] == [
        number for number in range(1, len(kinds)) if kinds[number][0] != kinds[number - 1][0]
    ]
    assert [kinds[0][0], True in [slate for slate, _border in kinds], kinds[-1][0]] == [False, True, False]
    assert all(before.start + before.duration == after.start for before, after in pairwise(rows))
    assert all(before.wall <= after.wall for before, after in pairwise(rows))
    numbers = await hall.numbers(broadcast.id, tmp_path)
    first = [n for n, row in zip(numbers, rows, strict=True) if not row.slate]
    shown = [number for segment in first for number in segment]
    back = next(place for place, number in enumerate(shown) if (number or 0) >= 1000)
    assert shown[:back] == list(range(shown[0] or 0, (shown[0] or 0) + back))
    assert shown[back:] == list(range(1000, 1000 + len(shown) - back))
    assert len(await hall.broadcasts()) == 1
