"""Object storage: one adapter over boto3 for every S3-compatible server, with an async face.

boto3 blocks, so every call runs in an executor of the same size as the connection pool. One client a process, made
after the fork: clients are thread-safe, sessions and making clients are not, and nothing of it survives a fork.
"""

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from server.core.errors import Invalid, NotFound, Unavailable

MIN_PART_BYTES = 8 * 1024 * 1024
MAX_PARTS = 10_000


class ObjectMissing(NotFound):
    """No object under this key."""

    code = "storage.object_missing"
    says = "The stored object is not there."


class RangeUnsatisfiable(Invalid):
    """The range starts beyond the object's end (RFC 9110 §14.1.1)."""

    code = "storage.range_unsatisfiable"
    says = "The range lies outside the object."


class StorageAway(Unavailable):
    """The object storage does not answer, or refuses for now."""

    code = "storage.unavailable"
    says = "The object storage does not answer; try again in a moment."


@dataclass(frozen=True, kw_only=True)
class StorageSettings:
    """What the adapter needs to reach a bucket."""

    endpoint_url: str
    bucket: str
    access_key_id: str
    secret_access_key: str
    region: str = "us-east-1"
    public_url: str = ""
    checksums: str = "when_required"
    threads: int = 24


@dataclass(frozen=True)
class StoredObject:
    """What the storage knows of an object."""

    key: str
    size_bytes: int
    etag: str
    last_modified: datetime
    content_type: str = "application/octet-stream"


@dataclass(frozen=True)
class Part:
    """One uploaded part of a multipart object."""

    number: int
    size_bytes: int
    etag: str


@dataclass(frozen=True)
class OpenMultipart:
    """A multipart upload that was begun and neither completed nor aborted."""

    key: str
    upload_id: str
    initiated: datetime


@functools.lru_cache(maxsize=1)
def _session_of(_pid: int) -> Any:
    """The one session of this process: it holds the parsed service description, 0.2 s to read; a fork makes its own."""
    return boto3.session.Session()


