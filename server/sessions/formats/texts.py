"""Loose values as clean plain text: Semma shows titles, abstracts and descriptions without markup.

HTML is parsed and cut down by nh3 (html5ever) and then told in words; of Markdown only what disturbs a reader goes.
Cleaning twice changes nothing more, so that what was imported comes back the same when it is exported and read again.
"""

import html
import re
from typing import Any

import nh3

# What neither check_text (events/fields) nor XML 1.0 §2.2 lets through.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_TAGS = (
    "a|abbr|b|blockquote|center|cite|code|dd|div|dl|dt|em|font|h[1-6]|i|iframe|li|object|ol|p|pre|s|script|small|span"
    "|strong|style|sub|sup|table|tbody|td|th|tr|u|ul"
)
_MARKUP = re.compile(rf"</(?:{_TAGS})\s*>|<(?:br|hr|p|img|script|iframe)\b[^<>]*>", re.I)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,6}|#x[0-9a-f]{1,5});", re.I)
_AMPS = re.compile(r"&(?:amp;){2,}", re.I)
_KEPT_TAGS = {"a", "blockquote", "br", "dd", "div", "dt", "hr", "li", "ol", "p", "pre", "table", "td", "tr", "ul"}
_KEPT_TAGS |= {"h1", "h2", "h3", "h4", "h5", "h6"}
_ANCHOR = re.compile(r'<a(?: href="([^"]*)")?[^<>]*>(.*?)</a>', re.S)
_LINE_END = re.compile(r"<br>|</?(?:div|dt|dd|hr|tr)>")
_PARAGRAPH = re.compile(r"</?(?:p|h[1-6]|blockquote|pre|table|ul|ol)>")
_TAG = re.compile(r"<[^<>]*>")

_IMAGE = re.compile(r"!\[([^\[\]\n]*)\]\([^()\n]*\)")
_LINK = re.compile(r"\[([^\[\]\n]+)\]\(<?((?:https?://|mailto:)[^()\s<>]+)>?(?:[ \t]+\"[^\"\n]*\")?\)")
_BARE_LINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>")
_HEADING = re.compile(r"^[ ]{0,3}#{1,6}[ \t]+(?=\S)", re.M)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[\w+-]*[ \t]*$\n?", re.M)
_BOLD = re.compile(r"\*\*(?=\S)([^*\n]+)(?<=\S)\*\*")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+)(?<=\S)\*(?![\w*])")
_BLANK_LINES = re.compile(r"\n{3,}")

_MOST_ROUNDS = 8
_PREFERRED = ("en", "fi", "sv")


def words_of(value: Any) -> str:
    """A loose value as text: numbers as written, of texts in several languages one (English first), lists joined."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return str(value) if abs(value) < 10**60 else ""
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, dict):
        return _one_language(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(filter(None, (words_of(part) for part in value[:50] if not isinstance(part, (list, dict)))))
    return ""


def _one_language(texts: dict[Any, Any]) -> str:
    """Of {"en": "…", "de": "…"} one text; of an object with a name, its name."""
    found = {str(name): text for name, text in texts.items() if isinstance(text, str) and text.strip()}
    for name in (*_PREFERRED, "name", "title"):
        if name in found:
            return found[name]
    return next((text for name, text in found.items() if 2 <= len(name) <= 5), "")


def clean_line(value: Any, most: int) -> str:
    """A loose value as one line of plain text of at most `most` characters."""
    if not value:
        return ""
    line = words_of(value)[: most * 4]
    if "<" in line or "&" in line:
        line = _until_still(line, _plain_of_html)
    line = " ".join(without_controls(line).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def clean_text(value: Any, most: int) -> str:
    """A loose value as plain text with paragraphs, of at most `most` characters."""
    if not value:
        return ""
    text = _tidy(words_of(value)[: most * 4].replace("\r\n", "\n").replace("\r", "\n"))
    if "<" in text or "&" in text or "*" in text or "#" in text or "](" in text or "```" in text or "~~~" in text:
        text = _until_still(text, _plain)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _until_still(text: str, change: Any) -> str:
    """The text changed until nothing changes any more: texts are escaped twice, and what is unescaped may be markup."""
    for _ in range(_MOST_ROUNDS):
        changed: str = change(text)
        if changed == text:
            return text
        text = changed
    return re.sub(r"[<>&*#\[\]`~]", "", text).strip()  # nested without end: on purpose


def _plain(text: str) -> str:
    return _tidy(_plain_of_markdown(_plain_of_html(text)))


def _tidy(text: str) -> str:
    lines = "\n".join([line.rstrip() for line in without_controls(text).split("\n")])
    return (_BLANK_LINES.sub("\n\n", lines) if "\n\n\n" in lines else lines).strip()


def without_controls(text: str) -> str:
    """The text without what neither our checks nor XML let through."""
    return _NOT_TEXT.sub("", text) if not text.isascii() or not text.isprintable() else text


def _plain_of_html(text: str) -> str:
    if not _MARKUP.search(text):
        return html.unescape(_AMPS.sub("&amp;", text)) if _ENTITY.search(text) else text
    cleaned = nh3.clean(
        text.replace("\n", "<br>") if "<br" not in text.lower() and "<p" not in text.lower() else text,
        tags=_KEPT_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    cleaned = _ANCHOR.sub(_told_link, cleaned)
    cleaned = _LINE_END.sub("\n", cleaned).replace("<li>", "\n- ").replace("</li>", "").replace("</td>", " ")
    return html.unescape(_TAG.sub("", _PARAGRAPH.sub("\n\n", cleaned)))


def _told_link(found: re.Match[str]) -> str:
    address, words = found[1] or "", _TAG.sub("", found[2])
    if not address or words.strip() in (address, address.removeprefix("mailto:")):
        return words
    return f"{words} ({address})" if words.strip() else address


def _plain_of_markdown(text: str) -> str:
    text = _FENCE.sub("", text)
    text = _IMAGE.sub(r"\1", text)
    text = _LINK.sub(lambda found: found[2] if found[1] == found[2] else f"{found[1]} ({found[2]})", text)
    text = _BARE_LINK.sub(r"\1", _HEADING.sub("", text))
    return _EMPHASIS.sub(r"\1", _BOLD.sub(r"\1", text))
