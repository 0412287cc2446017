"""A session's slides for who manages them: its decks with their versions, and how they keep step."""

from dataclasses import dataclass
from datetime import datetime

from server.accounts.actor import Actor
from server.core.db import Db
from server.core.secrets import Keyring
from server.sessions.queries import Item
from server.slides.cue_schemas import LinkView, link_view
from server.slides.linked import links_of_session
from server.slides.schemas import DeckView, decks_view
from server.slides.sight import sight_of
from server.slides.sync_shown import Beside, error_of, read_beside, state_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StepShown:
    """How the slides keep step with the recording; `state` as in the API, `unsure_ms` is what a person should check."""

    state: str = "none"
    progress: float = 0.0
    error: str = ""
    has_recording: bool = False
    is_watchable: bool = False
    unsure_ms: int = 0
    duration_ms: int = 0

    @property
    def unsure_percent(self) -> int:
        """The unsure share, in whole percent, never rounded to nothing."""
        return max(1, round(100 * self.unsure_ms / self.duration_ms)) if self.unsure_ms and self.duration_ms else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlidesBoard:
    """A session's decks as the API shows them, how they keep step, and what became of links to slides."""

    decks: list[DeckView]
    step: StepShown
    links: list[LinkView]


async def read_slides(db: Db, actor: Actor, item: Item, *, keyring: Keyring, moment: datetime) -> SlidesBoard:
    """The slides of a session for who may upload some."""
    beside = await read_beside(db, actor, item.session.id)
    sight = sight_of(actor, item, keyring=keyring, moment=moment)
    links = [link_view(row) for row in await links_of_session(db, item.session.id)]
    return SlidesBoard(decks=decks_view(beside.decks, sight), step=step_of(beside), links=links)


def step_of(beside: Beside) -> StepShown:
    """How the slides of a session keep step."""
    state, progress = state_of(beside)
    error = error_of(beside)
    return StepShown(
        state=state,
        progress=round(progress, 3),
        error=error[1] if error else "",
        has_recording=beside.recording is not None,
        is_watchable=beside.recording is not None and beside.recording.playable,
        unsure_ms=sum(end - start for start, end, _doubt in beside.doubts),
        duration_ms=beside.shown[-1].end_ms if beside.shown else 0,
    )
