"""Settings: read once from the environment at a root, frozen, handed down as values.

Every variable is declared once below with its sentence; `settings_table()` makes the table in docs/settings.md, and a
test keeps the two equal.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from server.core.errors import Invalid

# x264's, from the fastest to the slowest that anybody would wait for
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")


class BadSetting(Invalid):
    """A variable holds something that cannot be used."""

    code = "settings.bad_value"


def _var(env: str, default: Any, says: str, *, secret: bool = False) -> Any:
    """Declare one setting: its variable, its default, and what it is for."""
    return field(default=default, metadata={"env": env, "says": says, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of all processes; `read_settings` is the only constructor roots use."""

    data_dir: Path = _var("SEMMA_DATA_DIR", Path("var"), "Where a single machine keeps all its state.")
    host: str = _var("SEMMA_HOST", "127.0.0.1", "Address the web process listens on.")
    port: int = _var("SEMMA_PORT", 8000, "Port the web process listens on.")
    public_url: str = _var(
        "SEMMA_PUBLIC_URL", "", "Address people use, without a trailing slash; empty: http://localhost and the port."
    )
    rtmp_port: int = _var("SEMMA_RTMP_PORT", 1935, "Port for encoders that speak RTMP.")
    srt_port: int = _var("SEMMA_SRT_PORT", 8890, "First port for encoders that speak SRT; two a room, upwards.")
    live_ladder: str = _var(
        "SEMMA_LIVE_LADDER",
        "1080,720,360",
        "Heights of a live room's renditions, highest first; never above its input.",
    )
    live_passthrough: bool = _var(
        "SEMMA_LIVE_PASSTHROUGH",
        True,
        "Whether a live room's best quality is just what the encoder sends, where that allows it (else it is encoded).",
    )
    live_window_s: int = _var(
        "SEMMA_LIVE_WINDOW_S", 60, "Seconds of a live room kept in memory; older ones come from the object storage."
    )
    spool_dir: str = _var(
        "SEMMA_SPOOL_DIR",
        "",
        "Where live segments wait on disk for the object storage; must survive a restart. Empty: data directory.",
    )
    ingest_host: str = _var(
        "SEMMA_INGEST_HOST", "", "Host name encoders are told to send to; empty: that of SEMMA_PUBLIC_URL."
    )
    secret_key: str = _var(
        "SEMMA_SECRET_KEY",
        "",
        "Signs tokens and encrypts secrets; at least 32 characters. Several, separated by commas, rotate with overlap: "
        "the first signs, all are accepted. `semma up` makes one at first start.",
        secret=True,
    )
    database_url: str = _var(
        "DATABASE_URL", "", "postgresql://… or sqlite:///…; empty: SQLite in the data directory.", secret=True
    )
    redis_url: str = _var("REDIS_URL", "", "redis://… or unix://…; empty: embedded Valkey.", secret=True)
    s3_endpoint_url: str = _var("S3_ENDPOINT_URL", "", "S3-compatible endpoint; empty: embedded SeaweedFS.")
    s3_public_url: str = _var(
        "SEMMA_S3_PUBLIC_URL", "", "Endpoint that viewers reach, when objects are fetched from it directly."
    )
    s3_bucket: str = _var("S3_BUCKET", "semma", "Bucket for everything Semma keeps.")
    s3_region: str = _var("AWS_REGION", "us-east-1", "Region used in signatures.")
    aws_access_key_id: str = _var("AWS_ACCESS_KEY_ID", "", "S3 access key.", secret=True)
    aws_secret_access_key: str = _var("AWS_SECRET_ACCESS_KEY", "", "S3 secret key.", secret=True)
    s3_checksums: str = _var(
        "SEMMA_S3_CHECKSUMS",
        "when_required",
        "`when_supported` adds CRC trailers to every put; many S3-compatible servers refuse them.",
    )
    s3_create_bucket: bool = _var("SEMMA_S3_CREATE_BUCKET", True, "Make the bucket and its CORS rules at start.")
    ffmpeg: str = _var("SEMMA_FFMPEG", "", "Path of ffmpeg; empty: from PATH when new enough, else the bundled one.")
    encode_threads: int = _var("SEMMA_ENCODE_THREADS", 0, "Threads of one encode; 0: one a core.")
    encode_concurrency: int = _var("SEMMA_ENCODE_CONCURRENCY", 1, "Encodes at once in one encode worker.")
    light_concurrency: int = _var("SEMMA_LIGHT_CONCURRENCY", 2, "Jobs at once in one light worker.")
    web_workers: int = _var("SEMMA_WEB_WORKERS", 1, "Web processes `semma web` starts.")
    ladder: str = _var("SEMMA_LADDER", "1080,720,480,360", "Heights of the renditions, highest first.")
    chunk_s: int = _var("SEMMA_CHUNK_S", 60, "Length of an encode chunk in seconds; a multiple of 4.")
    encode_preset: str = _var(
        "SEMMA_ENCODE_PRESET",
        "medium",
        "x264 preset of recordings' renditions, ultrafast to veryslow; faster ones spend more bytes.",
    )
    scratch_dir: str = _var(
        "SEMMA_SCRATCH_DIR", "", "Where workers keep files of a running job; empty: data directory."
    )
    lease_s: int = _var("SEMMA_LEASE_S", 60, "A worker that has not renewed its lease for so long lost its job.")
    housekeeping_s: int = _var("SEMMA_HOUSEKEEPING_S", 30, "Seconds between two housekeeping rounds.")
    upload_max_bytes: int = _var("SEMMA_UPLOAD_MAX_BYTES", 100 * 1024**3, "Largest upload.")
    upload_expires_h: int = _var("SEMMA_UPLOAD_EXPIRES_H", 168, "Hours an unfinished upload is kept.")
    undo_days: int = _var("SEMMA_UNDO_DAYS", 30, "Days a deleted thing can be brought back.")
    login_days: int = _var("SEMMA_LOGIN_DAYS", 30, "Days a browser stays signed in.")
    trusted_proxies: str = _var(
        "SEMMA_TRUSTED_PROXIES", "", "Addresses of proxies whose X-Forwarded-* headers count, separated by commas."
    )
    x_accel_prefix: str = _var(
        "SEMMA_X_ACCEL_PREFIX", "", "Internal nginx location that serves objects; empty: streamed by the web process."
    )
    cors_origins: str = _var("SEMMA_CORS_ORIGINS", "", "Other sites that may use the API, separated by commas.")
    smtp_url: str = _var(
        "SEMMA_SMTP_URL", "", "smtp://user:password@host:587 or smtps://…; empty: no mail.", secret=True
    )
    mail_from: str = _var("SEMMA_MAIL_FROM", "", "Sender of mail; empty: semma at the public host.")
    log_level: str = _var("SEMMA_LOG_LEVEL", "info", "debug, info, warning or error.")
    log_format: str = _var("SEMMA_LOG_FORMAT", "json", "json, or text for people.")

    @property
    def base_url(self) -> str:
        """The address people use, without a trailing slash."""
        return self.public_url.rstrip("/") or f"http://localhost:{self.port}"

    @property
    def ingest_address(self) -> str:
        """The host name encoders are told to send to."""
        return self.ingest_host or urlsplit(self.base_url).hostname or "localhost"

    @property
    def is_https(self) -> bool:
        """Whether people reach Semma over TLS, so cookies must be Secure."""
        return self.base_url.startswith("https://")

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """All accepted secret keys, the signing one first."""
        return tuple(key.strip() for key in self.secret_key.split(",") if key.strip())

    @property
    def ladder_heights(self) -> tuple[int, ...]:
        """Heights of the renditions, highest first."""
        return tuple(sorted((int(part) for part in self.ladder.split(",") if part.strip()), reverse=True))

    @property
    def live_heights(self) -> tuple[int, ...]:
        """Heights of a live room's renditions, highest first."""
        return tuple(sorted((int(part) for part in self.live_ladder.split(",") if part.strip()), reverse=True))

    @property
    def spool_path(self) -> Path:
        """Where live segments wait for the object storage."""
        return Path(self.spool_dir) if self.spool_dir else self.data_dir / "spool"

    @property
    def scratch_path(self) -> Path:
        """Where workers keep files of a running job."""
        return Path(self.scratch_dir) if self.scratch_dir else self.data_dir / "scratch"

    @property
    def sqlalchemy_url(self) -> str:
        """DATABASE_URL with the async driver Semma uses."""
        url = self.database_url or f"sqlite:///{(self.data_dir / 'semma.db').resolve()}"
        for scheme, driver in (("postgresql", "asyncpg"), ("postgres", "asyncpg"), ("sqlite", "aiosqlite")):
            if url.split(":", 1)[0].split("+", 1)[0] == scheme:
                dialect = "postgresql" if scheme == "postgres" else scheme
                return f"{dialect}+{driver}:{url.split(':', 1)[1]}"
        raise BadSetting("DATABASE_URL must start with postgresql:// or sqlite:///.")


