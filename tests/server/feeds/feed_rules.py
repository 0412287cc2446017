"""What the definitions of Atom (RFC 4287) and RSS 2.0 demand of a feed, by grammars of our own, and what those cannot
say."""

from functools import lru_cache
from pathlib import Path

from lxml import etree

ATOM = {"a": "http://www.w3.org/2005/Atom"}


@lru_cache
def _grammar(name: str) -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(Path(__file__).parent / f"{name}.rng"))


def broken_rules(data: bytes) -> list[str]:
    """What is wrong with an Atom or RSS feed, in words; nothing, when all is well."""
    root = etree.fromstring(data)
    is_atom = etree.QName(root).localname == "feed"
    grammar = _grammar("atom" if is_atom else "rss")
    wrong = [] if grammar.validate(root) else [str(error) for error in grammar.error_log]
    return wrong + (_broken_atom(root) if is_atom else _broken_rss(root))


def _broken_atom(root: etree._Element) -> list[str]:
    wrong = []
    entries = root.findall("a:entry", ATOM)
    if root.find("a:author", ATOM) is None and any(entry.find("a:author", ATOM) is None for entry in entries):
        wrong.append("neither the feed nor each entry has an author (§4.1.1)")
    for element in (root, *entries):
        links = [
            (one.get("rel", "alternate"), one.get("type"), one.get("hreflang"))
            for one in element.findall("a:link", ATOM)
        ]
        alternates = [one for one in links if one[0] == "alternate"]
        if len(alternates) != len(set(alternates)):
            wrong.append("two alternates of one type and language (§4.1.1)")
        if element is not root and not alternates and element.find("a:content", ATOM) is None:
            wrong.append("an entry without content has an alternate (§4.1.2)")
    if not any(one.get("rel") == "self" for one in root.findall("a:link", ATOM)):
        wrong.append("a feed should say where it is (§4.1.1)")
    ids = [one.text for one in (*root.findall("a:id", ATOM), *root.findall("a:entry/a:id", ATOM))]
    return wrong + ([] if len(ids) == len(set(ids)) else ["two things have one id (§4.2.6)"])


def _broken_rss(root: etree._Element) -> list[str]:
    guids = [one.text for one in root.findall("channel/item/guid")]
    wrong = [] if len(guids) == len(set(guids)) else ["two items have one guid"]
    image, channel = root.find("channel/image"), root.find("channel")
    if image is not None and channel is not None:
        for name in ("title", "link"):
            if image.findtext(name) != channel.findtext(name):
                wrong.append(f"the image's {name} is that of the channel")
    return wrong
