"""What database and storage hold of an upload."""

import hashlib

from server.core.removals import remove_due
from server.core.runtime import Runtime
from server.uploads.models import Upload
from server.uploads.queries import find_upload
from server.uploads.store import prefix_of
from tests.waiting import soon


async def row(runtime: Runtime, url: str) -> Upload:
    async with runtime.database.read() as db:
        found = await find_upload(db, url.rsplit("/", 1)[-1])
    assert found is not None
    return found


async def recorded(runtime: Runtime, url: str, at_least: int) -> int:
    """Wait until the database says that so many bytes are durable."""

    async def look() -> int:
        offset = (await row(runtime, url)).offset_bytes
        return offset if offset >= at_least else 0

    return await soon(look, what=f"{at_least} durable bytes")


async def check_stored(runtime: Runtime, url: str, whole: bytes) -> None:
    upload = await row(runtime, url)
    assert (upload.state, upload.offset_bytes) == ("finished", len(whole))
    stored = await runtime.store.get(upload.key)
    assert hashlib.sha256(stored).hexdigest() == hashlib.sha256(whole).hexdigest()
    await remove_due(runtime.database, runtime.store)
    assert [item.key async for item in runtime.store.objects(prefix_of(upload.id))] == [upload.key]
    assert await runtime.store.open_multiparts(prefix_of(upload.id)) == []
