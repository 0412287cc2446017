"""Fetch what a viewer would: playlists and segments over HTTP, a rendition joined to one file."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx

_MAP = re.compile(r'#EXT-X-MAP:.*?URI="([^"]+)"')
_AUDIO = re.compile(r'#EXT-X-MEDIA:.*?TYPE=AUDIO.*?URI="([^"]+)"|#EXT-X-MEDIA:.*?URI="([^"]+)".*?TYPE=AUDIO')
_RESOLUTION = re.compile(r"RESOLUTION=(\d+)x(\d+)")


@dataclass(frozen=True)
class Variant:
    """A media playlist of the multivariant one; `name` is "1080p" (the short side) or "audio"."""

    name: str
    url: str


def variants(client: httpx.Client, url: str) -> list[Variant]:
    """The renditions of a multivariant playlist, highest first as listed, the sound last."""
    found, resolution = [], ""
    lines = _text(client, url).splitlines()
    for line in lines:
        if match := _RESOLUTION.search(line):
            resolution = f"{min(int(match[1]), int(match[2]))}p"
        elif line and not line.startswith("#"):
            found.append(Variant(resolution or "video", urljoin(url, line)))
    for line in lines:
        if match := _AUDIO.search(line):
            found.append(Variant("audio", urljoin(url, match[1] or match[2])))
            break
    return found


def pieces(client: httpx.Client, url: str) -> list[str]:
    """The addresses of a media playlist's initialisation section and segments, in order."""
    found: list[str] = []
    for line in _text(client, url).splitlines():
        if match := _MAP.match(line):
            if urljoin(url, match[1]) not in found:
                found.append(urljoin(url, match[1]))
        elif line and not line.startswith("#"):
            found.append(urljoin(url, line))
    return found


def is_ended(client: httpx.Client, url: str) -> bool:
    """Whether the media playlist says that nothing more will come."""
    return "#EXT-X-ENDLIST" in _text(client, url)


def join(client: httpx.Client, url: str, path: Path) -> Path:
    """Write the initialisation section and all segments to one file, which any player can read."""
    with path.open("wb") as out:
        for piece in pieces(client, url):
            answer = client.get(piece)
            answer.raise_for_status()
            out.write(answer.content)
    return path


def _text(client: httpx.Client, url: str) -> str:
    answer = client.get(url)
    answer.raise_for_status()
    return answer.text
