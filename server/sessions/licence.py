"""Whether a session's licence lets viewers have files (slides, the recording), beyond looking at them here. Pure.

Licences are free text in talk metadata. What names an open licence is open; what reserves all rights is not; of nothing
and of anything else we know no refusal, so the file is given. A person's word (about a deck, a session, an event) goes
before all of it. Who may upload a thing may always have it back.
"""

import re

_OPEN = re.compile(
    r"creative\s*commons|\bcc\b|\bcc0|\bcc-|creativecommons\.org|public\s*domain|\bpdm?\b|\bgfdl\b|\bfree art\b"
    r"|\b(?:mit|bsd|isc|l?gpl|agpl|apache|mpl|odc|odbl|ogl)\b",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"all\s+rights\s+reserved|kaikki\s+oikeudet\s+pidätetään|alla\s+rättigheter\s+förbehåll"
    r"|\bproprietary\b|\bconfidential\b|\bno\s+(?:download|copying|redistribution)|©|\(c\)|\bcopyright\b",
    re.IGNORECASE,
)


def allows_download(licence: str, downloadable: bool | None = None) -> bool:
    """Whether everybody who may see the session may have the file."""
    if downloadable is not None:
        return downloadable
    return bool(_OPEN.search(licence)) or not _CLOSED.search(licence)
