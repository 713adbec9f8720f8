"""The daemon is what the web application needs of its host."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from aiops.daemon.daemon import Daemon
from aiops.daemon.runs import Runs
from aiops.notify.dispatcher import Dispatcher
from aiops.web.host import Delivery, Host, Respond


@pytest.mark.parametrize(("protocol", "made"), [(Host, Daemon), (Respond, Runs), (Delivery, Dispatcher)])
def test_host_has_each_method_with_its_parameters(protocol: Any, made: Any) -> None:
    names = [name for name in vars(protocol) if not name.startswith("_")]
    assert names
    for name in names:
        wanted = vars(protocol)[name]
        if not inspect.isfunction(wanted):
            continue
        found = inspect.signature(getattr(made, name)).parameters
        for parameter in inspect.signature(wanted).parameters.values():
            assert parameter.name in found, f"{made.__name__}.{name} takes no {parameter.name}"
            assert found[parameter.name].default == parameter.default or parameter.default is inspect.Parameter.empty
