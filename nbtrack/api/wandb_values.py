"""`wandb.Image` and `wandb.Table`, and where what is logged goes: a number is a point, a picture or
a table is a file, a text is a tag."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from nbtrack.api.wandb_unrecorded import Unrecorded
from nbtrack.artifact_store.image import Image as KeptImage
from nbtrack.base.guard import warn_once
from nbtrack.errors import InvalidValue
from nbtrack.recording.active_run import ActiveRun
from nbtrack.transfer.sources.runs_only import path_of


class Image:
    """*data_or_path*: an array (height, width, 1, 3 or 4), a PIL image, a figure of matplotlib, a
    tensor (1, 3 or 4, height, width), or the path of a file. *caption* is in the file's name."""

    def __init__(self, data_or_path: Any, mode: Any = None, caption: str | None = None, **_: Any):
        self.data = data_or_path
        self.mode = mode
        self.caption = caption

    def log_to(self, run: ActiveRun, name: str) -> None:
        place = f"media/images/{path_of(name)}"
        if self.caption:
            place += f" {path_of(self.caption).replace('/', ' ')}"
        if isinstance(self.data, str | Path):
            run.log_bytes(Path(self.data).read_bytes(), f"{place}{Path(self.data).suffix}")
        elif _is_figure(self.data):
            run.log_figure(self.data, f"{place}.png")
        else:
            run.log_image(_as_picture(self.data), f"{place}.png")


class Table:
    """Rows of *columns*; *data* has the first of them, or *dataframe* is the table."""

    def __init__(
        self, columns: Sequence[str] | None = None, data: Any = None, rows: Any = None,
        dataframe: Any = None, **_: Any,
    ) -> None:  # fmt: skip
        if (given := dataframe if dataframe is not None else data) is not None and hasattr(
            given, "columns"
        ):
            columns, data = list(given.columns), given.to_numpy().tolist()
        data = data if data is not None else rows if rows is not None else []
        self.data: list[list[Any]] = [list(row) for row in data]
        width = len(self.data[0]) if self.data else 3
        default = [str(n) for n in range(width)] if self.data else ["Input", "Output", "Expected"]
        self.columns = [str(each) for each in (default if columns is None else columns)]
        for row in self.data:
            self._check(row)

    def add_data(self, *row: Any) -> None:
        self._check(row)
        self.data.append(list(row))

    def add_row(self, *row: Any) -> None:
        self.add_data(*row)

    def add_column(self, name: str, data: Iterable[Any], optional: bool = False) -> None:
        _ = optional
        cells = list(data)
        if self.data and len(cells) != len(self.data):
            raise InvalidValue(f"Column {name!r} has {len(cells)} cells for {len(self.data)} rows.")
        self.data = [[*row, cell] for row, cell in zip(self.data or [[] for _ in cells], cells)]
        self.columns.append(str(name))

    def get_column(self, name: str, convert_to: str | None = None) -> Any:
        cells = [row[self.columns.index(name)] for row in self.data]
        if convert_to == "numpy":
            import numpy as np

            return np.array(cells)
        return cells

    def log_to(self, run: ActiveRun, name: str) -> None:
        cells = ([_kept_cell(cell) for cell in row] for row in self.data)
        columns = list(zip(*cells)) or [() for _ in self.columns]
        table = {name: list(column) for name, column in zip(self.columns, columns)}
        run.log_table(table, f"media/tables/{path_of(name)}.json")

    def _check(self, row: Sequence[Any]) -> None:
        if len(row) != len(self.columns):
            raise InvalidValue(
                f"This row has {len(row)} cells for {len(self.columns)} columns: "
                f"{', '.join(self.columns)[:200]}."
            )


def log_value(run: ActiveRun, key: str, value: Any, step: int, tag: Callable[[str], None]) -> None:
    """*tag* takes a text. What there is no place for is said once."""
    pictures = _pictures_in(value)
    if pictures:
        for number, picture in enumerate(pictures):
            many = f"-{number}" if len(pictures) > 1 else ""
            picture.log_to(run, f"{key}/{step}{many}")
    elif isinstance(value, Table):
        value.log_to(run, f"{key}/{step}")
    elif isinstance(value, str):
        tag(value)
    elif _is_figure(value):
        Image(value).log_to(run, f"{key}/{step}")
    elif value is not None and not isinstance(value, Unrecorded):
        try:
            run.log_metric(key, value, step)
        except InvalidValue:
            warn_once(
                f"nbtrack has no place for what wandb.log was given as {key!r} ({type(value)}): "
                "numbers, texts, wandb.Image, wandb.Table and figures are recorded."
            )


def _pictures_in(value: Any) -> list[Image]:
    if isinstance(value, Image):
        return [value]
    if isinstance(value, list | tuple) and value and all(isinstance(v, Image) for v in value):
        return list(value)
    return []


def _kept_cell(cell: Any) -> Any:
    if not isinstance(cell, Image):
        return cell
    return (
        str(cell.data) if isinstance(cell.data, str | Path) else KeptImage(_as_picture(cell.data))
    )


def _is_figure(value: Any) -> bool:
    figure = getattr(sys.modules.get("matplotlib.figure"), "Figure", None)
    graph = getattr(sys.modules.get("plotly.basedatatypes"), "BaseFigure", None)
    return any(kind is not None and isinstance(value, kind) for kind in (figure, graph))


def _as_picture(data: Any) -> Any:
    """A tensor has its channels first; numbers beyond 1 in floats are of 0 to 255."""
    import numpy as np

    if hasattr(data, "detach"):
        data = data.detach().cpu().numpy()
        if data.ndim == 3 and data.shape[0] in (1, 3, 4):
            data = data.transpose(1, 2, 0)
    if not isinstance(data, np.ndarray) or data.dtype == np.uint8:
        return data
    if np.issubdtype(data.dtype, np.floating) and data.size and data.min() >= 0 and data.max() <= 1:
        return data
    return np.nan_to_num(data).clip(0, 255).astype(np.uint8)
