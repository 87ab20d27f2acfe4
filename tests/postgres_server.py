"""A PostgreSQL server of the tests' own, started from the programs that are installed.

It listens on loopback and on a socket in its folder, accepts everybody there, and runs as an
unprivileged user, as PostgreSQL refuses to run as root. Its text is ordered as American English
is, by ICU, so that tests notice an order that was left to the database.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from tests.ports import free_port

USER = "cortex"
DATABASE = "postgres"

_FOLDER = "cortex-pg-"
_IN_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 2 << 30
"""For the servers of all processes that run tests, many times over."""
_START_S = 60.0
_STOP_S = 30.0
_UNPRIVILEGED = ("postgres", "nobody")

UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Settings for a server whose data nobody needs once it has stopped."""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "log_min_messages": "warning",
    "log_statement": "none",
}


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`: on PATH, or where Debian keeps each version."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    return versions[-1].parent if versions else None


def why_not() -> str | None:
    """The reason why no server can be started and reached here, or None."""
    if find_spec("psycopg") is None:
        return "the extra `postgres` is not installed"
    if programs() is None:
        return "PostgreSQL's initdb is not installed (on Debian: apt-get install postgresql)"
    if os.geteuid() == 0 and _unprivileged() is None:
        return f"PostgreSQL does not run as root, and there is none of {', '.join(_UNPRIVILEGED)}"
    return None


def _unprivileged() -> str | None:
    for name in _UNPRIVILEGED:
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    return None


class PostgresServer:
    """One server and its folder. It can be stopped, killed and started again."""

    def __init__(self, settings: dict[str, str] = UNSAFE, template: Path | None = None) -> None:
        """Make the folder, and start. Raises OSError or RuntimeError where that fails.

        Servers that are given the same `template`, in whatever processes, have initdb run once:
        its data are left there, and copied, into memory where there is room. What is measured
        needs a server without one, whose data are on a disk.
        """
        bin_ = programs()
        assert bin_ is not None, why_not()
        _remove_left_behind()
        self._bin = bin_
        self._user = _unprivileged() if os.geteuid() == 0 else None
        # Short: the path of a socket has at most 107 bytes.
        place = None if template is None else _place()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir=place))
        self._data = self.folder / "data"
        self._log = self.folder / "log"
        self.port = free_port()
        self._settings = _SETTINGS | settings | {"unix_socket_directories": str(self.folder)}
        self._process: subprocess.Popen[bytes] | None = None
        try:
            if self._user is not None:
                shutil.chown(self.folder, self._user)
            if template is None:
                self._make()
            else:
                self._copy(template)
            self.start()
        except BaseException:
            self.remove()
            raise

    @property
    def url(self) -> str:
        """Where it is reached, over TCP on loopback."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server, and wait until it accepts connections."""
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        with self._log.open("ab") as log:
            self._process = self._popen(
                [self._bin / "postgres", f"-D{self._data}", f"-p{self.port}", *options],
                log.fileno(),
            )
        until_s = time.monotonic() + _START_S
        # The server writes this line of its file last, when it accepts connections.
        while not (self._data / "postmaster.pid").exists() or "ready" not in (
            self._data / "postmaster.pid"
        ).read_text(errors="replace"):
            if not self.running or time.monotonic() > until_s:
                raise RuntimeError(f"PostgreSQL did not start: {self._log.read_text()[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop in good order, whoever is connected."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End all of its processes at once, as kill -9 does: nothing is written any more."""
        assert self._process is not None
        # Stopped, it starts nothing more.
        self._process.send_signal(signal.SIGSTOP)
        children = _children(self._process.pid)
        for child in children:
            _kill(child)
        self._end(signal.SIGKILL)
        until_s = time.monotonic() + _STOP_S
        # The memory that they share is in use until the last has ended.
        while any(map(_runs, children)) and time.monotonic() < until_s:
            time.sleep(0.005)
        # The next start refuses while this names a process or a segment that seems to be in use.
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def pause(self) -> None:
        """Have none of its processes do anything, until `resume`; connections stay open."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, what: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(what)
        for child in _children(self._process.pid):
            os.kill(child, what)

    def remove(self) -> None:
        """Stop without any care for the data, and remove the folder."""
        if self.running:
            self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _copy(self, template: Path) -> None:
        with template.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not template.exists():
                self._make()
                unfinished = template.with_suffix(".unfinished")
                shutil.rmtree(unfinished, ignore_errors=True)
                _copy_with_owners(self._data, unfinished)
                unfinished.rename(template)
                return
        _copy_with_owners(template, self._data)

    def _make(self) -> None:
        initdb: list[str | Path] = [
            self._bin / "initdb", "--no-sync", "--auth=trust", f"--username={USER}",
            "--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US",
            self._data,
        ]  # fmt: skip
        made = self._popen(initdb, subprocess.PIPE)
        output, _ = made.communicate()
        if made.returncode:
            raise RuntimeError(f"initdb failed: {output.decode(errors='replace')[-2000:]}")

    def _popen(self, command: list[str | Path], output: int) -> subprocess.Popen[bytes]:
        prefix: list[str | Path] = []
        if shutil.which("setpriv") is not None:
            # The server ends with the tests, however these end.
            prefix = ["setpriv", "--pdeathsig=INT"]
        return subprocess.Popen(
            [*prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            user=self._user,
            group=None if self._user is None else pwd.getpwnam(self._user).pw_gid,
            extra_groups=None if self._user is None else [],
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            start_new_session=True,
        )


def _place() -> Path:
    """Where servers have their folders: in memory, where there is room. A schema of the core is 29
    files: where a disk has to have them, too, tests take a server a third more of the processor."""
    try:
        if shutil.disk_usage(_IN_MEMORY).free > _ROOM_BYTES and os.access(_IN_MEMORY, os.W_OK):
            return _IN_MEMORY
    except OSError:
        pass
    return Path(tempfile.gettempdir())


def _copy_with_owners(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-pR", source, target], check=True)


def _children(pid: int) -> list[int]:
    """The processes that this one has started; none where the system does not list them."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def _runs(pid: int) -> bool:
    """Whether the process has not ended; a zombie has."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _remove_left_behind() -> None:
    """Remove the folders of tests that were killed. Their servers ended with them."""
    for place in {_place(), Path(tempfile.gettempdir())}:
        for folder in place.glob(f"{_FOLDER}*"):
            owner = folder.name.removeprefix(_FOLDER).partition("-")[0]
            if not owner.isdecimal() or not _runs(int(owner)):
                shutil.rmtree(folder, ignore_errors=True)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
