"""The cell that is running: its source, what it says, and which cell of the notebook it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from nbtrack.capture.secrets import mask_secrets
from nbtrack.capture.source import CellSource, names_bound, parse_cell
from nbtrack.cells.transform import rewrite_track_line
from nbtrack.journal.lines import now_us


@dataclass(kw_only=True)
class RunningCell:
    """*info* is IPython's ExecutionInfo of the outermost frame, *count* the number in `In [n]`."""

    shell: Any
    info: Any
    started_us: int = field(default_factory=now_us)
    clock: float = field(default_factory=time.perf_counter)

    @property
    def typed(self) -> str:
        return str(self.info.raw_cell)

    @property
    def cell_id(self) -> str | None:
        return getattr(self.info, "cell_id", None)

    @cached_property
    def masked(self) -> str:
        return mask_secrets(self.typed)

    @cached_property
    def transformed(self) -> str:
        known = getattr(self.info, "transformed_cell", None)
        return known if isinstance(known, str) else str(self.shell.transform_cell(self.typed))

    @cached_property
    def source(self) -> CellSource:
        return parse_cell(self.transformed, self.typed)

    @cached_property
    def count(self) -> int:
        """First asked for while the cell runs, as `In [n]` says."""
        result = getattr(self.shell.displayhook, "exec_result", None)
        count = getattr(result, "execution_count", None)
        return int(self.shell.execution_count if count is None else count)

    @property
    def bound_names(self) -> frozenset[str]:
        return names_bound(self.source)

    def begins_with_track(self) -> bool:
        """Whether a `%track` line is the first thing that runs, other magics above it aside."""
        lines = self.typed.splitlines(keepends=True)
        while lines and lines[0].startswith("%%") and not lines[0].startswith("%%track"):
            lines = lines[1:]
        return rewrite_track_line(lines) != lines

    def compiles(self) -> bool:
        """Some errors, such as a `return` at the top, are found only after the first lines ran."""
        import ast
        import warnings

        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | int(getattr(self.shell.compile, "flags", 0))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for statement in ast.parse(self.transformed).body:
                    # One by one, as IPython does: a __future__ import may stand below ours.
                    part = ast.Module([statement], type_ignores=[])
                    compile(part, "<cell>", "exec", flags=flags, dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
        except (RecursionError, MemoryError):
            return True
        return True
