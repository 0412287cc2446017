"""When a delivery that failed is tried again: at growing pauses, for three days and a bit. Pure."""

from hashlib import blake2b

_MINUTE, _HOUR = 60, 3600
# After the first try, the second, …
PAUSES_S = (
    5,
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)
MOST_TRIES = len(PAUSES_S) + 1
_SPREAD = 0.1


def pause_s(tries: int, delivery_id: str) -> float | None:
    """Seconds until the next try after so many; None when it is given up.

    A tenth more or less, the same for the same delivery: what failed together must not come back together.
    """
    if tries > len(PAUSES_S):
        return None
    share = int.from_bytes(blake2b(f"{delivery_id}:{tries}".encode(), digest_size=4).digest()) / 2**32
    return PAUSES_S[tries - 1] * (1 + _SPREAD * (2 * share - 1))


def succeeded(status: int) -> bool:
    """Whether the other side took it: any 2xx. Redirects are not followed, so they are failures."""
    return 200 <= status < 300


def wants_no_more(status: int) -> bool:
    """410 Gone: the other side says that it will never take anything there again."""
    return status == 410
