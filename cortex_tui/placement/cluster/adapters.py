"""The kinds of clusters that there are. To add one, add its `Kind` to `ADAPTERS`."""

from __future__ import annotations

from cortex_tui.placement.cluster.port import Adapter, ClusterError, Kind
from cortex_tui.placement.cluster.settings import ClusterSettings


def _agents(text: str, settings: ClusterSettings) -> Adapter:
    from cortex_tui.placement.cluster.plain import PlainAgents

    return PlainAgents.read(text)


def _asyncssh(text: str, settings: ClusterSettings) -> Adapter:
    from cortex_tui.placement.cluster.asyncssh_hosts import SshHosts

    return SshHosts.read(text, settings)


def _dask(text: str, settings: ClusterSettings) -> Adapter:
    from cortex_tui.placement.cluster.dask_adapter import DaskAdapter

    return DaskAdapter.read(text, settings)


ADAPTERS: dict[str, Kind] = {
    "tcp": Kind("tcp://HOST:PORT", "the workers of a Dask scheduler", _dask),
    "tls": Kind("tls://HOST:PORT", "the same, encrypted", _dask),
    "local": Kind("local:N", "N Dask workers on this machine", _dask),
    "ssh": Kind("ssh:FILE", "Dask, started by SSH on the machines of FILE", _dask),
    "agents": Kind("agents:N", "N agents as processes of this machine", _agents),
    "asyncssh": Kind("asyncssh:FILE", "the machines of a file, over SSH", _asyncssh),
}
"""By what stands before the colon."""


def adapter_of(text: str, settings: ClusterSettings) -> Adapter:
    """The cluster that a person means by what stands behind `--cluster`.

    Raises ClusterError for a kind that is not there, or whose extra is not installed.
    """
    scheme = text.partition(":")[0]
    kind = ADAPTERS.get(scheme)
    if kind is None:
        known = ", ".join(kind.shape for kind in ADAPTERS.values())
        raise ClusterError(f"expected one of {known}, got {text!r}")
    try:
        return kind.make(text, settings)
    except ImportError as error:
        raise ClusterError(
            f"{kind.shape} needs the extra cluster ({error.name} is not installed): "
            "pip install 'cortex-tui[cluster]'"
        ) from error
