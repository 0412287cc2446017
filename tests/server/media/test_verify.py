"""Telling what was lost from what was never there, and a read that stopped from a source that ends."""

from server.media.verify import coverage, read_times_us, was_cut_short

GAP = 40_000


def every(start: int, end: int) -> list[int]:
    return list(range(start, end, GAP))


def test_reads_times_in_the_time_base_of_the_list() -> None:
    listing = "#software: x\n#tb 0: 1/1000\n0, 5, 40, 1, 10, 0x1\n0, 0, 0, 1, 10, 0x1\n0, 9, NOPTS, 1, 1, 0x2\n"
    assert read_times_us(listing) == [0, 40_000]
    assert read_times_us("") == []


def test_all_there() -> None:
    found = coverage(every(0, 9_000_000), every(0, 9_000_000), 0, 8_000_000, GAP)
    assert (found.frames, found.packets, found.lost, found.gaps) == (200, 200, (), ())
    assert not was_cut_short(found, 8_000_000, 20_000_000, GAP)


def test_one_packet_without_a_picture_is_normal() -> None:
    frames = [time for time in every(0, 8_000_000) if time != 4_000_000]
    assert coverage(frames, every(0, 8_000_000), 0, 8_000_000, GAP).lost == ()


def test_a_run_of_packets_without_pictures_is_a_loss() -> None:
    frames = [time for time in every(0, 8_000_000) if not 2_000_000 <= time < 3_000_000]
    found = coverage(frames, every(0, 8_000_000), 0, 8_000_000, GAP)
    assert found.lost == ((2_000_000, 3_000_000),)
    assert (found.frames, found.packets) == (175, 200)


def test_losses_at_both_ends() -> None:
    found = coverage(every(1_000_000, 6_000_000), every(0, 8_000_000), 0, 8_000_000, GAP)
    assert found.lost == ((0, 1_000_000), (6_000_000, 8_000_000))


def test_a_pause_without_packets_is_no_loss_but_a_gap() -> None:
    times = [*every(0, 2_000_000), *every(5_000_000, 8_000_000)]
    found = coverage(times, times, 0, 8_000_000, GAP)
    assert found.lost == ()
    assert found.gaps == ((2_000_000, 5_000_000),)


def test_a_read_that_stopped_is_noticed_and_the_end_of_the_source_is_not() -> None:
    stopped = coverage(every(0, 3_000_000), every(0, 3_100_000), 0, 8_000_000, GAP)
    assert was_cut_short(stopped, 8_000_000, 20_000_000, GAP)
    assert not was_cut_short(stopped, 8_000_000, 3_100_000, GAP)
    assert was_cut_short(coverage([], [], 0, 8_000_000, GAP), 8_000_000, 20_000_000, GAP)
