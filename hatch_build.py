"""Flags of the C compiler for the compiled wheel; hatch runs this hook before that of mypyc."""

from __future__ import annotations

import os
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FloatsAsInterpreted(BuildHookInterface):  # type: ignore[type-arg]
    """Keep the C compiler from fusing a multiplication and an addition, which rounds once instead of twice.

    Compilers for ARM do so unless told. In CPPFLAGS: setuptools adds these to Python's own flags, while CFLAGS would
    replace them, with the assertions of C and the wrapping of integers that they decide.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Set the flag in the environment that the compiler is run in."""
        os.environ["CPPFLAGS"] = f"{os.environ.get('CPPFLAGS', '')} -ffp-contract=off".strip()
