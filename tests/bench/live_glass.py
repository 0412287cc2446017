"""Glass to glass: a numbered picture's way from the moment it is taken to the pixels of a page in Chromium."""

import time
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.live.clock import Clock
from tests.live.pixels import WATCH
from tests.waiting import eventually


@dataclass(frozen=True)
class Glass:
    """Delays in seconds, sorted."""

    delays: list[float]
    stalls: int

    def share(self, part: float) -> float:
        """The delay that this share of all pictures does not exceed."""
        return self.delays[min(len(self.delays) - 1, int(len(self.delays) * part))]


def measure_glass(page: Page, video: str, clock: Clock, *, settle_s: float, seconds: float) -> Glass:
    """Let the player settle, then measure every picture shown for so long. `video` is an expression of the page."""
    page.evaluate(f"({WATCH})({video})")
    page.evaluate(f"(window.stalls = 0, {video}.addEventListener('waiting', () => (window.stalls += 1)), 0)")
    begin = time.time() + settle_s
    eventually(
        lambda: time.time() > begin + seconds, timeout_s=settle_s + seconds + 5, every_s=0.5, what="time to pass"
    )
    shown = [(at / 1000, number) for at, number in page.evaluate("window.glass") if at / 1000 >= begin]
    delays = sorted(at - clock.taken[number] for at, number in shown if number < len(clock.taken))
    assert len(delays) > seconds * 5, f"only {len(delays)} pictures could be read"
    return Glass(delays, int(page.evaluate("window.stalls")))
