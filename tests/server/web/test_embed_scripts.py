"""What pages may say to a player in their frame, and who is told what, run by Node."""

import json
from typing import Any

from tests.server.web.test_scripts import run

DESK = """{
  done: [],
  state: () => ({at: 1, title: "Secret", session: "s", paused: true}),
  greeted() { this.done.push("greeted"); },
  seek({at}) { this.done.push(at); },
  play() { throw Object.assign(new Error("no"), {name: "NotAllowedError"}); },
  pause() { throw new TypeError("broken"); },
}"""


def test_requests_are_checked_before_anything_is_done() -> None:
    asked: list[tuple[Any, str | None]] = [
        ({"semma": 1, "method": "seek", "params": {"at": 5}}, None),
        ({"semma": 1, "method": "seek", "params": {"at": "5"}}, "params"),
        ({"semma": 1, "method": "seek"}, "params"),
        ({"semma": 1, "method": "setVolume", "params": {"volume": 2}}, "params"),
        ({"semma": 2, "method": "seek", "params": {"at": 5}}, "version"),
        ({"semma": 1, "method": "constructor"}, "method"),
        ({"semma": 1, "method": "setMuted", "params": {"muted": True}}, "unavailable"),
        ({"semma": 1, "method": "play"}, "not_allowed"),
        ({"semma": 1, "method": "pause"}, "failed"),
    ]
    messages = json.dumps([message for message, _code in asked])
    expression = f"await Promise.all({messages}.map((one) => m.answerTo(m.requestIn(one), {DESK})))"
    found = run("embed/protocol.js", expression)
    assert [one.get("error", {}).get("code") for one in found] == [code for _message, code in asked]
    assert found[0] == {
        "semma": 1,
        "ok": True,
        "state": {"at": 1, "title": "Secret", "session": "s", "paused": True},
    }
    strangers = json.dumps([None, "seek", 5, [], {"method": "seek"}, {"semma": "1", "method": "seek"}, {"semma": 1}])
    assert run("embed/protocol.js", f"{strangers}.map(m.requestIn)") == [None] * 7


# A window in the frame of another one; what is posted to it is kept as [origin, message].
FRAME = """(() => {
  const posted = [];
  const parent = {postMessage: (message, origin) => posted.push([origin, message])};
  let hear = null;
  const frame = {parent, location: {origin: "https://semma.example"}, addEventListener: (_, heard) => (hear = heard)};
  return {posted, parent, frame, hear: (data, origin, source = parent) => hear({data, origin, source})};
})()"""


def _told(is_closed: bool, origin: str, *, source: str = "f.parent") -> Any:
    """What a page of this origin gets to hear that says hello, asks for a seek and is told of a caption."""
    flags = json.dumps({"isClosed": is_closed})
    expression = f"""await (async () => {{
      const f = {FRAME}; const desk = {DESK};
      const control = new m.Control(desk, {{...{flags}, frame: f.frame}});
      control.tell("timeupdate", {{at: 0}});
      await f.hear({{semma: 1, id: 1, method: "seek", params: {{at: 5}}}}, {json.dumps(origin)}, {source});
      await f.hear({{semma: 1, id: 2, method: "hello"}}, {json.dumps(origin)}, {source});
      await f.hear({{semma: 1, id: 3, method: "seek", params: {{at: 6}}}}, {json.dumps(origin)}, {source});
      control.tell("cue", {{at: 7}}, {{text: "Words"}});
      return {{posted: f.posted, done: desk.done}};
    }})()"""
    return run("embed/control.js", expression)


def test_only_the_parent_is_heard_and_hello_comes_first() -> None:
    told = _told(False, "https://blog.example")
    origins = [origin for origin, _message in told["posted"]]
    assert origins == ["*", *["https://blog.example"] * 4]
    messages = [message for _origin, message in told["posted"]]
    assert messages[0] == {"semma": 1, "event": "hello"}  # the one message to anybody says nothing
    assert (messages[1]["id"], messages[1]["error"]["code"]) == (1, "hello_first")
    assert (messages[2]["id"], messages[2]["state"]["title"]) == (2, "Secret")
    assert messages[3]["ok"] and told["done"] == ["greeted", 6]
    assert messages[4] == {"semma": 1, "event": "cue", "at": 7, "text": "Words"}
    stranger = _told(False, "https://blog.example", source="{}")
    assert (len(stranger["posted"]), stranger["done"]) == (1, [])


def test_of_a_closed_event_other_sites_learn_times_and_no_words() -> None:
    told = _told(True, "https://blog.example")["posted"]
    assert told[2][1]["state"] == {"at": 1, "paused": True}
    assert told[4][1] == {"semma": 1, "event": "cue", "at": 7}
    at_home = _told(True, "https://semma.example")["posted"]
    assert at_home[2][1]["state"]["title"] == "Secret" and at_home[4][1]["text"] == "Words"
    sandboxed = _told(True, "null")["posted"]
    assert sandboxed[4] == ["*", {"semma": 1, "event": "cue", "at": 7}]


def test_what_the_address_of_a_frame_asks_for() -> None:
    queries = json.dumps(["", "?captions=fi&autoplay=1&muted", "?autoplay=0&muted=false&captions=", "?autoplay=TRUE"])
    assert run("embed/talk.js", f"{queries}.map(m.wishesIn)", texts={}) == [
        {"captions": None, "autoplay": False, "muted": False},
        {"captions": "fi", "autoplay": True, "muted": True},
        {"captions": None, "autoplay": False, "muted": False},
        {"captions": None, "autoplay": True, "muted": False},
    ]
    languages = json.dumps(["en", "sv-FI", "sv"])
    found = run("embed/talk.js", f"['sv', 'SV-fi', 'en-GB', 'fi'].map((one) => m.fitting({languages}, one))", texts={})
    assert found == ["sv", "sv-FI", "en", None]
