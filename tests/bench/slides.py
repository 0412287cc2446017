"""`slides.*`: how right the page beside each second is, how near its borders, what that costs."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.results import emit, note
from tests.bench.slides_baselines import PerFrame, Scenes, decoding_cpu_s, orb_per_frame, scene_borders
from tests.bench.slides_cases import CPU_LAYOUT, Case, drawn_cases, in_processes, sample_cases
from tests.bench.slides_match import Run, match
from tests.bench.slides_reel import as_rendition
from tests.slide_films.layouts import LAYOUTS
from tests.slide_films.scoring import Score, Wrong, score, wrongs

ACCURACY = {"full": ">= 0.99", "pip": ">= 0.99", "side": ">= 0.97", "camera": ">= 0.95"}
BORDER_P95 = {"full": "<= 0.5", "camera": "<= 1.5"}
CPU_S_PER_HOUR, CALIBRATION = "<= 90", ">= 0.98"
BEGIN_MS = 4000
BASELINES = os.environ.get("SEMMA_BENCH_SLIDES_BASELINES", "1") != "0"


def measure() -> None:
    """Every `slides.*` result."""
    with _folder() as folder:
        cases = [*drawn_cases(folder), *_samples(folder)]
        runs = dict(zip((case.name for case in cases), in_processes("matching", match, cases), strict=True))
        scores = {case.name: _score(case, runs[case.name]) for case in cases}
        _by_layout(cases, runs, scores)
        drawn = [case for case in cases if case.layout in LAYOUTS]
        if drawn:
            _over_all(drawn, scores)
            _cost(drawn, runs, folder)
        if path := os.environ.get("SEMMA_BENCH_SLIDES_WRONG"):
            Path(path).write_text("\n".join(_told(case, runs[case.name]) for case in cases))
        if BASELINES:
            _baselines(cases)


@contextmanager
def _folder() -> Iterator[Path]:
    """Where the films are: gone after the run, but for a folder one names to keep them in."""
    if kept := os.environ.get("SEMMA_BENCH_SLIDES_FOLDER"):
        yield Path(kept)
        return
    with tempfile.TemporaryDirectory(prefix="semma-slides-") as folder:
        yield Path(folder)


def _samples(folder: Path) -> list[Case]:
    samples = os.environ.get("SEMMA_SAMPLES")
    if not samples:
        note("SEMMA_SAMPLES is not set: without real decks on real timelines")
        return []
    return sample_cases(Path(samples), folder / "samples")


def _score(case: Case, run: Run) -> Score:
    return score(case.truth, run.cues, case.slide_of, case.same_as)


def _layouts(cases: list[Case]) -> list[str]:
    return list(dict.fromkeys(case.layout for case in cases))


def _by_layout(cases: list[Case], runs: dict[str, Run], scores: dict[str, Score]) -> None:
    """Accuracies and borders of each layout: sums over its films, each of which is in the detail."""
    for layout in _layouts(cases):
        mine = [case for case in cases if case.layout == layout]
        total = sum((scores[case.name] for case in mine), Score())
        films = {case.name: _of_film(case, runs[case.name], scores[case.name]) for case in mine}
        emit(
            f"slides.accuracy.{layout}",
            total.accuracy,
            "share",
            ACCURACY.get(layout),
            {**total.rounded(), "films": films},
        )
        emit(f"slides.logical_accuracy.{layout}", total.logical_accuracy, "share", None, {})
        detail = {
            "p50_s": round(total.border_s(0.5), 3),
            "missed": round(total.missed_borders, 4),
            "borders": total.borders,
        }
        emit(f"slides.border_p95_s.{layout}", total.border_s(0.95), "s", BORDER_P95.get(layout), detail)


def _of_film(case: Case, run: Run, got: Score) -> dict[str, Any]:
    """One film in the detail."""
    return {
        **case.about,
        **got.rounded(),
        "cpu_s_per_hour": round(run.cpu_s_per_hour(case.duration_ms), 1),
        "frames_a_minute": round(run.frames * 60_000 / case.duration_ms, 1),
        "regions": run.regions,
        "unsure": round(run.unsure_ms / case.duration_ms, 3),
    }


def _over_all(drawn: list[Case], scores: dict[str, Score]) -> None:
    """Figures over all four layouts."""
    total = sum((scores[case.name] for case in drawn), Score())
    by_layout = {
        layout: sum((scores[case.name] for case in drawn if case.layout == layout), Score())
        for layout in _layouts(drawn)
    }
    shown = {layout: round(one.false_shown, 4) for layout, one in by_layout.items()}
    sure = {layout: round(one.calibration, 4) for layout, one in by_layout.items()}
    emit(
        "slides.false_shown",
        total.false_shown,
        "share",
        None,
        {"by_layout": shown, "minutes_without": round(total.none_ms / 60_000, 2)},
    )
    detail = {"by_layout": sure, "confident": round(total.confident_ms / max(1, total.total_ms), 4)}
    emit("slides.calibration_at_0.9", total.calibration, "share", CALIBRATION, detail)


def _cost(drawn: list[Case], runs: dict[str, Run], folder: Path) -> None:
    """CPU of the matcher alone on what the worker hands it of the 1080p film at real speed, with nothing beside it."""
    costly = next((case for case in drawn if case.layout == CPU_LAYOUT and case.speed == 1), None)
    if costly is None:
        return
    note("encoding our rendition of the 1080p film, and matching both alone")
    rendition = as_rendition(costly, folder / "rendition")
    source, own = _scaled(costly), _scaled(rendition)
    others = {
        case.name: round(runs[case.name].cpu_s_per_hour(case.duration_ms), 1) for case in drawn if case is not costly
    }
    detail = {
        "film": costly.name,
        **costly.about,
        "minutes": round(costly.duration_ms / 60_000, 1),
        "scaled": "the first 4 s (start, all pages read) once, the rest of the film by its share of an hour",
        "matched": "our own rendition of at most 720 lines, as the worker does",
        "right": round(_score(rendition, own[1]).accuracy, 4),
        "the_1080p_film_itself": round(source[0], 1),
        "decoding_all_of_that": round(decoding_cpu_s(costly) * 3_600_000 / costly.duration_ms, 1),
        "wall_s_per_hour": round(own[1].wall_s * 3_600_000 / costly.duration_ms, 1),
        "peak_mib": round(own[1].peak_mib, 1),
        "others_two_at_once": others,
    }
    emit("slides.cpu_s_per_hour", own[0], "s/h", CPU_S_PER_HOUR, detail)
    worst = max(runs.values(), key=lambda one: one.peak_mib)
    emit("slides.peak_mib", worst.peak_mib, "MiB", None, {})


def _scaled(case: Case) -> tuple[float, Run]:
    """CPU-seconds an hour of such a recording, and the run over all of the film."""
    begin, run = match(case, BEGIN_MS), match(case)
    return begin.cpu_s + (run.cpu_s - begin.cpu_s) * (3_600_000 - BEGIN_MS) / (case.duration_ms - BEGIN_MS), run


def _baselines(cases: list[Case]) -> None:
    """The same films by ORB a frame and by the scene filter."""
    by_orb: list[PerFrame] = in_processes("ORB a frame", orb_per_frame, cases)
    by_scene: list[Scenes] = in_processes("scene filter", scene_borders, cases)
    for layout in _layouts(cases):
        mine = [number for number, case in enumerate(cases) if case.layout == layout]
        scores = [score(by_orb[at].truth, by_orb[at].cues, cases[at].slide_of, cases[at].same_as) for at in mine]
        total = sum(scores, Score())
        hours = sum(by_orb[at].duration_ms for at in mine) / 3_600_000
        detail = {**total.rounded(), "cpu_s_per_hour": round(sum(by_orb[at].cpu_s for at in mine) / hours, 1)}
        emit(f"slides.baseline_orb_accuracy.{layout}", total.accuracy, "share", None, detail)
        scenes = sum((by_scene[at] for at in mine), Scenes(0, 0, 0, ()))
        found = scenes.rounded()
        emit(f"slides.baseline_scene_recall.{layout}", found["recall"], "share", None, found)


def _told(case: Case, run: Run) -> str:
    """Where a film's cues are wrong, for whoever looks for the reason."""
    got = wrongs(case.truth, run.cues, longer_than_ms=200)
    lost = sum(one.end_ms - one.start_ms for one in got) / 1000
    return "\n".join([f"\n## {case.name}: {lost:.1f} s of {case.duration_ms / 1000:.0f}", *map(_line, got)])


def _line(one: Wrong) -> str:
    span = f"{one.start_ms / 1000:8.2f} - {one.end_ms / 1000:8.2f} s ({(one.end_ms - one.start_ms) / 1000:5.2f})"
    return f"{span}  truth {one.page}  found {one.found}  confidence {one.confidence:.2f} {one.method}"
