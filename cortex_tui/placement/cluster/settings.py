"""What a person chooses for a cluster, besides which one."""

from __future__ import annotations

import msgspec


class ClusterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The same for all adapters."""

    allow_differences: bool = False
    """Whether machines may have other versions of Python and packages than this one."""
    lost_after_ns: int = 10_000_000_000
    """How long a machine may be silent, or its connection broken, before it counts as lost. What
    was measured meanwhile arrives late and whole; after that time it is refused."""
    listen: str = ""
    """Where agents can reach this program, as `HOST:PORT` of this machine, such as a port that a
    firewall lets through; empty for a free port, on the host by which the cluster is reached."""
    loose_clock: bool = False
    """Whether a machine is measured on whose clock is known worse than alignment needs."""
    tls: tuple[str, str, str] | None = None
    """Of a scheduler by `tls://`: the files of the authority, of our certificate and of its key."""
    merge_from: int = 9
    """With that many runners of a run or more, a machine merges what they send. With fewer, each
    has a link of its own, so that one of them that is silent or lost is seen at once."""
