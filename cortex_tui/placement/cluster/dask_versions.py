"""What Dask and this package are on the scheduler and the workers, compared with here.

Dask's parts speak to each other in objects that they pickle, so they have to be of one version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cortex_tui.placement.cluster.port import ClusterError

PACKAGE = "cortex-tui"
_OF_DASK = ("python", "dask", "distributed", "msgpack", "cloudpickle", "tornado")
_MINOR = 2
"""Numbers of Python's version in which it has to agree."""


def check_versions(
    versions: Mapping[str, Any], names: Mapping[str, str], *, allow_differences: bool
) -> None:
    """`versions` as `Client.get_versions` has them, `names` those of the workers by address.

    Raises ClusterError, with what differs and where.
    """
    here = _packages(versions["client"])
    places = {names[address]: _packages(each) for address, each in versions["workers"].items()}
    missing = [name for name, packages in places.items() if not packages.get(PACKAGE)]
    if missing:
        raise ClusterError(f"{PACKAGE} is not installed on {', '.join(missing)}: pip install it")
    places["the scheduler"] = _packages(versions["scheduler"])
    different = [
        f"{package} is {packages.get(package) or 'missing'} on {name} and {here[package]} here"
        for package in (*_OF_DASK, PACKAGE)
        for name, packages in places.items()
        if packages.get(package) != here[package]
        and (package != PACKAGE or name != "the scheduler")
    ]
    if different and not allow_differences:
        raise ClusterError(f"versions differ: {'; '.join(different)} (--allow-differences)")


def _packages(described: Mapping[str, Any]) -> dict[str, str]:
    packages = {name: str(version or "") for name, version in described["packages"].items()}
    packages["python"] = ".".join(packages["python"].split(".")[:_MINOR])
    return packages
