"""Every format in which sessions are written or read, from the registry."""

from __future__ import annotations

from cortex_tui.formats.importing import TIMES
from cortex_tui.formats.interval_rows import COLUMNS
from cortex_tui.formats.registry import FORMATS
from cortex_tui.limits import MAX_IMPORT_BYTES
from tools.documents.reference.markdown import code, prose, table

_INTRODUCTION = """\
# Formats

`cortex-tui export SESSION --format NAME -o FILE` and `run --export NAME=FILE` write a session in
one of these formats; `cortex-tui import FILE` stores one from a file. `cortex-tui export --list`
prints this table. [In continuous integration](../guides/ci.md) shows which one is for whom.
"""


def page() -> str:
    return "\n\n".join(
        [
            _INTRODUCTION.strip(),
            table(
                ("name", "written", "read", "file", "what it is", "what it lacks"),
                (
                    (
                        code(each.name),
                        "yes" if each.write else "",
                        "yes" if each.read else "",
                        code(each.suffix),
                        prose(each.about),
                        prose(each.lost),
                    )
                    for each in FORMATS.values()
                ),
            ),
            f"A file of more than {MAX_IMPORT_BYTES // 1024**2} MiB is not read.",
            "## Columns of `csv` and `jsonl`",
            f"A row is one time ({', '.join(TIMES)}) of one run in one interval. Times are in "
            "nanoseconds since measuring began. `window_ns` is for how long the run measured, "
            "`m2_ns2` the sum of squared differences from the mean, and `histogram` the interval's "
            "histogram as HdrHistogram V2 text.",
            ", ".join(map(code, COLUMNS)) + ".",
            "`session-json` has a page of its own: [JSON of a session](session-json.md).",
        ]
    )
