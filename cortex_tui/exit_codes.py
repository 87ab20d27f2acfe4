"""With which exit code a command ends, and what it means."""

GOOD = 0
"""All good."""
MISSED = 1
"""A target was missed, or a profile is slower, or fails more often, than what it is compared with.
With `--fail-on errors` also any operation that failed."""
USAGE = 2
"""Wrong usage, an invalid profile (the valid ones did run), or results that could not be read or
written."""
FAILED = 3
"""A run failed as a whole."""
UNDECIDED = 4
"""A target is undecided, a comparison cannot tell, or a profile that was to be compared failed or
is missing, and nothing is worse."""
INTERRUPTED = 130
"""Interrupted, by Ctrl+C or a signal; what was measured is stored, as a session that was
`stopped`, or that `died` where the runner had to be killed."""
BROKEN_PIPE = 141
"""Whoever read the output went away, as in `cortex-tui list | head -1`: 128 + SIGPIPE, as a shell
reports it."""

BY_SEVERITY = (GOOD, UNDECIDED, MISSED, USAGE, FAILED, INTERRUPTED)
"""From best to worst: of several that hold, the last one here is the exit code."""
