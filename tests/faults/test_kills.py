"""At seeded random points of an upload and a transcode something is killed; the recording ends ready without help."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from server.tus_client import Notebook, Sending
from tests.faults.conftest import Undisturbed
from tests.faults.evidence import frame_hashes, stored_sha256
from tests.faults.kills import ENCODE_VICTIMS, UPLOAD_VICTIMS, kill
from tests.private_semma import PrivateSemma, is_ffmpeg, processes
from tests.waiting import eventually

RUNS = int(os.environ.get("SEMMA_FAULT_RUNS", "21"))
SEED = int(os.environ.get("SEMMA_FAULT_SEED", "2026"))


@pytest.mark.faults
@pytest.mark.timeout(420)
@pytest.mark.parametrize("run", range(RUNS))
def test_a_recording_ends_ready_whatever_is_killed(
    run: int, semma: PrivateSemma, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    chance = random.Random(f"{SEED}/{run}")
    log: list[str] = []
    session = semma.make_session(f"Run {run}")
    # Every victim comes up in turn, the points are random; about every second run is hit in both halves.
    if run % 3 == 0 or chance.random() < 0.5:
        victim = UPLOAD_VICTIMS[run % len(UPLOAD_VICTIMS)]
        point = chance.randrange(undisturbed.path.stat().st_size)
        _upload(semma, session, undisturbed.path, tmp_path, _once(point, lambda: kill(semma, victim, chance), log))
    else:
        _upload(semma, session, undisturbed.path, tmp_path, lambda _sent: None)
    recording = semma.recording_of(session)
    _disturb_encode(semma, recording, ENCODE_VICTIMS[run % len(ENCODE_VICTIMS)], chance, log)

    semma.wait_ready(recording, timeout_s=240)
    print(f"run {run}: {'; '.join(log)}")  # noqa: T201 -- pytest shows it when the run fails
    assert stored_sha256(semma, recording) == undisturbed.sha256
    assert frame_hashes(semma, session, tmp_path) == undisturbed.frames
    eventually(lambda: not [p for p in processes(semma) if is_ffmpeg(p)], timeout_s=15, what="no ffmpeg to be left")


def _once(point: int, act: Callable[[], str], log: list[str]) -> Callable[[int], None]:
    """Hear of the upload's progress; act the first time it is beyond the point."""

    def hear(sent_bytes: int) -> None:
        if sent_bytes >= point and not log and (done := act()):
            log.append(f"upload at {sent_bytes}: {done}")

    return hear


def _upload(semma: PrivateSemma, session: str, path: Path, folder: Path, on_progress: Callable[[int], None]) -> None:
    """Send the file with Semma's own client, which goes on by itself where it broke off."""
    Sending(
        file=path,
        server_url=semma.url,
        headers={"Authorization": f"Bearer {semma.token}"},
        metadata={"session": session, "purpose": "recording", "filename": path.name},
        notebook=Notebook(folder / "uploads.json"),
        patience_s=90,
        on_progress=on_progress,
    ).run()


def _disturb_encode(semma: PrivateSemma, recording: str, victim: str, chance: random.Random, log: list[str]) -> None:
    """Kill once or twice while the recording is worked on."""
    for point in sorted(chance.uniform(0, 0.9) for _ in range(chance.choice((1, 1, 2)))):

        def hit(point: float = point) -> str:
            found = semma.get(f"/api/v1/recordings/{recording}")
            if found["state"] in ("ready", "failed"):
                return f"{found['state']} already"
            return kill(semma, victim, chance) if found["progress"] >= point else ""

        done = eventually(hit, timeout_s=120, what=f"progress {point:.2f} and a {victim} to kill")
        log.append(f"encode at {point:.2f}: {done}")
