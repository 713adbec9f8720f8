"""The version of the distribution; the only module that states it besides `pyproject.toml`."""

__version__ = "0.1.0"
# The release of Alertmanager whose API is served: karma and Grafana choose their requests by it.
ALERTMANAGER_VERSION = "0.27.0"
