"""What the workbench does in the background is started in a way that can be cancelled."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TUI = Path(__file__).resolve().parents[2] / "cortex_tui" / "tui"
CALLS = [
    pytest.param(node, id=f"{file.relative_to(TUI)}:{node.lineno}")
    for file in sorted(TUI.rglob("*.py"))
    if "run_worker" in (text := file.read_text(encoding="utf-8"))
    for node in ast.walk(ast.parse(text))
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "run_worker"
]


@pytest.mark.parametrize("call", CALLS)
def test_a_worker_is_given_what_it_calls_never_a_coroutine(call: ast.Call) -> None:
    """A worker that is cancelled before its first step (the next of an exclusive group comes, the
    screen is left) would leave the coroutine behind, never awaited."""
    work = call.args[0]
    if isinstance(work, ast.Call) and getattr(work.func, "id", "") == "cast":
        work = work.args[1]
    called = getattr(work.func, "id", "") if isinstance(work, ast.Call) else "partial"
    assert called == "partial", ast.unparse(call)
