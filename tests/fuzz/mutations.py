"""Byte strings near to a valid one: the ones in which parsers go wrong."""

from hypothesis import strategies as st


@st.composite
def mutated(draw: st.DrawFn, good: bytes) -> bytes:
    """A valid file with a few places overwritten, cut out, doubled or cut off."""
    data = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.sampled_from([1, 1, 2, 4, 8, 40]))
        change = draw(st.sampled_from(["write", "write", "extreme", "remove", "double", "cut"]))
        if change == "write":
            data[at : at + length] = draw(st.binary(min_size=length, max_size=length))
        elif change == "extreme":
            data[at : at + 4] = draw(
                st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\1"])
            )
        elif change == "remove":
            del data[at : at + length]
        elif change == "double":
            data[at:at] = data[at : at + length]
        else:
            del data[at:]
    return bytes(data)
