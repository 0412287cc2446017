"""What is asked for, understood: its terms with what their words mean, and which of them must be there."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.core.db import Db
from server.search.expand import Meaning, meanings
from server.search.parse import Parsed, Term
from server.search.rank import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Everything about what is asked for that stays the same for all talks.

    `needed` must be there: all but words that say little, unless there are no others; `places` are theirs among the
    positive ones. `matched` is what is marked: every word of the vocabulary that is meant, folded.
    """

    means: Mapping[Term, list[Meaning]]
    positive: tuple[Term, ...]
    negative: tuple[Term, ...]
    wanted: list[Wanted]
    needed: tuple[Term, ...]
    places: tuple[int, ...]
    matched: frozenset[str]


async def understand(db: Db, parsed: Parsed, *, mend: bool) -> Question:
    """The question that was typed; with `mend` its words are taken for typing errors."""
    means = await meanings(db, parsed.terms, mend=mend) if parsed.terms else {}
    positive = tuple(term for term in parsed.terms if not term.is_excluded)
    needed = tuple(term for term in positive if term.is_phrase or not means[term][0].is_little) or positive
    return Question(
        means=means,
        positive=positive,
        negative=tuple(term for term in parsed.terms if term.is_excluded),
        wanted=[_wanted(term, means[term]) for term in positive],
        needed=needed,
        places=tuple(positive.index(term) for term in needed),
        matched=frozenset(word for term in needed for one in means[term] for word in one.folded.values()),
    )


def _wanted(term: Term, ones: list[Meaning]) -> Wanted:
    return Wanted(
        {} if term.is_phrase else ones[0].weights,
        in_speakers=term.in_speakers,
        is_little=not term.is_phrase and ones[0].is_little,
    )
