"""The page `/search`: a form, answers by talk, and what they can be narrowed to; scripts only make it quicker."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, route
from litestar.di import NamedDependency

from server.accounts.actor import Actor
from server.core.runtime import Runtime
from server.search.answer import Answered, answer_question, read_has
from server.search.facets import FacetValue
from server.search.hits import TalkHits
from server.search.queries import Narrowed
from server.search.schemas import hit_url, talk_url
from server.sessions.queries import Item
from server.web.languages import catalogue, language_name
from server.web.respond import READ, language_of, page
from server.web.search_texts import FACET_NAMES, HAS_NAMES, PART_NAMES
from server.web.view import View

AnyRequest = Request[Any, Any, Any]
_ON_PAGE = 20
_FACETS = ("event", "language", "has", "track", "room", "speaker")
_FEWEST = 2  # values of a facet that are worth a choice


@dataclass(frozen=True, slots=True)
class HitView:
    """One hit as the page draws it; `pieces` are (text, is a match)."""

    part: str
    name: str
    url: str
    language: str
    at_ms: int | None
    page: int | None
    pieces: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class FoundView:
    """A talk with its hits."""

    item: Item
    url: str
    pieces: tuple[tuple[str, bool], ...]
    hits: tuple[HitView, ...]
    more: int


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """One value of a facet: a link that narrows to it, or takes that back."""

    name: str
    count: int
    url: str
    is_chosen: bool


def pieces_of(text: str, marks: Iterable[tuple[int, int]]) -> tuple[tuple[str, bool], ...]:
    """A text cut where matches begin and end."""
    pieces, at = [], 0
    for start, end in marks:
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    return tuple((piece, is_match) for piece, is_match in [*pieces, (text[at:], False)] if piece)


def _found(item: Item, talk: TalkHits, gettext: Callable[[str], str]) -> FoundView:
    hits = tuple(
        HitView(
            part=hit.part,
            name=gettext(PART_NAMES[hit.part]),
            url=hit_url(item, hit),
            language=hit.language,
            at_ms=hit.at_ms,
            page=hit.page,
            pieces=pieces_of(hit.snippet.text, hit.snippet.marks),
        )
        for hit in talk.hits
    )
    title = pieces_of(item.session.title, talk.title_marks)
    return FoundView(item=item, url=talk_url(item), pieces=title, hits=hits, more=max(talk.count - len(hits), 0))


class Wishes:
    """What the address asks for, and addresses that ask for a little else."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self.typed = query.get("q", "").strip()
        self.chosen = {name: query[name] for name in (*_FACETS, "year") if query.get(name)}
        start = query.get("start", "")
        self.offset = int(start) if start.isdecimal() and len(start) < 5 else 0

    @property
    def narrowed(self) -> Narrowed:
        """As search takes it."""
        year = self.chosen.get("year", "")
        return Narrowed(
            event=self.chosen.get("event"),
            room=self.chosen.get("room"),
            track=self.chosen.get("track"),
            speaker=self.chosen.get("speaker"),
            year=int(year) if year.isdecimal() and len(year) < 5 else None,
            language=self.chosen.get("language"),
            has=read_has(self.chosen.get("has")),
        )

    def url(self, changed: Mapping[str, str | None], *, start: int = 0) -> str:
        """The same question, narrowed otherwise; from its first answer on."""
        values = {"q": self.typed, **self.chosen, **changed, "start": str(start) if start else None}
        return f"/search?{urlencode({name: value for name, value in values.items() if value})}"


def _choices(
    wishes: Wishes, facets: Mapping[str, tuple[FacetValue, ...]], language: str
) -> list[tuple[str, list[ChoiceView]]]:
    """The facets that leave a choice, or where one was made."""
    gettext = catalogue(language).gettext
    shown = []
    for facet in _FACETS:
        chosen = wishes.chosen.get(facet, "")
        values = list(facets.get(facet, ()))
        if len(values) < _FEWEST and not chosen:
            continue
        choices = [_choice(wishes, facet, value, chosen, language) for value in values]
        shown.append((gettext(FACET_NAMES[facet]), choices))
    return shown


def _choice(wishes: Wishes, facet: str, value: FacetValue, chosen: str, language: str) -> ChoiceView:
    name = value.name
    if facet == "language":
        name = language_name(value.value, language=language)
    elif facet == "has":
        name = catalogue(language).gettext(HAS_NAMES[value.value])
    several = chosen.split(",") if facet == "has" and chosen else [chosen] if chosen else []
    is_chosen = value.value in several
    if facet == "has":
        left = [one for one in several if one != value.value] if is_chosen else [*several, value.value]
        return ChoiceView(name, value.count, wishes.url({"has": ",".join(left) or None}), is_chosen)
    return ChoiceView(name, value.count, wishes.url({facet: None if is_chosen else value.value}), is_chosen)


@route("/search", http_method=READ, opt={"public": True}, include_in_schema=False)
async def search_page(
    request: AnyRequest, runtime: NamedDependency[Runtime], actor: NamedDependency[Actor], view: NamedDependency[View]
) -> Response[bytes]:
    """What was asked for, across everything the asker may see."""
    wishes, language = Wishes(request.query_params), language_of(request)
    found: Answered | None = None
    if wishes.typed or wishes.chosen:
        async with runtime.database.read() as db:
            found = await answer_question(
                db, actor, wishes.typed, wishes.narrowed, offset=wishes.offset, limit=_ON_PAGE
            )
    gettext = catalogue(language).gettext
    talks = found.answer.talks if found else ()
    items = found.items if found else {}
    facets = _choices(wishes, found.answer.facets, language) if found else []
    return page(
        request,
        runtime,
        view,
        "search.html",
        actor=actor,
        wishes=wishes,
        found=[_found(items[talk.session], talk, gettext) for talk in talks if talk.session in items],
        answer=found.answer if found else None,
        facets=facets,
        narrowed=[choice.name for _name, choices in facets for choice in choices if choice.is_chosen],
        beyond=wishes.url({}, start=found.beyond) if found and found.beyond is not None else "",
    )


search_handlers = [search_page]
