"""A publisher's session: what encoders say, and what they are answered."""

from typing import Any

import pytest

from server.media import amf
from server.media.rtmp import Media, Metadata, PublishRequest, RtmpSession, Unpublish
from server.media.rtmp_chunks import (
    ACKNOWLEDGEMENT,
    AGGREGATE,
    COMMAND_AMF3,
    SET_CHUNK_SIZE,
    USER_CONTROL,
    WINDOW_ACK_SIZE,
    BadRtmp,
)
from server.media.rtmp_handshake import PACKET_BYTES
from tests.server.media import rtmp_client as client

KEY = "semma_key_0123"


def opened(key: str = KEY, app: str = "live") -> tuple[RtmpSession, client.Answers]:
    """A session whose publish request is accepted."""
    session, answers = RtmpSession(), client.Answers()
    assert session.receive(client.opening(key, app)) == [PublishRequest(KEY, app)]
    session.accept()
    answers.feed(session.take_output())
    return session, answers


def test_a_publisher_is_answered_in_the_order_encoders_want() -> None:
    _, answers = opened()
    names = [each[0] for each in answers.commands]
    assert names == ["_result", "_result", "onFCPublish", "_result", "onStatus"]
    connected, _, _, created, _ = answers.commands
    assert connected[1] == 1 and connected[3]["code"] == "NetConnection.Connect.Success"  # type: ignore[index, call-overload]
    assert created[1:] == [4, None, 1]
    assert answers.statuses == [("NetStream.Publish.Start", "Publishing.")]


def test_byte_by_byte_is_the_same() -> None:
    session = RtmpSession()
    data = client.opening(KEY)
    events = [event for at in range(len(data)) for event in session.receive(data[at : at + 1])]
    assert events == [PublishRequest(KEY, "live")]


def test_the_handshake_answers_when_c1_is_whole() -> None:
    session = RtmpSession()
    session.receive(client.HANDSHAKE[:PACKET_BYTES])
    assert session.take_output() == b""
    session.receive(client.HANDSHAKE[PACKET_BYTES : PACKET_BYTES + 1])
    output = session.take_output()
    assert len(output) == 1 + 2 * PACKET_BYTES
    assert output[0] == 3 and output[1:9] == bytes(8)  # version 0: digests are not checked then
    assert output[1 + PACKET_BYTES :] == client.HANDSHAKE[1 : 1 + PACKET_BYTES]


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01", b"\x06", b"\0"], ids=str)
def test_other_protocols_are_refused_at_the_first_byte(data: bytes) -> None:
    with pytest.raises(BadRtmp):
        RtmpSession().receive(data)


KEYS = [
    ("live", KEY),
    ("live", f"{KEY}?user=me&pass=secret"),
    ("live", f"/{KEY}"),
    (f"live/{KEY}", ""),
    (f"live/{KEY}?user=me&pass=secret", ""),
    ("anything/at/all", f"rooms/{KEY}"),
    ("live/", f" {KEY} "),
]


@pytest.mark.parametrize(("app", "name"), KEYS)
def test_the_key_as_encoders_bring_it(app: str, name: str) -> None:
    events = RtmpSession().receive(client.opening(name, app))
    assert events == [PublishRequest(KEY, app)]


def test_the_key_only_in_tc_url() -> None:
    data = client.HANDSHAKE + client.connect("live", tcUrl=f"rtmp://h/live/{KEY}") + client.publish("")
    assert RtmpSession().receive(data) == [PublishRequest(KEY, "live")]


def test_the_key_is_not_shown() -> None:
    assert KEY not in repr(RtmpSession().receive(client.opening(KEY)))


def test_media_and_metadata_come_out() -> None:
    session, _ = opened()
    data = client.metadata(width=320, encoder="x") + client.video(b"\x17\0", 5) + client.audio(b"\xaf\0", 0xFFFFFFFF)
    assert session.receive(data) == [
        Metadata({"width": 320.0, "encoder": "x"}),
        Media("video", 5, b"\x17\0"),
        Media("audio", 0xFFFFFFFF, b"\xaf\0"),
    ]


def test_media_before_publish_goes_nowhere() -> None:
    session = RtmpSession()
    assert session.receive(client.HANDSHAKE + client.connect() + client.video(b"\x17\0")) == []


def test_aggregates_are_taken_apart_on_their_own_clock() -> None:
    session, _ = opened()
    parts = b""
    for kind, time, body in ((9, 100, b"\x17\1"), (8, 120, b"\xaf\1"), (9, 140, b"\x27\1")):
        head = bytes([kind]) + len(body).to_bytes(3, "big") + time.to_bytes(3, "big") + bytes(4)
        parts += head + body + bytes(4)
    events = session.receive(client.message(AGGREGATE, parts, at=5000, stream=1))
    assert events == [Media("video", 5000, b"\x17\1"), Media("audio", 5020, b"\xaf\1"), Media("video", 5040, b"\x27\1")]


