"""The files of a registered version, among what came over.

A version names them by a URI, or by the path that they had: of that, only the run or model and the
path in its artifacts count, so that no store makes us copy another folder of this machine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nbtrack.errors import ModelNotFound, NbtrackError
from nbtrack.models.model_place import ModelPlace
from nbtrack.models.model_uris import locate
from nbtrack.records.ids import MODEL_ID, RUN_ID
from nbtrack.stores.store import Store

_OF_RUN = re.compile(rf"(?:^runs:/+|/)({RUN_ID})(?:/artifacts)?/(.+)")
_OF_MODEL = re.compile(rf"(?:^models:/+|/)({MODEL_ID})(?:/artifacts)?/?$")
_REGISTERED = re.compile(r"models:/+[^/]+/[0-9]+")


def find_model_files(store: Store, sources: Sequence[str]) -> tuple[str, ModelPlace]:
    """The URI by which it is called here, and its place. Raises ModelNotFound."""
    reason = "it names none"
    for source in sources:
        if (uri := _uri_here(source)) is None:
            reason = f"{source!r:.120} is no place in a run or a logged model"
            continue
        try:
            return uri, locate(uri, store=store)
        except NbtrackError as exc:
            reason = str(exc)
    raise ModelNotFound(f"Its model did not come over: {reason}")


def _uri_here(source: str) -> str | None:
    if (found := _OF_MODEL.search(source)) is not None:
        return f"models:/{found[1]}"
    if (found := _OF_RUN.search(source)) is not None:
        return f"runs:/{found[1]}/{found[2].rstrip('/')}"
    return source if _REGISTERED.fullmatch(source) else None
