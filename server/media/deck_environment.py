"""Start a program that reads strangers' files without our environment: none of our secrets are in it."""

import os
import shutil
from collections.abc import Mapping, Sequence


def without_ours(argv: Sequence[str], more: Mapping[str, str] | None = None) -> list[str]:
    """The command line that runs `argv` with a search path, UTF-8, what is in `more`, and nothing else of an
    environment."""
    kept = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", **(more or {})}
    program = shutil.which("env") or "/usr/bin/env"
    return [program, "-i", *(f"{name}={value}" for name, value in kept.items()), *argv]
