"""What several runners answer to a command, as one answer."""

from __future__ import annotations

from collections.abc import Iterable

from cortex_tui.protocol.messages import Answer, Answered, Message


class Answers:
    """To the commands that were sent and are not answered by all."""

    def __init__(self) -> None:
        self._missing: dict[int, tuple[set[int], list[Answered]]] = {}
        """By command: the runners that have not answered, and the answers."""

    def expect(self, command: int, runners: Iterable[int]) -> None:
        """A command of that number was sent to these."""
        self._missing[command] = (set(runners), [])

    def take(self, runner: int, answer: Answer) -> list[Message]:
        """The one answer, once the last of them has come."""
        missing, answers = self._missing.get(answer.id, (set(), []))
        missing.discard(runner)
        answers.append(answer.answered)
        return self._answered(answer.id)

    def lose(self, runner: int) -> list[Message]:
        """The answers to commands that nobody but this runner was missing for."""
        messages: list[Message] = []
        for command, (missing, answers) in list(self._missing.items()):
            if runner in missing:
                missing.discard(runner)
                answers.append(Answered(False, "its process was lost"))
                messages += self._answered(command)
        return messages

    def _answered(self, command: int) -> list[Message]:
        missing, answers = self._missing.get(command, (set(), []))
        if missing or not answers:
            return []
        self._missing.pop(command, None)
        # One that had nothing left to do does not speak for those that did it.
        return [Answer(command, max(answers, key=lambda answered: answered.done))]
