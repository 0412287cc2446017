"""schedule.xml in its dialects, and tables as spreadsheets write them."""

from datetime import UTC, datetime

import pytest

from server.sessions.formats.read import read_programme
from server.sessions.formats.refused import BadProgramme, IsOtherFile, IsWebPage

WAFER = """<?xml version="1.0" encoding="UTF-8"?>
<schedule><conference><title>Conf</title><day_change>00:00</day_change></conference>
<day date="2017-08-05" index="1"><room name="Rex"><event id="246">
<date>2017-08-05T10:00:00+00:00</date><start>10:00</start><duration>00:45</duration><room>Rex</room><abstract/>
<title>A &amp; B</title><abstract>Words</abstract><conf_url>/talks/204/</conf_url>
<full_conf_url>https://conf.example/talks/204/</full_conf_url>
<persons><person id="515">Ada</person></persons></event></room></day></schedule>"""


def test_wafer_says_utc_and_means_the_local_time() -> None:
    programme = read_programme(WAFER.encode(), time_zone="America/Toronto")
    (session,) = programme.sessions
    assert session.starts_at == datetime(2017, 8, 5, 14, tzinfo=UTC)
    assert (session.key, session.title, session.abstract) == ("url:https://conf.example/talks/204/", "A & B", "Words")
    assert "import.utc_is_local" in {note.code for note in programme.notes}
    # Where the clock of the place differs from UTC, UTC is meant.
    meant = read_programme(WAFER.replace("<start>10:00", "<start>06:00").encode(), time_zone="America/Toronto")
    assert meant.sessions[0].starts_at == datetime(2017, 8, 5, 10, tzinfo=UTC)


def test_xml_that_is_not_quite_xml_is_mended() -> None:
    broken = WAFER.replace("Words", "Q&A caf\u00e9&nbsp;&#x1;\x0b").encode("latin-1")
    programme = read_programme(broken)
    assert programme.sessions[0].abstract == "Q&A caf\u00e9\u00a0"[:-1]
    assert "import.mended_xml" in {note.code for note in programme.notes}


@pytest.mark.parametrize(
    ("table", "zone"),
    [
        ("title;start;date;end;speakers\r\nTalk;10:00;20.5.2027;10.45;Ada, Bo\r\n", "Europe/Helsinki"),
        ("Otsikko\tAlkaa\tKesto (min)\tPuhujat\nTalk\t20.5.2027 klo 10.00\t45\tAda; Bo\n", "Europe/Helsinki"),
        ("\ufeffRubrik,Datum,Start,Slut,Talare\nTalk,2027-05-20,10:00,10:45,Ada och Bo\n", "Europe/Helsinki"),
        ("sep=;\nTitle;Starts at;Length;Speaker\nTalk;2027-05-20T07:00:00Z;0:45;Ada & Bo\n", "UTC"),
        (
            "Our seminar;;\n\ntitle;date;time;speakers\nTalk;5/20/2027;10:00\u201310:45;Ada\nTalk 2;;;\n",
            "Europe/Helsinki",
        ),
    ],
)
def test_tables_in_three_languages(table: str, zone: str) -> None:
    session = read_programme(table.encode(), time_zone=zone).sessions[0]
    assert session.title == "Talk" and session.speakers[0].name == "Ada"
    assert session.starts_at == datetime(2027, 5, 20, 7, tzinfo=UTC) and session.duration_ms == 2_700_000


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", IsWebPage),
        (b"%PDF-1.7", IsOtherFile),
        (b"PK\x03\x04xl/worksheets", IsOtherFile),
        (b"<rss><channel/></rss>", BadProgramme),
        (b"Dear all,\nhere is the programme\n", BadProgramme),
        (b"\x1f\x8b\x08\x00broken", BadProgramme),
        (WAFER.encode()[:-200], BadProgramme),
    ],
)
def test_what_is_no_programme_is_refused(data: bytes, error: type[BadProgramme]) -> None:
    with pytest.raises(error) as refused:
        read_programme(data)
    assert refused.value.detail.endswith(".")
