"""What is written of sessions that lack something, or have more than a format has room for."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from junitparser import JUnitXml

from cortex_tui.analysis.comparability import Difference
from cortex_tui.analysis.sessions import Compared, LeftOut
from cortex_tui.analysis.verdict import Judgement
from cortex_tui.formats.comparison_markdown import comparisons_markdown
from cortex_tui.formats.importing import ImportedRun
from cortex_tui.formats.port import Recording
from cortex_tui.protocol.lifecycle import RunLife
from cortex_tui.stats.interval_histogram import IntervalHistogram
from tests.unit.formats.recordings import metrics, recording, run
from tests.unit.formats.test_exports import compared, write


def changed(of: Recording, **fields: Any) -> Recording:
    """With other facts of each run."""
    runs = tuple(msgspec.structs.replace(each, **fields) for each in of.result.runs)
    return of._replace(result=msgspec.structs.replace(of.result, runs=runs))


def judged(of: Recording, judgement: Judgement) -> Recording:
    """With the comparison in it judged so, in the statistic that decides."""
    (found,) = of.compared
    (profile,) = found.comparison.profiles
    statistics = {**profile.statistics, profile.primary: judgement}
    profile = msgspec.structs.replace(profile, statistics=statistics)
    comparison = msgspec.structs.replace(found.comparison, profiles=(profile,))
    return of._replace(compared=(msgspec.structs.replace(found, comparison=comparison),))


def cases(of: Recording) -> dict[str, str]:
    """By name, the text of each result."""
    found = JUnitXml.fromstring(write("junit", of).encode())
    return {
        case.name: case.result[0].message or "" for suite in found for case in suite if case.result
    }


def without_environment(of: Recording, **environment: Any) -> Recording:
    record = msgspec.structs.replace(of.result.record, environment=environment)
    return of._replace(result=msgspec.structs.replace(of.result, record=record))


def test_a_run_that_failed_is_an_error_with_its_reason() -> None:
    failed = changed(
        recording(run()), life=RunLife("ended", outcome="failed"), reason="no such table"
    )
    assert cases(failed) == {"run": "failed: no such table"}
    assert "❌ failed" in write("markdown", failed)


def test_a_statistic_that_is_worse_fails_and_one_that_is_the_same_passes() -> None:
    slower = Judgement(statistic="p95", verdict="slower", a=1e6, b=2e6, ratio=2.0)
    assert cases(judged(compared(), slower))["p95 against base"].startswith("slower: 1.00ms → 2.00")
    same = judged(compared(), msgspec.structs.replace(slower, verdict="same", ratio=1.0))
    assert "p95 against base" not in cases(same), "a case that passed has no result"


def test_a_profile_that_is_not_compared_is_skipped_with_the_reason() -> None:
    of = compared()
    (found,) = of.compared
    differs = Difference("load", "1 worker", "2 workers", breaks=True)
    for differences, why in (((differs,), "load"), ((), "the sessions differ")):
        left_out = LeftOut(profile="suite.other", differences=differences)
        one: Compared = msgspec.structs.replace(found, left_out=(left_out,))
        text = cases(of._replace(compared=(one,)))["against base"]
        assert text.startswith("cannot tell: not compared: ")
        assert why in text


def test_facts_of_a_machine_that_are_no_texts_are_left_out() -> None:
    of = without_environment(recording(run()), python=3.11, busy=[{"share": 1}], cpu="one")
    xml = write("junit", of)
    assert 'name="cpu"' in xml
    assert 'name="busy"' not in xml
    page = write("html", of)
    assert "Python 3.11" not in page
    assert "commit" not in page


def test_a_page_says_what_differs_and_how_many_profiles_have_no_curve(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cortex_tui.formats.html_report._MAX_CHARTS", 1)
    of = recording(*(ImportedRun("suite", f"p{at}") for at in range(4)))
    assert "<p>3 more profiles have no curve here.</p>" in write("html", of)
    differing = compared()
    (found,) = differing.compared
    found = msgspec.structs.replace(found, differences=(Difference("cpu", "old", "new"),))
    page = write("html", differing._replace(compared=(found,)))
    assert "What differs besides the times:" in page


def test_batches_have_a_label_and_what_is_beyond_an_hour_has_no_sum() -> None:
    long = ImportedRun("suite", "steady", batch=5)
    hour_ns = 3_600_000_000_000
    times = b"".join(ns.to_bytes(8, "little") for ns in (hour_ns, 2 * hour_ns))
    long.add("service", 0, long.interval_ns, IntervalHistogram.of(times))
    samples = metrics(write("openmetrics", recording(long)))["cortex_tui_latency_seconds"].samples
    assert {each.labels["batch"] for each in samples} == {"5"}
    counts = {each.labels.get("le"): each.value for each in samples if "le" in each.labels}
    assert counts["+Inf"] == 2
    assert sorted(counts.values())[-2] <= 1
    assert not any(each.name.endswith("_sum") for each in samples)


def test_bounds_of_percentiles_are_written_where_a_round_has_them() -> None:
    bounded = changed(recording(run()), confidence_ns={"p50": (1_000_000, 3_000_000)})
    measures = json.loads(write("bencher", bounded))["suite.steady"]
    assert (measures["latency"]["lower_value"], measures["latency"]["upper_value"]) == (1e6, 3e6)
    rows = json.loads(write("github-action-benchmark", bounded))
    assert {row["name"]: row.get("range") for row in rows}["suite.steady p50"]


def test_a_profile_without_a_window_has_no_throughput() -> None:
    bare = changed(recording(run(), run(round_=2)), measured_ns=0)
    assert "throughput" not in json.loads(write("bencher", bare))["suite.steady"]
    assert "cortex_tui_throughput_per_second{" not in write("openmetrics", bare)


def test_a_comparison_of_nothing_is_its_heading() -> None:
    (found,) = compared().compared
    empty = msgspec.structs.replace(found.comparison, profiles=())
    text = comparisons_markdown([msgspec.structs.replace(found, comparison=empty)])
    assert "<details>" not in text
    assert text.startswith("### ")
