"""Orders of search."""

from server.core.jobs import Job


class FollowChanges(Job, frozen=True, kw_only=True):
    """Bring the index after what changed, until nothing is noted any more. There is one row of it, used again and
    again (follow.rouse): its lease is what makes the indexer one."""

    name = "search.follow"
    queue = "light"
