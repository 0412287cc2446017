"""What one process works with, made once after its start (and after any fork) by its root, and handed down."""

from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from server.core.db import Database
from server.core.secrets import Keyring
from server.core.storage import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Values acts need, read from the settings by the root."""

    upload_max_bytes: int = 100 * 1024**3
    upload_expires_s: int = 168 * 3600
    undo_s: int = 30 * 86400
    login_s: int = 30 * 86400
    ladder: tuple[int, ...] = (1080, 720, 480, 360)
    chunk_s: int = 60
    encode_threads: int = 0
    encode_preset: str = "medium"
    lease_s: int = 60
    # Objects replaced by a newer generation live until no playback token can name them: two buckets of a day.
    token_overlap_s: int = 2 * 86400


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """The engines and values of one process."""

    database: Database
    store: ObjectStore
    redis: Redis
    redis_url: str
    keyring: Keyring
    limits: Limits
    base_url: str
    is_https: bool = False
    x_accel_prefix: str = ""
    scratch: Path = Path("var/scratch")
    ffmpeg: str = ""
    smtp_url: str = ""
    mail_from: str = ""
    # Where encoders send: the host they are told, and the ports ingest listens on
    ingest_host: str = "localhost"
    rtmp_port: int = 1935
    srt_port: int = 8890
