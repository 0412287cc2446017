"""`python -m tests.bench [group…]`: transcode, upload, api, live, slides, import, slides-live, search; or all."""

import sys

from tests.bench import api, imports, live, search, slides, slides_live, transcode, uploads

GROUPS = {
    "transcode": transcode.measure,
    "upload": uploads.measure,
    "api": api.measure,
    "live": live.measure,
    "slides": slides.measure,
    "import": imports.measure,
    "search": search.measure,
    "slides-live": slides_live.measure,
}


def main(words: list[str]) -> int:
    """Run the groups named, or all; 2 for an unknown name. A goal that is missed is reported, not punished."""
    unknown = [word for word in words if word not in GROUPS]
    if unknown:
        print(f"bench: no group {', '.join(unknown)}; there are {', '.join(GROUPS)}", file=sys.stderr)  # noqa: T201
        return 2
    for word in words or GROUPS:
        GROUPS[word]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
