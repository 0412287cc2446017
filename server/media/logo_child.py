"""The child that draws an untrusted picture anew: bytes on stdin, one JSON line and then WebP on stdout.

    python -I logo_child.py < logo.png

Run by logo.py under limits, never imported. The answer's first line is {"width_px", "height_px"} or {"refused": words}.
"""

import io
import json
import sys
import warnings

from PIL import Image, ImageOps

MAX_PIXELS = 40_000_000
# Shown at 240 px at most; twice that for dense screens, and what is small already stays as it is.
WIDEST_PX, HIGHEST_PX = 960, 480
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


def draw(data: bytes) -> Image.Image:
    """The picture, upright and small enough."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        upright = ImageOps.exif_transpose(image)
        kept = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    kept.thumbnail((WIDEST_PX, HIGHEST_PX), Image.Resampling.LANCZOS)
    return kept


def main() -> None:
    """Read, draw, answer."""
    try:
        picture = draw(sys.stdin.buffer.read())
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        sys.stdout.write(json.dumps({"refused": "too_big"}) + "\n")
        return
    except Exception as error:  # a hostile file may raise anything; only that it is no picture matters
        sys.stderr.write(f"{type(error).__name__}\n")
        sys.stdout.write(json.dumps({"refused": "unreadable"}) + "\n")
        return
    webp = io.BytesIO()
    picture.save(webp, "WEBP", quality=90, method=4, exact=False)
    sys.stdout.write(json.dumps({"width_px": picture.width, "height_px": picture.height}) + "\n")
    sys.stdout.flush()
    sys.stdout.buffer.write(webp.getvalue())


if __name__ == "__main__":
    main()
