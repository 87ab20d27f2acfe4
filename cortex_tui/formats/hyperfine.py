"""The JSON of `hyperfine --export-json`, in: a closed load, one command after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from cortex_tui.formats.checks import ns_of, text_of
from cortex_tui.formats.importing import (
    ImportedRun,
    decoded,
    params_of,
    serial_interval_ns,
    session_of,
)
from cortex_tui.formats.port import Format, FormatError, Origin
from cortex_tui.limits import MAX_IMPORTED_VALUES
from cortex_tui.quantities import format_duration
from cortex_tui.store.records import SUMMARY_ONLY, StoredSession


def _read(data: bytes, origin: Origin) -> StoredSession:
    document = decoded(data, "JSON of hyperfine")
    rows = document.get("results") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise FormatError("no JSON of hyperfine: it has no list `results`")
    times = [_times_ns(row, f"result {number}") for number, row in enumerate(rows, 1)]
    interval_ns = serial_interval_ns(int(max((sum(each) for each in times), default=0)))
    runs: list[ImportedRun] = []
    for row, values in zip(rows, times, strict=True):
        run = ImportedRun(origin.stem, text_of(row["command"]) or "command", interval_ns)
        run.params = params_of(row.get("parameters"))
        if values:
            run.add_serial(np.rint(np.array(values)).astype(np.int64))
        else:
            _summarise(run, row)
        _add_failures(run, row)
        runs.append(run)
    return session_of(data, runs, moment=None)


def _times_ns(row: Any, where: str) -> list[float]:
    if not isinstance(row, dict) or not isinstance(row.get("command"), str):
        raise FormatError(f"{where}: expected an object with `command`")
    times = row.get("times") or []
    if not isinstance(times, list):
        raise FormatError(f"{where}: times: expected a list")
    if len(times) > MAX_IMPORTED_VALUES:
        raise FormatError(f"{where}: more than {MAX_IMPORTED_VALUES:,} times")
    return [ns_of(value, 1e9, f"{where}: times") for value in times]


def _summarise(run: ImportedRun, row: dict[str, Any]) -> None:
    names = {"p50": "median", "mean": "mean", "max": "max"}
    run.statistics = {
        name: ns_of(row[key], 1e9, key) for name, key in names.items() if row.get(key) is not None
    }
    shown = ", ".join(
        f"{names[name]} {format_duration(value)}" for name, value in run.statistics.items()
    )
    run.notes.append(f"{SUMMARY_ONLY} ({shown or 'none'})")


def _add_failures(run: ImportedRun, row: dict[str, Any]) -> None:
    codes = row.get("exit_codes")
    failed = sum(1 for code in codes if code != 0) if isinstance(codes, list) else 0
    if failed:
        run.notes.append(
            f"{failed:,} of {len(codes or ()):,} runs ended with another exit code than 0; their "
            "times are among the others"
        )


def _recognises(name: str, head: bytes) -> bool:
    return b'"results"' in head and b'"command"' in head


FORMAT = Format(
    "hyperfine",
    ".json",
    "what `hyperfine --export-json` writes",
    "time of day, and the machine",
    read=_read,
    recognises=_recognises,
)
