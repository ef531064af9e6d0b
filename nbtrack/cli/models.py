"""Use a model that was logged: `predict` for a file, `serve` over HTTP."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.cli.console import port_number, say
from nbtrack.cli.place import open_place
from nbtrack.errors import InvalidValue, NbtrackError, require

if TYPE_CHECKING:
    from nbtrack.models.pyfunc_model import PyFuncModel

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_KINDS = ("csv", "json", "parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    predict = actions.add_parser("predict", help="predictions for the rows of a file")
    serve = actions.add_parser("serve", help="answer requests as MLflow's scoring server does")
    for each in (predict, serve):
        each.add_argument(
            "-m",
            "--model-uri",
            required=True,
            metavar="URI",
            help="runs:/<run id>/<path>, models:/<name>/<version> or a folder",
        )
        each.add_argument(
            "--trusted",
            action="append",
            metavar="TYPE",
            help="a type in a skops file that you know to be harmless; more than once for more",
        )
    _add_predict_arguments(predict)
    serve.add_argument("--port", "-p", type=port_number, default=5000, help="0 is any free one")
    serve.add_argument("--host", default="127.0.0.1", help="default: this machine only")


def _add_predict_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-i", "--input-path", metavar="FILE", help="default: stdin, as CSV")
    parser.add_argument("-o", "--output-path", metavar="FILE", help="default: stdout, as CSV")
    parser.add_argument(
        "-t", "--content-type", choices=_KINDS, help="of the input (default: by its suffix)"
    )


def run(arguments: argparse.Namespace) -> int:
    model = _load(arguments)
    if arguments.action == "serve":
        return _serve(model, arguments)
    _check_output(arguments.output_path)
    data, params = _read_input(arguments, model)
    _write_output(_as_frame(model.predict(data, params)), arguments.output_path)
    return 0


def _load(arguments: argparse.Namespace) -> PyFuncModel:
    from nbtrack.models.load_options import LoadOptions
    from nbtrack.models.loading import load_pyfunc

    is_recorded = arguments.model_uri.startswith(("runs:", "models:"))
    store = open_place(arguments.store) if is_recorded else None
    options = LoadOptions(trusted=arguments.trusted)
    loaded: PyFuncModel = load_pyfunc(arguments.model_uri, options, store=store)
    return loaded


def _serve(model: PyFuncModel, arguments: argparse.Namespace) -> int:
    from nbtrack.models.serving import serve

    if arguments.host not in _LOOPBACK:
        sys.stderr.write(
            f"nbtrack: {arguments.host} can be reached from other machines, and nobody is asked "
            "for a password.\n"
        )
    serve(model, host=arguments.host, port=arguments.port)
    return 0


def _read_input(arguments: argparse.Namespace, model: PyFuncModel) -> tuple[Any, Any]:
    from nbtrack.models.serving_input import CSV, JSON, PARQUET

    path = arguments.input_path
    kind = arguments.content_type or _kind_of(path)
    body = sys.stdin.buffer.read() if path is None else Path(path).read_bytes()
    content_type = {"csv": CSV, "json": JSON, "parquet": PARQUET}[kind]
    return model.read_request(body, content_type)


def _kind_of(path: str | None) -> str:
    """By the suffix; what has none is CSV."""
    suffix = Path(path or "").suffix.lstrip(".").lower() or "csv"
    if suffix not in _KINDS:
        raise InvalidValue(f"{path!r} is no .csv, .json or .parquet file; say -t {_KINDS[0]}.")
    return suffix


def _check_output(path: str | None) -> None:
    """Before the model runs: a wrong suffix is not worth the wait."""
    if path is None:
        return
    if _kind_of(path) == "parquet":
        require("pyarrow", extra="parquet")
    if not Path(path).absolute().parent.is_dir():
        raise InvalidValue(f"There is no folder {str(Path(path).absolute().parent)!r}; make it.")


def _as_frame(predictions: Any) -> Any:
    """One column, `predictions`, unless the model has more to say."""
    import numpy as np
    import pandas as pd

    if isinstance(predictions, pd.DataFrame):
        return predictions
    if hasattr(predictions, "to_dicts"):
        return pd.DataFrame(predictions.to_dicts())
    if hasattr(predictions, "toarray"):
        predictions = predictions.toarray()
    if isinstance(predictions, np.ndarray) and predictions.ndim == 2:
        names = [f"predictions_{i}" for i in range(predictions.shape[1])]
        return pd.DataFrame(predictions, columns=names)
    try:
        return pd.DataFrame({"predictions": predictions})
    except ValueError:
        return pd.DataFrame({"predictions": [predictions]})


def _write_output(frame: Any, path: str | None) -> None:
    if path is None:
        say(frame.to_csv(index=False).rstrip("\n"))
        return
    # Under another name first: who finds the file finds all of it.
    temporary = Path(f"{path}.nbtrack-tmp-{os.getpid()}")
    try:
        _write(frame, temporary, _kind_of(path))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _write(frame: Any, file: Path, kind: str) -> None:
    frame.columns = [str(label) for label in frame.columns]
    try:
        if kind == "parquet":
            frame.to_parquet(file, index=False)
        elif kind == "json":
            frame.to_json(file, orient="records", date_format="iso")
        else:
            frame.to_csv(file, index=False)
    except (TypeError, ValueError) as exc:
        raise NbtrackError(f"The predictions cannot be written as {kind}: {exc}.") from exc
