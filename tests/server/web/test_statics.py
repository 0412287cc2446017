"""Static files: addresses that name their content, conditional requests, nothing beyond the folder."""

import gzip
import re
from pathlib import Path

import pytest

from server.web.statics import ROOT, read_statics
from tests.server.accounts.people import Browsing
from tests.server.web.events import on_one_database

TEMPLATES = ROOT.parent / "templates"
OWN = sorted(path for path in ROOT.rglob("*") if path.suffix in (".js", ".css", ".svg") and "vendor" not in path.parts)


@on_one_database
async def test_a_file_is_kept_for_ever_under_its_own_address(browser: Browsing) -> None:
    page = await browser.get("/")
    found = re.search(r"/static/([0-9a-f]{16})/css/tokens\.css", page.text)
    assert found
    answer = await browser.get(found[0])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = await browser.get(found[0], headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@on_one_database
async def test_an_old_address_still_answers_but_is_not_kept(browser: Browsing) -> None:
    answer = await browser.get("/static/0123456789abcdef/js/page.js")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


@on_one_database
async def test_a_file_is_packed_for_those_who_take_it(browser: Browsing) -> None:
    plain = await browser.get("/static/x/css/tokens.css", headers={"Accept-Encoding": "identity"})
    packed = await browser.get("/static/x/css/tokens.css", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    assert gzip.decompress(read_statics().files["css/tokens.css"].packed) == plain.content


@on_one_database
@pytest.mark.parametrize("path", ["../view.py", "..%2fview.py", "css/none.css", "%2e%2e/%2e%2e/core/secrets.py", ""])
async def test_nothing_else_is_served(browser: Browsing, path: str) -> None:
    assert (await browser.get(f"/static/x/{path}")).status_code in (404, 405)


def test_the_address_changes_with_any_file(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{}")
    first = read_statics(tmp_path)
    (tmp_path / "a.css").write_text("b{}")
    assert read_statics(tmp_path).digest != first.digest
    with pytest.raises(KeyError, match="no static file"):
        first.url("none.css")


@pytest.mark.parametrize("path", [*OWN, *sorted(TEMPLATES.rglob("*.html"))], ids=lambda path: path.name)
def test_nothing_of_ours_reaches_for_another_site_or_breaks_the_csp(path: Path) -> None:
    text = path.read_text()
    elsewhere = re.findall(r"""(?:src|href|url|import|from|fetch)\s*[=(]?\s*["'(]\s*(?:https?:)?//[^"')]+""", text)
    assert not elsewhere
    assert "eval(" not in text
    assert "innerHTML = `" not in text
    if path.suffix == ".html":
        assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:", text)
        assert "<style" not in text
        # Data in a script element is never run (HTML §4.12.1): texts for our scripts, JSON-LD for search engines.
        assert not re.search(r"<script(?![^>]*(?:src=|application/(?:ld\+)?json))", text)
