"""W&B's variable WANDB_MODE while code that says `import wandb` records here: a process that such
code starts anew has W&B itself, which is to send nothing."""

from __future__ import annotations

import os

_VARIABLE, _OFF = "WANDB_MODE", "disabled"
_before: list[str | None] = []  # what it said; empty while it is the user's


def silence_children() -> None:
    """Of this process, from now on."""
    if not _before:
        _before.append(os.environ.get(_VARIABLE))
        os.environ[_VARIABLE] = _OFF


def give_back() -> None:
    """The variable says what it said, unless the code has changed it since."""
    if not _before:
        return
    said = _before.pop()
    if os.environ.get(_VARIABLE) == _OFF:
        del os.environ[_VARIABLE]
        if said is not None:
            os.environ[_VARIABLE] = said


def chosen_mode() -> str | None:
    """What the user's code or environment says, not what we say to children."""
    said = os.environ.get(_VARIABLE)
    return _before[0] if _before and said == _OFF else said
