"""From evidence to the likeliest course: a hidden Markov model over pages, shown or hidden.

States are (page, shown) and (page, hidden): while the speaker or a demo is shown, the page that the talk has reached is
remembered, so that the same page or the next one coming back costs little. Time counts, not samples: the chance to
leave a state grows with the seconds that pass, and the rate is learned from the recording itself (real talks change
every minute, a sped-up one every two seconds). One page forward is the usual way to leave, back and jumps are rarer but
never forbidden. Identical pages have equal evidence: the course decides.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NEVER = -1e9

# How a page is left: shares, the rest is jumps.
FORWARD, SKIP_ONE, BACK, HIDE = 0.55, 0.07, 0.1, 0.15
JUMP = 1 - FORWARD - SKIP_ONE - BACK - HIDE
# What comes after a stretch without a slide.
SAME_AGAIN, NEXT_AFTER, JUMP_AFTER = 0.5, 0.35, 0.15
FIRST_RATE = 1 / 12
LOWEST_RATE, HIGHEST_RATE = 1 / 120, 1 / 1.5
# Evidence is not independent: a second gives it once.
LONGEST_WEIGHT, SHORTEST_WEIGHT = 2.0, 1.0
TEMPER = 0.5


@dataclass(slots=True)
class Course:
    """For every sample the state: index of the page or -1 for none; `posterior` its probability; `pages` that of every
    page and, last, of none, (samples, pages + 1)."""

    states: NDArray[np.int64]
    posterior: Array
    pages: Array


def jumps(count: int) -> Array:
    """Probabilities of going from page i to page j in a jump: nearer is likelier; rows sum to 1 (0 for one page)."""
    distance = np.abs(np.arange(count)[:, None] - np.arange(count)[None, :])
    worth = np.where(distance == 0, 0.0, 1.0 / (2.0 + distance))
    return np.asarray(worth / np.maximum(1e-12, worth.sum(axis=1, keepdims=True)))


def leaving(count: int) -> tuple[Array, Array]:
    """How a shown page is left for another shown one, and a hidden one for a shown one: (count, count) each."""
    shown = JUMP * jumps(count)
    hidden = JUMP_AFTER * jumps(count) + SAME_AGAIN * np.eye(count)
    shown += FORWARD * np.eye(count, k=1) + SKIP_ONE * np.eye(count, k=2) + BACK * np.eye(count, k=-1)
    hidden += NEXT_AFTER * np.eye(count, k=1)
    return shown, hidden


def find_course(times_ms: NDArray[np.int64], evidence: Array) -> Course:
    """The likeliest course. `evidence` (samples, pages + 1): log-likelihood of each page and, last, of no slide."""
    weighted = evidence * sample_weights(times_ms)[:, None]
    gaps = np.diff(times_ms) / 1000.0
    rate = FIRST_RATE
    for _ in range(2):
        states = viterbi(weighted, 1 - np.exp(-rate * np.maximum(gaps, 0.04)))
        changes = int((states[1:] != states[:-1]).sum())
        seconds = max(1.0, float(gaps.sum()))
        rate = float(np.clip((changes + 1) / (seconds + 10), LOWEST_RATE, HIGHEST_RATE))
    pages = posteriors(weighted * TEMPER, 1 - np.exp(-rate * np.maximum(gaps, 0.04)))
    chosen = np.where(states < 0, pages.shape[1] - 1, states)
    return Course(states, pages[np.arange(len(states)), chosen], pages)


def sample_weights(times_ms: NDArray[np.int64]) -> Array:
    """How much each sample counts: the seconds that it stands for, within limits."""
    if len(times_ms) < 2:
        return np.ones(len(times_ms))
    gaps = np.diff(times_ms) / 1000.0
    around = np.concatenate(([gaps[0]], gaps)) / 2 + np.concatenate((gaps, [gaps[-1]])) / 2
    return np.clip(around, SHORTEST_WEIGHT, LONGEST_WEIGHT)


def viterbi(weighted: Array, leave: Array) -> NDArray[np.int64]:
    """The best course: page indices, -1 for none. `leave`: the chance of a change before each sample but the first."""
    samples, count = weighted.shape[0], weighted.shape[1] - 1
    with np.errstate(divide="ignore"):
        shown, hidden = (np.maximum(np.log(matrix), NEVER) for matrix in leaving(count))
    first = np.repeat(weighted[0, count], count)
    value = np.concatenate((weighted[0, :count], first)) - np.log(2 * count)
    # A talk begins at the beginning more often than elsewhere.
    value[0] += 1.0
    value[count] += 3.0
    back = np.empty((samples, 2 * count), dtype=np.int32)
    columns = np.arange(count)
    for index in range(1, samples):
        gone, stayed = float(np.log(leave[index - 1])), float(np.log1p(-leave[index - 1]))
        on, off = value[:count], value[count:]
        options = np.empty((3, count))
        from_shown, from_hidden = on[:, None] + shown, off[:, None] + hidden
        best_shown, best_hidden = from_shown.argmax(axis=0), from_hidden.argmax(axis=0)
        options[0] = on + stayed
        options[1] = from_shown[best_shown, columns] + gone
        options[2] = from_hidden[best_hidden, columns] + gone
        choice = options.argmax(axis=0)
        back[index, :count] = np.choose(choice, (columns, best_shown, best_hidden + count))
        staying, hiding = off + stayed, on + gone + np.log(HIDE)
        back[index, count:] = np.where(staying >= hiding, columns + count, columns)
        value = np.concatenate((options.max(axis=0), np.maximum(staying, hiding)))
        value[:count] += weighted[index, :count]
        value[count:] += weighted[index, count]
    states = np.empty(samples, dtype=np.int64)
    state = int(value.argmax())
    for index in range(samples - 1, -1, -1):
        states[index] = state if state < count else -1
        state = int(back[index, state]) if index else state
    return states


def posteriors(weighted: Array, leave: Array) -> Array:
    """Probability of every page, and last of none, at every sample (forward-backward)."""
    samples, count = weighted.shape[0], weighted.shape[1] - 1
    shown, hidden = leaving(count)
    likely = np.exp(np.maximum(weighted - weighted.max(axis=1, keepdims=True), -40))
    ahead = np.empty((samples, 2, count))
    ahead[0] = start_of(count) * spread(likely[0])
    ahead[0] /= ahead[0].sum()
    for index in range(1, samples):
        ahead[index] = forward(ahead[index - 1], likely[index], float(leave[index - 1]), (shown, hidden))
    behind = np.ones((2, count))
    result = np.empty((samples, count + 1))
    for index in range(samples - 1, -1, -1):
        both = ahead[index] * behind
        both /= both.sum()
        result[index, :count], result[index, count] = both[0], both[1].sum()
        if index:
            seen, gone = behind * spread(likely[index]), leave[index - 1]
            behind = np.stack(
                (
                    (1 - gone) * seen[0] + gone * (shown @ seen[0] + HIDE * seen[1]),
                    (1 - gone) * seen[1] + gone * (hidden @ seen[0]),
                )
            )
            behind /= behind.max()
    return result


def forward(before: Array, likely: Array, gone: float, ways: tuple[Array, Array]) -> Array:
    """Probabilities of the states, (2, count), one sample on. `gone`: the chance that the state was left; `ways`
    as `leaving` gives them; `likely`: likelihoods of the pages and, last, of none."""
    on, off = before
    shown = (1 - gone) * on + gone * (on @ ways[0] + off @ ways[1])
    hidden = (1 - gone) * off + gone * HIDE * on
    after = np.stack((shown, hidden)) * spread(likely)
    return np.asarray(after / after.sum())


def start_of(count: int) -> Array:
    """Probabilities before the first sample, (2, count)."""
    start = np.full((2, count), 1.0)
    start[0, 0] += 2.0
    start[1, 0] += count
    return np.asarray(start / start.sum())


def spread(likely: Array) -> Array:
    """The likelihood of the states, (2, count)."""
    count = len(likely) - 1
    return np.stack((likely[:count], np.full(count, likely[count])))
