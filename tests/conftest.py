"""Fixtures every test may use: real engines started once a run, a fresh database a test, an application on them."""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
from litestar import Litestar
from redis import Redis

from server.app import create_app
from server.core import db
from server.core.db import Database
from server.core.queue import Ringer
from server.core.runtime import Runtime
from server.core.settings import Settings
from server.core.storage import ObjectStore, StorageSettings
from server.engines import launch_s3, launch_valkey
from server.migrate import upgrade
from server.process import make_runtime
from tests.databases import TEMPLATE, LentDatabases, copy_template, named, run_apart, run_sql
from tests.postgres import postgres_bin, running_postgres
from tests.spread import Spread

# A busy machine makes no test fail: what is slow is measured by the benchmarks.
hypothesis.settings.register_profile("semma", deadline=None)
hypothesis.settings.load_profile("semma")

SECRET = "test-secret-key-0123456789abcdef0123456789"
DATABASES = ["sqlite", "postgresql"]


def pytest_configure(config: pytest.Config) -> None:
    """Spread the tests over the workers in our way."""
    config.pluginmanager.register(Spread())


@dataclass(frozen=True)
class S3:
    """Where the run's S3 server is."""

    endpoint_url: str
    access_key_id: str
    secret_access_key: str


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_disks() -> Iterator[None]:
    """SQLite in this process does not wait for the disk; what has to survive is in processes of its own, which do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "_SQLITE_PRAGMAS", (*db._SQLITE_PRAGMAS, "synchronous=OFF"))
        yield


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="session")
def valkey_url(run_folder: Path) -> Iterator[str]:
    """A real Valkey for the whole run."""
    with launch_valkey(run_folder / "valkey") as engine:
        yield engine.url


@pytest.fixture(scope="session")
def s3(run_folder: Path) -> Iterator[S3]:
    """A real S3 server for the whole run."""
    with launch_s3(run_folder / "s3") as engine:
        yield S3(engine.endpoint_url, engine.access_key_id, engine.secret_access_key)


@pytest.fixture
async def bucket(s3: S3) -> str:
    """A bucket of one test's own."""
    return f"t{secrets.token_hex(8)}"


@pytest.fixture
async def store(s3: S3, bucket: str) -> AsyncIterator[ObjectStore]:
    """Object storage with an empty bucket."""
    made = ObjectStore(
        StorageSettings(
            endpoint_url=s3.endpoint_url,
            bucket=bucket,
            access_key_id=s3.access_key_id,
            secret_access_key=s3.secret_access_key,
            threads=8,
        )
    )
    await made.ensure_bucket()
    yield made
    made.close()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str | None]:
    """A private PostgreSQL, or None when it is not installed."""
    if postgres_bin() is None:
        yield None
        return
    # Not below the run's folder: pytest keeps that to its owner, and initdb runs as somebody else when we are root.
    folder = Path(tempfile.mkdtemp(prefix="semma-postgres-"))
    try:
        with running_postgres(folder / "server") as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _migrated(url: str) -> None:
    database = Database(url)
    await upgrade(database)
    await database.close()


