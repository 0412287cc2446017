"""The application over a world that no request changes: what is let in runs whole, and is rolled back."""

import dataclasses
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

import server.app
from server.app import create_app
from server.core.db import Database, Db
from server.core.runtime import Runtime
from server.core.settings import Settings
from server.process import make_runtime
from tests.conftest import S3, SECRET, BellRecorder, serving
from tests.policy.world import World, make_world


class TrialDatabase(Database):
    """Every writing transaction runs to its end and is taken back."""

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Db]:
        async with self._writes() as db:
            try:
                yield db
                await db.flush()
                db.expunge_all()  # what was read stays readable, as after a commit
            finally:
                await db.rollback()


class UncountedRedis(Redis):
    """Counts nothing, as if Redis were away: every asker comes from one address here."""

    def register_script(self, script: Any) -> Any:
        raise RedisError("limits do not count here")


@pytest.fixture(scope="session")
def policy_settings(
    sqlite_template: Path, valkey_url: str, s3: S3, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    folder = tmp_path_factory.mktemp("policy")
    shutil.copy(sqlite_template, folder / "semma.db")
    return Settings(
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'semma.db'}",
        redis_url=valkey_url,
        s3_endpoint_url=s3.endpoint_url,
        s3_bucket="policy",
        aws_access_key_id=s3.access_key_id,
        aws_secret_access_key=s3.secret_access_key,
        secret_key=SECRET,
        public_url="http://testserver",
        smtp_url="smtp://127.0.0.1:1",
        log_format="text",
    )


@pytest.fixture(scope="session")
async def policy_runtime(policy_settings: Settings) -> AsyncIterator[Runtime]:
    runtime = make_runtime(policy_settings, BellRecorder(), threads=4)
    await runtime.store.ensure_bucket()
    yield runtime
    await runtime.database.close()
    await runtime.redis.aclose()
    runtime.store.close()


@pytest.fixture(scope="session")
async def world(policy_runtime: Runtime) -> World:
    """One event of every visibility, and everybody."""
    return await make_world(policy_runtime)


@pytest.fixture(scope="session")
async def policy_app(policy_settings: Settings, world: World) -> AsyncIterator[Any]:
    """The real application, every route of it; only its writes do not last, and limits do not count."""

    def trial_runtime(settings: Settings, ringer: Any, **values: Any) -> Runtime:
        made = make_runtime(settings, ringer, **values)
        redis = UncountedRedis.from_url(settings.redis_url)
        return dataclasses.replace(made, database=TrialDatabase(settings.sqlalchemy_url), redis=redis)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server.app, "make_runtime", trial_runtime)
        app = create_app(policy_settings)
    async with serving(app):
        yield app
