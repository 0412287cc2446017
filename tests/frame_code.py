"""A frame's own number in its picture: a row of black and white cells along the top, read back after any encoder."""

from fractions import Fraction
from pathlib import Path

import av

CODE_BITS = 20  # 16 of the number, 4 of a check sum
STRIP = 12  # the row of cells takes one twelfth of the height


def code_graph(width: int, height: int, rate: str, *, start: int = 0) -> str:
    """The lavfi source of the row of cells: bit n of the frame number in cell n, then a check sum of its nibbles."""
    number = f"(N+{start})"
    nibbles = "+".join(f"mod(floor({number}/{16**n})\\,16)" for n in range(4))
    bit = f"if(lt(X\\,16)\\,mod(floor({number}/pow(2\\,X))\\,2)\\,mod(floor(({nibbles})/pow(2\\,X-16))\\,2))"
    strip = max(8, height // STRIP // 2 * 2)
    return (
        f"color=black:s={CODE_BITS}x2:r={rate},format=gray,geq=lum='if({bit}\\,235\\,16)',"
        f"scale={width}:{strip}:flags=neighbor"
    )


def frame_code(frame: av.VideoFrame) -> int | None:
    """The number in a decoded picture, None where the cells do not agree with their check sum."""
    gray = frame.reformat(format="gray")
    plane = gray.planes[0]
    pixels, stride = memoryview(plane), plane.line_size
    row = max(1, gray.height // STRIP // 2)
    bits = [pixels[row * stride + (2 * n + 1) * gray.width // (2 * CODE_BITS)] > 128 for n in range(CODE_BITS)]
    number = sum(bit << n for n, bit in enumerate(bits[:16]))
    check = sum(bit << n for n, bit in enumerate(bits[16:]))
    return number if check == sum(number >> 4 * n & 15 for n in range(4)) % 16 else None


def read_codes(source: Path | str) -> list[tuple[Fraction, int | None]]:
    """Every picture of a file or playlist as (presentation time in seconds, its number)."""
    found = []
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            at = (frame.pts or 0) * (frame.time_base or Fraction(1))
            found.append((Fraction(at), frame_code(frame)))
    return found
