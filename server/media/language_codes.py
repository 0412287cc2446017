"""ISO 639-1 codes as ISO 639-2/T, which is what an MP4 track's language is written in (ISO/IEC 14496-12 §8.4.2)."""

import re

_PAIRS = """
ar:ara bg:bul ca:cat cs:ces cy:cym da:dan de:deu el:ell en:eng es:spa et:est eu:eus fa:fas fi:fin fr:fra ga:gle
gl:glg he:heb hi:hin hr:hrv hu:hun hy:hye id:ind is:isl it:ita ja:jpn ka:kat ko:kor lb:ltz lt:lit lv:lav mk:mkd
mt:mlt nb:nob nl:nld nn:nno no:nor pl:pol pt:por ro:ron ru:rus se:sme sk:slk sl:slv sq:sqi sr:srp sv:swe sw:swa
th:tha tr:tur uk:ukr ur:urd vi:vie zh:zho
"""
_LONG: dict[str, str] = dict(re.findall(r"(\w\w):(\w{3})", _PAIRS))
UNDETERMINED = "und"


def long_code(language: str) -> str:
    """The three letters of a language tag ("fi", "sv-FI", "smn"); `und` where there are none."""
    first = language.lower().replace("_", "-").split("-")[0]
    if len(first) == 3 and first.isascii() and first.isalpha():
        return first
    return _LONG.get(first, UNDETERMINED)
