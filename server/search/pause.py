"""A search takes its turns: whoever else is served by this process gets theirs between its steps."""

import asyncio


async def let_others() -> None:
    """Let the loop do what waits. Reads of SQLite run in the loop itself (core/sqlite_reads.py), and so does scoring:
    without this a search of a large archive, from its first step to its last, is one pause of everything else."""
    await asyncio.sleep(0)
