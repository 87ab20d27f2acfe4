"""The default placement: each session in a fresh process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Literal

from cortex_tui.limits import MAX_LINE_CHARS
from cortex_tui.placement.exits import describe_exit, wait_for_end
from cortex_tui.placement.fleet import open_fleet
from cortex_tui.placement.groups import open_group
from cortex_tui.placement.port import Stream
from cortex_tui.protocol.commands import Start, ToRunner
from cortex_tui.protocol.frames import FrameReader, ProtocolError, decode_messages, encode_requests
from cortex_tui.protocol.messages import LogLine, Message, RunnerDied, SessionFinished
from cortex_tui.protocol.origins import Origin, parts_of
from cortex_tui.protocol.plan import Program, RunnerSpec, SessionPlan
from cortex_tui.scheduling import usual_policy

_LAST_WORDS_S = 1.0
"""How long what a runner left in its socket and pipes is waited for once it has ended."""

_MODULES: dict[Program, str] = {
    "workloads": "cortex_tui.runner.process",
    "pytest": "cortex_tui.pytest_runner.process",
}
DEFAULT = RunnerSpec()


class RunnerProcess:
    """A process that waits for a plan, in a process group of its own."""

    def __init__(self, spec: RunnerSpec = DEFAULT) -> None:
        self.channel, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        for end in (self.channel, theirs):
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                end.setsockopt(socket.SOL_SOCKET, option, 1 << 20)
        try:
            with usual_policy():
                self._process = subprocess.Popen(
                    # -P keeps the working folder off sys.path until a profile asks for a module
                    # there.
                    [spec.python or sys.executable, "-P", "-m", _MODULES[spec.program],
                     str(theirs.fileno()), str(lifeline)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=(theirs.fileno(), lifeline),
                    process_group=0,
                    cwd=spec.cwd or None,
                    env={**os.environ, **spec.env} if spec.env else None,
                )  # fmt: skip
        except BaseException:
            self.channel.close()
            os.close(self._lifeline)
            raise
        finally:
            theirs.close()
            os.close(lifeline)
        self.pid = self._process.pid

    @property
    def pipes(self) -> tuple[tuple[Literal["stdout", "stderr"], int], ...]:
        """The reading ends of what the workloads print."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        return ("stdout", self._process.stdout.fileno()), ("stderr", self._process.stderr.fileno())

    def ended(self) -> bool:
        """Whether it has ended; it is left to be reaped, so that its group's number stays taken."""
        if self._process.returncode is not None:
            return True
        if not hasattr(os, "waitid"):  # macOS before Python 3.13
            return self._process.poll() is not None
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, options) is not None

    def kill(self) -> None:
        """Ends it and everything it has started."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def reap(self) -> int:
        """Its return code, negative for a signal; it must have been killed or have ended."""
        self.kill()  # what it has started must not outlive it
        return self._process.wait()

    def close(self) -> None:
        """Ends it if need be, and closes all that leads to it."""
        self.reap()
        self.channel.close()
        os.close(self._lifeline)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()


class InRunnerProcess:
    """A fresh runner a session; `prepare` starts the next one ahead of time."""

    def __init__(self) -> None:
        self._spare: RunnerProcess | None = None

    def prepare(self) -> None:
        """Starts the runner of the next session; not during one, which it would disturb."""
        if self._spare is None:
            self._spare = RunnerProcess()

    async def aclose(self) -> None:
        if self._spare is not None:
            self._spare.close()
            self._spare = None

    def _fresh(self, spec: RunnerSpec) -> RunnerProcess:
        """The one that was started ahead of time, where it is of that kind and still there."""
        if spec != DEFAULT or self._spare is None:
            return RunnerProcess(spec)
        spare, self._spare = self._spare, None
        if not spare.ended():
            return spare
        spare.close()
        return RunnerProcess(spec)

    def open(self, plan: SessionPlan) -> AbstractAsyncContextManager[Stream]:
        if plan.group:
            return open_group(plan, self.open_runner)
        if plan.fleet or len(plan.runner_numbers) == 1:
            return self.open_runner(plan)
        return open_fleet(plan, self.open_runner)

    @asynccontextmanager
    async def open_runner(self, plan: SessionPlan) -> AsyncIterator[Stream]:
        """The part of the plan's `runner`, alone."""
        runner = self._fresh(plan.spec)
        exit_reason: list[str] = []

        def kill(reason: str) -> None:
            exit_reason.append(reason)
            runner.kill()

        def send(request: ToRunner) -> None:
            if transports and not transports[0].is_closing():
                transports[0].write(encode_requests([request]))

        stream = Stream(send, kill)
        transports: list[asyncio.Transport] = []
        readers: list[asyncio.ReadTransport] = []
        watching: asyncio.Task[None] | None = None
        try:
            link = await self._connect(runner, stream, kill, transports)
            pipes = await self._read_pipes(runner, stream, readers)
            transports[0].write(encode_requests([Start(plan)]))
            watching = asyncio.create_task(self._watch(runner, stream, link, pipes, exit_reason))
            yield stream
        finally:
            if watching is not None:
                watching.cancel()
            for transport in transports:
                transport.abort()
            for reader in readers:
                reader.close()
            runner.close()

    @staticmethod
    async def _connect(
        runner: RunnerProcess,
        stream: Stream,
        kill: Callable[[str], None],
        transports: list[asyncio.Transport],
    ) -> _Link:
        link = _Link(stream, kill, runner.channel)
        channel = runner.channel.dup()
        try:
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_unix_connection(lambda: link, sock=channel)
        except BaseException:
            channel.close()
            raise
        transports.append(transport)
        return link

    @staticmethod
    async def _read_pipes(
        runner: RunnerProcess, stream: Stream, readers: list[asyncio.ReadTransport]
    ) -> list[_Pipe]:
        loop, pipes = asyncio.get_running_loop(), []
        for name, fd in runner.pipes:
            pipe = _Pipe(stream, name)
            file = os.fdopen(os.dup(fd), "rb")
            try:
                reader, _ = await loop.connect_read_pipe(lambda pipe=pipe: pipe, file)  # type: ignore[misc]
            except BaseException:
                file.close()
                raise
            readers.append(reader)
            pipes.append(pipe)
        return pipes

    @staticmethod
    async def _watch(
        runner: RunnerProcess,
        stream: Stream,
        link: _Link,
        pipes: list[_Pipe],
        exit_reason: list[str],
    ) -> None:
        """Reports the runner's end, after everything that it has sent and printed."""
        # Its socket may outlive it in a child.
        end = asyncio.ensure_future(wait_for_end(runner.pid, runner.ended))
        lost = asyncio.ensure_future(link.lost.wait())
        try:
            await asyncio.wait({end, lost}, return_when=asyncio.FIRST_COMPLETED)
            # Without its socket it is about to end, or can do nothing sensible any more.
            await asyncio.wait({end}, timeout=_LAST_WORDS_S)
        finally:
            end.cancel()
            lost.cancel()
        gone = runner.ended()
        code = runner.reap()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await asyncio.gather(link.lost.wait(), *(pipe.lost.wait() for pipe in pipes))
        if link.finished is not None:
            stream.deliver([link.finished])
        else:
            ending = describe_exit(code) if gone else "closed its connection and had to be killed"
            early = " before its session had ended" if gone and code >= 0 else ""
            reason = exit_reason[0] if exit_reason else f"the runner {ending}{early}"
            stream.deliver([RunnerDied(reason, time.perf_counter_ns())])


