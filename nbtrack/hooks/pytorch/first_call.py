"""What a model is called with, and what it returns: seen once, for its signature.

The model is not called for it, as a call may change it, and nothing is left in it: what looks on is
a hook for all modules, taken out as soon as this one was called.
"""

from __future__ import annotations

from typing import Any
from weakref import ref

from torch import Tensor, bfloat16, float16, float32
from torch.nn import Module
from torch.nn.modules.module import register_module_forward_hook

from nbtrack.base.guard import guarded
from nbtrack.base.imported import imported
from nbtrack.hooks.data.rows import EXAMPLE_ROWS


class FirstCall:
    """*rows* and *returned* are arrays of the first rows; None if they cannot be had."""

    def __init__(self, model: Module) -> None:
        self.rows: Any = None
        self.returned: Any = None
        self._model = ref(model)
        # Compiled code would be compiled again, with the hook, and once more without it.
        self._handle = None if _is_anything_compiled() else register_module_forward_hook(self._see)

    def _see(self, module: Module, args: Any, returned: Any) -> None:
        if module is self._model():
            self.close()
            with guarded("look at what a model is called with"):
                is_known = len(args) == 1 and _is_plain(args[0]) and _is_plain(returned)
                if is_known and args[0].dtype is not bfloat16:
                    self.rows, self.returned = _first(args[0]), _first(_uncast(returned, args[0]))

    def close(self) -> None:
        if self._handle is not None:
            self._handle.remove()
            self._handle = None


def _is_plain(value: Any) -> bool:
    return type(value) is Tensor and value.dim() > 0


def _uncast(returned: Tensor, given: Tensor) -> Tensor:
    """`autocast` is for the training alone; and numpy has no bfloat16."""
    is_cast = returned.dtype in (bfloat16, float16) and given.dtype is float32
    return returned.float() if is_cast else returned


def _first(value: Tensor) -> Any:
    return value[:EXAMPLE_ROWS].detach().cpu().numpy().copy()


def _is_anything_compiled() -> bool:
    counters = imported("torch._dynamo.utils", "counters")
    return counters is not None and bool(counters["frames"]["total"])
