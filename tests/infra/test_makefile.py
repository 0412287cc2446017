"""The Makefile as somebody new meets it: the list of targets, and a Python that will not do."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the Makefile and what its rules look at, and no .venv."""
    for name in ("Makefile", "pyproject.toml", "requirements/run.txt", "server/web/package-lock.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "server/web/vendor.py").touch()
    return tmp_path


def make(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *words], cwd=folder, capture_output=True, text=True, env=inherited)


def test_make_alone_lists_every_target_that_is_for_people(checkout: Path) -> None:
    shown = make(checkout)
    listed = set(re.findall(r"^  make (\S+)", shown.stdout, re.MULTILINE))
    assert shown.returncode == 0
    assert {"demo", "up", "setup", "test", "check", "faults", "bench", "fmt"} <= listed


def test_a_python_without_venv_is_one_sentence(checkout: Path) -> None:
    python = checkout / "python-without-venv"
    python.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexec python3 "$@"\n')
    python.chmod(0o755)
    refused = make(checkout, "demo", f"PYTHON={python}")
    assert refused.returncode != 0
    assert refused.stderr.splitlines()[0] == (
        f"semma: {python} comes without venv; install it (Debian and Ubuntu: apt install python3-venv), then repeat."
    )
    assert not (checkout / ".venv").exists()


def test_no_python_that_is_new_enough_is_one_sentence(checkout: Path) -> None:
    refused = make(checkout, "up", "PYTHON=")
    assert refused.returncode != 0
    assert refused.stderr.startswith("semma: no Python 3.11 or newer found (python3 is Python 3.")


def test_what_decides_about_landing_runs_check_test_and_faults() -> None:
    script = (ROOT / ".ci/run").read_text()
    assert subprocess.run(["bash", "-n", str(ROOT / ".ci/run")], capture_output=True).returncode == 0
    assert re.findall(r"^step \"make (\w+)\"", script, re.MULTILINE) == ["check", "test", "faults"]
    assert os.access(ROOT / ".ci/run", os.X_OK)
