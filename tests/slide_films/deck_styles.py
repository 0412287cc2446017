"""What the pages of a drawn deck have in common: colours, header, footer, logo. And the words they are filled with."""

import random
from dataclasses import dataclass

Colour = tuple[int, int, int]

_NOUNS = """
seminar community library open access video archive channel speaker audience question answer workshop network
member volunteer notes model method result sample signal filter budget plan goal measure survey response figure
trend growth value risk cost benefit review report story podcast stream caption language translation learning
student teacher course campus history future city museum theatre music festival programme schedule session room
platform service account privacy consent licence software release server browser mobile desktop design pattern
error retry queue worker storage backup restore latency bandwidth codec frame slide matrix vector gradient kernel
cluster random forest tree graph node edge path weight layer loss training test accuracy recall precision lake
summer winter morning evening bridge harbour island forest road train bicycle ferry market coffee kitchen garden
"""
_LITTLE = "and of for with in the a to from by on as or not without every between our your their this"
WORDS, SMALL_WORDS = tuple(_NOUNS.split()), tuple(_LITTLE.split())
NAMES = ("Aino Virta", "Elias Nurmi", "Helmi Laine", "Onni Koski", "Sofia Lind", "Väinö Mäki", "Lumi Saari", "Åke Berg")
PAPERS: tuple[Colour, ...] = ((255, 255, 255), (250, 247, 238), (236, 242, 248), (244, 244, 244))
NIGHTS: tuple[Colour, ...] = ((18, 20, 26), (10, 24, 48), (36, 28, 44), (0, 0, 0))
ACCENTS: tuple[Colour, ...] = ((0, 82, 147), (176, 36, 44), (20, 120, 84), (204, 110, 0), (98, 60, 150), (0, 130, 150))


@dataclass(frozen=True)
class Style:
    """A deck's template. `numbers`: the slide's number is printed at the foot of every page."""

    paper: Colour
    ink: Colour
    faint: Colour
    accent: Colour
    header: str
    logo: int
    bullet: str
    foot: str
    numbers: bool
    size: float


def choose_style(rng: random.Random, *, dark: bool, numbers: bool) -> Style:
    """A template of its own for each deck."""
    paper = rng.choice(NIGHTS if dark else PAPERS)
    ink = (232, 232, 236) if dark else rng.choice(((20, 20, 24), (44, 48, 60), (0, 0, 0)))
    accent = rng.choice(ACCENTS)
    if dark:
        accent = tuple(min(255, part + 90) for part in accent)  # type: ignore[assignment]
    return Style(
        paper=paper,
        ink=ink,
        faint=tuple((2 * a + b) // 3 for a, b in zip(paper, ink, strict=True)),  # type: ignore[arg-type]
        accent=accent,
        header=rng.choice(("bar", "line", "plain", "stripe")),
        logo=rng.randrange(5),
        bullet=rng.choice(("disc", "dash", "square")),
        foot=rng.choice(("", f"{rng.choice(NAMES)} - {some_words(rng, 3).capitalize()}")),
        numbers=numbers,
        size=rng.uniform(0.9, 1.25),
    )


def some_words(rng: random.Random, count: int) -> str:
    """Words with little ones between them."""
    chosen = [rng.choice(WORDS)]
    while len(chosen) < count:
        chosen.append(rng.choice(SMALL_WORDS if len(chosen) % 3 == 1 and rng.random() < 0.6 else WORDS))
    return " ".join(chosen)


def a_line(rng: random.Random) -> str:
    """A bullet's line, now and then with a figure in it."""
    text = some_words(rng, rng.randint(3, 7)).capitalize()
    if rng.random() < 0.35:
        text += f" {rng.randint(2, 980)}{rng.choice(('', ' %', ' ms', '.5'))}"
    return text
