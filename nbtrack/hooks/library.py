"""`Library`: a framework whose functions are patched where it is imported, now or later."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from nbtrack.base.guard import warn_once
from nbtrack.base.imported import imported
from nbtrack.hooks import imports, patching
from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.switches import Switch

Version = tuple[int, int]


class Library:
    """One that its hook is a table of: *patches* says what to put around what of a module.

    *tested* are the first and the last version that it was tried with.
    """

    def __init__(
        self,
        package: str,
        *,
        hook: str,
        flags: CommonFlags,
        patches: Callable[[ModuleType], Iterator[patching.Patch]],
        tested: tuple[Version, Version],
    ) -> None:
        self.package, self.tested = package, tested
        self.flags: Any = flags  # those of the last autolog()
        self.switch = Switch(hook, default_flags=flags)
        self._patches = patches

    def autolog(
        self,
        log_input_examples: bool = False,
        log_model_signatures: bool = True,
        log_models: bool = True,
        log_datasets: bool = True,
        disable: bool = False,
        exclusive: bool = False,
        disable_for_unsupported_versions: bool = False,
        silent: bool = False,
        registered_model_name: str | None = None,
        extra_tags: Mapping[str, Any] | None = None,
    ) -> None:
        """Record what this library trains: `nbtrack.autolog` with more to say.

        registered_model_name: register each model under this name.
        """
        flags = CommonFlags(
            log_input_examples=log_input_examples,
            log_model_signatures=log_model_signatures,
            log_models=log_models,
            log_datasets=log_datasets,
            exclusive=exclusive,
            disable_for_unsupported_versions=disable_for_unsupported_versions,
            silent=silent,
            registered_model_name=registered_model_name,
            extra_tags=extra_tags,
        )
        self.ask(flags, disable=disable)

    def ask(self, flags: CommonFlags, *, disable: bool) -> None:
        """What its own autolog() does."""
        if disable:
            self.switch.turn_off(by_name=True)
        else:
            self.switch.turn_on(flags, by_name=True)

    def enable(self, flags: CommonFlags) -> None:
        """Patch what is imported of it, and what will be. Called again: with other flags."""
        if flags != self.flags:
            self.disable()
        self.flags = flags
        _set_silent(self.package, is_silent=flags.silent)
        imports.watch(self.package, self._patch)

    def disable(self) -> None:
        imports.unwatch(self.package)
        patching.undo_package(self.package)
        _set_silent(self.package, is_silent=False)

    def say_if_untested(self) -> None:
        """Its training is recorded all the same, as far as it can be."""
        if self._is_untested():
            (a, b), (c, d) = self.tested
            warn_once(
                f"nbtrack: {self.package} {self._version} is none of the versions that were tried "
                f"({a}.{b} to {c}.{d}); it trains as ever, and its record may be incomplete."
            )

    def _patch(self, module: ModuleType) -> None:
        if not (self.flags.disable_for_unsupported_versions and self._is_untested()):
            patching.apply(self._patches(module))

    def _is_untested(self) -> bool:
        first, last = self.tested
        found = self._version.split(".")[:2]
        return not first <= tuple(int(part) for part in found if part.isdigit()) <= last

    @property
    def _version(self) -> str:
        return str(imported(self.package, "__version__") or "0")


def _set_silent(package: str, *, is_silent: bool) -> None:
    if is_silent or "nbtrack.hooks.silence" in sys.modules:
        importlib.import_module("nbtrack.hooks.silence").set_silent(package, is_silent=is_silent)
