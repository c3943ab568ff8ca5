"""Quietline: an anonymous reporting line. Importing this package loads nothing else."""
