"""Templates into pages: one Jinja environment a language, with the filters that speak it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from server.web import wording
from server.web.languages import LANGUAGES, catalogue, language_name, own_name
from server.web.statics import Statics
from server.web.structured import event_structured, talk_structured

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Asker:
    """What a page's frame shows of whoever looks at it."""

    name: str = ""
    may_organise: bool = False


@dataclass(frozen=True, slots=True)
class PageContext:
    """What every page needs beyond its own content."""

    language: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    theme: str = ""
    csrf: str = ""
    base_url: str = ""
    asker: Asker = field(default_factory=Asker)

    def with_language(self, code: str) -> str:
        """This page's address in another language."""
        kept = [(key, value) for key, value in self.query if key != "lang"]
        return f"{self.path}?{urlencode([*kept, ('lang', code)])}"


class View:
    """Renders templates; one for the whole process, safe to share."""

    def __init__(self, statics: Statics, *, media_origins: tuple[str, ...] = ()) -> None:
        self.statics = statics
        self.media_origins = media_origins
        self._environments = {language: _environment(language, statics) for language in LANGUAGES}

    def render(self, name: str, page: PageContext, **context: Any) -> str:
        """The page as HTML, in the page's language."""
        template = self._environments[page.language].get_template(name)
        return template.render(page=page, **context)

    def static_url(self, path: str) -> str:
        """The address of a static file."""
        return self.statics.url(path)

    def text(self, language: str, message: str, **values: Any) -> str:
        """One message of the catalogue, for texts that no template holds."""
        found = catalogue(language).gettext(message)
        return found % values if values else found


def _environment(language: str, statics: Statics) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    found = catalogue(language)
    environment.install_gettext_callables(found.gettext, found.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(
        static=statics.url,
        has_static=lambda path: path in statics.files,
        languages=LANGUAGES,
        own_name=own_name,
        language_name=lambda code: language_name(code, language=language),
        link_kind=lambda kind: found.gettext(wording.LINK_KINDS.get(kind, wording.LINK_KINDS["other"])),
        time_zones=wording.time_zones(),
        weave_of=wording.weave_of,
        event_structured=event_structured,
        talk_structured=talk_structured,
    )
    environment.filters.update(wording.filters(language))
    return environment
