"""What is only written: read by the other side, or by what comes nearest to it."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import msgspec
import pytest
from junitparser import JUnitXml, TestSuite

from cortex_tui.analysis.comparison import Pair, compare
from cortex_tui.analysis.sessions import compare_sources, sources_of
from cortex_tui.formats.port import FormatError, Recording
from cortex_tui.formats.registry import FORMATS
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.results.intervals import IntervalSeries
from cortex_tui.results.stored import from_stored
from cortex_tui.stats.targets import TargetResult, TargetVerdict
from tests.unit.analysis.sides import latencies, profile, side
from tests.unit.formats.recordings import metrics, recording, run, stored, values


def write(name: str, of: Recording) -> str:
    found = FORMATS[name].write
    assert found is not None
    return found(of).decode()


def judged(count: int = 1) -> Recording:
    """Runs whose targets are met, missed and undecided."""
    found = recording(*(run(f"p{at:03}") for at in range(count)))
    targets = (
        TargetResult("errors == 0", 2, "missed"),
        TargetResult("p95 < 200ms", 1e6, "met"),
        TargetResult("p99 < 1ms", None, "undecided", "needs 999 more", False, 60_000_000_000),
        TargetResult("p50 < 1us", 2e5, "missed", warn=True),
    )
    runs = tuple(msgspec.structs.replace(each, targets=targets) for each in found.result.runs)
    return found._replace(result=msgspec.structs.replace(found.result, runs=runs))


def compared() -> Recording:
    """With itself, round for round."""
    first, second = stored(run()), stored(run(round_=2))
    against = compare_sources(sources_of([("base", first), ("this session", second)]))
    return recording(run())._replace(compared=tuple(against))


def test_junit_has_a_case_for_each_target() -> None:
    xml = JUnitXml.fromstring(write("junit", judged()).encode())
    (suite,) = list(xml)
    assert isinstance(suite, TestSuite)
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (4, 1, 0, 2)
    found = {case.name: case for case in suite}
    assert found["errors == 0"].classname == "suite.p000"
    assert found["errors == 0"].result[0].text == "missed: 2 (15,000 operations)"
    assert "undecided: needs 999 more (" in found["p99 < 1ms"].result[0].message
    assert not found["p95 < 200ms"].result


def test_the_title_counts_a_run_that_failed_once_whatever_its_targets_are() -> None:
    found = judged()
    life = RunLife("ended", outcome="failed")
    runs = tuple(msgspec.structs.replace(each, life=life) for each in found.result.runs)
    failed = found._replace(result=msgspec.structs.replace(found.result, runs=runs))
    assert write("markdown", failed).startswith("### ❌ Latency: 1 failed\n")
    (suite,) = list(JUnitXml.fromstring(write("junit", failed).encode()))
    assert isinstance(suite, TestSuite)
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5, 1, 1, 2)


def test_nothing_is_as_expected_where_nothing_was_expected() -> None:
    failing, good = run(), run("good")
    good.errors, good.series = {}, IntervalSeries()
    good.add("service", 0, good.interval_ns, values(1))
    title, *_ = write("markdown", recording(good)).splitlines()
    assert title == "### ✅ Latency: 1 measured"
    text = write("markdown", recording(failing, good))
    assert text.startswith("### ⚠️ Latency: 1 with a warning, 1 measured\n")
    assert "⚠️ measured | 15,000 operations, 2 failed |" in text
    (suite,) = list(JUnitXml.fromstring(write("junit", recording(failing, good)).encode()))
    assert isinstance(suite, TestSuite)
    assert (suite.tests, suite.failures, suite.skipped) == (2, 0, 1)


def test_a_profile_that_one_side_has_nothing_of_is_undecided() -> None:
    (found,) = compared().compared
    part = msgspec.structs.replace(found, without_rounds=("suite.gone",), missing=("suite.away",))
    of = recording(run())._replace(compared=(part,))
    (suite,) = list(JUnitXml.fromstring(write("junit", of).encode()))
    for name in ("suite.gone", "suite.away"):
        (case,) = (case for case in suite if case.classname == name)
        assert case.result[0].message.startswith("cannot tell: not compared: ")


def test_a_regression_is_a_failed_case_though_its_target_names_what_cannot_tell() -> None:
    a, b = latencies(3, size=120, slower=1.46)
    of = profile(targets=("p99 < 100ms",))
    (found,) = compared().compared
    comparison = compare([Pair(side(a, of), side(b, of))], paired=True)
    slower = msgspec.structs.replace(found, comparison=comparison)
    of_it = recording(run())._replace(compared=(slower,))
    xml = JUnitXml.fromstring(write("junit", of_it).encode())
    assert sum(suite.failures for suite in xml) == 1
    (case,) = (case for suite in xml for case in suite if case.name.endswith("against base"))
    assert not case.name.startswith("p99")
    assert "; p99 cannot tell: needs 2,040 more operations a side" in case.result[0].text
    assert "❌ slower" in write("markdown", of_it)


def test_a_comparison_that_cannot_tell_is_a_skipped_case() -> None:
    xml = JUnitXml.fromstring(write("junit", compared()).encode())
    names = [case.name for suite in xml for case in suite]
    assert names == ["run", "p95 against base"]
    assert "this session against base&#58; cannot tell" in write("markdown", compared())
    assert "against" in write("html", compared())


def test_openmetrics_is_parsed_and_its_buckets_are_exact() -> None:
    of = recording(run(scheduled=True))
    families = metrics(write("openmetrics", of))
    times = of.result.histograms[0]["service"]
    buckets = [
        (float(sample.labels["le"]), sample.value)
        for sample in families["cortex_tui_latency_seconds"].samples
        if sample.name.endswith("_bucket") and sample.labels["time"] == "service"
    ]
    assert len(buckets) > 10
    for edge_s, count in buckets[:-1]:
        assert count == times.total - times.count_above(round(edge_s * 1e9))
    assert buckets[-1] == (float("inf"), times.total)
    (failed,) = families["cortex_tui_errors"].samples
    assert failed.value == 2


def test_a_percentile_curve_is_of_one_profile() -> None:
    lines = write("hgrm", recording(run(), run(round_=2))).splitlines()
    assert lines[0].split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    last = next(line for line in reversed(lines) if not line.startswith("#")).split()
    assert last[1:] == ["1.000000000000", "30000"]
    with pytest.raises(FormatError, match="one profile"):
        write("hgrm", recording(run("a"), run("b")))


def test_github_action_s_rows_are_named_numbers() -> None:
    rows = json.loads(write("github-action-benchmark", recording(run(), run("other"))))
    assert [row["name"] for row in rows[:3]] == ["suite.steady p50", "suite.steady p95",
                                                 "suite.steady p99"]  # fmt: skip
    for row in rows:
        assert set(row) <= {"name", "unit", "value", "range", "extra"}
        assert isinstance(row["value"], float)
        assert all(isinstance(row[key], str) for key in row if key != "value")


def test_bencher_s_measures_are_numbers_with_bounds() -> None:
    document = json.loads(write("bencher", recording()))
    measures = document["suite.steady"]
    assert {"latency", "latency-p50", "latency-p99", "throughput"} <= set(measures)
    for measure in measures.values():
        assert set(measure) <= {"value", "lower_value", "upper_value"}
        assert measure.get("lower_value", 0) <= measure["value"]


def test_markdown_has_the_worst_first_and_fits_into_a_comment() -> None:
    text = write("markdown", judged())
    assert text.index("missed") < text.index("❔ undecided |") < text.index("<details>")
    assert text.index("<details>") < text.index("✅ met |")
    long = write("markdown", judged(130))
    assert len(long) < 65_536
    assert "more rows have no room here" in long


def test_markdown_has_the_notes_of_a_comparison() -> None:
    of = compared()
    (found,) = of.compared
    note = "others had the processor during 90.0% of `a`: nothing is left out"
    noted = of._replace(compared=(msgspec.structs.replace(found, notes=(note, *["x"] * 9)),))
    text = write("markdown", noted)
    assert "others had the processor during 90.0% of &#96;a&#96;" in text
    assert text.index("others had") < text.index("<details>")
    assert text.count("\nx\n") == 4, "of many notes the first are enough"
    (suite,) = list(JUnitXml.fromstring(write("junit", noted).encode()))
    assert suite._elem.findtext("system-out", "").splitlines()[0] == note


class Loads(HTMLParser):
    """What a browser would fetch, or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "link", "img", "iframe", "object", "embed", "base", "form"}:
            self.found.append(tag)
        self.found += [name for name, _ in attrs if name.startswith("on")]
        self.found += [name for name, _ in attrs if name in {"src", "href", "srcset", "action"}]


