"""A voice that says nothing in particular: syllables with pitch and formants, and how wide the mouth is while it does.

Source and filter as in any textbook of phonetics: a buzz with the harmonics of the pitch, each as loud as the vowel's
formants let it be, and a little noise where a consonant would be. No word of any language is spoken.
"""

import math
import random
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

RATE_HZ = 16000
TABLE = 256  # samples of one pitch period in a wave table
# First three formants of a few vowels in Hz (a, e, i, o, u, ä).
VOWELS = (
    (730, 1090, 2440),
    (530, 1840, 2480),
    (270, 2290, 3010),
    (570, 840, 2410),
    (300, 870, 2240),
    (660, 1720, 2410),
)


@dataclass(frozen=True)
class Voice:
    """Sound as 16-bit samples at RATE_HZ, and the mouth's opening (0…1) for every picture at 25 a second."""

    samples: "array[int]"  # array.array takes no subscript before Python 3.12
    mouth: tuple[float, ...]


def speak(seconds: int, *, pitch_hz: float, seed: int) -> Voice:
    """So many seconds of murmuring; the same seed says the same."""
    chance = random.Random(seed)
    samples = array("h", bytes(2 * RATE_HZ * seconds))
    opening = [0.0] * (seconds * 25)
    tables = [_vowel_table(formants, pitch_hz) for formants in VOWELS]
    at = 0.15
    while at < seconds - 0.8:
        for _ in range(chance.randint(3, 9)):
            length = chance.uniform(0.11, 0.24)
            if at + length > seconds - 0.3:
                break
            pitch = pitch_hz * chance.uniform(0.86, 1.16)
            _add_syllable(samples, chance.choice(tables), at, length, pitch, chance)
            for picture in range(int(at * 25), int((at + length) * 25)):
                opening[picture] = math.sin(math.pi * min(1.0, (picture / 25 - at + 0.02) / length)) ** 2
            at += length + chance.uniform(0.0, 0.03)
        at += chance.uniform(0.18, 0.6)
    return Voice(samples, tuple(max(0.0, value) for value in opening))


def _vowel_table(formants: tuple[int, ...], pitch_hz: float) -> list[float]:
    """One pitch period of a vowel, its peak at 1."""
    harmonics = range(1, int(3400 / pitch_hz))
    loudness = [_through_formants(n * pitch_hz, formants) / n**0.6 for n in harmonics]
    table = [
        sum(level * math.sin(2 * math.pi * n * index / TABLE + n) for n, level in zip(harmonics, loudness, strict=True))
        for index in range(TABLE)
    ]
    peak = max(abs(value) for value in table)
    return [value / peak for value in table]


def _through_formants(frequency_hz: float, formants: tuple[int, ...]) -> float:
    widths = (90.0, 110.0, 170.0)
    return sum(
        weight / (1 + ((frequency_hz - centre) / width) ** 2)
        for centre, width, weight in zip(formants, widths, (1.0, 0.5, 0.25), strict=True)
    )


def _add_syllable(
    samples: "array[int]", table: list[float], at: float, length: float, pitch_hz: float, chance: random.Random
) -> None:
    """Write one syllable into the samples: a breath of noise, then the vowel swelling and falling."""
    first, count = int(at * RATE_HZ), int(length * RATE_HZ)
    breath = int(0.025 * RATE_HZ)
    for index in range(breath):
        samples[first + index] = int(1400 * chance.uniform(-1, 1) * index / breath)
    step = pitch_hz * TABLE / RATE_HZ
    phase = 0.0
    for index in range(breath, count):
        along = (index - breath) / (count - breath)
        loud = 9000 * min(1.0, along * 6, (1 - along) * 4)
        samples[first + index] = int(loud * table[int(phase) % TABLE])
        phase += step * (1.04 - 0.1 * along)


def write_wave(voice: Voice, path: Path) -> None:
    """The samples as a mono WAV file."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes(voice.samples.tobytes())
