"""No garbage is looked for while a process of the program loads its modules.

Next to nothing that is made then is garbage, and Python would look through it fifty to a hundred
times. It is looked for again before a session begins, as often as the Python was set to.

Only in processes of the program: where this package is imported into another one, nothing here does
anything. Nor is it looked for afterwards where somebody had switched that off. What starts one of
our processes has next to no imports at its top; it calls `own_process`, and imports the rest in
`without_collections`.
"""

from __future__ import annotations

import gc

_ours = _paused = False


def own_process() -> None:
    """Says that this process runs the program and nothing else."""
    global _ours
    _ours = True


def pause_collections() -> bool:
    """Has no garbage looked for until `resume_collections`; whether it was looked for before."""
    global _paused
    if not _ours or not gc.isenabled():
        return False
    gc.disable()
    _paused = True
    return True


def resume_collections() -> None:
    """Ends the pause, if there is one."""
    global _paused
    if _paused:
        _paused = False
        gc.enable()


class without_collections:  # noqa: N801, used as a function; contextlib would be an import
    """Has no garbage looked for in this block. What is left by it counts as looked through."""

    def __enter__(self) -> None:
        self._paused = pause_collections()

    def __exit__(self, *raised: object) -> None:
        if not self._paused:
            return
        if not gc.get_freeze_count():
            # Otherwise the next object would have all of the new ones looked through.
            gc.freeze()
            gc.unfreeze()
        resume_collections()
