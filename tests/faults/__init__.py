"""Faults: what must hold when things break."""