class _Link(asyncio.Protocol):
    """Receives messages. The last one waits until the pipes have been read."""

    def __init__(self, stream: Stream, kill: Callable[[str], None], channel: socket.socket) -> None:
        self.lost = asyncio.Event()
        self.finished: SessionFinished | None = None
        self._stream = stream
        self._kill = kill
        self._channel = channel
        self._frames = FrameReader()
        self._broken = False

    def data_received(self, data: bytes) -> None:
        if self._broken:
            return
        try:
            for body in self._frames.feed(data):
                self._deliver(decode_messages(body))
        except ProtocolError as error:
            self._broken = True
            self._kill(f"the runner sent {error}")

    def connection_lost(self, error: Exception | None) -> None:
        # A command that comes too late breaks the transport before everything that the runner
        # had sent was read.
        with contextlib.suppress(OSError):
            while data := self._channel.recv(65_536, socket.MSG_DONTWAIT):
                self.data_received(data)
        self.lost.set()

    def _deliver(self, batch: list[Message]) -> None:
        for message in batch:
            if isinstance(message, SessionFinished):
                self.finished = message
        self._stream.deliver([m for m in batch if not isinstance(m, SessionFinished)])


class _Pipe(asyncio.Protocol):
    """What a workload prints, as lines; a line that is very long comes in pieces."""

    def __init__(self, stream: Stream, name: Literal["stdout", "stderr"]) -> None:
        self.lost = asyncio.Event()
        self._stream = stream
        self._name: Literal["stdout", "stderr"] = name
        self._rest = b""
        self._cut: Origin | None = None
        """Who printed the beginning of a line of which the rest is still to come."""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        pieces = [piece for line in lines for piece in self._pieces(line)]
        if len(self._rest) > MAX_LINE_CHARS:
            cut = self._pieces(self._rest)
            self._rest, self._cut = b"", Origin(cut[-1].run, cut[-1].at_ns)
            pieces += cut
        if pieces:
            self._stream.deliver(list[Message](pieces))

    def connection_lost(self, error: Exception | None) -> None:
        if self._rest:
            self._stream.deliver(list[Message](self._pieces(self._rest)))
        self.lost.set()

    def _pieces(self, line: bytes) -> list[LogLine]:
        before, self._cut = self._cut or Origin(-1, time.perf_counter_ns()), None
        return [
            LogLine(
                origin.run,
                self._name,
                text[start : start + MAX_LINE_CHARS].decode(errors="backslashreplace"),
                origin.at_ns,
            )
            for origin, text in parts_of(line, before)
            for start in range(0, max(1, len(text)), MAX_LINE_CHARS)
        ]
