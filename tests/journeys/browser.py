"""A real Chromium for journeys: the machine's own, or the one Playwright keeps."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, sync_playwright

from tests.private_semma import PrivateSemma
from tests.waiting import eventually

# What a browser does by itself towards its maker is switched off: journeys also watch that no request leaves.
_ARGUMENTS = [
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


def chromium_path() -> str | None:
    """The machine's Chromium; None leaves the choice to Playwright."""
    return os.environ.get("SEMMA_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser while the block lasts; skips, saying so, where there is none."""
    with sync_playwright() as playwright:
        path = chromium_path()
        if path is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("Chromium is not installed")
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page that is watched: what it complains of, what it asks of whom."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", lambda request: self._on_request(request.url, site))
        page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _on_request(self, url: str, site: str) -> None:
        if not url.startswith((site, "blob:", "data:")):
            self.elsewhere.append(url)

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")

    def until(self, expression: str, *, timeout_s: float = 60) -> Any:
        """The expression's first true value. (Playwright's own waiting needs eval, which the pages forbid.)"""
        return eventually(lambda: self.page.evaluate(expression), timeout_s=timeout_s, every_s=0.1, what=expression)


def sign_in(page: Page, semma: PrivateSemma) -> None:
    """By a one-time link, with the click its page asks for."""
    admin = semma.get("/api/v1/users/me")["id"]
    page.goto(semma.api("POST", f"/api/v1/users/{admin}/sign-in-links").json()["sign_in_url"])
    page.get_by_role("button", name="Sign in on this device").click()
    page.wait_for_url("**/studio")
