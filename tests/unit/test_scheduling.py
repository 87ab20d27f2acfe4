"""Which policy threads and what they start have, where the system has any."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from textwrap import dedent
from typing import TypeVar

import pytest

from cortex_tui.scheduling import never_preempt, usual_policy
from tests.policies import WHY_NOT

if WHY_NOT:
    pytest.skip(WHY_NOT, allow_module_level=True)

T = TypeVar("T")
USUAL, BATCH, IDLE = os.SCHED_OTHER, os.SCHED_BATCH, os.SCHED_IDLE
PRINT = "import os; print(os.sched_getscheduler(0))"


def on_a_thread(function: Callable[[], T]) -> T:
    """What it returns on a thread of its own, which no other test has changed."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function).result()


def policy() -> int:
    return os.sched_getscheduler(0)


def policy_of_a_process() -> int:
    done = subprocess.run([sys.executable, "-c", PRINT], check=True, capture_output=True)
    return int(done.stdout)


def test_a_thread_that_never_preempts_keeps_its_share_and_leaves_the_others_alone() -> None:
    def changed() -> tuple[int, int, int]:
        before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        never_preempt()
        after = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
        return policy(), before, after

    found, before, after = on_a_thread(changed)
    assert found == BATCH
    assert before == after
    assert policy() == USUAL


def test_what_it_starts_is_like_it_but_for_what_is_to_be_as_usual() -> None:
    def started() -> list[int]:
        never_preempt()
        found = [on_a_thread(policy), policy_of_a_process()]
        with usual_policy():
            found += [on_a_thread(policy), policy_of_a_process()]
        return [*found, policy()]

    assert on_a_thread(started) == [BATCH, BATCH, USUAL, USUAL, BATCH]


def test_it_is_as_before_when_what_was_to_be_started_failed() -> None:
    def failed() -> int:
        never_preempt()
        with pytest.raises(OSError, match="nowhere"), usual_policy():
            raise OSError("nowhere")
        return policy()

    assert on_a_thread(failed) == BATCH


def test_one_within_another_changes_nothing() -> None:
    def nested() -> list[int]:
        never_preempt()
        with usual_policy():
            with usual_policy():
                found = [policy()]
            return [*found, policy()]

    assert on_a_thread(nested) == [USUAL, USUAL]


def test_a_thread_that_was_not_changed_stays_as_it_is() -> None:
    def within() -> int:
        with usual_policy():
            return policy()

    assert on_a_thread(within) == USUAL


@pytest.mark.parametrize("chosen", [IDLE, BATCH])
def test_what_a_person_has_chosen_stays_for_all_that_is_started(chosen: int) -> None:
    code = f"""
    import os, subprocess, sys
    from cortex_tui.scheduling import never_preempt, usual_policy

    os.sched_setscheduler(0, {chosen}, os.sched_param(0))
    never_preempt()
    with usual_policy():
        subprocess.run([sys.executable, "-c", {PRINT!r}], check=True)
    print(os.sched_getscheduler(0))
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == [str(chosen)] * 2


def test_where_it_is_forbidden_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    def tried() -> int:
        with monkeypatch.context() as patch:
            patch.setattr(os, "sched_setscheduler", refuse)
            never_preempt()
            with usual_policy():
                return policy()

    assert on_a_thread(tried) == USUAL