def test_the_page_loads_and_runs_nothing() -> None:
    text = write("html", judged(3))
    page = Loads()
    page.feed(text)
    assert page.found == []
    assert "url(" not in text
    assert text.count("<svg") == 3


@pytest.mark.parametrize("name", [each.name for each in FORMATS.values() if each.write])
def test_a_session_in_which_nothing_was_measured_is_written_or_refused(name: str) -> None:
    empty = stored(run())
    bare = msgspec.structs.replace(
        empty, intervals=(), runs=(msgspec.structs.replace(
            empty.runs[0], service=empty.runs[0].service.__class__(),
            failure=empty.runs[0].failure.__class__()),)
    )  # fmt: skip
    of = Recording(from_stored(bare))
    if name == "hgrm":
        with pytest.raises(FormatError):
            write(name, of)
    else:
        write(name, of)


def test_rounds_are_one_case_whose_worst_counts() -> None:
    whole = recording(run(), run(round_=2))
    verdicts: tuple[TargetVerdict, ...] = ("met", "missed")
    runs = tuple(
        msgspec.structs.replace(each, targets=(TargetResult("p95 < 1ms", 2e6, verdict),))
        for each, verdict in zip(whole.result.runs, verdicts, strict=True)
    )
    of = whole._replace(result=msgspec.structs.replace(whole.result, runs=runs))
    (suite,) = list(JUnitXml.fromstring(write("junit", of).encode()))
    assert isinstance(suite, TestSuite)
    (case,) = list(suite)
    assert (case.classname, case.time) == ("suite.steady", 6.0)
    assert case.result[0].text == "missed in 1 of 2 rounds: 2.00ms (15,000 operations), in round 2"


