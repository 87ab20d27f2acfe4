"""What a real shell offers when tab is pressed behind `cortex-tui`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.program import PROGRAM

SUITE = """
[defaults]
workload = "canary"

[profile.first]
tags = ["fast"]
[profile.second]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "shop.toml").write_text(SUITE, encoding="utf-8")
    return tmp_path


SCRIPTS = {
    "bash": """
        eval "$(cortex-tui completion bash)"
        COMP_WORDS=({line}) COMP_CWORD={last}
        _cortex_tui_completion cortex-tui
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    # The commands that list what is offered print it, without what stands behind the colon.
    "zsh": """
        compdef() {{ }}
        _describe() {{ print -l -- ${{${{(P)3}}%%:*}} }}
        compadd() {{ print -l -- ${{(P)@[-1]}} }}
        eval "$(cortex-tui completion zsh)"
        words=({line}) CURRENT={last}+1
        _cortex_tui_completion
    """,
    "fish": """
        cortex-tui completion fish | source
        complete --do-complete '{line}' | string replace --regex '\\t.*' ''; true
    """,
}
"""What prints how a shell completes the last word of a line."""


def offered(folder: Path, line: str, shell: str = "bash") -> list[str]:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    typed = line if shell == "fish" or not line.endswith(" ") else f"{line}''"
    script = SCRIPTS[shell].format(line=typed, last=len(typed.split()) - 1)
    done = subprocess.run(
        [shell, "-c", script], cwd=folder, capture_output=True, text=True, check=True,
        env={"PATH": f"{PROGRAM.parent}:/usr/bin:/bin", "HOME": str(folder)},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("shell", SCRIPTS)
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cortex-tui comp", ["compare", "completion"]),
        ("cortex-tui run shop.", ["shop.first", "shop.second"]),
        ("cortex-tui run @f", ["@fast"]),
        ("cortex-tui run shop.first --until", ["--until-decided"]),
        ("cortex-tui history shop.s", ["shop.second"]),
        ("cortex-tui completion ", ["bash", "zsh", "fish"]),
        ("cortex-tui show nothing-is-stored", []),
        ("cortex-tui no-such-command x", []),
    ],
)
def test_words_are_completed(folder: Path, shell: str, line: str, words: list[str]) -> None:
    assert set(offered(folder, line, shell)) == set(words)


def test_saved_sessions_are_offered_by_name(folder: Path) -> None:
    run = [str(PROGRAM), "run", "shop.first", "--duration", "50ms", "--warmup", "0"]
    subprocess.run([*run, "--save", "before"], cwd=folder, capture_output=True, check=True)
    assert offered(folder, "cortex-tui compare bef") == ["before"]


def test_a_broken_store_or_suite_offers_nothing(folder: Path) -> None:
    (folder / "profiles" / "shop.toml").write_text("[profile", encoding="utf-8")
    (folder / "s.db").write_text("no store")
    assert "shop.first" not in offered(folder, "cortex-tui run shop")
    assert offered(folder, "cortex-tui show --store s.db a") == []
