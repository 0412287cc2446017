"""Links people suggest for an edition."""

from tests.server.events.people import Asker

LINK = {"kind": "blog", "url": "https://blog.example/learned", "title": "What I learned", "by_name": "Aino"}


async def test_a_suggested_link_is_seen_by_nobody_until_an_organiser_takes_it(admin: Asker, anybody: Asker) -> None:
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
