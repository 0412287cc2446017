"""The menu of files to download: how sizes and files are called; run by Node."""

import json

from tests.server.web.test_scripts import run

TEXTS = {"download_video": "Video, {quality}", "download_audio": "Sound", "download_captions": "{language} as {form}"}


def test_sizes_are_said_in_the_readers_way() -> None:
    sizes = [999, 1_000, 512_300, 1_540_000, 250_000_000, 2_345_000_000]
    said = run("downloads.js", f"{json.dumps(sizes)}.map((size) => m.sizeText(size, 'en'))", texts={})
    assert said == ["999 byte", "1 kB", "512 kB", "1.5 MB", "250 MB", "2.3 GB"]
    assert run("downloads.js", "m.sizeText(1540000, 'fi')", texts={}).replace("\u00a0", " ") == "1,5 Mt"


def test_files_are_called_by_what_they_are() -> None:
    items = [
        {"kind": "video", "rung": "720p"},
        {"kind": "audio", "rung": "audio"},
        {"kind": "slides", "filename": "a.pdf"},
        {"kind": "captions", "language": "fi", "label": "", "filename": "fi.srt"},
        {"kind": "captions", "language": "fi", "label": "suomi", "filename": "fi.vtt"},
    ]
    said = run("downloads.js", f"{json.dumps(items)}.map((item) => m.nameOf(item, 'sv'))", texts=TEXTS)
    assert said == ["Video, 720p", "Sound", "a.pdf", "finska as SRT", "suomi as VTT"]
