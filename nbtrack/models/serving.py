"""A model behind HTTP: the protocol of MLflow's scoring server, on Starlette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.errors import NbtrackError, require
from nbtrack.models.json_values import as_plain, json_text
from nbtrack.models.pyfunc_model import PyFuncModel
from nbtrack.models.requirements import own_version
from nbtrack.models.serving_input import UnsupportedBody

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

EXTRA = "serve"
LOOPBACK = "127.0.0.1"


def make_app(model: PyFuncModel) -> Starlette:
    """`/invocations` answers with predictions; `/ping`, `/health` and `/version` that it lives."""
    require("starlette", extra=EXTRA)
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.routing import Route

    async def invocations(request: Request) -> Response:
        body, kind = await request.body(), request.headers.get("content-type")
        return await run_in_threadpool(_answer, model, body, kind)

    async def alive(_: Request) -> Response:
        return _json_response("\n")

    async def version(_: Request) -> Response:
        return _json_response(own_version())

    routes = [
        Route("/invocations", invocations, methods=["POST"]),
        Route("/ping", alive),
        Route("/health", alive),
        Route("/version", version),
    ]
    # Also for what the model itself raises: the caller is told, and the server's log has it all.
    return Starlette(routes=routes, exception_handlers={Exception: _fault_of_the_model})


def serve(model: PyFuncModel, *, host: str = LOOPBACK, port: int = 5000) -> None:
    """Answer requests until interrupted. Port 0 is any free one; the log names it."""
    uvicorn = require("uvicorn", extra=EXTRA)
    uvicorn.run(make_app(model), host=host, port=port, log_level="info", access_log=False)


def _answer(model: PyFuncModel, body: bytes, content_type: str | None) -> Response:
    try:
        data, params = model.read_request(body, content_type)
        predictions = model.predict(data, params)
        return _json_response(json_text({"predictions": as_plain(predictions)}))
    except UnsupportedBody as exc:
        return _refusal(exc.error_code, str(exc), status=415)
    except NbtrackError as exc:
        return _refusal(exc.error_code, str(exc), status=400)


async def _fault_of_the_model(_: Request, exc: Exception) -> Response:
    return _refusal("BAD_REQUEST", f"The model raised {type(exc).__name__}: {exc}", status=400)


def _refusal(code: str, message: str, *, status: int) -> Response:
    return _json_response(json_text({"error_code": code, "message": message}), status=status)


def _json_response(text: str, *, status: int = 200) -> Response:
    from starlette import responses

    return responses.Response(text, status_code=status, media_type="application/json")
