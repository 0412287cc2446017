"""Search: the index follows what changed."""

from server.core.runtime import Runtime
from server.search.follow import follow, is_behind, rouse
from server.search.jobs import FollowChanges
from workers.runtime import Work, handles


@handles(FollowChanges)
async def follow_changes(_job: FollowChanges, work: Work) -> None:
    """Index what is noted until nothing is. A repeat finds less to do."""
    await follow(work)


async def look_for_changes(runtime: Runtime) -> None:
    """One tick: wake the indexer when something is noted."""
    async with runtime.database.read() as db:
        if not await is_behind(db):
            return
    async with runtime.database.write() as db:
        await rouse(db)
