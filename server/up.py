"""`semma up`: every process of Semma and its engines on one machine, supervised.

Order of need: engines, then the database's tables and the bucket, the web process, the workers and ingest, the clock.
Engines given by the environment are not started here. All state is in the data directory; a second start finds it.
"""

import asyncio
import contextlib
import datetime
import os
import secrets
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from server import programs
from server.core.errors import SemmaError
from server.core.settings import Settings, read_settings
from server.engine import Engine, EngineMissing
from server.engines import describe_s3, describe_valkey
from server.local import keep_environment, local_environment, secret_key
from server.supervise import checks
from server.supervise import sweep as sweeping
from server.supervise.child import Child
from server.supervise.supervisor import ChildWillNotStart, Supervisor

# What a wrong start ends with; the checks carry theirs. In docs/operators.md.
EXIT_BAD_SETTING = 10
EXIT_ENGINE_MISSING = 12
EXIT_CHILD_FAILED = 17

# One Ctrl-C can arrive twice: from the terminal, and from a program in between that passes it on
_SAME_WISH_S = 1.0

# The values `semma up` decides, kept for the other commands
_DECIDED = (
    "SEMMA_SECRET_KEY",
    "REDIS_URL",
    "S3_ENDPOINT_URL",
    "S3_BUCKET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    # for the links that commands print
    "SEMMA_PORT",
    "SEMMA_PUBLIC_URL",
)


@dataclass(frozen=True)
class Plan:
    """Everything a run consists of."""

    settings: Settings
    children: Sequence[Child]
    embedded: Sequence[str]


