"""Errors of search."""

from server.core.errors import Invalid


class HasUnknown(Invalid):
    """A talk is narrowed to what nothing has."""

    code = "search.has_unknown"
    says = "`has` is video, slides or captions, or several of them with commas between."


class BeyondLast(Invalid):
    """A cursor that leads further than answers are given."""

    code = "search.beyond_last"
    says = "Search answers end after 1,000 talks; narrow the question instead."
