"""A terminal workbench for latency."""

__version__ = "0.1.0"
