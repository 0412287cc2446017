"""PPTX and ODP become a PDF by LibreOffice, in a process of its own with a profile of its own.

No macros, no active content, no fetching of what a file links to (its proxy leads nowhere), no more memory, time or
bytes than allowed; where the system lets us, no network at all. Slides that are hidden are left out by LibreOffice.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from server.media.deck_environment import without_ours
from server.media.deck_pages import DeckDamaged, DeckLimits, DeckTooSlow
from server.media.process import Limits, run
from server.media.refusals import ProcessFailed, ProcessTimedOut

NAMES = ("soffice", "libreoffice")
# It has set up a new profile and wants to be started again, which its own starter does.
NEW_PROFILE = 81
CANNOT_RUN = (64, 77, 126, 127)
_OPTIONS = "/org.openoffice."
# Each with what it keeps a hostile file from doing.
SETTINGS: Sequence[tuple[str, str, str]] = (
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    # Pictures and documents that a file names by address or path.
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Common/Load", "UpdateDocumentMode", "0"),
    ("Office.Writer/Content/Update", "Link", "0"),
    ("Office.Calc/Content/Update", "Link", "2"),
    # Whatever is fetched all the same goes to a proxy on a port where nothing listens.
    ("Inet/Settings", "ooInetProxyType", "2"),
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
    ("Inet/Settings", "ooInetNoProxy", ""),
    ("Office.Common/Misc", "FirstRun", "false"),
    ("Setup/Office", "ooSetupInstCompleted", "true"),
)


def find_office() -> str | None:
    """The path of LibreOffice's soffice on this machine, if it has one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


async def convert(path: Path, kind: str, folder: Path, office: str, limits: DeckLimits) -> Path:
    """The PDF of a presentation, made in a folder of its own below `folder`. Raises DeckDamaged, DeckTooSlow, and
    ProcessFailed when LibreOffice cannot run."""
    work = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="office-", dir=folder))
    await asyncio.to_thread(_prepare, path, kind, work)
    argv = [*await _without_network(), *_command(office, kind, work)]
    ended = await _run_office(argv, work, limits)
    if ended is not None and ended.returncode == NEW_PROFILE:
        ended = await _run_office(argv, work, limits)
    made = work / "out" / "deck.pdf"
    if await asyncio.to_thread(made.is_file):
        return made
    if ended is not None and ended.returncode in CANNOT_RUN:
        raise ended
    raise DeckDamaged("LibreOffice cannot open this file. Save it once more, or export a PDF and bring that.")


async def _run_office(argv: Sequence[str], work: Path, limits: DeckLimits) -> ProcessFailed | None:
    try:
        await run(argv, limits=_limits(limits), cwd=work, what="LibreOffice")
    except ProcessTimedOut:
        raise DeckTooSlow(
            f"Turning these slides into a PDF took longer than {limits.office_s:.0f} seconds. Export a PDF yourself."
        ) from None
    except ProcessFailed as error:
        return error
    return None


def _prepare(path: Path, kind: str, work: Path) -> None:
    for name in ("profile/user", "out", "home", "tmp"):
        (work / name).mkdir(parents=True)
    # Under a plain name: nothing of what people call their files reaches the command line.
    try:
        os.link(path, work / f"deck.{kind}")
    except OSError:
        shutil.copyfile(path, work / f"deck.{kind}")
    items = "".join(
        f'<item oor:path="{_OPTIONS}{where}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for where, name, value in SETTINGS
    )
    (work / "profile" / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{items}</oor:items>\n'
    )


def _command(office: str, kind: str, work: Path) -> list[str]:
    # A home and a scratch folder of its own; drawing without a screen.
    environment = {"HOME": str(work / "home"), "TMPDIR": str(work / "tmp"), "SAL_USE_VCLPLUGIN": "svp"}
    words = [
        _program(office),
        f"-env:UserInstallation={(work / 'profile').as_uri()}",
        "--headless",
        "--norestore",
        "--nolockcheck",
        "--nodefault",
        "--nofirststartwizard",
        "--convert-to",
        "pdf:impress_pdf_Export",
        "--outdir",
        str(work / "out"),
        str(work / f"deck.{kind}"),
    ]
    return without_ours(words, environment)


def _program(office: str) -> str:
    """The program behind the starters, which run it as a child of a child: that would outlive us when we are killed."""
    inner = Path(office).resolve().with_name("soffice.bin")
    return str(inner) if inner.is_file() else office


async def _without_network() -> list[str]:
    """The words that start a program in a network namespace of its own, with nothing in it; none where the system does
    not let us (then the settings above have to do)."""
    unshare, true = shutil.which("unshare"), shutil.which("true")
    if unshare is None or true is None:
        return []
    words = [unshare, "--user", "--map-root-user", "--net", "--"]
    try:
        await run([*words, true], limits=Limits(wall_s=10, cpu_s=5), what="unshare")
    except ProcessFailed:
        return []
    return words


def _limits(limits: DeckLimits) -> Limits:
    return Limits(
        memory_bytes=limits.office_memory_bytes,
        cpu_s=max(1, round(limits.office_s * 2)),
        file_bytes=1 << 30,
        open_files=1024,
        wall_s=limits.office_s,
        grace_s=2.0,
        nice=5,
    )
