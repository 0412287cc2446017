"""`upload.*`: throughput against a raw S3 multipart of the same bytes, and how the web process grows meanwhile."""

import contextlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import httpx
from botocore.config import Config

from tests.bench.results import emit, note
from tests.faults.kills import environment
from tests.private_semma import PrivateSemma, private_semma, processes

MIB = 1024 * 1024
SIZE_MIB = int(os.environ.get("SEMMA_BENCH_UPLOAD_MIB", "5120"))
AT_ONCE = 8
PIECE_BYTES = MIB
PART_MIB = 16


def measure() -> None:
    """Every `upload.*` result."""
    with private_semma({}) as semma:
        note(f"raw multipart of {SIZE_MIB} MiB")
        raw_s = _raw_multipart(semma, SIZE_MIB)
        note(f"one upload of {SIZE_MIB} MiB")
        one_s, one_growth = _watched(semma, [SIZE_MIB])
        note(f"{AT_ONCE} uploads at once, {SIZE_MIB} MiB together")
        many_s, many_growth = _watched(semma, [SIZE_MIB // AT_ONCE] * AT_ONCE)
    detail = {
        "mib": SIZE_MIB,
        "semma_mib_s": round(SIZE_MIB / one_s, 1),
        "raw_mib_s": round(SIZE_MIB / raw_s, 1),
        "eight_at_once_mib_s": round(SIZE_MIB / many_s, 1),
        "raw": f"boto3 upload_part, {PART_MIB} MiB parts, one after the other",
    }
    emit("upload.throughput_ratio", raw_s / one_s, "ratio", ">= 0.7", detail)
    growth = {"mib": SIZE_MIB, "how": "peak resident set of all web processes above what it was before"}
    emit("upload.rss_growth_mib", one_growth, "MiB", "<= 64", {**growth, "uploads": 1})
    emit("upload.rss_growth_mib", many_growth, "MiB", "<= 200", {**growth, "uploads": AT_ONCE})


def _body(size_mib: int, seed: int) -> Iterator[bytes]:
    """Bytes that no storage can shrink or recognise: every piece differs in its first bytes."""
    piece = os.urandom(PIECE_BYTES - 16)
    for number in range(size_mib):
        yield seed.to_bytes(8, "big") + number.to_bytes(8, "big") + piece


def _raw_multipart(semma: PrivateSemma, size_mib: int) -> float:
    """Seconds that the same bytes take straight into the S3 server."""
    known = environment(semma)
    client = boto3.client(
        "s3",
        endpoint_url=known["S3_ENDPOINT_URL"],
        aws_access_key_id=known["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=known["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
        config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
    )
    where = {"Bucket": known["S3_BUCKET"], "Key": "bench/raw"}
    started = time.monotonic()
    upload = client.create_multipart_upload(**where)["UploadId"]
    parts: list[dict[str, object]] = []
    held = bytearray()
    for number, piece in enumerate(_body(size_mib, 0), 1):
        held += piece
        if len(held) >= PART_MIB * MIB or number == size_mib:
            part = len(parts) + 1
            answer = client.upload_part(**where, UploadId=upload, PartNumber=part, Body=bytes(held))
            parts.append({"ETag": answer["ETag"], "PartNumber": part})
            held.clear()
    client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
    took = time.monotonic() - started
    client.delete_object(**where)
    return took


def _watched(semma: PrivateSemma, sizes_mib: list[int]) -> tuple[float, float]:
    """Upload so many files at once; seconds until all are acknowledged, and MiB the web process grew at its peak."""
    web = [process.pid for process in processes(semma) if process.child == "web"]
    before = sum(_status_mib(pid, "VmRSS") for pid in web)
    for pid in web:
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak starts anew (proc(5))
    started = time.monotonic()
    with ThreadPoolExecutor(len(sizes_mib)) as pool:
        sent = [pool.submit(_upload, semma, size, number) for number, size in enumerate(sizes_mib)]
        addresses = [future.result() for future in sent]
    took = time.monotonic() - started
    growth = sum(_status_mib(pid, "VmHWM") for pid in web) - before
    for address in addresses:
        with contextlib.suppress(httpx.HTTPError):
            httpx.delete(address, headers=_headers(semma), trust_env=False, timeout=30)
    return took, growth


def _headers(semma: PrivateSemma) -> dict[str, str]:
    return {"Authorization": f"Bearer {semma.token}", "Tus-Resumable": "1.0.0"}


def _upload(semma: PrivateSemma, size_mib: int, seed: int) -> str:
    """One tus upload in one PATCH; its address."""
    session = semma.make_session(f"Upload {seed}")
    address = semma.new_upload(session, size_mib * MIB, "bytes.bin")
    headers = {
        **_headers(semma),
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(size_mib * MIB),
    }
    answer = httpx.patch(address, headers=headers, content=_body(size_mib, seed), timeout=1800, trust_env=False)
    assert answer.status_code == 204, answer.text
    return address


def _status_mib(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"/proc/{pid}/status has no {name}")
