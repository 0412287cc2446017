"""Rooms and tracks over HTTP, on both databases."""

from typing import Any

import pytest

from tests.server.events.people import Asker, counted_statements

KINDS: list[tuple[str, dict[str, Any], str]] = [
    ("rooms", {"name": "Main hall", "description": "200 seats."}, "room.not_found"),
    ("tracks", {"name": "Main hall", "description": "200 seats.", "color": "#0b7285"}, "track.not_found"),
]


@pytest.mark.parametrize(("kind", "full", "missing"), KINDS, ids=["rooms", "tracks"])
async def test_it_is_added_changed_deleted_and_restored(
    admin: Asker, anybody: Asker, kind: str, full: dict[str, Any], missing: str
) -> None:
    event = await admin.post("/events", {"title": "Seminar"})
    made = await admin.post(f"/events/seminar/{kind}", full)
    assert made == {"id": made["id"], "event": event["id"], "slug": "main-hall", "position": 0, **full}
    path = f"/events/seminar/{kind}/main-hall"
    assert await anybody.get(path) == await anybody.get(f"/events/{event['id']}/{kind}/{made['id']}") == made
    assert (await admin.patch(path, {"name": "Hall"})) == made | {"name": "Hall"}
    await admin.refused("PATCH", path, "request.stale", status=412, json={"name": "x"}, headers={"If-Match": '"v1"'})
    await anybody.refused("PATCH", path, "auth.required", status=401, json={"name": "x"})
    await admin.delete(path)
    await anybody.refused("GET", path, missing, status=404)
    assert (await anybody.get(f"/events/seminar/{kind}"))["items"] == []
    await anybody.refused("GET", f"/events/seminar/{kind}?deleted=true", "auth.required", status=401)
    assert len((await admin.get(f"/events/seminar/{kind}?deleted=true"))["items"]) == 1
    assert (await admin.post(f"{path}/restore", status=200))["name"] == "Hall"
    assert (await anybody.get(path))["name"] == "Hall"


@pytest.mark.parametrize(("kind", "full", "_missing"), KINDS, ids=["rooms", "tracks"])
async def test_slugs_are_unique_in_their_event_only(
    admin: Asker, kind: str, full: dict[str, Any], _missing: str
) -> None:
    for event in ("one", "two"):
        await admin.post("/events", {"title": event})
        assert (await admin.post(f"/events/{event}/{kind}", full))["slug"] == "main-hall"
    assert (await admin.post(f"/events/one/{kind}", full))["slug"] == "main-hall-2"
    await admin.refused("POST", f"/events/one/{kind}", "slug.taken", status=409, json=full | {"slug": "main-hall"})
    other = (await admin.get(f"/events/two/{kind}"))["items"][0]
    await admin.refused("GET", f"/events/one/{kind}/{other['id']}", f"{kind[:-1]}.not_found", status=404)


@pytest.mark.parametrize(("kind", "full", "_missing"), KINDS, ids=["rooms", "tracks"])
async def test_they_keep_their_order_over_pages_at_a_fixed_number_of_statements(
    admin: Asker, anybody: Asker, kind: str, full: dict[str, Any], _missing: str
) -> None:
    await admin.post("/events", {"title": "Seminar"})
    counts = []
    for number in range(3):
        await admin.post(f"/events/seminar/{kind}", full | {"name": f"N{number}"})
        with counted_statements() as statements:
            await anybody.get(f"/events/seminar/{kind}")
        counts.append(len(statements))
    assert counts == [2, 2, 2]
    await admin.patch(f"/events/seminar/{kind}/n2", {"position": 0})
    first = await anybody.get(f"/events/seminar/{kind}?limit=2")
    second = await anybody.get(f"/events/seminar/{kind}?limit=2&after={first['next']}")
    assert [item["name"] for item in first["items"] + second["items"]] == ["N0", "N2", "N1"]
    assert second["next"] is None


async def test_a_track_has_a_colour_or_none(admin: Asker) -> None:
    await admin.post("/events", {"title": "Seminar"})
    await admin.refused(
        "POST", "/events/seminar/tracks", "track.color_invalid", status=400, json={"name": "x", "color": "red"}
    )
    assert (await admin.post("/events/seminar/tracks", {"name": "x", "color": "#ABCDEF"}))["color"] == "#abcdef"
