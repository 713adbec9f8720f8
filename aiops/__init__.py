"""An alert correlation engine: alert storms in, a handful of explained incidents out."""

__version__ = "0.1.0"
