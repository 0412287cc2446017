"""Changes to listeners: who hears what, and what a full queue does. No Redis here."""

import asyncio
import json
from typing import Any

import pytest

from server.events.fan_out import MOST_WAITING, PING, RESYNC, ChangeFanOut, Listener, _Channel, public_view

RECORDING = {"kind": "recording", "id": "r", "session": "s", "state": "failed", "error": "media.broken"}


@pytest.mark.parametrize(
    ("change", "heard"),
    [
        ({"kind": "session", "id": "s", "act": "changed"}, {"kind": "session", "id": "s", "act": "changed"}),
        (RECORDING, None),
        (RECORDING | {"published": False}, None),
        (
            RECORDING | {"published": True},
            {"kind": "recording", "id": "r", "session": "s", "state": "failed", "published": True},
        ),
        ({"kind": "deck", "id": "d"}, None),
        ({"kind": "deck", "id": "d", "public": True}, {"kind": "deck", "id": "d"}),
        ({"kind": "session", "id": "s", "public": False}, None),
        ({}, None),
    ],
)
def test_viewers_hear_of_public_things_only(change: dict[str, Any], heard: dict[str, Any] | None) -> None:
    assert public_view(change) == heard


async def test_organisers_hear_everything_and_viewers_their_part() -> None:
    channel, organiser, viewer = _Channel(), Listener(organises=True), Listener(organises=False)
    channel.listeners = {organiser, viewer}
    channel.deliver(RECORDING)
    channel.deliver({"kind": "room", "id": "m"})
    heard = await organiser.take(timeout_s=1)
    assert heard.startswith(b'id: 1\nevent: change\ndata: {"kind":"recording"')
    assert heard.count(b"event: change") == 2
    heard = await viewer.take(timeout_s=1)
    assert heard == b'id: 2\nevent: change\ndata: {"kind":"room","id":"m"}\n\n'
    assert json.loads(heard.split(b"data: ")[1]) == {"kind": "room", "id": "m"}


async def test_a_full_queue_drops_the_oldest_and_says_resync() -> None:
    listener = Listener(organises=True)
    for number in range(MOST_WAITING + 5):
        listener.put(b"%d," % number)
    heard = await listener.take(timeout_s=1)
    assert heard.startswith(RESYNC + b"5,6,")
    assert heard.endswith(b"%d," % (MOST_WAITING + 4))


async def test_a_quiet_stream_is_pinged_and_an_ended_one_ends() -> None:
    listener = Listener(organises=True)
    assert await listener.take(timeout_s=0.001) == PING
    listener.put(b"last")
    listener.end()
    assert await listener.take(timeout_s=1) == b"last"
    assert await listener.take(timeout_s=1) == b""


async def test_a_change_of_the_event_makes_everybody_ask_again() -> None:
    channel, viewer = _Channel(), Listener(organises=False)
    channel.listeners = {viewer}
    channel.deliver({"kind": "event", "id": "e", "act": "changed"})
    assert viewer.ended
    assert b"event: change" in await viewer.take(timeout_s=1)


async def test_one_reader_serves_all_and_ends_with_the_last() -> None:
    fan_out = ChangeFanOut("redis://127.0.0.1:1/0")
    first, second = fan_out.join("e", organises=False), fan_out.join("e", organises=False)
    [channel] = fan_out._channels.values()
    reader = channel.reader
    assert reader is not None
    fan_out.leave("e", first)
    fan_out.leave("e", first)
    assert not reader.cancelling()
    fan_out.leave("e", second)
    assert fan_out._channels == {}
    await asyncio.wait([reader], timeout=5)
    assert reader.done()


async def test_a_stopping_process_ends_every_stream_and_takes_no_new_one() -> None:
    fan_out = ChangeFanOut("redis://127.0.0.1:1/0")
    listener = fan_out.join("e", organises=False)
    await fan_out.close()
    assert listener.ended
    assert fan_out.join("e", organises=False).ended