def _read_one(name: str, default: Any, text: str) -> Any:
    """Turn the text of one variable into the type of its default."""
    try:
        if isinstance(default, bool):
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.strip().lower()]
        if isinstance(default, int):
            return int(text)
        if isinstance(default, Path):
            return Path(text).expanduser()
    except (ValueError, KeyError):
        kind = "yes or no" if isinstance(default, bool) else "a whole number"
        raise BadSetting(f"{name} must be {kind}, not {text!r}.") from None
    return text


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read every setting from the environment once; raises BadSetting naming the variable."""
    env = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for item in fields(Settings):
        name = item.metadata["env"]
        if env.get(name, "") != "":
            values[item.name] = _read_one(name, item.default, env[name])
    settings = Settings(**values)
    _check(settings)
    return settings


def _check(settings: Settings) -> None:
    """Refuse combinations no process could work with."""
    if any(len(key) < 32 for key in settings.secret_keys):
        raise BadSetting("SEMMA_SECRET_KEY must have at least 32 characters; make one with `openssl rand -hex 32`.")
    if settings.chunk_s < 4 or settings.chunk_s % 4:
        raise BadSetting("SEMMA_CHUNK_S must be a multiple of 4, at least 4.")
    if settings.encode_preset not in PRESETS:
        raise BadSetting(f"SEMMA_ENCODE_PRESET must be one of {', '.join(PRESETS)}.")
    if settings.live_window_s < 24:
        raise BadSetting("SEMMA_LIVE_WINDOW_S must be at least 24: players may ask for six segments of four seconds.")
    _check_heights("SEMMA_LADDER", lambda: settings.ladder_heights)
    _check_heights("SEMMA_LIVE_LADDER", lambda: settings.live_heights)


def _check_heights(name: str, read: Callable[[], tuple[int, ...]]) -> None:
    """Refuse a ladder that is none."""
    try:
        heights = read()
    except ValueError:
        raise BadSetting(f"{name} must be heights separated by commas, such as 1080,720,480,360.") from None
    if not heights or min(heights) < 16 or max(heights) > 4320:
        raise BadSetting(f"{name} needs at least one height between 16 and 4320.")


def settings_table() -> str:
    """The table of all variables, in Markdown, for docs/settings.md."""
    lines = ["| variable | default | what it is for |", "| --- | --- | --- |"]
    for item in fields(Settings):
        default = str(item.default).lower() if isinstance(item.default, bool) else str(item.default)
        lines.append(f"| `{item.metadata['env']}` | {f'`{default}`' if default else ''} | {item.metadata['says']} |")
    return "\n".join(lines) + "\n"
