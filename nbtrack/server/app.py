"""The server as an ASGI application: which path is answered by what, and how errors are told."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from nbtrack.errors import MlflowException, StoreBusy
from nbtrack.remote.protocol import SERVER
from nbtrack.server import artifact_files
from nbtrack.server.asked import Asked, of_body, of_query
from nbtrack.server.audit import AuditLog
from nbtrack.server.door import Door
from nbtrack.server.guards import OwnPagesOnly, body_of
from nbtrack.server.identity import Identified
from nbtrack.server.measures import Measured, Measures, tell
from nbtrack.server.mlflow_protocol import (
    experiments,
    logged_models,
    metrics,
    registered_models,
    runs,
)
from nbtrack.server.nbtrack_protocol import routes as nbtrack_protocol
from nbtrack.server.nbtrack_protocol.kept_answers import KeptAnswers
from nbtrack.server.pages.routes import ServerPages
from nbtrack.server.pages.sessions import Sessions
from nbtrack.server.served import Served
from nbtrack.server.users import Users

PROTOCOL_VERSION = "3.0.0"  # of MLflow: what its clients may ask for
RETRY_SECONDS = 1
_APIS = ("/api/2.0", "/ajax-api/2.0")
_Answer = Callable[[Served, Asked], dict[str, Any]]
_ANSWERS: dict[str, _Answer] = {
    **experiments.ANSWERS,
    **runs.ANSWERS,
    **metrics.ANSWERS,
    **logged_models.ANSWERS,
    **registered_models.ANSWERS,
}
_log = logging.getLogger(__name__)


def make_app(served: Served, *, is_open: bool = True, names: Sequence[str] = ()) -> Starlette:
    """MLflow's REST protocol over the project, its artifacts, `/health`, `/version` and
    `/metrics`; and the pages of `nbtrack ui`.

    With *is_open*, nobody has to say who he is until there are users; *names* are those of the
    machine, as clients write them.
    """
    users, audit = Users(served.folder), AuditLog(served.folder)
    door = Door(users, is_open=is_open)
    routes = [
        *ServerPages(served, door, audit, Sessions(users)).routes(),
        Route("/health", _health),
        Route("/version", _version),
        Route("/metrics", tell),
        *_protocol_routes(),
        *_artifact_routes(),
        *nbtrack_protocol.routes(),
    ]
    handlers: dict[Any, Any] = {
        MlflowException: _refuse,
        ClientDisconnect: _gone,
        404: _not_served,
        405: _not_served,
        Exception: _fault,
    }
    measures = Measures()
    guards = [
        Middleware(Measured, measures=measures),
        Middleware(OwnPagesOnly, names=names),
        Middleware(Identified, door=door, audit=audit, served=served),
    ]
    app = Starlette(routes=routes, exception_handlers=handlers, middleware=guards)
    app.state.served, app.state.measures = served, measures
    app.state.kept_answers = KeptAnswers()
    return app


def _protocol_routes() -> list[BaseRoute]:
    found: list[BaseRoute] = []
    for name, answer in _ANSWERS.items():
        method, _, path = name.partition(" ")
        places = [f"{api}/mlflow/{path}" for api in _APIS]
        found += [Route(place, _endpoint(answer), methods=[method]) for place in places]
    return found


def _artifact_routes() -> list[BaseRoute]:
    found: list[BaseRoute] = [
        Route("/get-artifact", artifact_files.download_of_run),
        Route("/model-versions/get-artifact", artifact_files.download_of_version),
        Route(
            "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files",
            artifact_files.download_of_model,
        ),
        Route(
            "/ajax-api/2.0/mlflow/upload-artifact", artifact_files.upload_to_run, methods=["POST"]
        ),
    ]
    for api in _APIS:
        place = f"{api}/mlflow-artifacts/artifacts/{{place:path}}"
        found += [
            Route(f"{api}/mlflow-artifacts/artifacts", artifact_files.list_folder),
            Route(place, artifact_files.download, methods=["GET"]),
            Route(place, artifact_files.upload, methods=["PUT"]),
            Route(place, artifact_files.remove, methods=["DELETE"]),
            Route(
                f"{api}/mlflow-artifacts/mpu/{{rest:path}}",
                artifact_files.in_parts,
                methods=["POST"],
            ),
        ]
    return found


def _endpoint(answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        fields = of_query(request.query_params.multi_items()) | of_body(await body_of(request))
        asked = Asked(fields | request.path_params)
        return JSONResponse(await run_in_threadpool(answer, request.app.state.served, asked))

    return endpoint


async def _health(_: Request) -> Response:
    return PlainTextResponse("OK")


async def _version(_: Request) -> Response:
    return PlainTextResponse(PROTOCOL_VERSION, headers={SERVER: "1"})


async def _refuse(request: Request, exc: Exception) -> Response:
    """With the name of our own error, for clients of nbtrack, beside MLflow's code."""
    assert isinstance(exc, MlflowException)
    told = {**json.loads(exc.serialize_as_json()), "kind": type(exc).__name__}
    told["message"] = request.app.state.served.without_folder(str(exc))
    if isinstance(exc, StoreBusy):
        return _error(503, **told, retry=RETRY_SECONDS)
    return _error(exc.get_http_status_code(), **told)


async def _gone(_: Request, __: Exception) -> Response:
    """Its line broke in the middle of a request: no fault of ours, and nobody reads this."""
    return _error(400, error_code="BAD_REQUEST", message="The request broke off.")


async def _not_served(request: Request, _: Exception) -> Response:
    asked = f"{request.method} {request.url.path}"
    message = f"This server does not answer {asked}."
    return _error(404, error_code="ENDPOINT_NOT_FOUND", message=message)


async def _fault(request: Request, exc: Exception) -> Response:
    """Ours: the log has it all, the client its name only."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=exc)
    message = f"The server failed: {type(exc).__name__}."
    return _error(500, error_code="INTERNAL_ERROR", message=message)


def _error(status: int, *, retry: int | None = None, **told: Any) -> Response:
    headers = {} if retry is None else {"Retry-After": str(retry)}
    return JSONResponse(told, status, headers=headers)
