"""What is known of each profile's newest run, across the sessions of one workbench."""

from __future__ import annotations

from typing import NamedTuple

from cortex_tui.session.view import RunView, SessionView


class Known(NamedTuple):
    """A profile's newest run; `current` is false once a later session went on without it."""

    run: RunView
    current: bool


class Board:
    """Takes views, newest last; answers for one profile at a time."""

    def __init__(self) -> None:
        self.view: SessionView | None = None
        self._runs: dict[str, tuple[RunView, str]] = {}

    def take(self, view: SessionView) -> bool:
        """Whether the view tells anything that the one before it did not."""
        before = self.view
        if view is before:
            return False
        self.view = view
        names: set[str] = set()
        for run in view.runs:
            name = run.profile.full_name
            # A profile that is repeated has a run in each round: the newest that has begun counts.
            if run.state != "planned" or name not in names:
                names.add(name)
                self._runs[name] = (run, view.session)
        return view != before

    def known(self, full_name: str) -> Known | None:
        found = self._runs.get(full_name)
        if found is None or self.view is None:
            return None
        run, session = found
        return Known(run, session == self.view.session)

    @property
    def active(self) -> bool:
        """Whether a session goes on."""
        return self.view is not None and self.view.state in ("starting", "running")
