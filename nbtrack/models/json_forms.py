"""The JSON text of a schema as the forms of its parts."""

from __future__ import annotations

import json
from typing import Any

from nbtrack.errors import InvalidValue


def forms_in(text: str) -> list[dict[str, Any]]:
    """Raises InvalidValue."""
    try:
        forms = json.loads(text)
    except ValueError as exc:
        raise InvalidValue(f"This is no schema in JSON: {exc}: {text[:100]!r}.") from exc
    if not isinstance(forms, list) or not all(isinstance(form, dict) for form in forms):
        raise InvalidValue(f"A schema is a JSON list of objects, not {text[:100]!r}.")
    return forms
