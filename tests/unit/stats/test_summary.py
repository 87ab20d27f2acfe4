"""A summary says only what the samples carry."""

from __future__ import annotations

import random
import statistics
from array import array
from collections.abc import Iterable

import pytest

from cortex_tui.stats.histogram import Histogram
from cortex_tui.stats.percentiles import flagged, parse_percentile, quantile_of, samples_needed
from cortex_tui.stats.summary import Summary, as_document, summarise, summarise_live


def of(values: Iterable[int]) -> Histogram:
    histogram = Histogram()
    histogram.fold(array("q", values))
    return histogram


def summary_of(values: Iterable[int]) -> Summary:
    summary = summarise(of(values))
    assert summary is not None
    return summary


@pytest.mark.parametrize(
    ("quantile", "needed"),
    [
        (0.5, 20),
        (0.75, 40),
        (0.25, 40),
        (0.9, 100),
        (0.95, 200),
        (0.99, 1_000),
        (0.999, 10_000),
        (0.9999, 100_000),
        (0.9995, 20_000),
        (0.01, 1_000),
    ],
)
def test_a_percentile_needs_ten_samples_beyond_it(quantile: float, needed: int) -> None:
    assert samples_needed(quantile) == needed


def test_a_percentile_appears_with_its_last_sample() -> None:
    before, after = summarise_live(of(range(999))), summarise_live(of(range(1_000)))
    assert (before.percentiles_ns["p99"], before.samples_missing["p99"]) == (None, 1)
    assert after.percentiles_ns["p99"] == 989
    assert after.samples_missing == {"p99.9": 9_000, "p99.99": 99_000}


def test_the_numbers_are_those_of_the_values() -> None:
    noise = random.Random(5)
    values = [noise.randrange(1_000, 2_000) for _ in range(5_000)] + [9_000] * 3
    summary = summary_of(values)
    p25, p50, p75 = (sorted(values)[int(len(values) * q + 0.5) - 1] for q in (0.25, 0.5, 0.75))
    assert (summary.min_ns, summary.max_ns, summary.count) == (min(values), 9_000, 5_003)
    assert summary.mean_ns == pytest.approx(statistics.mean(values))
    assert summary.stddev_ns == pytest.approx(statistics.stdev(values))
    assert (summary.median_ns, summary.iqr_ns, summary.outliers) == (p50, p75 - p25, 3)


def test_few_samples_have_extremes_and_a_mean_only() -> None:
    summary = summary_of([10, 20, 30])
    assert (summary.min_ns, summary.mean_ns, summary.max_ns) == (10, 20.0, 30)
    assert (summary.median_ns, summary.iqr_ns, summary.outliers) == (None, None, None)
    assert set(summary.percentiles_ns.values()) == {None}


def test_nothing_has_no_summary() -> None:
    assert summarise(of([])) is None


def test_the_document_has_the_agreed_names() -> None:
    document = as_document(summary_of(range(1_000)))
    agreed = ["min", "mean", "stddev", "median", "iqr", "outliers", "p50", "p75", "p90", "p95"]
    assert list(document)[:14] == [*agreed, "p99", "p99.9", "p99.99", "max"]
    assert document["histogram"].startswith("HISTF")
    assert (document["p99"], document["p99.9"]) == (989, None)


def test_a_percentile_is_flagged_when_more_are_missing_than_lie_beyond_it() -> None:
    assert not flagged(0.99, 99, 1)
    assert flagged(0.99, 98, 2)
    assert not flagged(0.9, 9, 1)
    assert flagged(0.5, 0, 1)
    assert not flagged(0.9999, 10**6, 0)
    assert not flagged(0.5, 0, 0)


@pytest.mark.parametrize(
    ("name", "quantile"),
    [
        ("p50", 0.5),
        ("p99.95", 0.9995),
        ("p0.1", 0.001),
        ("p0", None),
        ("p100", None),
        ("p", None),
        ("50", None),
        ("p99.", None),
        ("p99.99999999", None),
    ],
)
def test_names_of_percentiles(name: str, quantile: float | None) -> None:
    assert parse_percentile(name) == quantile
    if quantile is not None:
        assert quantile_of(name) == quantile
    else:
        with pytest.raises(ValueError, match=f'such as "p95", got {name!r}'):
            quantile_of(name)


def test_outliers_lie_beyond_the_upper_quartile_by_more_than_one_and_a_half_iqr() -> None:
    # Quartiles of 100 and 201: the limit is 352.5.
    values = [100] * 30 + [150] * 30 + [201] * 20 + [352] * 15 + [353] * 5
    summary = summary_of(values)
    assert (summary.iqr_ns, summary.outliers) == (101, 5)
    # A quartile of nothing is one, too.
    summary = summary_of([0] * 30 + [10] * 70)
    assert (summary.iqr_ns, summary.outliers) == (10, 0)


def test_a_document_has_each_number_by_its_name() -> None:
    document = as_document(summary_of([10] * 25 + [30] * 25 + [2 * 3_600 * 10**9]))
    assert document.pop("histogram").startswith("HISTF")
    assert document == {
        "min": 10,
        "mean": 20.0,
        "stddev": pytest.approx(statistics.stdev([10] * 25 + [30] * 25)),
        "median": 10,
        "iqr": 20,
        "outliers": 1,
        "p50": 10,
        "p75": 30,
        "p90": None,
        "p95": None,
        "p99": None,
        "p99.9": None,
        "p99.99": None,
        "max": 2 * 3_600 * 10**9,
        "count": 50,
        "overflow": 1,
        "samples_missing": {
            "p90": 50,
            "p95": 150,
            "p99": 950,
            "p99.9": 9_950,
            "p99.99": 99_950,
        },
    }