def run_up(
    *,
    environ: Mapping[str, str],
    once_ready: Sequence[str] = (),
    beside: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> int:
    """Run until Ctrl-C or SIGTERM; returns the exit code. `once_ready` is a command line run when all serves.

    What that command prints is shown under the table of addresses. `beside` are further programs, by name, that are
    kept running like Semma's own.
    """
    try:
        with _prepared(environ, beside) as (plan, lock):
            return asyncio.run(_supervise(plan, lock, once_ready))
    except EngineMissing as error:
        return _refuse(error, EXIT_ENGINE_MISSING)
    except checks.CannotStart as error:
        return _refuse(error, error.exit_code)
    except SemmaError as error:
        return _refuse(error, EXIT_BAD_SETTING)


def _refuse(error: SemmaError, exit_code: int) -> int:
    print(f"semma: {error.detail}", file=sys.stderr, flush=True)
    return exit_code


@contextlib.contextmanager
def _prepared(environ: Mapping[str, str], beside: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[Plan, int]]:
    """Check the machine, take the data directory, decide what to run."""
    settings = read_settings(environ)
    data_dir = settings.data_dir.resolve()
    if not (settings.redis_url and settings.s3_endpoint_url):
        checks.check_platform()
    checks.check_folder(data_dir)
    with checks.sole_instance(data_dir) as lock:
        checks.check_disk(data_dir)
        checks.check_port(settings.host, settings.port, "SEMMA_PORT")
        checks.check_port(settings.host, settings.rtmp_port, "SEMMA_RTMP_PORT")
        yield make_plan(data_dir, environ, beside), lock


def make_plan(
    data_dir: Path, environ: Mapping[str, str], beside: Mapping[str, tuple[str, ...]] = MappingProxyType({})
) -> Plan:
    """Which children this machine needs, with the values they need; makes keys at the first start."""
    given = {name: value for name, value in environ.items() if value}
    decided = {"SEMMA_SECRET_KEY": secret_key(data_dir, given)}
    engines: list[Engine] = []
    if "REDIS_URL" not in given:
        valkey = describe_valkey(data_dir / "valkey")
        decided["REDIS_URL"] = valkey.url
        engines.append(valkey)
    if "S3_ENDPOINT_URL" not in given:
        s3 = describe_s3(data_dir / "s3", bucket=given.get("S3_BUCKET", "semma"))
        decided |= {
            "S3_ENDPOINT_URL": s3.endpoint_url,
            "S3_BUCKET": s3.bucket,
            "AWS_ACCESS_KEY_ID": s3.access_key_id,
            "AWS_SECRET_ACCESS_KEY": s3.secret_access_key,
        }
        engines.append(s3)
    completed = {**given, **decided, "SEMMA_DATA_DIR": str(data_dir)}
    keep_environment(data_dir, {name: completed[name] for name in _DECIDED if name in completed})
    settings = read_settings(completed)
    children = [
        *map(_engine_child, engines),
        *_semma_children(settings, completed),
        *(Child(name=name, argv=argv, stage=5, env=completed, grace_s=1.0) for name, argv in beside.items()),
    ]
    return Plan(settings, children, [engine.name for engine in engines])


def _engine_child(engine: Engine) -> Child:
    return Child(
        name=engine.name,
        argv=engine.argv,
        stage=0,
        probe=engine.probe,
        env=engine.env,
        folder=engine.folder,
        grace_s=engine.grace_s,
        leaves=engine.leaves,
    )


def _semma_children(settings: Settings, env: Mapping[str, str]) -> list[Child]:
    """Semma's own processes."""
    concurrency = {"light": settings.light_concurrency, "encode": settings.encode_concurrency}
    web = programs.web_argv(
        host=settings.host,
        port=settings.port,
        workers=settings.web_workers,
        trusted_proxies=settings.trusted_proxies,
    )
    return [
        Child(name="migrate", argv=programs.semma_argv("migrate"), stage=1, once=True, env=env),
        Child(name="web", argv=web, stage=2, env=env, probe=lambda: _ask_ready(settings.host, settings.port)),
        *(
            Child(
                name=queue,
                argv=programs.worker_argv(queue, concurrency=concurrency[queue]),
                stage=3,
                env=env,
                notifies=True,
                grace_s=4.0,  # a chunk under way is given up: its row's lease ends and it is encoded again
            )
            for queue in programs.queues()
        ),
        Child(
            name="ingest",
            argv=programs.ingest_argv(),
            stage=3,
            env=env,
            notifies=True,
            grace_s=6.0,  # what is open is closed and brought to the spool; killed, the next start reads it from Redis
        ),
        Child(name="beat", argv=programs.beat_argv(), stage=4, env=env, notifies=True, grace_s=3.0),
    ]


def _ask_ready(host: str, port: int) -> None:
    """GET /readyz; raises OSError until it answers 200."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy of the environment is not for us
    with opener.open(f"http://{name}:{port}/readyz", timeout=5) as answer:
        answer.read()


def _say(name: str, text: str) -> None:
    """One line a change."""
    print(f"{datetime.datetime.now().astimezone():%H:%M:%S}  {name:<8}  {text}", flush=True)


async def _supervise(plan: Plan, lock: int, once_ready: Sequence[str]) -> int:
    """Start, keep, stop. The first signal stops in order, the second at once."""
    run = secrets.token_hex(6)
    supervisor = Supervisor(plan.children, run=run, log_folder=plan.settings.data_dir / "log", say=_say)
    asked = asyncio.Event()
    _on_signals(asked, supervisor)
    with _keeper(run, lock):
        try:
            working = asyncio.create_task(_start_and_keep(supervisor, plan, run, once_ready))
            asking = asyncio.create_task(asked.wait())
            await asyncio.wait({working, asking}, return_when=asyncio.FIRST_COMPLETED)
            exit_code = _outcome(working)
            working.cancel()
            asking.cancel()
        finally:
            _say("semma", "stopping")
            await supervisor.stop()
    _say("semma", "stopped")
    return exit_code


def _outcome(working: "asyncio.Task[None]") -> int:
    """0 for a stop that was asked for; otherwise say why, and the exit code."""
    if not working.done():
        return 0
    error = working.exception()
    if isinstance(error, ChildWillNotStart):
        return _refuse(error, EXIT_CHILD_FAILED)
    if error is not None:
        raise error
    return 0


async def _start_and_keep(supervisor: Supervisor, plan: Plan, run: str, once_ready: Sequence[str]) -> None:
    _say("semma", f"starting in {plan.settings.data_dir}")
    await supervisor.start()
    for line in table(plan, is_demo=bool(once_ready)):
        print(line, flush=True)
    if once_ready:
        await _run_once(once_ready, plan, run)
    await supervisor.failed()


async def _run_once(argv: Sequence[str], plan: Plan, run: str) -> None:
    """Run a command beside the children, its output on this terminal; its failure is said, and stops nothing."""
    env = {**os.environ, **local_environment({**os.environ, "SEMMA_DATA_DIR": str(plan.settings.data_dir)})}
    process = await asyncio.create_subprocess_exec(
        *argv, env={**env, **sweeping.mark(run, "once")}, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
    )
    code = await process.wait()
    if code:
        _say("semma", f"`{' '.join(argv[-2:])}` ended with code {code}")


def _on_signals(asked: asyncio.Event, supervisor: Supervisor) -> None:
    """Ctrl-C, SIGTERM and a closed terminal ask for a stop; asked again, everything is killed."""
    loop = asyncio.get_running_loop()
    first_at = 0.0

    def ask() -> None:
        nonlocal first_at
        if not asked.is_set():
            first_at = loop.time()
            asked.set()
        elif loop.time() - first_at > _SAME_WISH_S:
            supervisor.kill()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ask)


@contextlib.contextmanager
def _keeper(run: str, lock: int) -> Iterator[None]:
    """Run the keeper beside the block: it sweeps the run when this process ends without stopping it.

    It holds the data directory's lock too, so that a new start waits until everything of this run is gone.
    """
    keeper = subprocess.Popen(
        [sys.executable, "-I", "-S", str(sweeping.__file__), run],
        stdin=subprocess.PIPE,
        start_new_session=True,
        pass_fds=[lock],
    )
    assert keeper.stdin is not None
    try:
        yield
    finally:
        keeper.stdin.close()
        keeper.wait()


def _semma() -> str:
    """How this command line is called from here."""
    program = Path(sys.executable).with_name("semma")
    return str(program.relative_to(Path.cwd())) if program.is_relative_to(Path.cwd()) else "semma"


def _host_shown(settings: Settings) -> str:
    """The host encoders name: that of the public address."""
    return urllib.parse.urlsplit(settings.base_url).hostname or "localhost"


def table(plan: Plan, *, is_demo: bool = False) -> list[str]:
    """What whoever started it needs to know, in a few lines."""
    settings = plan.settings
    rows = [
        ("Semma", settings.base_url),
        ("Studio", f"{settings.base_url}/studio"),
        ("API", f"{settings.base_url}/api/docs"),
        (
            "Encoders",
            f"rtmp://{_host_shown(settings)}:{settings.rtmp_port}/live  (keys: the room's page in the studio)",
        ),
        ("Data", str(settings.data_dir)),
        ("Logs", str(settings.data_dir / "log")),
        ("Engines", ", ".join([f"{name} (embedded)" for name in plan.embedded]) or "from the environment"),
        *([] if is_demo else [("First account", f"{_semma()} user create --admin EMAIL  (prints a sign-in link)")]),
        ("Stop", "Ctrl-C"),
    ]
    width = max(len(name) for name, _ in rows)
    return ["", *(f"  {name:<{width}}  {value}" for name, value in rows), ""]
