"""What the user of a page may do with the model that it shows."""

from __future__ import annotations

from nbtrack.panels.shared.rights import Rights


def allowed(rights: Rights, name: str | None) -> dict[str, bool]:
    """As a `ModelPage` says it; of the list of all models, nothing."""
    if name is None:
        return {}
    return {"mayEdit": rights.may_edit_model(name), "mayMove": rights.may_move(name)}
