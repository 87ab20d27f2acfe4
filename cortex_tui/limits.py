"""Bounds of everything that could grow without one, all in one place."""

from __future__ import annotations

MAX_ERROR_TYPES = 32
"""Failures of further types are counted together, so that a workload cannot grow the messages."""
MAX_ERROR_CHARS = 300
"""Of what an exception said, in one line."""
MAX_TRACEBACK_CHARS = 4_000
MAX_CAUSES = 20
"""Exceptions of a group, or of a chain of causes, whose names are reported."""
MAX_LINE_CHARS = 4_096
"""Of what a workload prints in one line; the rest comes as further lines."""
MAX_UNFINISHED = 10_000
"""Ages of operations that never ended which are kept by themselves; all are counted."""
MAX_ARRIVALS_AT_ONCE = 1_000
"""Arrivals started in one turn of the event loop; starting one takes 5 to 10 us."""
MAX_BATCH = 1 << 20
"""Operations that are timed as one."""
MAX_BLOCKS = 64
"""Blocks of the event loop, and garbage collections, between two looks whose times are known."""
MAX_SPANNED = 1_200
"""Intervals, the last of those that a block of the event loop spans, for which it is reported."""

MAX_WORKERS = 100_000
MAX_RATE_PER_S = 1_000_000.0
"""Of a load, whether a profile or a person at the keys asks for more."""
MAX_IN_FLIGHT = 10_000_000
MAX_STAGES = 1_000
MAX_PROCESSES = 64

MAX_IMPORT_BYTES = 64 * 1024 * 1024
"""Of a file that is imported."""
MAX_IMPORTED_RUNS = 10_000
MAX_IMPORTED_INTERVALS = 200_000
"""Of a file, before those of a run are merged."""
MAX_IMPORTED_BUCKETS = 20_000_000
"""Of all histograms of a file: what a small file unpacks to must stay bounded, too."""
