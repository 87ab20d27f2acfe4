"""The conventions for code blocks: what is found in a page, what is refused, what is compared."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.documents.blocks import Page, PageError, parse
from tests.documents.running import commands_of, matches, run_page
from tests.documents.shell import split


def page(text: str) -> Page:
    return parse(textwrap.dedent(text).strip("\n"), "page.md")


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str], list[str]]:
    def no_database() -> str:
        raise AssertionError("no block needs one")

    return lambda text: run_page(page(text), tmp_path, no_database)


def test_a_block_has_its_line_language_title_and_directives() -> None:
    found = page(
        """
        <!-- needs: postgres -->
        # Title

        - In a list:

          <!-- exit 1 -->
          <!-- output -->
          ```console
          $ false
          ```

        ```python title="profiles/shop.py" linenums="1"
        if True:
            pass
        ```
        """
    )
    console, file = found.blocks
    assert found.needs == "postgres"
    assert (console.line, console.language, console.text) == (9, "console", "$ false\n")
    assert console.directives == {"exit": "1", "output": ""}
    assert (file.title, file.text) == ("profiles/shop.py", "if True:\n    pass\n")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("```fortran\n```", 1, "'fortran'"),
        ("```\nx\n```", 1, "''"),
        ("text\n\n<!-- not run: -->\n```sh\nx\n```", 3, "a reason"),
        ("<!-- exits 1 -->\n```sh\nx\n```", 1, "exits 1"),
        ("<!-- exit -->\n```sh\nx\n```", 1, "a value"),
        ("text\n```sh\nx", 2, "no end"),
        ("text:\n\n    cortex-tui run shop\n", 3, "indented"),
    ],
)
def test_what_the_conventions_do_not_know_is_an_error(text: str, line: int, words: str) -> None:
    with pytest.raises(PageError, match=rf"^page.md:{line}: .*{words}"):
        parse(text, "page.md")


def test_indented_text_of_lists_is_not_code() -> None:
    page(
        """
        - an item

            of two paragraphs
        - another

        !!! note

            of the same kind
        """
    )


def test_commands_are_split_where_the_shell_sees_their_end() -> None:
    script = "# first\nls\n\nfor x in a b; do\n  echo $x\ndone\ncat <<END\n$ x\nEND\nls \\\n  -l\n"
    assert [(line, command.split("\n")[0]) for line, command in split(script)] == [
        (1, "ls"),
        (3, "for x in a b; do"),
        (6, "cat <<END"),
        (9, "ls \\"),
    ]


def test_a_console_has_commands_and_their_outputs() -> None:
    (block,) = page("```console\n$ echo a \\\n    b\na b\n$ true\n```").blocks
    first, second = commands_of(block)
    assert (first.line, first.text, first.shown) == (2, "echo a \\\n    b", "a b")
    assert (second.line, second.text, second.shown) == (5, "true", "")


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb", "a  \nb\n\n", True),
        ("a\nb", "a\nb\nc\n", False),
        ("a\n...\nd", "a\nb\nc\nd\n", True),
        ("a\n...\nd", "a\nd\n", True),
        ("p99 ... ms", "p99 12.4 ms\n", True),
        ("p99 ... ms", "p99 12.4 us\n", False),
        ("(.*)", "anything\n", False),
    ],
)
def test_what_is_shown_is_compared_with_what_is_printed(
    shown: str, printed: str, same: bool
) -> None:
    assert matches(shown, printed) is same


def test_a_page_is_run_in_one_folder_with_one_state(run: Callable[[str], list[str]]) -> None:
    run(
        """
        ```text title="deep/note.txt"
        a note
        ```

        ```sh
        cd deep
        WORD=note
        ```

        <!-- output -->
        ```console
        $ cat $WORD.txt
        a note
        ```

        ```python
        from pathlib import Path
        assert Path("note.txt").read_text() == "a note\\n"
        ```

        <!-- before: echo hidden > before.txt -->
        <!-- output -->
        ```console
        $ cat before.txt
        hidden
        ```
        """
    )


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (
            "```sh\ntrue\nls nowhere\n```",
            3,
            "`ls nowhere` ended with exit code 2, expected 0:\nls:",
        ),
        ("<!-- exit 1 -->\n```sh\ntrue\n```", 3, "ended with exit code 0, expected 1"),
        ("<!-- exit 1 -->\n```sh\nfalse\nfalse\n```", 3, "`false` ended with exit code 1"),
        ("<!-- output -->\n```console\n$ echo a\nb\n```", 3, "`echo a` prints something else:\na"),
        ("```python\nraise SystemExit(3)\n```", 2, "exit code 3"),
        ("```toml\n[profile.x]\nrat = 3\n```", 2, "expected a valid suite"),
        ("```json\n{,}\n```", 2, "expected JSON"),
        ('```sh title="../x"\n```', 2, "below the folder"),
        ("<!-- background: ready -->\n```sh\nexit 4\n```", 3, "exit code 4"),
    ],
)
def test_a_block_that_fails_is_named(
    run: Callable[[str], list[str]], text: str, line: int, words: str
) -> None:
    with pytest.raises(PageError) as error:
        run(text)
    assert str(error.value).startswith(f"page.md:{line}: ")
    assert words in str(error.value)


def test_the_reader_has_a_home_of_their_own(
    run: Callable[[str], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORTEX_TUI_STORE", "elsewhere.db")
    monkeypatch.setenv("COLUMNS", "33")
    run(
        f"""
        <!-- output -->
        ```console
        $ echo $HOME $COLUMNS $CORTEX_TUI_STORE; pwd
        {tmp_path}/home 100
        {tmp_path}/work
        ```
        """
    )


def test_what_runs_in_the_background_ends_with_the_page(
    run: Callable[[str], list[str]], tmp_path: Path
) -> None:
    run(
        """
        ```sh
        mkdir deep && cd deep && WORD=ready
        ```

        <!-- background: ready -->
        ```sh
        trap 'echo ended > ended' TERM; echo $WORD; sleep 100 & wait
        ```

        ```sh
        test ! -e ended
        ```
        """
    )
    assert (tmp_path / "work" / "deep" / "ended").exists()


def test_a_block_is_skipped_where_something_is_missing(run: Callable[[str], list[str]]) -> None:
    skipped = run("<!-- needs: no_such_package -->\n```sh\nfalse\n```")
    assert skipped == ["page.md:3: no_such_package is not installed"]


def test_keys_are_pressed_in_a_terminal(run: Callable[[str], list[str]]) -> None:
    run(
        """
        <!-- needs: tmux -->
        <!-- keys: "old text" i n e w esc : w q enter -->
        ```console
        $ tput smcup; echo old text; cat > typed <<< new; read -rsn 9; tput rmcup
        ```

        <!-- needs: tmux -->
        <!-- output -->
        ```console
        $ cat typed
        new
        ```
        """
    )
