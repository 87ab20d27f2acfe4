"""A distribution as characters: its bars, its modes, and the share below."""

from __future__ import annotations

import msgspec
import pytest

from cortex_tui.results.run_result import RunResult
from cortex_tui.results.shape import modes_of_run
from cortex_tui.stats.log_bins import LogBins, bin_of
from cortex_tui.tui.render.distribution import distribution_lines, distribution_of, format_share
from cortex_tui.tui.render.text import Line, width_of
from tests.tui.samples import MEDIATOR, bimodal, run_view

COMMAND = MEDIATOR.profiles[0]


def drawn(run: RunResult, width: int, height: int, *, whole: bool = False) -> list[Line]:
    return distribution_lines(distribution_of(run, modes_of_run(run), whole=whole), width, height)


def text_of(line: Line) -> str:
    return "".join(span.text for span in line)


def texts(run: RunResult, width: int, height: int, *, whole: bool = False) -> list[str]:
    return [text_of(line) for line in drawn(run, width, height, whole=whole)]


def test_modes_have_letters_above_their_bars_and_are_named_with_their_share() -> None:
    lines = drawn(bimodal(), 79, 26)
    summary = text_of(lines[0])
    assert summary.startswith("service time  2 modes:  A 6")
    assert " 90 %  B 4" in summary
    bars = "\n".join(map(text_of, lines[1:]))
    assert bars.count("A") == 1
    assert bars.count("B") == 1
    # They differ by more than the colour, which they have as well.
    tones = {span.tone for line in lines[1:14] for span in line if "█" in span.text}
    assert tones == {"series-1", "series-2"}


def test_where_no_second_mode_is_certain_there_are_no_letters() -> None:
    lines = texts(run_view(0, COMMAND, operations=20_000), 79, 9)
    assert "peak at 62" in lines[0]
    assert "mode" not in lines[0]
    assert "A" not in "".join(lines)


def test_bars_are_as_high_as_the_counts_and_axes_have_counts_and_shares() -> None:
    counts = [0] * 64
    counts[0], counts[2], counts[63] = 80, 40, 1
    run = run_view(0, COMMAND, bins=LogBins(bin_of(50_000), tuple(counts)))
    lines = texts(run, 60, 11, whole=True)
    bars = [line[8:52] for line in lines[1:9]]
    heights = [sum(row[column] == "█" for row in bars) for column in range(44)]
    # What there is at all is never invisible.
    assert sorted(height for height in heights if height) == [4, 8]
    assert bars[-1].count("▁") == 1
    assert lines[1].startswith("    80 ┤")
    assert "├ 66 %" in lines[1]
    assert lines[8].startswith("     0 ┤")


def test_the_share_below_rises_from_nothing_to_all() -> None:
    lines = texts(bimodal(), 79, 26)
    curve = [line[8:72] for line in lines[16:24]]
    first = [
        next(at for at, cell in enumerate(row) if "⠀" < cell <= "⣿")
        for row in curve
        if max(row) > "⠀"
    ]
    assert lines[16].startswith(" 100 % ┤")
    assert lines[23].startswith("   0 % ┤")
    assert first == sorted(first, reverse=True)


def test_percentiles_are_marked_where_they_lie() -> None:
    run = run_view(0, COMMAND, operations=20_000)
    line = next(line for line in texts(run, 79, 9) if "▲p50" in line)
    assert line.index("▲p50") < line.index("▲p95")
    few = msgspec.structs.replace(run, percentiles_ns={"p50": None, "p95": None, "p99": None})
    assert "▲" not in "".join(texts(few, 79, 9))


def test_what_is_rare_is_left_out_and_counted_until_all_is_asked_for() -> None:
    counts = [1, *[0] * 200, 500, 1_000, 500, *[0] * 300, 2]
    run = run_view(0, COMMAND, bins=LogBins(bin_of(1_000), tuple(counts)), percentiles_ns={})
    most, whole = (texts(run, 79, 26, whole=whole) for whole in (False, True))
    assert "2 above" in most[0]
    assert "1 below" in most[0]
    assert "above" not in whole[0]
    assert sum(cell in "▁▂▃▄▅▆▇█" for line in most[1:14] for cell in line) > 10
    assert "╵1µs" in "".join(whole)
    assert "╵1µs" not in "".join(most)


def test_a_narrow_or_low_pane_has_the_histogram_alone() -> None:
    narrow = "\n".join(texts(bimodal(), 45, 12))
    assert "share below" not in narrow
    assert "█" in narrow
    assert "share below" in "\n".join(texts(bimodal(), 45, 30))
    assert "share below" in "\n".join(texts(bimodal(), 79, 9))


@pytest.mark.parametrize("width", [0, 7, 20, 40, 63, 64, 79, 118, 200])
@pytest.mark.parametrize("height", [1, 4, 9, 20, 21, 58])
def test_every_line_fits(width: int, height: int) -> None:
    runs = (
        bimodal(),
        run_view(0, COMMAND, bins=LogBins(0, (5,))),
        run_view(0, COMMAND, bins=LogBins(0, (1, *[0] * 1_333, 1))),
        run_view(0, COMMAND, bins=LogBins(1_335, (7,))),
        run_view(0, COMMAND, bins=LogBins()),
    )
    for run in runs:
        for whole in (False, True):
            lines = texts(run, width, height, whole=whole)
            assert len(lines) == height
            assert max(map(width_of, lines)) <= max(width, 0)


def test_shares_have_as_many_digits_as_they_need() -> None:
    assert [format_share(share) for share in (0, 1, 0.5, 0.0999, 0.023, 0.0004)] == [
        "0 %",
        "100 %",
        "50 %",
        "10 %",
        "2.3 %",
        "0.04 %",
    ]
