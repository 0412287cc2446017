"""Settings into engines: what the root of every process does first.

The database pool and the S3 client belong to one process, so this is called after the fork.
"""

import os

import server.tables  # noqa: F401 -- registers every table
from server.core.db import Database
from server.core.queue import Ringer
from server.core.redis import make_redis
from server.core.runtime import Limits, Runtime
from server.core.secrets import Keyring
from server.core.settings import Settings
from server.core.storage import ObjectStore, StorageSettings


def make_runtime(settings: Settings, ringer: Ringer, *, threads: int = 24) -> Runtime:
    """The engines of this process, from its settings."""
    database = Database(settings.sqlalchemy_url, ring=ringer, pool_size=4)
    store = ObjectStore(
        StorageSettings(
            endpoint_url=settings.s3_endpoint_url,
            bucket=settings.s3_bucket,
            access_key_id=settings.aws_access_key_id,
            secret_access_key=settings.aws_secret_access_key,
            region=settings.s3_region,
            public_url=settings.s3_public_url,
            checksums=settings.s3_checksums,
            threads=threads,
        )
    )
    return Runtime(
        database=database,
        store=store,
        redis=make_redis(settings.redis_url),
        redis_url=settings.redis_url,
        keyring=Keyring(settings.secret_keys),
        limits=Limits(
            upload_max_bytes=settings.upload_max_bytes,
            upload_expires_s=settings.upload_expires_h * 3600,
            undo_s=settings.undo_days * 86400,
            login_s=settings.login_days * 86400,
            ladder=settings.ladder_heights,
            chunk_s=settings.chunk_s,
            encode_threads=settings.encode_threads or (os.cpu_count() or 2),
            encode_preset=settings.encode_preset,
            lease_s=settings.lease_s,
        ),
        base_url=settings.base_url,
        is_https=settings.is_https,
        x_accel_prefix=settings.x_accel_prefix,
        scratch=settings.scratch_path,
        ffmpeg=settings.ffmpeg,
        smtp_url=settings.smtp_url,
        mail_from=settings.mail_from,
        ingest_host=settings.ingest_address,
        rtmp_port=settings.rtmp_port,
        srt_port=settings.srt_port,
    )
