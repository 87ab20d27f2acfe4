"""A workbench in a terminal of its own, driven by keys as a person does it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from tests.e2e.processes import descendants_of, wait_until_gone
from tests.e2e.terminal import Terminal
from tests.e2e.workbench import KEYS, Workbench
from tests.soak.subject import PROFILES
from tests.soak.surroundings import Clock

PATIENCE_S = float(os.environ.get("SOAK_PATIENCE_S", "180"))
"""How long a key may take to show before that is a problem: no figure of a fast machine."""
KEY_S = 0.5
"""Between two presses of escape: closer ones would be another key."""
WIDTH, HEIGHT = 110, 40
ENDED = ("finished", "stopped", "DIED:")
RETRY_S = 1.0
"""From a refusal to the next try, as long as a person takes to read it."""
CONFIRMED_S = 5.0
"""From the end of the dialog to the confirmation, which is then to be seen for as long."""
UNSEEN = "no answer was seen"
"""In place of a reason: a driver that was kept from looking may have missed the confirmation."""
SAVE_DIALOG = "Save a snapshot"


def refusal_on(screen: str, name: str) -> str:
    """What the dialog in which `name` was entered says is wrong; nothing while it says nothing."""
    lines: list[str] = []
    entered = False
    for line in _in_the_box(screen, SAVE_DIALOG):
        if entered and line.startswith("It goes into"):
            break
        # What may be chosen has a mark before it.
        if entered and not line.startswith(("(•)", "( )")):
            lines.append(line)
        entered = entered or line == name
    text = " ".join(filter(None, lines))
    return "" if text.startswith("saving") else text


def _in_the_box(screen: str, title: str) -> Iterator[str]:
    """The lines in the box with that title, without spaces around them."""
    lines = iter(screen.splitlines())
    top = next((line for line in lines if title in line), "")
    left = top.rfind("╭", 0, top.find(title))
    right = top.find("╮", left)
    for line in lines if 0 <= left < right else ():
        if line[left : left + 1] != "│":
            return
        yield line[left + 1 : right].strip()


class Desk:
    """One terminal with the workbench in it; the workbench can be opened anew."""

    def __init__(
        self, name: str, home: Path, store: Path, clock: Clock, options: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.pid = 0
        """The process of the workbench; 0 while there is none."""
        self.key_times_s: list[float] = []
        """From a key to the tab that it opens."""
        self._home, self._store, self._clock = home, store, clock
        self._options = options

    def open(self) -> None:
        self.terminal = Terminal(
            self._home,
            width=WIDTH,
            height=HEIGHT,
            environment={"CORTEX_TUI_STATE": "", "XDG_CONFIG_HOME": str(self._home / ".config")},
            patience_s=PATIENCE_S,
        )
        # The shell must not take the terminal back from a workbench that is suspended.
        self.terminal.run(["set", "+m"])
        self.launch()

    def launch(self) -> None:
        """The program in the terminal that is there."""
        environment = [f"{name}={value}" for name, value in self._clock.environment.items()]
        options = ["launch", *self._options, "--store", str(self._store)]
        self.workbench = Workbench(self.terminal, *options, environment=environment)
        self.pid = self.terminal.pid

    def fit(self) -> None:
        """Gives the terminal its own size again."""
        self.terminal.resize(WIDTH, HEIGHT)
        self.terminal.wait_for(KEYS)

    def close(self) -> None:
        """Closes the terminal; returns when all that ran in it has ended."""
        family = {self.pid, *descendants_of(self.pid)} if self.pid else set()
        self.pid = 0
        self.terminal.close()
        wait_until_gone(family)

    def comes_back(self) -> bool:
        """Whether escape leads to the table from wherever it is, and no session is running."""
        for _ in range(8):
            screen = self.terminal.screen()
            if "h library" in screen and screen.split(maxsplit=1)[0] in (*ENDED, "idle"):
                return True
            self.workbench.press("Escape")
            time.sleep(KEY_S)
        return False

    # --- sessions -------------------------------------------------------------------------------

    def choose(self, suite: str) -> None:
        """Checks all profiles of a suite, and no other."""
        self._drop_filter()
        give_up = time.monotonic() + PATIENCE_S
        while "  0 checked" not in self.terminal.screen():
            assert time.monotonic() < give_up, self.terminal.screen()
            self.workbench.press("A")  # all of them, and then none
            time.sleep(KEY_S)
        self._type_filter(f"{suite}.")
        self.workbench.press("a")
        self.terminal.wait_for(f"  {len(PROFILES[suite])} checked")

    def _drop_filter(self) -> None:
        give_up = time.monotonic() + PATIENCE_S
        # A notice may stand where the filter is shown, until it is read and a key comes.
        while " checked" not in (line := self._status_line) or re.search(r"/\S+ \d+ of ", line):
            assert time.monotonic() < give_up, self.terminal.screen()
            self.workbench.press("Escape")
            time.sleep(KEY_S)

    @property
    def _status_line(self) -> str:
        return self.terminal.screen().split("\n", 1)[0]

    def _type_filter(self, text: str) -> None:
        self.workbench.press("/")
        self.terminal.wait_for("filter: parts of a")
        self.terminal.type(text)
        self.terminal.wait_for(f"/{text} ")
        self.workbench.press("Enter")

    def begin(self, suite: str) -> None:
        """Starts a session, and waits until each of its profiles has been called."""
        self.choose(suite)
        self.workbench.press("r")
        self.workbench.wait_for_state("starting", "running")
        for profile in PROFILES[suite]:
            self.workbench.wait_for_row(profile, lambda row: row.operations > 0)

    def wait_for_end(self) -> str:
        """The line at the top when the session has ended and is stored."""
        screen = self.workbench.wait_for_state(*ENDED)
        return screen.split("\n", 1)[0].strip()

    def shown_operations(self, suite: str) -> dict[str, float]:
        """What the rows show, rounded as they are, less what rounding may have added."""
        screen = self.terminal.screen()
        shown = {}
        for profile in PROFILES[suite]:
            row = self.workbench.row(profile, screen)
            shown[profile] = row.operations * (0.94 if row.operations >= 1000 else 1.0)
        return shown

    def save(self, name: str) -> list[str]:
        """Saves the session as a person does, who tries again where that was refused.

        Returns when the screen has confirmed it, with the reasons of what was refused before.
        """
        give_up = time.monotonic() + PATIENCE_S
        refused: list[str] = []
        while refusal := self.try_to_save(name):
            if refused[-1:] == [UNSEEN] and "is taken" in refusal:
                break  # by this session: the name is asked for nowhere else
            refused.append(refusal)
            assert time.monotonic() < give_up, f"{name} was never saved: {refused}"
            time.sleep(RETRY_S)
        return refused

    def try_to_save(self, name: str) -> str:
        """Saves once; the reason of a refusal, or nothing where the screen has confirmed it."""
        self.workbench.save_as(name)
        confirmed = f"Saved as {name}"
        screen = self.terminal.wait_until(
            lambda screen: (
                confirmed in screen or refusal_on(screen, name) or SAVE_DIALOG not in screen
            )
        )
        if refusal := refusal_on(screen, name):
            self._escape_from(SAVE_DIALOG)
            return refusal
        give_up = time.monotonic() + CONFIRMED_S
        screen = self.terminal.wait_until(
            lambda screen: (
                confirmed in screen or (SAVE_DIALOG not in screen and time.monotonic() > give_up)
            )
        )
        if confirmed not in screen:
            return UNSEEN
        self.terminal.wait_until(lambda screen: SAVE_DIALOG not in screen)
        return ""

    # --- looking --------------------------------------------------------------------------------

    def look_around(self, random: Random) -> None:
        """Tabs, and windows of time; each switch of a tab is timed."""
        for tab in random.sample("1234567", 4):
            began_s = time.monotonic()
            self.workbench.press(tab)
            self.terminal.wait_for(f"[{tab} ")
            self.key_times_s.append(time.monotonic() - began_s)
            if random.random() < 0.5:
                self.workbench.press(*random.choices(["[", "]", "{", "}", "j", "k"], k=5))
        self._escape_from("returns to now")

    def _escape_from(self, part: str) -> None:
        """Presses escape for as long as the part is to be seen: tabs and windows take one each."""
        give_up = time.monotonic() + PATIENCE_S
        while part in f"\n{self.terminal.screen()}":
            assert time.monotonic() < give_up, self.terminal.screen()
            self.workbench.press("Escape")
            time.sleep(KEY_S)

    # --- the library ----------------------------------------------------------------------------

    def open_library(self, name: str) -> None:
        """The list of what has that name, with the cursor on it."""
        self.workbench.press("h")
        self.terminal.wait_for(" Stored ")
        self._type_filter(name)
        self.terminal.wait_for(f"/{name} 1 of ")

    def close_library(self) -> None:
        self.workbench.press("h")
        self.terminal.wait_until(lambda screen: not screen.startswith(" Stored"))

    def answer(self, key: str, dialog: str, text: str, confirmed: str) -> None:
        """A key that asks for a text, and what is reported then."""
        self.workbench.press(key)
        self.terminal.wait_for(dialog)
        self.terminal.type(text)
        self.workbench.press("Enter")
        self.terminal.wait_for(confirmed)

    def tag(self, name: str, tag: str) -> None:
        self.open_library(name)
        self.answer("t", "Tags of 1 session", tag, f"tagged: {tag}")
        self.close_library()

    def note(self, name: str, note: str) -> None:
        self.open_library(name)
        self.answer("w", "Note on 1 session", note, f"noted: {note}")
        self.close_library()

    def delete(self, name: str, *, undo: bool) -> None:
        self.open_library(name)
        self.workbench.press("d")
        self.terminal.wait_for("1 session deleted")
        if undo:
            self.workbench.press("u")
            self.terminal.wait_for("restored 1 session")
        self.close_library()

    def look_at_stored(self, name: str, random: Random) -> None:
        self.open_library(name)
        self.workbench.press("Enter")
        # It may be shown by another of its names.
        self.terminal.wait_until(lambda screen: screen.startswith(" stored "))
        self.look_around(random)
        self._escape_from("\n stored ")
        self.close_library()

    def compare(self, name: str, other: str) -> None:
        self.workbench.press("h")
        self.terminal.wait_for(" Stored ")
        for number, each in enumerate((name, other), 1):
            self._drop_filter()
            self._type_filter(each)
            self.terminal.wait_for(f"/{each} 1 of ")
            self.workbench.press("Space")
            self.terminal.wait_for(f"{number} checked")
        self.workbench.press("c")
        self.terminal.wait_until(
            lambda screen: "geometric mean" in screen or "cannot be compared" in screen
        )
        self._escape_from(" ⟷ ")
        self.close_library()
