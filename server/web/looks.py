"""An edition's colour on its pages: one colour in, a small stylesheet out, legible on both papers.

Pages may not style anything inline, so the colour is in the stylesheet's address: `/looks/0b7285.css`, for ever the
same.
Contrast is that of WCAG 2.2 (§1.4.3): text of the colour stands at least 4.5 to 1 on the paper behind it.
"""

import colorsys
import re

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from server.web.statics import FOR_EVER

Rgb = tuple[float, float, float]
LIGHT_PAPER: Rgb = (0.980, 0.973, 0.957)  # --paper of tokens.css
DARK_PAPER: Rgb = (0.086, 0.118, 0.110)  # the lighter of the dark ones, --sheet
LEAST = 4.5
_HEX = re.compile(r"#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})")


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def luminance(color: Rgb) -> float:
    """Relative luminance of an sRGB colour, 0 to 1 (WCAG 2.2, definitions)."""
    red, green, blue = (_linear(value) for value in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2, definitions)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def legible(color: Rgb, paper: Rgb, *, least: float = LEAST) -> Rgb:
    """The colour, as much lighter or darker as it takes to be read on the paper; its hue stays."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*color)
    step = -0.02 if luminance(paper) > 0.5 else 0.02
    while contrast(color, paper) < least and 0 <= lightness + step <= 1:
        lightness += step
        color = colorsys.hls_to_rgb(hue, lightness, saturation)
    return color


def mixed(color: Rgb, paper: Rgb, share: float) -> Rgb:
    """`share` of the colour over the paper."""
    red, green, blue = (share * own + (1 - share) * behind for own, behind in zip(color, paper, strict=True))
    return red, green, blue


def parse_hex(text: str) -> Rgb | None:
    """#rrggbb as three shares; None for anything else."""
    found = _HEX.fullmatch(text)
    if not found:
        return None
    red, green, blue = (int(part, 16) / 255 for part in found.groups())
    return red, green, blue


def _hex(color: Rgb) -> str:
    return "#" + "".join(f"{round(255 * value):02x}" for value in color)


def stylesheet(color: Rgb) -> str:
    """The accents of tokens.css in this colour, for light and dark."""
    light, dark = legible(color, LIGHT_PAPER), legible(color, DARK_PAPER)
    white, black = (1.0, 1.0, 1.0), (0.03, 0.05, 0.05)

    def on(behind: Rgb) -> Rgb:
        return max(white, black, key=lambda ink: contrast(ink, behind))

    pairs = {
        "--spruce": (light, dark),
        "--spruce-deep": (legible(light, LIGHT_PAPER, least=8), legible(dark, DARK_PAPER, least=8)),
        "--spruce-wash": (mixed(color, LIGHT_PAPER, 0.1), mixed(color, DARK_PAPER, 0.2)),
        "--on-spruce": (on(light), on(dark)),
    }
    lines = (f"  {name}: light-dark({_hex(first)}, {_hex(second)});" for name, (first, second) in pairs.items())
    return ":root {\n" + "\n".join(lines) + "\n}\n"


@get("/looks/{name:str}", opt={"public": True}, include_in_schema=False, sync_to_thread=False)
def look(name: FromPath[str]) -> Response[str]:
    """The stylesheet of one colour."""
    color = parse_hex(name.removesuffix(".css")) if name.endswith(".css") else None
    if color is None:
        raise NotFoundException(detail="There is no such stylesheet.")
    headers = {"Cache-Control": FOR_EVER, "X-Content-Type-Options": "nosniff"}
    return Response(stylesheet(color), media_type="text/css", headers=headers)


def look_url(color: str) -> str:
    """Where the stylesheet of an event's colour is; empty for an event without one."""
    return f"/looks/{color.removeprefix('#')}.css" if color else ""
