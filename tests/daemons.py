"""Daemons of given parts for tests: on a state directory, without notifications unless they are wanted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from aiops.app.build import assemble
from aiops.config import Config
from aiops.daemon.daemon import Daemon
from aiops.daemon.frame_processing import HostedEngine
from aiops.daemon.opening import Clocks, open_state
from aiops.daemon.parts import Core, Neighbours
from aiops.notify.policy import EndpointPolicy
from aiops.ports import Source
from aiops.telemetry.trace import OFF, Tracer


def bare_core(config: Config, make: Callable[[], HostedEngine], *, clocks: Clocks, tracer: Tracer = OFF) -> Core:
    """The parts of a daemon without sources and neighbours."""
    policy = EndpointPolicy(config.endpoints, config.http.external_url, tracer)
    return assemble(config, open_state(config, make, policy, clocks), (), clocks, tracer=tracer)


def bare_daemon(
    config: Config,
    make: Callable[[], HostedEngine],
    sources: Sequence[Source] = (),
    *,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    tracer: Tracer = OFF,
) -> Daemon:
    """A daemon that decides on notifications and delivers none; nothing is started."""
    clocks = Clocks(clock, monotonic)
    policy = EndpointPolicy(config.endpoints, config.http.external_url, tracer)
    state = open_state(config, make, policy, clocks)
    return Daemon(assemble(config, state, sources, clocks, tracer=tracer), Neighbours())
