"""One adapter, a real S3 server: objects, ranges, multiparts, signed addresses, life cycle."""

import httpx
import pytest

from server.core.clock import now
from server.core.db import Database
from server.core.removals import keep_after_all, remove_due, remove_later
from server.core.storage import (
    MIN_PART_BYTES,
    ObjectMissing,
    ObjectStore,
    RangeUnsatisfiable,
    StorageAway,
    StorageSettings,
    part_size_for,
)
from tests.conftest import S3


async def test_put_head_get_delete(store: ObjectStore) -> None:
    etag = await store.put("a/b.txt", b"hello", content_type="text/plain")
    stored = await store.head("a/b.txt")
    assert (stored.size_bytes, stored.etag, stored.content_type) == (5, etag, "text/plain")
    assert await store.get("a/b.txt") == b"hello"
    await store.delete("a/b.txt")
    await store.delete("a/b.txt")
    with pytest.raises(ObjectMissing):
        await store.head("a/b.txt")


async def test_ranges(store: ObjectStore) -> None:
    await store.put("r", bytes(range(100)))
    assert await store.get("r", first=10, last=19) == bytes(range(10, 20))
    assert await store.get("r", first=95) == bytes(range(95, 100))
    with pytest.raises(RangeUnsatisfiable):
        await store.get("r", first=100)


async def test_multipart_is_whole_and_abort_frees(store: ObjectStore) -> None:
    first, last = b"x" * MIN_PART_BYTES, b"tail"
    upload = await store.begin_multipart("big")
    parts = [await store.put_part("big", upload, 1, first), await store.put_part("big", upload, 2, last)]
    assert [(part.number, part.size_bytes) for part in await store.list_parts("big", upload)] == [
        (1, len(first)),
        (2, len(last)),
    ]
    await store.complete_multipart("big", upload, parts)
    assert (await store.head("big")).size_bytes == len(first) + len(last)
    other = await store.begin_multipart("left")
    assert [item.upload_id for item in await store.open_multiparts("left")] == [other]
    await store.abort_multipart("left", other)
    await store.abort_multipart("left", other)
    assert await store.open_multiparts("left") == []


async def test_listing_pages_and_prefix_removal(store: ObjectStore) -> None:
    for number in range(25):
        await store.put(f"p/{number:02d}", b"")
    await store.put("q", b"stays")
    assert [item.key async for item in store.objects("p/", most=3)] == ["p/00", "p/01", "p/02"]
    assert await store.delete_prefix("p/") == 25
    assert [item.key async for item in store.objects("")] == ["q"]
    with pytest.raises(ValueError, match="whole bucket"):
        await store.delete_prefix("")


async def test_signed_address_serves_ranges_without_credentials(store: ObjectStore) -> None:
    await store.put("s", b"0123456789")
    url = await store.presign("s", expires_s=60, filename="talk.mp4")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url and store.bucket in url.split("?")[0]
    async with httpx.AsyncClient() as client:
        answer = await client.get(url, headers={"Range": "bytes=2-4"})
        plain = await client.get(url.split("?")[0])
    assert (answer.status_code, answer.content) == (206, b"234")
    assert 'filename="talk.mp4"' in answer.headers["content-disposition"]
    assert plain.status_code == 403


async def test_away_storage_says_so_and_is_worth_another_try() -> None:
    away = ObjectStore(
        StorageSettings(
            endpoint_url="http://127.0.0.1:9", bucket="b", access_key_id="k", secret_access_key="s", threads=2
        )
    )
    with pytest.raises(StorageAway) as caught:
        await away.head("x")
    assert caught.value.retryable
    away.close()


async def test_wrong_keys_are_refused(s3: S3, bucket: str) -> None:
    wrong = ObjectStore(
        StorageSettings(
            endpoint_url=s3.endpoint_url, bucket=bucket, access_key_id="nobody", secret_access_key="x", threads=2
        )
    )
    with pytest.raises(Exception, match="refused"):
        await wrong.put("x", b"")
    wrong.close()


@pytest.mark.parametrize("size", [1, MIN_PART_BYTES, 100 * 1024**3, 5 * 1024**4])
def test_part_size_fits_every_object(size: int) -> None:
    part = part_size_for(size)
    assert part >= MIN_PART_BYTES and -(-size // part) <= 10_000


async def test_removals_wait_for_their_time_and_can_be_taken_back(database: Database, store: ObjectStore) -> None:
    for key in ("one/a", "one/b", "two/a", "three/a"):
        await store.put(key, b"x")
    async with database.write() as db:
        await remove_later(db, "one/", reason="deleted", owner_id="1", after_s=-1)
        await remove_later(db, "two/", reason="deleted", owner_id="2", after_s=3600)
        await remove_later(db, "three/", reason="deleted", owner_id="3", after_s=-1)
        await keep_after_all(db, owner_id="3")
    assert await remove_due(database, store) == 2
    assert await remove_due(database, store) == 0
    assert [item.key async for item in store.objects("")] == ["three/a", "two/a"]
    assert (await store.head("two/a")).last_modified <= now()
