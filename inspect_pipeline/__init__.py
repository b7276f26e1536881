"""Offline call-quality inspection: recordings in, explained verdicts and flags out."""

__version__ = "0.1.0"
