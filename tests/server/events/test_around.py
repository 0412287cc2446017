"""What stands around an edition: looks, sponsors, suggested links, and the next edition set up like it."""

import io

import httpx
import pytest
from PIL import Image

from server.core.runtime import Runtime
from tests.server.events.people import Asker, somebody

LINK = {"kind": "blog", "url": "https://blog.example/learned", "title": "What I learned", "by_name": "Aino"}


@pytest.fixture
async def here(client: httpx.AsyncClient, runtime: Runtime) -> Asker:
    """An admin of an application with a real store."""
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


async def test_a_suggested_link_is_seen_by_nobody_until_an_organiser_takes_it(
    admin: Asker, anybody: Asker, client: httpx.AsyncClient
) -> None:
    await admin.post("/events", {"title": "E", "slug": "e"})
    told = await anybody.post("/events/e/link-suggestions", LINK, status=202)
    assert told == {"url": LINK["url"], "state": "waiting"}
    assert await anybody.post("/events/e/link-suggestions", LINK, status=202) == told
    assert (await anybody.get("/events/e"))["links"] == []
    await anybody.refused("GET", "/events/e/link-suggestions", "auth.required", status=401)

    (waiting,) = (await admin.get("/events/e/link-suggestions"))["items"]
    assert (waiting["title"], waiting["by_name"]) == ("What I learned", "Aino")
    link = await admin.post(f"/events/e/link-suggestions/{waiting['id']}/take", {"kind": "press"}, status=200)
    assert (link["kind"], link["title"]) == ("press", "What I learned")
    assert [one["url"] for one in (await anybody.get("/events/e"))["links"]] == [LINK["url"]]
    assert (await admin.get("/events/e/link-suggestions"))["items"] == []


async def test_what_was_refused_is_not_asked_again_and_can_still_be_taken(admin: Asker, anybody: Asker) -> None:
    await admin.post("/events", {"title": "E", "slug": "e"})
    await anybody.post("/events/e/link-suggestions", LINK, status=202)
    (waiting,) = (await admin.get("/events/e/link-suggestions"))["items"]
    await admin.post(f"/events/e/link-suggestions/{waiting['id']}/refuse", status=200)
    assert (await anybody.post("/events/e/link-suggestions", LINK, status=202))["state"] == "waiting"
    assert (await admin.get("/events/e/link-suggestions"))["items"] == []
    assert len((await admin.get("/events/e/link-suggestions?which=refused"))["items"]) == 1
    await admin.post(f"/events/e/link-suggestions/{waiting['id']}/take", {}, status=200)
    assert len((await anybody.get("/events/e"))["links"]) == 1


async def test_bad_suggestions_and_closed_boxes_are_answered_in_words(admin: Asker, anybody: Asker) -> None:
    await admin.post("/events", {"title": "E", "slug": "e"})
    bad = LINK | {"url": "javascript:alert(1)"}
    await anybody.refused("POST", "/events/e/link-suggestions", "link.invalid", status=400, json=bad)
    await admin.patch("/events/e", {"takes_links": False})
    await anybody.refused("POST", "/events/e/link-suggestions", "suggestion.closed", status=409, json=LINK)
    await admin.patch("/events/e", {"takes_links": True})
    for number in range(28):
        await anybody.post("/events/e/link-suggestions", LINK | {"url": f"https://x.example/{number}"}, status=202)
    words = await anybody.refused("POST", "/events/e/link-suggestions", "request.too_many", status=429, json=LINK)
    assert "wait" in words
