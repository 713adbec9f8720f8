"""The pages over the same small site as the API."""

from tests.web.conftest import *  # noqa: F403
