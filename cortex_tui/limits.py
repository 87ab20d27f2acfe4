"""Bounds of everything that could grow without one, all in one place.

A bound is here if somebody chose it. What follows from a format or a formula, such as the longest
encoded histogram or the highest bucket, is next to what it follows from (`stats`). The core, a
package of its own, has its bounds next to the rules of its entities.
"""

from __future__ import annotations

# Of what a workload's code raises and prints.

MAX_ERROR_TYPES = 32
"""Failures of further types are counted together, so that a workload cannot grow the messages."""
MAX_ERROR_CHARS = 300
"""Of what an exception said, in one line."""
MAX_TRACEBACK_CHARS = 4_000
MAX_LINE_CHARS = 4_096
"""Of what a workload prints in one line; the rest comes as further lines."""
MAX_LOG_LINES = 500
"""Of a session's log as it is shown, the newest."""
MAX_SHOWN_LINE_CHARS = 500
"""Of a line of that log."""
MAX_OUTPUT_TAIL_BYTES = 4_096
"""The end of what a failed command printed, from which its last line is shown."""

# Of a run as it is measured.

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
MAX_FRAMES = 1_000
"""Of a stack that is searched for what blocks the event loop, the innermost."""
MAX_PLACE_CHARS = 200
"""Of a file, a line and a function."""
MAX_WAIT_PLACES = 100
"""Of a run, places at which operations in flight were seen; others are counted together."""
MAX_WAIT_CHARS = 300
"""Of such a place, and of what is awaited there."""
MAX_INTERVALS = 1_200
"""Of a run; when there are as many, neighbours are merged in pairs."""
MAX_NEIGHBOUR_COUNTS = 6
"""Of how many changes of a run's neighbours it is kept, the first, how many there were."""
MAX_MARKS = 1_000
"""Changes that a person made to a run while it was measured, and notes on it."""
MAX_NOTE_CHARS = 200
"""Of a note on a moment of a run."""

# Of messages between processes.

MAX_FRAME_BYTES = 64 * 1024 * 1024
"""A longer frame is refused by its reader, and never written."""
MAX_REASON_CHARS = 500
"""Of an error about what another process or a file of another program has sent."""
MAX_PIECE_BYTES = 48_000
"""Of values in a message: encoding and sending 6,000 values takes some 50 us."""
MAX_MESSAGE_TEXT_CHARS = 100_000
"""Of each text in a message that would otherwise be too long for a frame."""

# Of links to other machines.

MAX_LINK_PIECE_BYTES = 64 * 1024
"""What is longer is sent in pieces: a broken connection then costs pieces, not all of it."""
MAX_LINK_MEMORY_BYTES = 16 * 1024 * 1024
"""Of what one link keeps in memory until it is acknowledged; the rest is on disk."""
MAX_LINK_SPOOL_BYTES = 1024 * 1024 * 1024
"""Of what one link keeps on disk. A link that needs more ends, with that reason."""
MAX_LINK_GREETINGS = 1_024
"""Connections at a time that have not shown that they know the token. One more ends the oldest; a
thousand runners may connect at the same time."""
MAX_LINK_GREETING_BYTES = 1_024
"""Of a frame on such a connection."""
MAX_OPEN_FILES = 65_536
"""Of a program with a cluster, where the system lets it: each runner has a connection."""
# Of the code that is sent to other machines.

MAX_BUNDLE_BYTES = 100 * 1024 * 1024
MAX_BUNDLE_FILES = 20_000
MAX_PACKED_BYTES = 128 * 1024 * 1024
"""Of all that, packed, with its paths."""
MAX_SCANNED_BYTES = 1024 * 1024
"""Of a Python file that is searched for its imports."""

# Of what a profile or a person asks for.

MAX_WORKERS = 100_000
MAX_RATE_PER_S = 1_000_000.0
"""Of a load, whether a profile or a person at the keys asks for more."""
MAX_IN_FLIGHT = 10_000_000
MAX_STAGES = 1_000
MAX_PROCESSES = 64
MAX_ITERATIONS = 10**12
MAX_DURATION_NS = 7 * 24 * 3_600 * 1_000_000_000
MAX_ROUNDS = 1_000
"""Nobody would wait for more: then it is better to have longer rounds."""
MAX_CELLS = 1_000
"""Of a matrix."""
MAX_TOML_BYTES = 1024 * 1024
"""Of a suite, or of a file with a person's settings."""

# Of what is stored and read again.

MAX_REMEMBERED_BYTES = 1024 * 1024
"""Of what the workbench was left with, which may name 200 checked profiles and more."""
MAX_NAME_CHARS = 100
"""Of a snapshot, a tag or a baseline."""
MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
"""A longer JSON document is not read."""
MAX_STORED_TEXT_BYTES = 16 * 1024 * 1024
MAX_STORED_BLOB_BYTES = 512 * 1024
"""No encoded histogram is longer: 33,792 counts of at most nine bytes."""
MAX_STORED_INTERVALS = 10_000
"""Of a run; it is written with an eighth of that at most."""
MAX_STORED_LOG_LINES = 2_000
"""Of a session's log, the newest."""
MAX_STORED_LINE_CHARS = 4_000

# Of a server for browsers.

MAX_VISITORS = 8
"""Each has a workbench of its own: some 90 MB, and a runner that waits for the next session."""

# Of files that are imported.

MAX_IMPORT_BYTES = 64 * 1024 * 1024
"""Of a file that is imported."""
MAX_IMPORTED_RUNS = 10_000
MAX_IMPORTED_INTERVALS = 200_000
"""Of a file, before those of a run are merged."""
MAX_IMPORTED_VALUES = 5_000_000
"""Of one benchmark of a file that has single times."""
MAX_IMPORTED_BUCKETS = 20_000_000
"""Of all histograms of a file: what a small file unpacks to must stay bounded, too."""
