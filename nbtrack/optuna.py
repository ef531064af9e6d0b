"""`nbtrack.optuna`: studies and their trials as runs."""

from __future__ import annotations

from nbtrack.hooks.optuna.hook import autolog

__all__ = ["autolog"]