def test_a_refused_key_hears_the_sentence() -> None:
    session, answers = RtmpSession(), client.Answers()
    session.receive(client.opening("wrong"))
    session.refuse("This stream key is not valid.")
    answers.feed(session.take_output())
    assert answers.statuses == [("NetStream.Publish.BadName", "This stream key is not valid.")]
    assert session.receive(client.video(b"\x17\0")) == []


@pytest.mark.parametrize("name", ["FCUnpublish", "deleteStream", "closeStream"])
def test_the_end_is_told_once(name: str) -> None:
    session, _ = opened()
    assert session.receive(client.command(name, 6, None, KEY)) == [Unpublish()]
    assert session.receive(client.command("deleteStream", 7, None, 1)) == []


def test_pings_are_answered_and_bytes_acknowledged() -> None:
    session, answers = opened()
    session.receive(client.message(WINDOW_ACK_SIZE, (10_000).to_bytes(4, "big"), chunks=2))
    session.receive(client.message(USER_CONTROL, b"\0\6" + b"\1\2\3\4", chunks=2))
    session.receive(client.video(bytes(20_000)))
    answers.feed(session.take_output())
    last = answers.messages[-2:]
    assert (last[0].kind, last[0].payload) == (USER_CONTROL, b"\0\7\1\2\3\4")
    assert (last[1].kind, last[1].payload) == (ACKNOWLEDGEMENT, session.received_bytes.to_bytes(4, "big"))


def test_unusual_commands_are_answered_politely() -> None:
    session, answers = opened()
    session.receive(client.command("getStreamLength", 8, None, KEY) + client.command("_checkbw", 9, None))
    session.receive(client.command("hello", 10, None) + client.command("play", 0, None, KEY, stream=1))
    answers.feed(session.take_output())
    assert answers.commands[-3:-1] == [["_result", 8, None, 0], ["_result", 10, None]]
    assert answers.statuses[-1][0] == "NetStream.Play.Failed"


def test_amf3_commands_are_read() -> None:
    session = RtmpSession()
    session.receive(client.HANDSHAKE + client.connect())
    payload = b"\0" + amf.write_values("publish", 5, None, KEY, "live")
    assert session.receive(client.message(COMMAND_AMF3, payload, stream=1)) == [PublishRequest(KEY, "live")]


@pytest.mark.parametrize(
    "data",
    [
        client.publish(KEY),
        client.connect() + client.connect(),
        client.connect() + client.publish(KEY) + client.publish(KEY),
        client.message(20, b"\x02\0\xffcut"),
        client.message(20, amf.write_values(5, 5)),
        client.connect() + client.message(AGGREGATE, b"\x09\0\xff\xff" + bytes(7)),
    ],
    ids=["publish first", "connect twice", "publish twice", "cut command", "no name", "cut aggregate"],
)
def test_nonsense_is_refused(data: bytes) -> None:
    with pytest.raises(BadRtmp):
        RtmpSession().receive(client.HANDSHAKE + data)


def test_our_chunk_size_is_announced_before_it_is_used() -> None:
    _, answers = opened()
    kinds = [each.kind for each in answers.messages]
    assert SET_CHUNK_SIZE not in kinds  # obeyed by the reader
    assert kinds[:2] == [5, 6]


AMF_VALUES: list[Any] = [
    None, True, False, 0.0, -1.5, "", "ä", "x" * 70_000, [], [1.0, "a", None], {}, {"a": {"b": [True]}},
]  # fmt: skip


def test_amf_values_read_back() -> None:
    assert amf.read_values(amf.write_values(*AMF_VALUES)) == AMF_VALUES
    assert amf.read_values(amf.write_values(amf.EcmaArray(a=1.0))) == [{"a": 1.0}]


AMF_BYTES = [
    ("undefined", b"\x06", None),
    ("date", b"\x0b" + bytes(8) + b"\0\0", 0.0),
    ("xml", b"\x0f\0\0\0\3<a>", "<a>"),
    ("typed object", b"\x10\0\1T\0\1a\x05\0\0\x09", {"a": None}),
    ("ecma array with a wrong count", b"\x08\xff\xff\xff\xff\0\1a\x01\1\0\0\x09", {"a": True}),
    ("object without its end", b"\x03\0\1a\x05", {"a": None}),
    ("broken utf-8", b"\x02\0\1\xff", "�"),
]


@pytest.mark.parametrize(("data", "value"), [row[1:] for row in AMF_BYTES], ids=[row[0] for row in AMF_BYTES])
def test_amf_as_encoders_write_it(data: bytes, value: object) -> None:
    assert amf.read_values(data) == [value]


@pytest.mark.parametrize(
    "data",
    [b"\0\0", b"\x02\0\5ab", b"\x07\0\1", b"\x11", b"\x0a\xff\xff\xff\xff", b"\x0a\0\0\0\1" * 40, b"\x05" * 5000],
    ids=["cut number", "cut text", "reference", "amf3", "huge array", "deep", "many"],
)
def test_odd_amf_is_refused(data: bytes) -> None:
    with pytest.raises(amf.BadAmf):
        amf.read_values(data)
