"""The status and the receivers in Alertmanager's form."""

from __future__ import annotations

import platform

from msgspec import Struct, field

from aiops.records.decode import format_time
from aiops.version import ALERTMANAGER_VERSION, __version__
from aiops.web.alertmanager_alerts import Receiver
from aiops.web.host import Host


class VersionInfo(Struct, rename="camel"):
    """The version of the API in Alertmanager's words, and ours as `revision` and `branch`."""

    version: str = ALERTMANAGER_VERSION
    revision: str = f"aiops {__version__}"
    branch: str = "aiops"
    build_user: str = ""
    build_date: str = ""
    go_version: str = f"python {platform.python_version()}"


class ClusterStatus(Struct):
    """The state of the cluster: none, since the daemon is one process."""

    status: str = "disabled"
    name: str = ""
    peers: list[str] = field(default_factory=list)


class Configuration(Struct):
    """The routes, inhibition and time intervals in use, as Alertmanager's YAML."""

    original: str


class Status(Struct, rename="camel"):
    """The answer of `GET /api/v2/status`."""

    cluster: ClusterStatus
    config: Configuration
    uptime: str
    version_info: VersionInfo


def status_of(host: Host) -> Status:
    """Return the status; `uptime` is the time of the start."""
    return Status(ClusterStatus(), Configuration(host.routing.yaml()), format_time(host.started_at), VersionInfo())


def receivers_of(host: Host) -> list[Receiver]:
    """Return all endpoints as receivers."""
    return [Receiver(name) for name in host.routing.receivers()]
