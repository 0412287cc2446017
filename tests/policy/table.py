"""Reads table.txt: what every asker is to be answered by every route."""

from dataclasses import dataclass
from pathlib import Path

VISIBILITIES = ("public", "unlisted", "closed")
ASKERS = (
    "anon",
    "other",
    "viewer",
    "code",
    "splink",
    "speaker",
    "organiser",
    "admin",
    "t:read",
    "t:upload",
    "t:write",
    "t:admin",
)
SIGNS = "+134>-"


@dataclass(frozen=True)
class Row:
    """One line: a route (`case` tells two of the same route apart), and the answers by asker and visibility."""

    method: str
    path: str
    case: str
    profile: str
    answers: dict[str, str]

    @property
    def route(self) -> tuple[str, str]:
        return self.method, self.path

    def __str__(self) -> str:
        return f"{self.method} {self.path}{f' #{self.case}' if self.case else ''}"


def read_table() -> list[Row]:
    """The rows of table.txt."""
    section, profiles, rows = "", {}, []
    for line in (Path(__file__).parent / "table.txt").read_text(encoding="utf-8").splitlines():
        words = line.split()
        if not words or (words[0].startswith("#")):
            continue
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == "profiles":
            profiles[words[0]] = _answers(words)
        else:
            method, path, *case, profile = words
            case_name = case[0].lstrip("#") if case else ""
            rows.append(Row(method, path, case_name, profile, profiles[profile]))
    return rows


def _answers(words: list[str]) -> dict[str, str]:
    name, *cells = words
    assert len(cells) == len(ASKERS), f"profile {name} has {len(cells)} cells"
    assert all(len(cell) == len(VISIBILITIES) and set(cell) <= set(SIGNS) for cell in cells), f"profile {name}"
    return dict(zip(ASKERS, cells, strict=True))
