"""GLM Launcher: run GLM-4.6 on your own machine."""

__version__ = "0.1.0"
