"""`ModelConfig`: settings in the file of a model that is kept as code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from nbtrack.base.guard import warn_once
from nbtrack.errors import FileMissing, InvalidValue

# Of the model whose file runs; {} for one that was logged without; None outside of such files.
_of_running_model: ContextVar[Mapping[str, Any] | None] = ContextVar("model_config", default=None)


class ModelConfig:
    """The settings given as *development_config*, a dict or the path of a YAML file.

    In a model that was logged, those of `log_model(model_config=…)` stand in their place, and
    those of `load_model(model_config=…)` in the place of these.
    """

    def __init__(self, *, development_config: str | Path | Mapping[str, Any] | None = None) -> None:
        running = _of_running_model.get()
        self.config = development_config if running is None else running
        if not self.config:
            raise FileMissing("The model has no config; give model_config= when it is logged.")
        if not isinstance(self.config, Mapping) and not Path(self.config).is_file():
            raise FileMissing(f"There is no config file {str(self.config)!r}.")

    def to_dict(self) -> dict[str, Any]:
        """Raises InvalidValue for a file that is no YAML."""
        assert self.config is not None  # see above
        return config_in(self.config)

    def get(self, key: str) -> Any:
        """Raises KeyError."""
        found = self.to_dict()
        if key not in found:
            raise KeyError(f"The config has no {key!r}; it has {', '.join(map(repr, found))}.")
        return found[key]


@contextmanager
def using(config: Mapping[str, Any] | None) -> Iterator[None]:
    """Every `ModelConfig` made in here is *config*."""
    token = _of_running_model.set(config or {})
    try:
        yield
    finally:
        _of_running_model.reset(token)


def replaced(logged: Mapping[str, Any] | None, given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The settings that a model was *logged* with, with those *given* in their place.

    What the model was logged without, it does not ask for: that is left out, and said.
    """
    known = dict(logged or {})
    if unknown := [repr(name) for name in given or {} if name not in known]:
        warn_once(f"nbtrack: the model's own model_config has no {', '.join(unknown)}.")
    return {name: (given or {}).get(name, value) for name, value in known.items()}


def config_in(given: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    """A dict, or what the YAML file holds. Raises InvalidValue."""
    if isinstance(given, Mapping):
        return dict(given)
    import yaml

    try:
        content = yaml.safe_load(Path(given).read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as exc:
        raise InvalidValue(f"The model config {str(given)!r} cannot be read: {exc}.") from exc
    if not isinstance(content, dict):
        raise InvalidValue(f"The model config {str(given)!r} is no mapping of names to values.")
    return content
