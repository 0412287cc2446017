"""What `semma up` decided for this data directory: addresses and keys of its engines, the secret key.

It keeps them in one private file, so that every other command (`semma doctor`, `semma worker light`, …) started by hand
for the same data directory works with the same values. A variable of the environment always wins.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from server.engine import kept, write_private

_FILE = "environment"


def environment_path(data_dir: Path) -> Path:
    """The file: one NAME=value a line, as systemd's EnvironmentFile reads it too."""
    return data_dir / _FILE


def data_dir_of(environ: Mapping[str, str]) -> Path:
    """The data directory, absolute."""
    return Path(environ.get("SEMMA_DATA_DIR") or "var").expanduser().resolve()


def local_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment, completed by what `semma up` keeps in the data directory; the data directory made absolute."""
    given = dict(os.environ if environ is None else environ)
    data_dir = data_dir_of(given)
    completed = {**_kept_values(data_dir), **{name: value for name, value in given.items() if value}}
    return {**completed, "SEMMA_DATA_DIR": str(data_dir)}


def _kept_values(data_dir: Path) -> dict[str, str]:
    try:
        lines = environment_path(data_dir).read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def keep_environment(data_dir: Path, values: Mapping[str, str]) -> None:
    """Write the file (mode 600)."""
    head = "# Written by `semma up` at every start; read by the other commands for this data directory.\n"
    write_private(environment_path(data_dir), head + "".join(f"{name}={value}\n" for name, value in values.items()))


def secret_key(data_dir: Path, environ: Mapping[str, str]) -> str:
    """The secret key of this machine: given, or made at the first start and kept (mode 600)."""
    given = environ.get("SEMMA_SECRET_KEY", "")
    if given:
        return given
    values = kept(data_dir / "secret.json", lambda: {"secret_key": secrets.token_hex(32)})
    return str(values["secret_key"])


def use_local_environment() -> None:
    """Complete this process's environment in place, for commands that become another program."""
    os.environ.update(local_environment())