def part_size_for(size_bytes: int) -> int:
    """One part size for the whole object, so that equal-part servers (R2) take it: ≥ 8 MiB, at most 9,000 parts."""
    return max(MIN_PART_BYTES, -(-size_bytes // 9000))


class ObjectStore:
    """One bucket."""

    def __init__(self, settings: StorageSettings) -> None:
        self.settings = settings
        self.bucket = settings.bucket
        self._pool = ThreadPoolExecutor(max_workers=settings.threads, thread_name_prefix="s3")
        self._client = self._make_client(settings.endpoint_url)
        self._public = self._make_client(settings.public_url) if settings.public_url else self._client

    def _make_client(self, endpoint_url: str) -> Any:
        config = Config(
            signature_version="s3v4",  # a custom endpoint in us-east-1 would be presigned with v2 otherwise
            s3={"addressing_style": "path"},
            request_checksum_calculation=self.settings.checksums,
            response_checksum_validation=self.settings.checksums,
            max_pool_connections=self.settings.threads,
            connect_timeout=3,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": 4},
        )
        return _session_of(os.getpid()).client(
            "s3",
            endpoint_url=endpoint_url or None,
            aws_access_key_id=self.settings.access_key_id or None,
            aws_secret_access_key=self.settings.secret_access_key or None,
            region_name=self.settings.region,
            config=config,
        )

    async def _call(self, act: Callable[..., Any], **arguments: Any) -> Any:
        """Run one boto3 call in the executor and translate its errors."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, lambda: act(Bucket=self.bucket, **arguments))
        except ClientError as error:
            raise _translate(error, arguments) from error
        except (BotoCoreError, OSError) as error:
            raise StorageAway(f"The object storage does not answer ({type(error).__name__}); try again.") from error

    async def put(
        self, key: str, body: bytes | BinaryIO, *, content_type: str = "application/octet-stream", cache: str = ""
    ) -> str:
        """Store a small object whole; returns its ETag."""
        extra = {"CacheControl": cache} if cache else {}
        answer = await self._call(self._client.put_object, Key=key, Body=body, ContentType=content_type, **extra)
        return str(answer["ETag"]).strip('"')

    async def head(self, key: str) -> StoredObject:
        """What is stored under the key; raises ObjectMissing."""
        answer = await self._call(self._client.head_object, Key=key)
        return _described(key, answer, size_bytes=int(answer["ContentLength"]))

    async def get(self, key: str, *, first: int | None = None, last: int | None = None) -> bytes:
        """The object's bytes, or the inclusive range `first`…`last` of them; raises ObjectMissing."""
        described, chunks = await self.open(key, first=first, last=last)
        del described
        return b"".join([chunk async for chunk in chunks])

    async def open(
        self, key: str, *, first: int | None = None, last: int | None = None, chunk_bytes: int = 256 * 1024
    ) -> tuple[StoredObject, AsyncIterator[bytes]]:
        """Open an object for streaming; memory stays at one chunk. `size_bytes` is what will be streamed."""
        extra = {"Range": f"bytes={first or 0}-{'' if last is None else last}"} if (first, last) != (None, None) else {}
        answer = await self._call(self._client.get_object, Key=key, **extra)
        return _described(key, answer, size_bytes=int(answer["ContentLength"])), self._stream(
            answer["Body"], chunk_bytes
        )

    async def _stream(self, body: Any, chunk_bytes: int) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        try:
            while chunk := await loop.run_in_executor(self._pool, body.read, chunk_bytes):
                yield chunk
        except (BotoCoreError, OSError) as error:
            raise StorageAway from error
        finally:
            with contextlib.suppress(Exception):
                body.close()

    async def delete(self, key: str) -> None:
        """Remove one object; nothing happens when it is not there."""
        await self._call(self._client.delete_object, Key=key)

    async def delete_many(self, keys: Sequence[str]) -> int:
        """Remove objects, up to 1,000 a call; servers that refuse the batch get single deletes. Returns how many."""
        for start in range(0, len(keys), 1000):
            batch = keys[start : start + 1000]
            try:
                answer = await self._call(
                    self._client.delete_objects, Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True}
                )
                failed = [item["Key"] for item in answer.get("Errors", [])]
            except Invalid:
                failed = list(batch)
            for key in failed:
                await self.delete(key)
        return len(keys)

    async def delete_prefix(self, prefix: str) -> int:
        """Remove everything below a prefix; returns how many objects."""
        if not prefix.strip("/"):
            raise ValueError("refusing to delete the whole bucket")
        removed = 0
        while keys := [item.key async for item in self.objects(prefix, most=1000)]:
            removed += await self.delete_many(keys)
        return removed

    async def objects(self, prefix: str, *, most: int | None = None) -> AsyncIterator[StoredObject]:
        """Objects below a prefix, in key order."""
        token: dict[str, Any] = {}
        seen = 0
        while True:
            answer = await self._call(self._client.list_objects_v2, Prefix=prefix, **token)
            for item in answer.get("Contents", []):
                yield StoredObject(item["Key"], int(item["Size"]), item["ETag"].strip('"'), item["LastModified"])
                seen += 1
                if most is not None and seen >= most:
                    return
            if not answer.get("IsTruncated"):
                return
            token = {"ContinuationToken": answer["NextContinuationToken"]}

    async def presign(
        self, key: str, *, expires_s: int, public: bool = False, filename: str | None = None, media_type: str = ""
    ) -> str:
        """A signed GET address, at most seven days; `public` uses the endpoint viewers reach. `filename` and
        `media_type` are what the storage answers instead of what it has."""
        params: dict[str, Any] = {"Bucket": self.bucket, "Key": key}
        if filename is not None:
            params["ResponseContentDisposition"] = f'attachment; filename="{filename}"'
        if media_type:
            params["ResponseContentType"] = media_type
        client = self._public if public else self._client
        loop = asyncio.get_running_loop()
        return str(
            await loop.run_in_executor(
                self._pool,
                lambda: client.generate_presigned_url("get_object", Params=params, ExpiresIn=min(expires_s, 604800)),
            )
        )

    async def begin_multipart(self, key: str, *, content_type: str = "application/octet-stream") -> str:
        """Begin a multipart object; returns the upload id."""
        answer = await self._call(self._client.create_multipart_upload, Key=key, ContentType=content_type)
        return str(answer["UploadId"])

    async def put_part(self, key: str, upload_id: str, number: int, body: bytes | bytearray) -> Part:
        """Store one part (1…10,000); every part but the last must have at least 5 MiB.

        The body goes to the socket in one piece: as a file object it would go in 16 KiB reads after a 100 Continue.
        """
        answer = await self._call(self._client.upload_part, Key=key, UploadId=upload_id, PartNumber=number, Body=body)
        return Part(number, len(body), str(answer["ETag"]).strip('"'))

    async def list_parts(self, key: str, upload_id: str) -> list[Part]:
        """The parts the storage holds, by number; raises ObjectMissing when the multipart is gone."""
        parts: list[Part] = []
        marker = 0
        while True:
            answer = await self._call(self._client.list_parts, Key=key, UploadId=upload_id, PartNumberMarker=marker)
            for item in answer.get("Parts", []):
                parts.append(Part(int(item["PartNumber"]), int(item["Size"]), item["ETag"].strip('"')))
            if not answer.get("IsTruncated"):
                return parts
            marker = int(answer["NextPartNumberMarker"])

    async def complete_multipart(self, key: str, upload_id: str, parts: Sequence[Part]) -> None:
        """Join the parts into the object."""
        listed = [{"PartNumber": part.number, "ETag": f'"{part.etag}"'} for part in parts]
        await self._call(
            self._client.complete_multipart_upload, Key=key, UploadId=upload_id, MultipartUpload={"Parts": listed}
        )

    async def abort_multipart(self, key: str, upload_id: str) -> None:
        """Give up a multipart upload and free its parts; nothing happens when it is not there."""
        with contextlib.suppress(ObjectMissing):
            await self._call(self._client.abort_multipart_upload, Key=key, UploadId=upload_id)

    async def open_multiparts(self, prefix: str = "") -> list[OpenMultipart]:
        """Multipart uploads begun and not ended below a prefix (first 1,000)."""
        answer = await self._call(self._client.list_multipart_uploads, Prefix=prefix)
        return [OpenMultipart(up["Key"], up["UploadId"], up["Initiated"]) for up in answer.get("Uploads", [])]

    async def ensure_bucket(self, *, origins: Sequence[str] = ("*",)) -> None:
        """Make the bucket and its CORS rules when allowed; a bucket that is there stays as it is."""
        try:
            await self._call(self._client.head_bucket)
        except (ObjectMissing, NotFound):
            await self._call(self._client.create_bucket)
        rules = [
            {
                "AllowedMethods": ["GET", "HEAD"],
                "AllowedOrigins": list(origins),
                "AllowedHeaders": ["*"],
                "ExposeHeaders": ["ETag", "Content-Range", "Content-Length", "Accept-Ranges"],
                "MaxAgeSeconds": 86400,
            }
        ]
        with contextlib.suppress(Invalid):  # some servers know no CORS calls; a proxy adds the headers there
            await self._call(self._client.put_bucket_cors, CORSConfiguration={"CORSRules": rules})

    async def check(self) -> None:
        """Raise StorageAway or ObjectMissing unless the bucket answers."""
        await self._call(self._client.head_bucket)

    def close(self) -> None:
        """End the executor; running calls finish."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()


def _described(key: str, answer: dict[str, Any], *, size_bytes: int) -> StoredObject:
    return StoredObject(
        key, size_bytes, answer["ETag"].strip('"'), answer["LastModified"], answer.get("ContentType", "")
    )


def _translate(error: ClientError, arguments: dict[str, Any]) -> Exception:
    """An S3 error as one of ours."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in {"NoSuchKey", "NoSuchUpload", "NoSuchBucket", "404", "NotFound"} or status == 404:
        return ObjectMissing(f"Nothing is stored under {arguments.get('Key', 'this bucket')}.")
    if code == "InvalidRange" or status == 416:
        return RangeUnsatisfiable()
    if status >= 500 or code in {"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout"}:
        return StorageAway(f"The object storage answered {status or code}; try again in a moment.")
    return Invalid(f"The object storage refused: {code or status}.")
