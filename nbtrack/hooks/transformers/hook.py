"""The transformers hook: what is put around which methods of Trainer.

MLflow's autolog adds a callback of transformers' own, which keeps no model; the flags are those of
the other frameworks.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library
from nbtrack.hooks.patching import Patch

_HERE = "nbtrack.hooks.transformers"
_EVALUATED = {
    "evaluate": f"{_HERE}.evaluations:around_evaluate",
    "predict": f"{_HERE}.evaluations:around_predict",
}
# Other subclasses call these, or train in a way of their own.
_BY_MODULE = {
    "transformers.trainer": ("Trainer", {"train": f"{_HERE}.fits:around_train", **_EVALUATED}),
    "transformers.trainer_seq2seq": ("Seq2SeqTrainer", _EVALUATED),
}


def _patches(module: ModuleType) -> Iterator[Patch]:
    kind, methods = _BY_MODULE.get(module.__name__, ("", {}))
    for name, around in methods.items():
        yield Patch(f"{module.__name__}:{kind}.{name}", around)


library = Library(
    "transformers",
    hook=f"{_HERE}.hook",
    flags=CommonFlags(),
    patches=_patches,
    tested=((4, 48), (5, 24)),
)
autolog, enable, disable = library.autolog, library.enable, library.disable
