"""`semma up` as its user meets it: a start, a kill, a second start, an orderly stop; and every refusal in words."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import up
from server.core.settings import read_settings
from server.engine import EngineMissing
from server.local import local_environment
from server.supervise import checks
from server.up import EXIT_BAD_SETTING, EXIT_CHILD_FAILED, EXIT_ENGINE_MISSING, make_plan
from tests.private_semma import free_udp_port
from tests.waiting import eventually

OWN = ("SEMMA_", "REDIS_URL", "S3_", "AWS_", "DATABASE_URL")


def clean_environment(data_dir: Path, port: int) -> dict[str, str]:
    """This environment without anything of Semma's, for a data directory and port of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    return {
        **inherited,
        "SEMMA_DATA_DIR": str(data_dir),
        "SEMMA_PORT": str(port),
        "SEMMA_RTMP_PORT": str(free_port()),
        "SEMMA_SRT_PORT": str(free_udp_port()),
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Up:
    """One running `semma up`."""

    def __init__(self, folder: Path, name: str) -> None:
        self.data_dir = folder / "var"
        self.out = folder / name
        self.port = free_port()
        self.environ = clean_environment(self.data_dir, self.port)

    def start(self) -> None:
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "up"],
                env=self.environ,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        eventually(lambda: "Stop" in self.said() or self.process.poll() is not None, timeout_s=120, what="the table")
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        return self.out.read_text()

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(40)

    def left(self) -> list[str]:
        """Command lines of processes that belong to this data directory or port, or carry the run's mark."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                except OSError:
                    continue
                if str(self.data_dir).encode() in words:
                    found.append((entry / "cmdline").read_text().replace("\0", " "))
        return found

    def semma(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "server.cli", *words], env=self.environ, capture_output=True, text=True, timeout=60
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Up]:
    """A `semma up`, shared by the tests that only look at it."""
    made = Up(folder, "first.out")
    made.start()
    yield made
    if made.process.poll() is None:
        made.stop(signal.SIGTERM)


@pytest.mark.journey
def test_everything_serves_and_says_so_in_order_of_need(running: Up) -> None:
    names = re.findall(r"^\S+  (\S+)\s+ready", running.said(), re.MULTILINE)
    assert set(names[:2]) == {"valkey", "s3"}
    assert names[2] == "web"
    assert (set(names[3:6]), names[6:]) == ({"light", "encode", "ingest"}, ["beat"])
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/readyz", timeout=5) as answer:
        found = json.load(answer)
    assert {name: check["ok"] for name, check in found["checks"].items()} == {
        "database": True,
        "redis": True,
        "storage": True,
    }
    assert f"http://localhost:{running.port}" in running.said()
    assert str(running.data_dir) in running.said()


@pytest.mark.journey
def test_what_is_secret_is_for_its_owner_only(running: Up) -> None:
    assert stat.S_IMODE(running.data_dir.stat().st_mode) == 0o700
    for name in ("secret.json", "environment", "s3/s3.json", "valkey/valkey.conf"):
        assert stat.S_IMODE((running.data_dir / name).stat().st_mode) == 0o600
    listening = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout
    mine = [line.split()[3] for line in listening.splitlines() if line.split()[3].endswith(f":{running.port}")]
    assert mine == [f"127.0.0.1:{running.port}"]


@pytest.mark.journey
def test_doctor_and_user_find_the_running_engines_by_themselves(running: Up) -> None:
    report = running.semma("doctor", "--json")
    found = json.loads(report.stdout)
    assert (report.returncode, found["ok"]) == (0, True), report.stdout
    assert running.semma("user", "create", "--admin", "you@example.org").stdout.count("http://localhost:") == 1
    assert running.semma("user", "list").stdout == "you@example.org    admin\n"
    saved = running.semma("backup", str(running.data_dir.parent / "backup.tar"))
    assert saved.returncode == 0, saved.stderr
    refused = running.semma("restore", str(running.data_dir.parent / "backup.tar"))
    assert (refused.returncode, "already running" in refused.stderr) == (1, True)


@pytest.mark.journey
def test_a_second_instance_is_refused(running: Up) -> None:
    refused = running.semma("up", "--port", str(free_port()))
    assert refused.returncode == checks.AlreadyRunning.exit_code
    assert re.fullmatch(r"semma: Semma is already running on .*\(process \d+\); stop that one, .*\n", refused.stderr)


@pytest.mark.journey
def test_a_taken_port_is_refused(running: Up, tmp_path: Path) -> None:
    environ = clean_environment(tmp_path / "other", running.port)
    refused = subprocess.run(
        [sys.executable, "-m", "server.cli", "up"], env=environ, capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == checks.PortTaken.exit_code
    assert refused.stderr == (
        f"semma: Port {running.port} is taken by another program; stop that, "
        f"or choose another port: SEMMA_PORT={running.port + 1}.\n"
    )


@pytest.mark.journey
def test_dead_children_come_back_kill_leaves_nothing_and_a_second_start_finds_the_data(running: Up) -> None:
    web = next(line for line in running.left() if "uvicorn" in line)
    assert str(running.port) in web
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (entry / "cmdline").exists():
            words = (entry / "cmdline").read_bytes()
            if b"uvicorn" in words and str(running.port).encode() in words:
                os.kill(int(entry.name), signal.SIGKILL)
    eventually(lambda: "web       was ended by SIGKILL" in running.said(), what="the death to be noticed")
    eventually(lambda: running.said().count("web       ready") == 2, what="web to serve again")

    running.process.kill()
    running.process.wait()
    eventually(lambda: not running.left(), timeout_s=10, what="every process to be gone")

    again = Up(running.data_dir.parent, "second.out")
    again.start()
    assert again.semma("user", "list").stdout == "you@example.org    admin\n"
    assert again.stop(signal.SIGTERM) == 0
    names = re.findall(r"^\S+  (\S+)\s+stopped", again.said(), re.MULTILINE)
    assert names[0] == "beat"
    assert set(names[1:4]) == {"light", "encode", "ingest"}
    assert names[4] == "web"
    assert set(names[5:]) == {"valkey", "s3", "semma"}
    assert not again.left()


def test_engines_given_by_the_environment_switch_the_embedded_ones_off(tmp_path: Path) -> None:
    given = {
        "REDIS_URL": "redis://redis.example/0",
        "S3_ENDPOINT_URL": "http://s3.example",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "SEMMA_SECRET_KEY": "s" * 32,
    }
    plan = make_plan(tmp_path, given)
    assert [child.name for child in plan.children] == ["migrate", "web", "light", "encode", "ingest", "beat"]
    assert not plan.embedded
    assert plan.children[1].env["REDIS_URL"] == "redis://redis.example/0"
    only_redis = make_plan(tmp_path / "b", {"REDIS_URL": "redis://redis.example/0"})
    assert list(only_redis.embedded) == ["s3"]


def test_the_secret_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    first = make_plan(tmp_path, {}).settings.secret_key
    assert len(first) == 64
    assert make_plan(tmp_path, {}).settings.secret_key == first
    assert local_environment({"SEMMA_DATA_DIR": str(tmp_path)})["SEMMA_SECRET_KEY"] == first
    given = local_environment({"SEMMA_DATA_DIR": str(tmp_path), "SEMMA_SECRET_KEY": "g" * 32})
    assert given["SEMMA_SECRET_KEY"] == "g" * 32


def test_commands_by_hand_print_addresses_of_the_port_that_was_given(tmp_path: Path) -> None:
    make_plan(tmp_path, {"SEMMA_PORT": "8765"})
    by_hand = read_settings(local_environment({"SEMMA_DATA_DIR": str(tmp_path)}))
    assert by_hand.base_url == "http://localhost:8765"
    make_plan(tmp_path, {"SEMMA_PUBLIC_URL": "https://talks.example/"})
    by_hand = read_settings(local_environment({"SEMMA_DATA_DIR": str(tmp_path)}))
    assert by_hand.base_url == "https://talks.example"


def test_an_unwritable_data_directory_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(checks.FolderUnwritable, match="cannot be written") as refused:
        checks.check_folder(file / "var")
    assert (refused.value.exit_code, refused.value.code) == (13, "up.data_dir_unwritable")


def test_a_full_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(checks.DiskFull, match=r"MiB are free, .* free some or set SEMMA_DATA_DIR") as refused:
        checks.check_disk(tmp_path, needed_bytes=1 << 60)
    assert (refused.value.exit_code, refused.value.code) == (14, "up.disk_full")


def test_a_port_nobody_may_have_is_refused() -> None:
    with pytest.raises(checks.PortTaken, match="see SEMMA_HOST") as refused:
        checks.check_port("203.0.113.7", 8000, "SEMMA_PORT")
    assert refused.value.code == "up.port_taken"


def test_another_platform_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks.platform, "system", lambda: "Darwin")
    with pytest.raises(checks.WrongPlatform, match=r"use docker-compose\.yml") as refused:
        checks.check_platform()
    assert refused.value.code == "up.wrong_platform"


def test_every_refusal_has_an_exit_code_of_its_own() -> None:
    kinds = [
        checks.CannotStart,
        checks.WrongPlatform,
        checks.FolderUnwritable,
        checks.DiskFull,
        checks.AlreadyRunning,
        checks.PortTaken,
    ]
    assert len({kind.exit_code for kind in kinds} | {12, 17}) == 8


def test_a_bad_setting_is_one_sentence_and_an_exit_code(tmp_path: Path) -> None:
    environ = {**clean_environment(tmp_path, 8000), "SEMMA_PORT": "eighty"}
    refused = subprocess.run(
        [sys.executable, "-m", "server.cli", "up"], env=environ, capture_output=True, text=True, timeout=60
    )
    assert (refused.returncode, refused.stderr) == (10, "semma: SEMMA_PORT must be a whole number, not 'eighty'.\n")


def test_the_exit_codes_are_those_of_the_operators_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operators.md").read_text()
    told = {int(code) for code in re.findall(r"^\| (1\d) \|", page, re.MULTILINE)}
    kinds = (checks.WrongPlatform, checks.FolderUnwritable, checks.DiskFull, checks.AlreadyRunning, checks.PortTaken)
    assert told == {EXIT_BAD_SETTING, EXIT_ENGINE_MISSING, EXIT_CHILD_FAILED, *(kind.exit_code for kind in kinds)}


@pytest.mark.parametrize(
    ("what", "error", "exit_code"),
    [
        ("describe_valkey", EngineMissing("No Valkey."), EXIT_ENGINE_MISSING),
        ("describe_s3", EngineMissing("No S3 server."), EXIT_ENGINE_MISSING),
    ],
)
def test_a_missing_wheel_is_one_sentence_and_an_exit_code(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    what: str,
    error: EngineMissing,
    exit_code: int,
) -> None:
    def missing(*_arguments: object, **_more: object) -> None:
        raise error

    monkeypatch.setattr(up, what, missing)
    environ = {"SEMMA_DATA_DIR": str(tmp_path / "var"), "SEMMA_PORT": str(free_port())}
    assert up.run_up(environ=environ) == exit_code
    assert capsys.readouterr().err == f"semma: {error.detail}\n"


def test_a_taken_port_for_encoders_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environ = {**clean_environment(tmp_path / "var", free_port()), "SEMMA_RTMP_PORT": str(port)}
        refused = subprocess.run(
            [sys.executable, "-m", "server.cli", "up"], env=environ, capture_output=True, text=True, timeout=60
        )
    assert refused.returncode == 16
    assert f"SEMMA_RTMP_PORT={port + 1}" in refused.stderr
