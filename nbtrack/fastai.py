"""`nbtrack.fastai`: fastai's part of the API. The models are kept by `nbtrack.pytorch`."""

from __future__ import annotations

from nbtrack.hooks.fastai.hook import autolog

__all__ = ["autolog"]