@pytest.mark.parametrize(
    ("target", "values", "worst"),
    [
        ("p95 < 10ms", (2e6, 5e6, 3e6), "5.00ms (15,000 operations), in round 2"),
        ("throughput > 1/s", (9.0, 8.0, 7.0), "7/s (15,000 operations), in round 3"),
        ("errors == 0", (0.0, 0.0, 0.0), "0 (15,000 operations), in round 1"),
        ("errors < 9", (0.0, 2.0, 1.0), "2 (15,000 operations), in round 2"),
        ("scaling(n) >= 0.5", (0.3, -0.2, 0.4), "-0.20 (15,000 operations), in round 2"),
        ("unstarted <= 0", (0.0, 0.0, 5.0), "5 (15,000 operations), in round 3"),
    ],
)
def test_of_rounds_that_are_alike_the_one_that_is_nearest_to_the_limit_is_named(
    target: str, values: tuple[float, ...], worst: str
) -> None:
    whole = recording(run(), run(round_=2), run(round_=3))
    runs = tuple(
        msgspec.structs.replace(each, targets=(TargetResult(target, value, "met"),))
        for each, value in zip(whole.result.runs, values, strict=True)
    )
    of = whole._replace(result=msgspec.structs.replace(whole.result, runs=runs))
    assert f"met in 3 of 3 rounds | {worst}" in write("markdown", of)