@pytest.fixture(scope="session")
def sqlite_template(run_folder: Path) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = run_folder / "template.db"
    run_apart(_migrated(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str | None) -> str:
    """A migrated, empty PostgreSQL database to copy; returns the server's address."""
    if postgres_url is None:
        pytest.skip("PostgreSQL is not installed")
    run_apart(run_sql(postgres_url, f"CREATE DATABASE {TEMPLATE}"))
    run_apart(_migrated(named(postgres_url, TEMPLATE).replace("postgresql:", "postgresql+asyncpg:")))
    return postgres_url


@pytest.fixture(scope="session")
def lent_databases(postgres_template: str) -> LentDatabases:
    """PostgreSQL databases that tests have one after the other."""
    return LentDatabases(postgres_template)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated database of each kind."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "semma.db")
        yield f"sqlite:///{tmp_path / 'semma.db'}"
        return
    lent: LentDatabases = request.getfixturevalue("lent_databases")
    url = lent.lend()
    yield url
    lent.take_back(url)


@pytest.fixture
def settings(database_url: str, valkey_url: str, s3: S3, bucket: str, tmp_path: Path) -> Settings:
    """Settings of one test: its own database and bucket, the run's engines."""
    return Settings(
        data_dir=tmp_path / "data",
        database_url=database_url,
        redis_url=valkey_url,
        s3_endpoint_url=s3.endpoint_url,
        s3_bucket=bucket,
        aws_access_key_id=s3.access_key_id,
        aws_secret_access_key=s3.secret_access_key,
        secret_key=SECRET,
        public_url="http://testserver",
        log_format="text",
    )


class BellRecorder(Ringer):
    """Keeps the bells instead of sending them, for tests that look at rows and run jobs by hand."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []

    async def __call__(self, bells: list[tuple[str, str]]) -> None:
        self.rung += bells

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def bells() -> BellRecorder:
    return BellRecorder()


@pytest.fixture
async def runtime(settings: Settings, bells: BellRecorder, store: ObjectStore) -> AsyncIterator[Runtime]:
    """The engines of one process, on the test's database and bucket; bells are recorded, not sent."""
    made = make_runtime(settings, bells, threads=8)
    yield made
    await made.database.close()
    await made.redis.aclose()
    made.store.close()


@pytest.fixture
def database(runtime: Runtime) -> Database:
    return runtime.database


_BUILT: dict[Settings, Litestar] = {}


def _seat(app: Litestar, fresh: Runtime) -> None:
    """Give an application that was built before the engines of this test. Building one takes half a second of CPU."""
    for item in fields(Runtime):
        object.__setattr__(app.state.runtime, item.name, getattr(fresh, item.name))


@pytest.fixture
async def app(settings: Settings, store: ObjectStore) -> Any:
    """The web application on the test's database and bucket: one is built a kind of settings and run, then reseated."""
    kind = replace(settings, database_url="", s3_bucket="", data_dir=Path())
    if kind not in _BUILT:
        _BUILT[kind] = create_app(settings)
        return _BUILT[kind]
    ringer = Ringer(settings.redis_url)
    _seat(_BUILT[kind], make_runtime(settings, ringer))
    return _BUILT[kind]


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[None]:
    """The application between its start and its end.

    Its lifespan is one task's business (a cancel scope inside), and a fixture's two halves run in two.
    """
    started, ending = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.lifespan():
            started.set()
            await ending.wait()

    living = asyncio.create_task(live())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({living, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        if not living.done():
            yield
    finally:
        ending.set()
        await living


@dataclass
class Kept:
    """Applications on databases of their own, kept for the whole run: to build one takes a second of CPU."""

    folder: Path
    valkey_url: str
    stack: AsyncExitStack
    _settings: dict[str, Settings] = field(default_factory=dict)
    _databases: dict[str, Database] = field(default_factory=dict)
    _apps: dict[str, Litestar] = field(default_factory=dict)

    def settings_of(self, template: Path | str) -> Settings:
        """Those of the database that was copied from the template: a SQLite file, or the address of a server."""
        if str(template) not in self._settings:
            name = f"kept{secrets.token_hex(6)}"
            if isinstance(template, Path):
                url = f"sqlite:///{shutil.copy(template, self.folder / f'{name}.db')}"
            else:
                url = run_apart(copy_template(template))
            self._settings[str(template)] = Settings(
                data_dir=self.folder / name,
                database_url=url,
                redis_url=self.valkey_url,
                s3_endpoint_url="http://127.0.0.1:9",
                s3_bucket="none",
                aws_access_key_id="none",
                aws_secret_access_key="none",
                secret_key=SECRET,
                public_url="http://testserver",
                log_format="text",
            )
        return self._settings[str(template)]

    def database_of(self, settings: Settings) -> Database:
        """The tests' own connections to the application's database."""
        url = settings.sqlalchemy_url
        if url not in self._databases:
            self._databases[url] = Database(url)
            self.stack.push_async_callback(self._databases[url].close)
        return self._databases[url]

    async def app_of(self, settings: Settings) -> Litestar:
        """The application, which serves."""
        url = settings.sqlalchemy_url
        if url not in self._apps:
            self._apps[url] = create_app(settings)
            await self.stack.enter_async_context(serving(self._apps[url]))
        return self._apps[url]


@pytest.fixture(scope="session")
async def kept(run_folder: Path, valkey_url: str) -> AsyncIterator[Kept]:
    """Applications of every kind of database, without object storage, for tests that empty the database first."""
    async with AsyncExitStack() as stack:
        yield Kept(run_folder, valkey_url, stack)


@pytest.fixture(autouse=True)
def fresh_limits(request: pytest.FixtureRequest) -> None:
    """Attempts counted in one test must not lock out the next one, which uses the same accounts."""
    if "valkey_url" in request.fixturenames:
        with Redis.from_url(request.getfixturevalue("valkey_url")) as redis:
            if counted := list(redis.scan_iter("semma:rate:*")):
                redis.delete(*counted)


@pytest.fixture
async def client(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """An anonymous HTTP client of the application, at an address of its own: limits of tests never meet."""
    async with serving(app):
        address = f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as made:
            yield made


def with_settings(settings: Settings, **changed: Any) -> Settings:
    """The settings with some of them changed."""
    return replace(settings, **changed)


def samples_folder() -> Path | None:
    """The folder of real samples, when this machine has it."""
    found = os.environ.get("SEMMA_SAMPLES")
    return Path(found) if found and Path(found).is_dir() else None


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real samples; skips, saying so, where it is absent."""
    found = samples_folder()
    if found is None:
        pytest.skip("SEMMA_SAMPLES is not set: the real samples are not here")
    return found
