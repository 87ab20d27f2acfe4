"""What the driver of a soak reads from the dialog in which a session is saved."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.soak.desk import UNSEEN, Desk, refusal_on

NAME = "s-0001"


def dialog(*reason: str, name: str = NAME) -> str:
    """The screen, with a chart around the dialog as it is there."""
    lines = ["", name, "", "(•) the whole session", "( ) only quick.rated", *reason]
    lines += ["It goes into /tmp/snapshots.db", "", "enter saves   esc cancels"]
    rows = [f"46.6ms │  ⡠⠊│{f' {line}':<62}│ │max" for line in lines]
    top = f"46.6ms │  ⡠⠊╭─ Save a snapshot {'─' * 44}╮ │max"
    bottom = f"46.6ms │  ⡠⠊╰{'─' * 62}╯ │max"
    return "\n".join([" running  quick", top, *rows, bottom, " ? keys  q quit"])


@pytest.mark.parametrize(
    ("screen", "refusal"),
    [
        (
            dialog("/tmp/snapshots.db: the disk is full: free", "some space"),
            "/tmp/snapshots.db: the disk is full: free some space",
        ),
        (dialog("saving…"), ""),
        (dialog(), ""),
        (dialog("the disk is full", name="s-0000"), ""),
        (" running  quick\n not stored: the disk is full", ""),
    ],
)
def test_a_refusal_is_read_out_of_the_dialog_alone(screen: str, refusal: str) -> None:
    assert refusal_on(screen, NAME) == refusal


class Refusing(Desk):
    """Gives these reasons one after the other, and then saves."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = [*reasons, ""]
        self.tries: list[str] = []

    def try_to_save(self, name: str) -> str:
        self.tries.append(name)
        return self.reasons.pop(0)


@pytest.mark.parametrize("reasons", [(), ("another process keeps it locked", "the disk is full")])
def test_what_is_refused_is_tried_again_until_it_is_confirmed(
    reasons: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.soak.desk.RETRY_S", 0)
    desk = Refusing(*reasons)
    assert desk.save(NAME) == list(reasons)
    assert desk.tries == [NAME] * (len(reasons) + 1)


def test_a_name_that_is_taken_by_then_was_saved_although_that_was_not_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.soak.desk.RETRY_S", 0)
    desk = Refusing(UNSEEN, f"the name '{NAME}' is taken (saved today): choose another")
    assert desk.save(NAME) == [UNSEEN]
    monkeypatch.setattr("tests.soak.desk.PATIENCE_S", 0)
    with pytest.raises(AssertionError, match="never saved"):
        Refusing(*["the name is taken"] * 1000).save(NAME)


def test_what_is_refused_for_ever_is_given_up_with_its_reasons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.soak.desk.RETRY_S", 0)
    monkeypatch.setattr("tests.soak.desk.PATIENCE_S", 0)
    with pytest.raises(AssertionError, match=r"s-0001 was never saved: .*keeps it locked"):
        Refusing(*["another process keeps it locked"] * 1000).save(NAME)
