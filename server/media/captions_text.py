"""The text of a cue made into valid WebVTT cue text, whatever it was before (https://www.w3.org/TR/webvtt1/#cue-text)."""

import re
from html import unescape

# Tags that WebVTT knows; all but `v` and `lang` have no annotation.
KNOWN = frozenset({"c", "i", "b", "u", "ruby", "rt", "v", "lang"})
_TOKEN = re.compile(r"(?s)<[/A-Za-z0-9][^<>]*>|&#?\w{1,31};|[^<&]+|[<&]")
_OPEN = re.compile(r"(?s)<([A-Za-z]+)((?:\.[^\s.<>&]+)*)(?:\s+([^<>]*))?>")
_CLOSE = re.compile(r"</\s*([A-Za-z]*)\s*>")
_TIME = re.compile(r"<\d{2,}:[0-5]\d:[0-5]\d\.\d{3}>")
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\u00a0": "&nbsp;", "\u200e": "&lrm;", "\u200f": "&rlm;"}


def clean_text(text: str) -> tuple[str, frozenset[str]]:
    """Valid cue text, and what had to go: names of tags, or '{…}' for the overrides of other formats."""
    dropped: set[str] = set()
    if _OVERRIDE.search(text):
        dropped.add("{…}")
        text = _OVERRIDE.sub("", text)
    lines = [line.strip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    writer = _Writer(dropped)
    for token in _TOKEN.findall("\n".join(line for line in lines if line)):
        writer.take(token)
    cleaned = writer.finish()
    # Dropped tags may leave empty lines behind, and those end a cue.
    return "\n".join(line.strip() for line in cleaned.split("\n") if line.strip()), frozenset(dropped)


class _Writer:
    """Writes tokens so that every tag that opens also closes, in order."""

    def __init__(self, dropped: set[str]) -> None:
        self._out: list[str] = []
        self._open: list[str] = []
        self._dropped = dropped

    def take(self, token: str) -> None:
        """One token: a tag, a character reference or text."""
        if len(token) > 1 and token.startswith("<"):
            self._take_tag(token)
        elif len(token) > 1 and token.startswith("&"):
            self._out.append(_escape(unescape(token)))
        else:
            self._out.append(_escape(token))

    def _take_tag(self, token: str) -> None:
        if _TIME.fullmatch(token):
            self._out.append(token)
            return
        close = _CLOSE.fullmatch(token)
        if close:
            self._close(close[1].lower())
            return
        opened = _OPEN.fullmatch(token)
        name = opened[1].lower() if opened else ""
        annotation = _escape(" ".join(unescape(opened[3] or "").split())) if opened else ""
        if opened is None or name not in KNOWN or (name in ("v", "lang") and not annotation):
            self._dropped.add(name or _name_of(token))
            return
        if name == "v" and "v" in self._open:
            self._close("v")
        note = f" {annotation}" if name in ("v", "lang") else ""
        self._out.append(f"<{name}{opened[2]}{note}>")
        self._open.append(name)

    def _close(self, name: str) -> None:
        if name not in self._open:
            return
        while True:
            last = self._open.pop()
            self._out.append(f"</{last}>")
            if last == name:
                return

    def finish(self) -> str:
        """The text, with what is still open closed."""
        # A single <v> at the start may stay open: it names who says the whole cue.
        alone = self._open == ["v"] and self._out[0].startswith("<v") and self._out.count("</v>") == 0
        while self._open and not alone:
            self._out.append(f"</{self._open.pop()}>")
        return "".join(self._out)


def _escape(text: str) -> str:
    kept = "".join(_ENTITIES.get(char, char) for char in text)
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", kept)


def _name_of(token: str) -> str:
    found = re.match(r"</?\s*([A-Za-z][\w-]*)", token)
    return found[1].lower() if found else "<…>"
