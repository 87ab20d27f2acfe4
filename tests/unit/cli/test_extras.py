"""What a command answers where the extra that it needs is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
sys.modules[sys.argv[1]] = None  # as if it were not installed
from cortex_tui.cli import main
main(sys.argv[2:])
"""
URL = "postgresql://me:hidden@127.0.0.1/notes"
SUITE = f"""
[profile.get]
workload = "cortex.get"
database = "{URL.replace(":hidden", "")}"
"""

WITHOUT = [
    ("web", "textual_serve", ["serve"]),
    ("postgres", "psycopg", ["run", "search", "--database", URL]),
    ("postgres", "psycopg", ["launch", "search", "--database", URL]),
    ("postgres", "psycopg", ["serve", "--database", URL]),
    ("postgres", "psycopg", ["run", "search", "--variant", f"a=database:{URL}"]),
    ("postgres", "psycopg", ["run", "cortex-tui", "search"]),
    ("cluster", "distributed", ["run", "search", "--cluster", "local:2"]),
    ("cluster", "distributed", ["run", "search", "--cluster", "tcp://127.0.0.1:9"]),
    ("cluster", "distributed", ["run", "search", "--cluster", "ssh:hosts.toml"]),
    ("cluster", "asyncssh", ["launch", "search", "--cluster", "asyncssh:hosts.toml"]),
    ("cluster", "distributed", ["agent", "tcp://127.0.0.1:9"]),
]


@pytest.mark.parametrize(("extra", "package", "arguments"), WITHOUT)
def test_one_line_names_the_extra_and_what_installs_it(
    extra: str, package: str, arguments: list[str], tmp_path: Path
) -> None:
    (tmp_path / "cortex-tui.toml").write_text(SUITE)
    (tmp_path / "hosts.toml").write_text('[machine.a]\nhost = "127.0.0.1"\n')
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, package, *arguments],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    (line,) = done.stderr.splitlines()
    assert f" needs the extra {extra} ({package} is not installed): " in line
    assert f"pip install 'cortex-tui[{extra}]'" in line
    assert "hidden" not in line
