"""Commands to a session, and what became of each. On the intake's thread."""

from __future__ import annotations

from concurrent.futures import Future
from itertools import count

from cortex_tui.placement.port import Stream
from cortex_tui.protocol.commands import Command, Request, Stop
from cortex_tui.protocol.messages import Answer, Answered


class Requests:
    """Those of one session; what comes before there is a stream waits for it."""

    def __init__(self) -> None:
        self._stream: Stream | None = None
        self._numbers = count(1)
        self._unanswered: dict[int, tuple[Command, Future[Answered]]] = {}
        self._early: list[Request] = []

    def begin(self, stream: Stream) -> None:
        """The session has a stream from now on."""
        self._stream = stream
        while self._early:
            stream.send(self._early.pop(0))

    def send(self, command: Command, answer: Future[Answered] | None = None) -> None:
        """Sends a command; `answer` is set to what became of it."""
        request = Request(next(self._numbers), command)
        if answer is not None:
            self._unanswered[request.id] = command, answer
        if self._stream is None:
            self._early.append(request)
        else:
            self._stream.send(request)

    def take_answer(self, message: Answer) -> None:
        _, answer = self._unanswered.pop(message.id, (None, None))
        if answer is not None:
            answer.set_result(message.answered)

    def pause(self) -> None:
        """The runs of a stream have ended, and another will follow, for which later commands wait.
        That the session is to stop was not meant for these runs alone."""
        self._stream = None
        for number, (command, answer) in list(self._unanswered.items()):
            if command != Stop():
                del self._unanswered[number]
                answer.set_result(Answered(False, "the runs that it was meant for have ended"))

    def end(self) -> None:
        """The session has ended: nothing more comes of what it was asked."""
        self._early.clear()
        while self._unanswered:
            _, (command, answer) = self._unanswered.popitem()
            # What was to end has ended, whether the runner answered or was killed for its silence.
            answer.set_result(Answered(command == Stop(), "the session has ended"))
