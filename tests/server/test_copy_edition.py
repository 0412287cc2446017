"""The next edition, set up like the last one, with real pictures in a real store."""

import io

import httpx
import pytest
from PIL import Image

from server.core.runtime import Runtime
from tests.server.events.people import Asker, somebody


@pytest.fixture
async def here(client: httpx.AsyncClient, runtime: Runtime) -> Asker:
    """An admin."""
    return await somebody(client, runtime.database, is_admin=True)


def _logo(size: tuple[int, int] = (300, 90)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, "PNG")
    return out.getvalue()


async def test_the_next_edition_is_set_up_like_the_last_one_but_empty(here: Asker, client: httpx.AsyncClient) -> None:
    await here.post("/series", {"title": "Seminar"})
    words = {"about": "All about it.", "code_of_conduct": "Be kind.", "venue_name": "Werstas", "color": "#0b7285"}
    await here.post("/events", {"title": "S 2027", "slug": "s27", "series": "seminar", "hashtag": "s27", **words})
    await here.post("/events/s27/rooms", {"name": "Hall"})
    await here.post("/events/s27/tracks", {"name": "Media", "color": "#aa0000"})
    await here.post("/events/s27/sessions", {"title": "A talk"})
    logo = await here.ask("PUT", "/events/s27/logo", content=_logo())
    picture = await here.ask("POST", "/events/s27/pictures", status=201, content=_logo((40, 40)))
    sponsors = [{"name": "Kaupunki", "tier": "Main", "picture": picture["id"]}, {"name": "Kirjasto"}]
    await here.ask("PUT", "/events/s27/sponsors", json=sponsors)

    made = await here.post("/events/s27/copy", {"title": "S 2028", "slug": "s28", "starts_on": "2028-05-18"})
    assert {key: made[key] for key in words} == words
    assert (made["visibility"], made["hashtag"], made["series"]["slug"]) == ("unlisted", "", "seminar")
    assert [room["name"] for room in (await here.get("/events/s28/rooms"))["items"]] == ["Hall"]
    assert [track["color"] for track in (await here.get("/events/s28/tracks"))["items"]] == ["#aa0000"]
    assert (await here.get("/sessions?event=s28"))["items"] == []
    assert (await here.get("/events/s28/sponsors"))["items"] == []
    # The logo is the new edition's own: it outlives the old one.
    assert made["logo"] != logo["url"]
    shown = await client.get(made["logo"])
    assert shown.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(shown.content)) as drawn:
        assert drawn.size == (300, 90)

    all_of_it = {"title": "S 2029", "slug": "s29", "parts": ["sponsors"]}
    bare = await here.post("/events/s27/copy", all_of_it)
    assert (bare["about"], bare["logo"], (await here.get("/events/s29/rooms"))["items"]) == ("", None, [])
    carried = (await here.get("/events/s29/sponsors"))["items"]
    assert [one["name"] for one in carried] == ["Kaupunki", "Kirjasto"]
    assert (await client.get(carried[0]["logo"])).status_code == 200
    await here.refused("POST", "/events/s27/copy", "text.invalid", status=400, json={"title": "X", "parts": ["talks"]})
