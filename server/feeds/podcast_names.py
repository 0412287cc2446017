"""The Podcasting 2.0 namespace for feedgen, which knows the iTunes tags but not these."""

from collections.abc import Sequence
from typing import Any

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

NAMESPACE = "https://podcastindex.org/namespace/1.0"


class _Tags:
    """Tags to be written, in order."""

    def __init__(self) -> None:
        self._tags: list[tuple[str, dict[str, str], str]] = []

    def tag(self, name: str, text: str = "", **attributes: str) -> None:
        """One more tag; empty attributes are left out."""
        self._tags.append((name, {key: value for key, value in attributes.items() if value}, text))

    def _write(self, parent: Any) -> None:
        for name, attributes, text in self._tags:
            element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)
            element.text = text or None


class PodcastChannel(_Tags, BaseExtension):  # type: ignore[misc]
    """Of the channel."""

    def extend_ns(self) -> dict[str, str]:
        """The prefix everybody uses."""
        return {"podcast": NAMESPACE}

    def extend_rss(self, feed: Any) -> Any:
        """Write the channel's tags before its items."""
        channel = feed[0]
        before = len(channel)
        self._write(channel)
        written: Sequence[Any] = list(channel[before:])
        items = [child for child in channel if child.tag == "item"]
        for element in written if items else ():
            items[0].addprevious(element)
        return feed


class PodcastEpisode(_Tags, BaseEntryExtension):  # type: ignore[misc]
    """Of an item."""

    def extend_rss(self, entry: Any) -> Any:
        """Write the item's tags."""
        self._write(entry)
        return entry
