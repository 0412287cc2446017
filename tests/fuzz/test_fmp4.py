from itertools import accumulate

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.media import fmp4
from server.media.boxes import BadBox, box, read_boxes
from server.media.fmp4_codec import Codec
from server.media.fmp4_write import TimedSample, write_init, write_segment
from tests.fuzz.mutations import mutated

AVC = Codec("avc1", bytes.fromhex("0164001fffe1000467640000010003680000"), 1280, 720, box("pasp", bytes(8)))
AAC = Codec("mp4a", bytes.fromhex("1190"), channels=2, sample_rate=48_000, object_type=0x40)
EASY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def sample(pts: int, is_sync: bool, data: bytes) -> TimedSample:
    return TimedSample(pts, 1, is_sync, memoryview(data))


VIDEO = write_init(AVC, 90_000) + write_segment(
    [sample(0, True, b"I"), sample(9000, False, b"P"), sample(3000, False, b"b"), sample(6000, False, b"bb")], 12_000, 1
)
AUDIO = write_init(AAC, 48_000) + write_segment([sample(n * 1024, True, b"a" * n) for n in range(1, 9)], 9216, 1)


@EASY
@given(st.one_of(mutated(VIDEO), mutated(AUDIO), st.binary(max_size=200)), st.integers(1, 300))
def test_damaged_files_are_read_or_refused(data: bytes, size: int) -> None:
    reader = fmp4.FragmentReader()
    try:
        fragments = [one for at in range(0, len(data), size) for one in reader.feed(data[at : at + size])]
        reader.close()
    except BadBox:
        return
    assert reader.init is not None
    try:
        fmp4.cut_chunk(reader.init, fragments, [0, 6000, 12_000], 1)
    except fmp4.BadChunk:
        return


@EASY
@given(st.one_of(mutated(VIDEO), st.binary(max_size=100)))
def test_boxes_tile_what_they_are_read_from(data: bytes) -> None:
    try:
        found = list(read_boxes(data))
    except BadBox:
        return
    assert sum(one.size for one in found) == len(data)


@st.composite
def groups(draw: st.DrawFn) -> list[TimedSample]:
    """A closed group of pictures in decode order, at uneven times."""
    steps = draw(st.lists(st.integers(1, 360_000), max_size=12))
    times = list(accumulate(steps))
    order = [0, *draw(st.permutations(times))]
    payloads = draw(st.lists(st.binary(min_size=1, max_size=20), min_size=len(order), max_size=len(order)))
    return [sample(pts, index == 0, data) for index, (pts, data) in enumerate(zip(order, payloads, strict=True))]


@EASY
@given(groups(), st.integers(0, 2**40), st.integers(1, 400_000), st.integers(1, 2**32 - 1))
def test_a_written_segment_reads_back(group: list[TimedSample], start: int, last: int, sequence: int) -> None:
    moved = [TimedSample(one.pts + start, one.duration, one.is_sync, one.data) for one in group]
    end = max(one.pts for one in moved) + last
    init, fragments = fmp4.read_fragments(write_init(AVC, 90_000) + write_segment(moved, end, sequence))
    assert init.codec == AVC
    assert [fragment.sequence for fragment in fragments] == [sequence]
    read = fragments[0].samples
    assert [(one.pts, one.is_sync, bytes(one.data)) for one in read] == [
        (one.pts, one.is_sync, bytes(one.data)) for one in moved
    ]
    assert read[0].dts == start and read[-1].dts + read[-1].duration == end
    again = fmp4.cut_chunk(init, fragments, [start, end], sequence)
    assert write_segment(moved, end, sequence) == again[0].data
