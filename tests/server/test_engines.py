"""The embedded engines, really run: what they acknowledged survives SIGKILL, and only this user reaches them."""

import os
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import boto3
import pytest
import redis
from botocore.config import Config
from botocore.exceptions import ClientError

from server import engines
from server.engine import EngineMissing, EngineSilent, free_ports, is_free, running
from server.engines import S3Engine, ValkeyEngine, describe_s3, describe_valkey, launch_s3, launch_valkey
from tests.waiting import eventually


def s3_client(engine: S3Engine, secret: str | None = None) -> Any:
    return boto3.session.Session().client(
        "s3",
        endpoint_url=engine.endpoint_url,
        aws_access_key_id=engine.access_key_id,
        aws_secret_access_key=secret or engine.secret_access_key,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )


def processes_of(folder: Path) -> list[int]:
    """Processes whose command line names the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if str(folder).encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def kill_hard(folder: Path) -> None:
    for pid in processes_of(folder):
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: not processes_of(folder), what="the killed engine to be gone")


def test_s3_keeps_what_it_acknowledged_over_sigkill(tmp_path: Path) -> None:
    folder = tmp_path / "s3"
    piece = os.urandom(5 * 1024 * 1024)
    with launch_s3(folder) as engine:
        client = s3_client(engine)
        upload = client.create_multipart_upload(Bucket="semma", Key="multi")["UploadId"]
        parts = [
            {
                "PartNumber": number,
                "ETag": client.upload_part(Bucket="semma", Key="multi", UploadId=upload, PartNumber=number, Body=body)[
                    "ETag"
                ],
            }
            for number, body in ((1, piece), (2, piece), (3, b"tail"))
        ]
        open_one = client.create_multipart_upload(Bucket="semma", Key="open")["UploadId"]
        client.upload_part(Bucket="semma", Key="open", UploadId=open_one, PartNumber=1, Body=piece)
        client.complete_multipart_upload(Bucket="semma", Key="multi", UploadId=upload, MultipartUpload={"Parts": parts})
        client.put_object(Bucket="semma", Key="small", Body=piece[:1000])
        kill_hard(folder)
    with launch_s3(folder) as again:
        assert (again.endpoint_url, again.secret_access_key) == (engine.endpoint_url, engine.secret_access_key)
        client = s3_client(again)
        assert client.get_object(Bucket="semma", Key="small")["Body"].read() == piece[:1000]
        assert client.get_object(Bucket="semma", Key="multi")["Body"].read() == piece + piece + b"tail"
        listed = client.list_parts(Bucket="semma", Key="open", UploadId=open_one)["Parts"]
        assert [(part["PartNumber"], part["Size"]) for part in listed] == [(1, len(piece))]
        _is_closed_to_others(again)
    assert again.leaves
    assert not [path for path in again.leaves if path.exists()]


def _is_closed_to_others(engine: S3Engine) -> None:
    """Neither a wrong key nor the inner servers give anything away, and nothing listens beyond loopback."""
    with pytest.raises(ClientError):
        s3_client(engine, secret="wrong").list_objects_v2(Bucket="semma")
    filer = next(word for word in engine.argv if word.startswith("-filer.port=")).split("=")[1]
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{filer}/buckets/semma/small", timeout=5)
    assert refused.value.code == 401
    for name in ("s3.json", "identities.json"):
        assert stat.S_IMODE((engine.folder / name).stat().st_mode) == 0o600
    assert engine.secret_access_key not in " ".join(engine.argv)
    assert {line for line in _listening(processes_of(engine.folder)) if not line.startswith("127.0.0.1:")} == set()


def _listening(pids: list[int]) -> set[str]:
    """Addresses the processes listen on, by ss."""
    answer = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
    return {line.split()[3] for line in answer.splitlines() if any(f"pid={pid}," in line for pid in pids)}


def test_s3_moves_to_other_ports_when_its_own_are_taken(tmp_path: Path) -> None:
    import socket

    first = describe_s3(tmp_path / "s3")
    port = int(first.endpoint_url.rsplit(":", 1)[1])
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        moved = describe_s3(tmp_path / "s3")
    assert moved.endpoint_url != first.endpoint_url
    assert (moved.access_key_id, moved.secret_access_key) == (first.access_key_id, first.secret_access_key)


def test_valkey_keeps_what_it_acknowledged_over_sigkill(tmp_path: Path) -> None:
    folder = tmp_path / "valkey"
    with launch_valkey(folder) as engine:
        client = redis.Redis.from_url(engine.url)
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        client.rpush("light", "bell")
        kill_hard(folder)
    with launch_valkey(folder) as again:
        assert redis.Redis.from_url(again.url).lrange("light", 0, -1) == [b"bell"]
        assert again.url == f"unix://{folder / 'valkey.sock'}"
        assert stat.S_IMODE((folder / "valkey.sock").stat().st_mode) == 0o600


def test_valkey_listens_on_loopback_with_a_password_when_the_path_is_too_long(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / "valkey"
    with launch_valkey(folder) as engine:
        assert engine.url.startswith("redis://:")
        assert redis.Redis.from_url(engine.url).ping()
        open_door = "redis://127.0.0.1:" + engine.url.rsplit(":", 1)[1]
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(open_door).ping()


def test_an_engine_dies_with_a_killed_parent(tmp_path: Path) -> None:
    folder = tmp_path / "valkey"
    program = (
        "import sys, pathlib\n"
        "from server.engines import launch_valkey\n"
        "with launch_valkey(pathlib.Path(sys.argv[1])):\n"
        "    print('up', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "up\n"
    assert len(processes_of(folder)) == 2
    parent.kill()
    parent.wait()
    eventually(lambda: not processes_of(folder), timeout_s=5, what="Valkey to die with its parent")


def test_an_engine_that_ends_at_start_says_why(tmp_path: Path) -> None:
    engine = describe_valkey(tmp_path / "valkey")
    (tmp_path / "valkey" / "valkey.conf").write_text("no-such-word 1\n")
    with pytest.raises(EngineSilent, match="no-such-word") as refused, running(engine):
        pass
    assert refused.value.code == "engine.silent"


def test_a_missing_wheel_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "wheel_folder", lambda _package: None)
    with pytest.raises(EngineMissing, match="run `make setup`, or set REDIS_URL") as refused:
        describe_valkey(tmp_path / "valkey")
    assert refused.value.code == "engine.missing"


def test_free_ports_have_free_neighbours() -> None:
    ports = free_ports(4)
    assert len(set(ports)) == 4
    assert all(is_free(port) and is_free(port + 10_000) and port + 10_000 < 32768 for port in ports)


def test_descriptions_are_values(tmp_path: Path) -> None:
    assert isinstance(describe_valkey(tmp_path / "v"), ValkeyEngine)
    assert describe_s3(tmp_path / "s").argv == describe_s3(tmp_path / "s").argv
