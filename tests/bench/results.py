"""Print results: one JSON object a line."""

import json
import operator
import os
import sys
from collections.abc import Callable
from typing import Any

_COMPARE: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge}


def meets(value: float, goal: str) -> bool:
    """Whether a value meets a goal such as "<= 1.10"."""
    sign, limit = goal.split()
    return _COMPARE[sign](value, float(limit))


def emit(name: str, value: float, unit: str, goal: str | None, detail: dict[str, Any]) -> bool:
    """Print one result; returns whether the goal is met (True where there is none)."""
    met = meets(value, goal) if goal else True
    # What else the machine was doing: above its number of processors, times say little.
    detail = {**detail, "load_1min": round(os.getloadavg()[0], 1), "processors": os.cpu_count()}
    line = {"name": name, "value": round(value, 4), "unit": unit, "goal": goal, "met": met, "detail": detail}
    print(json.dumps(line, ensure_ascii=False), flush=True)  # noqa: T201 -- the result is what is printed
    return met


def note(text: str) -> None:
    """Say on standard error what is being done."""
    print(f"bench: {text}", file=sys.stderr, flush=True)  # noqa: T201 -- for the person who waits
