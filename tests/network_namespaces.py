"""Network namespaces as other machines: a cable to each that a test can cut or make slow."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_numbers = itertools.count(1)


def why_not() -> str:
    """The reason for which there are none here; "" where there are."""
    if shutil.which("ip") is None or shutil.which("tc") is None:
        return "ip and tc (iproute2) are not installed"
    name = f"cortex-{os.getpid()}-try"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
        return "this user cannot make network namespaces"
    _run("ip", "netns", "del", name)
    return ""


@dataclass(frozen=True)
class Namespace:
    """One end of a cable; the other one is here."""

    name: str
    here: str
    """Our address on the cable."""
    _cable: str

    @property
    def prefix(self) -> list[str]:
        """What a command is run there with."""
        return ["ip", "netns", "exec", self.name]

    def cut(self) -> None:
        _run("ip", "link", "set", self._cable, "down")

    def mend(self) -> None:
        _run("ip", "link", "set", self._cable, "up")

    def slow(self, bits_per_s: int) -> None:
        """In the direction from there to here."""
        limit = ["rate", f"{bits_per_s}bit", "burst", "32kbit", "latency", "200ms"]
        _run(*self.prefix, "tc", "qdisc", "replace", "dev", "eth0", "root", "tbf", *limit)

    def speed_up(self) -> None:
        """As fast as before `slow`."""
        _run(*self.prefix, "tc", "qdisc", "del", "dev", "eth0", "root")


@contextmanager
def namespace() -> Iterator[Namespace]:
    """A new one, which reaches all addresses of this machine over its cable."""
    # A cable may outlive its namespace for a moment, so none is called like one before it.
    number = next(_numbers)
    name = f"cortex-{os.getpid()}-{number}"
    cable = f"cx{os.getpid() % 100_000}-{number}"
    # A network for measurements between machines (RFC 2544), cut into 32,768 of four addresses.
    lowest = (os.getpid() * 64 + number) % 32_768 * 4
    here, there = (
        f"198.{18 + (lowest >> 16)}.{lowest >> 8 & 255}.{(lowest & 255) + end}" for end in (1, 2)
    )
    _run("ip", "netns", "add", name)
    try:
        _run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
        _run("ip", "addr", "add", f"{here}/30", "dev", cable)
        inside = ["ip", "netns", "exec", name, "ip"]
        _run(*inside, "addr", "add", f"{there}/30", "dev", "eth0")
        for link in ("eth0", "lo"):
            _run(*inside, "link", "set", link, "up")
        _run("ip", "link", "set", cable, "up")
        _run(*inside, "route", "add", "default", "via", here)
        yield Namespace(name, here, cable)
    finally:
        _run("ip", "netns", "del", name)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
