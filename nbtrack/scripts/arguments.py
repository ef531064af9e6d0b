"""The arguments of a script as params, whatever parses them: `--lr 0.1`, `--lr=0.1`, `-v`,
`model.lr=0.1` as Hydra has it, and what has no name by its place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nbtrack.base.values import KEY_CHARACTERS
from nbtrack.capture.redact import holds_secret, mask_text

_OPTION = re.compile(r"--?([A-Za-z][^=]*)(?:=(.*))?", re.DOTALL)
_OVERRIDE = re.compile(r"\+{0,2}([A-Za-z_][\w./@-]*)=(.*)", re.DOTALL)
_NO_KEY = re.compile(f"[^{KEY_CHARACTERS}]")
_HIDDEN = "***"


def params_of(arguments: Sequence[str]) -> dict[str, str]:
    """By name, without its hyphens; an option that comes again, or has several values, has them
    all, with spaces between. Secrets are hidden."""
    found: dict[str, list[str]] = {}
    name, places = None, 0
    for argument in arguments:
        if (option := _OPTION.fullmatch(argument)) is not None:
            name = _key(option[1])
            values = found.setdefault(name, [])
            if option[2] is not None:
                values.append(option[2])
                name = None
        elif name is None and (override := _OVERRIDE.fullmatch(argument)) is not None:
            found.setdefault(_key(override[1]), []).append(override[2])
        elif name is not None:
            found[name].append(argument)
        else:
            places += 1
            found[f"argument {places}"] = [argument]
    return {
        key: _shown(key, " ".join(values) if values else "True") for key, values in found.items()
    }


def _key(name: str) -> str:
    return _NO_KEY.sub("_", name.replace("-", "_"))


def _shown(name: str, value: str) -> str:
    return _HIDDEN if holds_secret(name, value) else mask_text(value)
