"""What programs that look around find: JSON-LD, sitemap, oEmbed. Pure."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from lxml import etree

from server.feeds.json_ld import EventFacts, VideoFacts, event_ld, iso_duration, video_ld
from server.feeds.oembed import answer_of, as_xml, read_address, size_within
from server.feeds.sitemap import SITEMAP, VIDEO, SitePage, SiteVideo, write_sitemap

SITE = "https://seminar.example"
MOMENT = datetime(2026, 5, 20, 10, tzinfo=UTC)


def _video(**changed: Any) -> VideoFacts:
    values = {
        "title": "On sails",
        "description": "About them",
        "url": f"{SITE}/e/sessions/a",
        "embed_url": f"{SITE}/embed/e/sessions/a",
        "poster": f"{SITE}/p.jpg",
        "published": MOMENT,
        "duration_ms": 61_500,
        "chapters": [(0, "Start"), (30_500, "End")],
        "speakers": [("Aino", f"{SITE}/speakers/aino")],
    }
    return VideoFacts(**(values | changed))


def test_a_video_names_its_chapters_and_how_to_seek() -> None:
    found = video_ld(_video())
    for name in ("name", "description", "thumbnailUrl", "uploadDate", "duration", "embedUrl", "potentialAction"):
        assert found[name], name
    assert found["duration"] == "PT1M2S" and "license" not in found and "inLanguage" not in found
    first, last = found["hasPart"]
    assert (first["startOffset"], first["endOffset"], last["endOffset"]) == (0, 30, 61)
    assert last["url"] == f"{SITE}/e/sessions/a?t=30" and last["@type"] == "Clip"
    seek = found["potentialAction"]
    assert seek["target"].count("{seek_to_second_number}") == 1
    assert seek["startOffset-input"] == "required name=seek_to_second_number"
    assert video_ld(_video(description=""))["description"] == "On sails", "it is required"
    assert video_ld(_video(licence="https://creativecommons.org/licenses/by/4.0/"))["license"].startswith("https")
    assert "hasPart" not in video_ld(_video(chapters=[]))
    assert [iso_duration(ms) for ms in (100, 3_600_000, 5_025_000)] == ["PT0M1S", "PT1H0M0S", "PT1H23M45S"]


def test_an_event_is_somewhere_and_here() -> None:
    found = event_ld(EventFacts(title="E", description="", url=f"{SITE}/e", starts_on=date(2026, 5, 20)))
    assert found["startDate"] == found["endDate"] == "2026-05-20" and "description" not in found
    assert found["eventAttendanceMode"].endswith("OnlineEventAttendanceMode")
    venue = ("Hall", "Katu 1")
    both = event_ld(EventFacts(title="E", description="d", url=SITE, starts_on=date(2026, 5, 20), venue=venue))
    assert [place["@type"] for place in both["location"]] == ["Place", "VirtualLocation"]


def test_a_sitemap_has_its_namespaces_and_no_more_than_it_may() -> None:
    video = SiteVideo(
        thumbnail=f"{SITE}/p.jpg", title="A & \x0bB", description="", player=SITE, duration_s=90_000, published=MOMENT
    )
    root = etree.fromstring(write_sitemap([SitePage(url=SITE, changed=MOMENT, video=video), SitePage(url=f"{SITE}/b")]))
    assert root.tag == f"{{{SITEMAP}}}urlset" and len(root) == 2
    entry = root.find(f"{{{SITEMAP}}}url/{{{VIDEO}}}video")
    assert entry is not None
    said = {etree.QName(child).localname: child.text for child in entry}
    assert said["title"] == said["description"] == "A & B" and "duration" not in said, "longer than a sitemap takes"
    assert said["publication_date"] == "2026-05-20T10:00:00+00:00"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (f"{SITE}/e/sessions/a", "/embed/e/sessions/a"),
        (f"{SITE}/e/sessions/a/?t=83#x", "/embed/e/sessions/a"),
        (f"{SITE}/e/live/hall", "/embed/e/live/hall"),
        (f"{SITE}/e", None),
        (f"{SITE}/e/sessions/a/b", None),
        ("https://elsewhere.example/e/sessions/a", None),
        ("javascript:alert(1)//seminar.example/e/sessions/a", None),
        ("", None),
    ],
)
def test_only_addresses_of_talks_and_rooms_here_are_shown_elsewhere(url: str, path: str | None) -> None:
    shown = read_address(url, SITE)
    assert (shown.embed_path if shown else None) == path


def test_frames_fit_and_are_escaped() -> None:
    assert [size_within(*limits) for limits in ((None, None), (400, None), (None, 270), (5000, 5000), (10, 10))] == [
        (960, 540), (400, 225), (480, 270), (960, 540), (200, 112),
    ]  # fmt: skip
    shown = read_address(f"{SITE}/e/sessions/a", SITE)
    assert shown is not None
    answer = answer_of(shown, title='"><b>', author="", base_url=SITE, max_width=400, max_height=None)
    assert 'title="&quot;&gt;&lt;b&gt;"' in answer["html"] and "author_name" not in answer
    read = {child.tag: child.text for child in etree.fromstring(as_xml(answer))}
    assert read == {name: str(value) for name, value in answer.items()}
