"""What was read, written and read again is the same."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from server.sessions.formats.form import ReadLink, ReadProgramme, ReadSession
from server.sessions.formats.read import read_programme
from server.sessions.formats.write_csv import csv_template, write_csv
from server.sessions.formats.write_json import write_schedule_json
from server.sessions.formats.write_xml import write_schedule_xml
from tests.server.sessions.formats.programmes import programmes

SAMPLES = Path(os.environ["SEMMA_SAMPLES"]) / "schedules" if "SEMMA_SAMPLES" in os.environ else None
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
needs_samples = pytest.mark.skipif(SAMPLES is None, reason="SEMMA_SAMPLES is not set: real schedules and their schemas")


def comparable(programme: ReadProgramme, *, xml: bool = False) -> Any:
    """What both formats carry, in one order; xml leaves out what only JSON has."""
    sessions = sorted(programme.sessions, key=lambda session: session.key)
    rooms = {(room.name, room.key, "" if xml else room.description) for room in programme.rooms}
    return msgspec.structs.replace(
        programme,
        form="",
        generator="",
        notes=(),
        rooms=tuple(sorted(rooms)),  # type: ignore[arg-type]
        sessions=tuple(_comparable(session, xml) for session in sessions),
    )


def _comparable(session: ReadSession, xml: bool) -> ReadSession:
    if not xml:
        return session
    people = tuple(
        msgspec.structs.replace(speaker, biography="", affiliation="", url="", avatar_url="")
        for speaker in session.speakers
    )
    return msgspec.structs.replace(session, speakers=people)


@FEW
@given(programmes)
def test_schedule_json_carries_all(programme: ReadProgramme) -> None:
    again = read_programme(write_schedule_json(programme), time_zone=programme.time_zone)
    assert comparable(again) == comparable(programme)


@FEW
@given(programmes)
def test_schedule_xml_carries_all_but_what_it_says(programme: ReadProgramme) -> None:
    again = read_programme(write_schedule_xml(programme), time_zone=programme.time_zone)
    assert comparable(again, xml=True) == comparable(programme, xml=True)


@FEW
@given(programmes)
def test_csv_carries_words_links_and_lengths(programme: ReadProgramme) -> None:
    again = read_programme(write_csv(programme), time_zone=programme.time_zone)
    fields = ("title", "subtitle", "abstract", "description", "language", "state", "room", "track", "do_not_record")
    fields += ("links", "duration_ms")
    told = [{tuple(getattr(one, name) for name in fields) for one in read.sessions} for read in (programme, again)]
    assert told[0] == told[1]  # as sets: sessions that differ only in what CSV cannot say are read as one


def test_csv_has_a_title_beside_each_link_and_takes_bare_ones() -> None:
    links = (
        ReadLink(url="https://example.org/a", kind="paper", title="On <still> slides"),
        ReadLink(url="https://example.org/b", kind="other", title="blog: not one"),
        ReadLink(url="https://example.org/c", kind="other"),
        ReadLink(url="https://example.org/d.pdf", kind="slides", title="Ada's slides"),
    )
    session = ReadSession(key="k", guid="k", title="T", links=links, duration_ms=2_700_500)
    written = write_csv(ReadProgramme(form="", sessions=(session,)))
    again = read_programme(written).sessions[0]
    assert (again.links, again.duration_ms) == (links, 2_700_500)
    bare = written.replace(b"Ada's slides <https://example.org/d.pdf>", b"https://example.org/d.pdf; /e.pdf  www.x.fi")
    read = read_programme(bare, base_url="https://example.org/").sessions[0].links
    assert {link.url for link in read} > {f"https://{at}" for at in ("example.org/d.pdf", "example.org/e.pdf")}
    assert len(read) == 6


def test_the_template_is_a_programme() -> None:
    session = read_programme(csv_template(), time_zone="Europe/Helsinki").sessions[0]
    assert [speaker.affiliation for speaker in session.speakers] == ["University of Turku", "Åbo Akademi"]
    assert session.starts_at is not None and session.starts_at.hour == 7 and session.duration_ms == 2_700_000


@pytest.fixture(scope="module")
def validators() -> tuple[Any, Any]:
    """The public definitions: of schedule.json 1 and of schedule.xml."""
    assert SAMPLES is not None
    schema = json.loads((SAMPLES / "_schema-v1.json").read_text())
    return jsonschema.Draft6Validator(schema), etree.XMLSchema(etree.parse(SAMPLES / "_schedule.xsd"))


@needs_samples
def test_exports_are_valid(validators: tuple[Any, Any]) -> None:
    schema, xsd = validators

    @settings(FEW, max_examples=10)
    @given(programmes)
    def check(programme: ReadProgramme) -> None:
        assert [error.message for error in schema.iter_errors(json.loads(write_schedule_json(programme)))] == []
        assert xsd.validate(etree.fromstring(write_schedule_xml(programme))), xsd.error_log

    check()


@needs_samples
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("31c3-frab.xml", 138),
        ("camp2019-frab.json", 79),
        ("debconf-pentabarf.xml", 181),
        ("pyconfr2025-pretalx.json", 93),
        ("winterchaos2022-INVALID.json", 1),
    ],
)
def test_real_schedules_come_back_whole(name: str, count: int, validators: tuple[Any, Any]) -> None:
    assert SAMPLES is not None
    programme = read_programme(
        (SAMPLES / name).read_bytes(), base_url="https://example.org/x/", time_zone="Europe/Paris"
    )
    assert len(programme.sessions) == count
    assert all(session.starts_at and session.duration_ms and session.room for session in programme.sessions)
    schema, xsd = validators
    as_json, as_xml = write_schedule_json(programme), write_schedule_xml(programme)
    schema.validate(json.loads(as_json))
    assert xsd.validate(etree.fromstring(as_xml)), xsd.error_log
    key = lambda session: session.key
    for data in (as_json, as_xml):
        for before, after in zip(
            sorted(programme.sessions, key=key), sorted(read_programme(data).sessions, key=key), strict=True
        ):
            names = [speaker.name for speaker in before.speakers]
            assert [speaker.name for speaker in after.speakers] == names
            assert msgspec.structs.replace(after, speakers=()) == msgspec.structs.replace(before, speakers=())
