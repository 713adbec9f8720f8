"""The version of the distribution; the only module that states it besides `pyproject.toml`."""

__version__ = "0.1.0"
