"""Orders and facts of slides."""

from server.core.jobs import Job

RENDER, MATCH = "slides.render_deck", "slides.match"


class RenderDeck(Job, frozen=True, kw_only=True):
    """Make pages of a deck: pictures, text, words, links. Its subject is the deck's id."""

    name = RENDER
    queue = "light"
    deck: str


class DeckReady(Job, frozen=True, kw_only=True):
    """Fact: a deck's pages are there (anew) and shown, unless a newer version of it already is."""

    name = "slides.deck_ready"
    queue = "light"
    session: str
    deck: str


class DecksChanged(Job, frozen=True, kw_only=True):
    """Fact: other decks than before are shown with a session: one was withdrawn, brought back, or moved."""

    name = "slides.decks_changed"
    queue = "light"
    session: str


class LookAtLink(Job, frozen=True, kw_only=True):
    """Fetch what a session's link to slides leads to, if it is new. Its subject is the deck link's id."""

    name = "slides.look_at_link"
    queue = "light"
    deck_link: str


class MatchSlides(Job, frozen=True, kw_only=True):
    """Find which page the session's recording shows when. Its subject is the session's id; only the outcome of the
    newest `turn` is kept. `anew`: also where that is known already."""

    name = MATCH
    queue = "encode"
    session: str
    turn: int
    anew: bool = False
