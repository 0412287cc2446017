"""Read a programme in whatever format it comes: decided by its content, never by its name alone."""

from server.sessions.formats.decode import beginning_of, json_of, refuse_web_page, text_of, unpacked
from server.sessions.formats.form import ReadProgramme
from server.sessions.formats.notes import Notes
from server.sessions.formats.read_csv import read_csv
from server.sessions.formats.read_ical import read_icalendar
from server.sessions.formats.read_json import is_schedule, read_schedule
from server.sessions.formats.read_pretalx import is_pretalx, read_pretalx
from server.sessions.formats.read_xml import read_schedule_xml
from server.sessions.formats.refused import BadProgramme


def read_programme(data: bytes, *, name: str = "", base_url: str = "", time_zone: str = "UTC") -> ReadProgramme:
    """What the bytes of a file say; gzip is unpacked. `name` is the file's, `base_url` where it came from, and
    `time_zone` the event's own (IANA), for times without an offset.

    Raises BadProgramme (formats/refused.py), and nothing else, whatever the bytes are.
    """
    data = unpacked(data)
    notes = Notes()
    beginning = beginning_of(data)
    refuse_web_page(beginning)
    if beginning.startswith("<"):
        return read_schedule_xml(data, base_url=base_url, time_zone=time_zone, notes=notes)
    if beginning.startswith("begin:vcalendar"):
        return read_icalendar(text_of(data, notes), base_url=base_url, time_zone=time_zone, notes=notes)
    if beginning.startswith(("{", "[")):
        document = json_of(data, notes)
        if is_schedule(document):
            return read_schedule(document, base_url=base_url, time_zone=time_zone, notes=notes)
        if is_pretalx(document):
            return read_pretalx(document, base_url=base_url, time_zone=time_zone, notes=notes)
        raise BadProgramme(
            "The JSON is neither a schedule.json nor an export of pretalx. Look for the export called schedule.json, "
            "or take iCalendar or the CSV template."
        )
    return read_csv(text_of(data, notes), base_url=base_url, time_zone=time_zone, notes=notes)
