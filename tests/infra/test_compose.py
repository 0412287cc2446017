"""The compose file and what goes with it, as far as it can be tried without an engine."""

import os
import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.cli import COMMANDS
from server.core import metrics
from server.core.settings import Settings, read_settings

ROOT = Path(__file__).parents[2]
SETTINGS = {item.metadata["env"] for item in fields(Settings)}


def compose(environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed")
    base = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/tmp")}
    return subprocess.run(
        [program, "-f", str(ROOT / "docker-compose.yml"), "config"],
        env={**base, **environ},
        cwd="/",
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def environ() -> dict[str, str]:
    made = subprocess.run([ROOT / "infra/docker/make-env"], capture_output=True, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in made.splitlines())


@pytest.fixture(scope="module")
def services(environ: dict[str, str]) -> dict[str, Any]:
    done = compose(environ)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
    return found


def test_make_env_makes_values_the_settings_accept_and_never_the_same(environ: dict[str, str]) -> None:
    again = subprocess.run([ROOT / "infra/docker/make-env"], capture_output=True, text=True, check=True).stdout
    assert environ["SEMMA_SECRET_KEY"] not in again
    assert read_settings({"SEMMA_SECRET_KEY": environ["SEMMA_SECRET_KEY"]}).secret_keys
    assert len(set(environ.values())) == len(environ)


def test_without_env_it_says_what_to_do() -> None:
    refused = compose({})
    assert refused.returncode != 0
    assert "run infra/docker/make-env > .env first" in refused.stderr


def test_every_process_and_engine_is_there(services: dict[str, Any]) -> None:
    assert set(services) == {
        *("postgres", "valkey", "storage", "nginx", "certificate"),
        *("migrate", "web", "worker-light", "worker-encode", "ingest", "beat"),
    }
    assert [name for name, service in services.items() if service.get("ports")] == ["ingest", "nginx"]
    known = {row.name for row in COMMANDS}
    own = {name: service for name, service in services.items() if service["image"] == "semma"}
    commands = {service["command"][0] for service in own.values()}
    assert commands == {"migrate", "web", "worker", "ingest", "beat", "certificate"}
    assert {service["command"][0] for service in own.values()} <= known
    assert all(service["read_only"] and service["cap_drop"] == ["ALL"] for service in own.values())


def test_the_environment_is_made_of_settings_and_they_can_be_read(services: dict[str, Any]) -> None:
    given = services["web"]["environment"]
    assert set(given) <= SETTINGS
    settings = read_settings({name: str(value) for name, value in given.items()})
    assert settings.is_https
    assert settings.sqlalchemy_url.startswith("postgresql+asyncpg://semma:")
    assert settings.s3_endpoint_url == "http://storage:8333"


def test_the_image_is_made_from_what_is_there_and_does_not_run_as_root() -> None:
    lines = (ROOT / "infra/docker/Dockerfile").read_text().splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY") and "--from" not in line]
    assert copied
    for words in copied:
        for word in words:
            assert (ROOT / word).exists(), word
            assert f"!{word}" in (ROOT / ".dockerignore").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER semma"]
    assert any(line.startswith("HEALTHCHECK") for line in lines)


@pytest.mark.parametrize("path", sorted((ROOT / "infra/systemd").glob("*.service")), ids=lambda path: path.name)
def test_units_start_commands_that_exist(path: Path) -> None:
    start = re.findall(r"^ExecStart=/opt/semma/\.venv/bin/semma (\S+)", path.read_text(), re.MULTILINE)
    assert len(start) == 1
    assert start[0] in {row.name for row in COMMANDS}
    program = shutil.which("systemd-analyze")
    if program:
        done = subprocess.run([program, "verify", "--man=no", path], capture_output=True, text=True)
        assert not [line for line in done.stderr.splitlines() if "Unknown" in line]


def test_alerts_ask_for_metrics_that_exist() -> None:
    rules = yaml.safe_load((ROOT / "infra/prometheus/semma.rules.yml").read_text())
    assert [group["name"] for group in rules["groups"]] == ["semma"]
    asked = set(re.findall(r"\bsemma_\w+", " ".join(rule["expr"] for rule in rules["groups"][0]["rules"])))
    body, _ = metrics.render_metrics()
    for name in asked:
        base = name.removesuffix("_count").removesuffix("_total")
        assert f"# TYPE {base}".encode() in body, name
