"""How the child that reads a deck says no, and what it warns of: a stable code and a sentence for who brought it."""


class Refuse(Exception):
    """The deck cannot be read; the child answers with this."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(detail)


class Unreadable(Exception):
    """One page or picture cannot be read; the deck can."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(detail)
