"""Segments read from the storage one after the other, a few ahead; memory stays at those."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from server.core.storage import ObjectMissing, ObjectStore
from server.recordings.pieces import Piece
from workers.recordings import SourceGone

AHEAD = 4  # segments fetched before they are needed


async def fetched(store: ObjectStore, pieces: Sequence[Piece]) -> AsyncIterator[tuple[Piece, bytes, bytes]]:
    """Each piece with its init and its bytes. Raises SourceGone when one is not there any more."""
    inits: dict[str, bytes] = {}
    running: list[asyncio.Task[bytes]] = []
    try:
        for number, piece in enumerate(pieces):
            running += [
                asyncio.ensure_future(store.get(later.key)) for later in pieces[number + len(running) : number + AHEAD]
            ]
            if piece.init not in inits:
                inits[piece.init] = await store.get(piece.init)
            yield piece, inits[piece.init], await running.pop(0)
    except ObjectMissing:
        raise SourceGone from None
    finally:
        for task in running:
            task.cancel()
