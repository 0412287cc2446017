"""Glass to glass: a numbered picture's way from the moment it is taken to the pixels of a page in Chromium."""

import time
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.frame_code import CODE_BITS, STRIP
from tests.live.clock import Clock
from tests.waiting import eventually

# Reads the number of every picture the page shows, with the page's clock, as tests/frame_code.py writes it.
WATCH = f"""(video) => {{
  window.glass = [];
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", {{ willReadFrequently: true }});
  const look = () => {{
    const at = Date.now();
    canvas.width = video.videoWidth;
    canvas.height = Math.max(8, Math.floor(video.videoHeight / {STRIP}));
    pen.drawImage(video, 0, 0, video.videoWidth, canvas.height, 0, 0, canvas.width, canvas.height);
    const row = pen.getImageData(0, Math.floor(canvas.height / 2), canvas.width, 1).data;
    let bits = 0;
    for (let n = 0; n < {CODE_BITS}; n += 1) {{
      const x = Math.floor(((2 * n + 1) * canvas.width) / {2 * CODE_BITS});
      if (row[4 * x + 1] > 128) bits |= 1 << n;
    }}
    const number = bits & 0xffff;
    const check = [0, 1, 2, 3].reduce((sum, n) => sum + ((number >> (4 * n)) & 15), 0) % 16;
    if (check === bits >> 16) window.glass.push([at, number]);
    video.requestVideoFrameCallback(look);
  }};
  video.requestVideoFrameCallback(look);
}}"""


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
