"""A viewer of a live room in Chromium: what the page shows, and that it was never loaded again."""

import secrets
from typing import Any

from playwright.sync_api import Browser

from tests.live.pixels import WATCH
from tests.live.room import LiveRoom
from tests.waiting import eventually


class Viewer:
    """A page that plays a room. Its pictures are read all the time; `mine` is lost when the page is loaded again."""

    def __init__(self, browser: Browser, room: LiveRoom) -> None:
        self.page = browser.new_context(viewport={"width": 800, "height": 700}).new_page()
        self.page.goto(room.page)
        self._mark = secrets.token_hex(4)
        self.page.evaluate(f"window.mine = '{self._mark}'")

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page."""
        return self.page.evaluate(expression)

    def play(self) -> "Viewer":
        """Without sound, and reading its pictures."""
        eventually(lambda: self.ask("Boolean(window.semmaLive?.player.isOpen)"), timeout_s=60, what="the live player")
        self.page.evaluate(f"({WATCH})(semmaLive.video)")
        self.ask("(semmaLive.video.muted = true, semmaLive.player.play(), 0)")
        eventually(lambda: self.ask("semmaLive.video.currentTime > 0"), timeout_s=60, every_s=0.2, what="playing")
        return self

    def newest(self) -> int:
        """The number of the last picture that could be read; -1 when there is none."""
        return int(self.ask("(window.glass.at(-1) ?? [0, -1])[1]"))

    def wait_number(self, least: int, most: int = 65_535, *, timeout_s: float = 60) -> int:
        """Wait until a picture with a number in these bounds is shown."""

        def look() -> int:
            number = self.newest()
            return number if least <= number <= most else 0

        return eventually(look, timeout_s=timeout_s, every_s=0.2, what=f"a picture from {least} to {most} in the page")

    def is_unbroken(self) -> bool:
        """Whether this is still the page that was opened."""
        return bool(self.ask(f"window.mine === '{self._mark}'"))

    def close(self) -> None:
        self.page.context.close()
