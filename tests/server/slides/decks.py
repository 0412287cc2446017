"""A seminar that slides are brought to: decks of a few pages, uploads, and a worker that does what was ordered."""

from typing import Any

import httpx
from sqlalchemy import select

from server.core.jobs import ENDED, JobRow
from server.core.runtime import Runtime
from tests.server.media.deck_files import Page, Pdf, box, text
from tests.server.uploads.world import BYTES, TUS, URL, World, metadata
from workers.runtime import run_claimed

DECKS = "/api/v1/decks"
LINK = "/Annots [<< /Type /Annot /Subtype /Link /Rect [48 190 144 220] /A << /S /URI /URI (https://example.org/) >> >>]"


def deck_of(*lines: str, first: str = "Cranes") -> bytes:
    """A PDF with a title page, which has a link, and a page a line."""
    pages = [Page(text(first, 48, 200), more=LINK)]
    pages += [Page(text(line, 48, 240) + box(48, 20, 100 + 20 * at, 60)) for at, line in enumerate(lines)]
    return Pdf(pages).bytes()


async def bring(
    client: httpx.AsyncClient,
    world: World,
    body: bytes,
    *,
    who: str = "speaker",
    filename: str = "slides.pdf",
    **pairs: str,
) -> httpx.Response:
    """Send a deck in one request (creation-with-upload)."""
    headers = TUS | BYTES | world.askers[who] | {"Upload-Length": str(len(body))}
    about = metadata(session=world.talk, purpose="slides", filename=filename, **pairs)
    return await client.post(URL, headers=headers | about, content=body)


async def work_off(runtime: Runtime) -> list[str]:
    """Run every job there is, in order; returns their names."""
    done: list[str] = []
    while True:
        async with runtime.database.read() as db:
            row = await db.scalar(
                select(JobRow).where(JobRow.state.not_in(ENDED)).order_by(JobRow.position, JobRow.id).limit(1)
            )
        if row is None or len(done) > 50:
            return done
        await run_claimed(runtime, row.id, owner="test")
        done.append(row.name)


async def brief_of(client: httpx.AsyncClient, world: World, who: str = "nobody") -> dict[str, Any] | None:
    """What the session says of its slides."""
    answer = await client.get(f"/api/v1/sessions/{world.talk}", headers=world.askers[who])
    return answer.json()["slides"]  # type: ignore[no-any-return]


async def deck_seen(client: httpx.AsyncClient, world: World, deck_id: str, who: str = "nobody") -> dict[str, Any]:
    """The deck as somebody sees it; the status under "status" when they do not."""
    answer = await client.get(f"{DECKS}/{deck_id}", headers=world.askers[who])
    return answer.json() if answer.status_code == 200 else {"status": answer.status_code}


async def rendered(client: httpx.AsyncClient, world: World, runtime: Runtime, body: bytes, **pairs: str) -> str:
    """Bring a deck and have it rendered; returns its id."""
    answer = await bring(client, world, body, **pairs)
    assert answer.status_code == 201, answer.text
    await work_off(runtime)
    upload = await client.get(answer.headers["Location"], headers=world.askers["speaker"])
    return str(upload.json()["result_id"])
