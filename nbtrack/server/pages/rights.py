"""What a user of a server may do, as his pages ask for it beforehand: by the rules of the gate."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from nbtrack.errors import ExperimentNotFound
from nbtrack.records.registry import EventKind
from nbtrack.server.grants import EXPERIMENT, MODEL, Need
from nbtrack.server.pages.gate_reads import store_at_gate
from nbtrack.server.roles import Role, role_of_change
from nbtrack.server.scopes import is_met
from nbtrack.server.served import Served
from nbtrack.server.users import User
from nbtrack.stores.store import Store


class UsersRights:
    """*who* is asked each time: raises NotIdentified once he may not come in any more."""

    def __init__(self, served: Served, who: Callable[[], User]) -> None:
        self._served, self._who = served, who

    def may_edit_experiment(self, experiment_id: str) -> bool:
        """Grants are by name, which is looked up for whoever has no role for all."""
        user = self._who()
        if user.may(Role.EDITOR):
            return True
        with suppress(ExperimentNotFound):
            name = self._served.store.get_experiment(experiment_id).name
            return is_met(Need(Role.EDITOR, EXPERIMENT, name), user)
        return False

    def may_edit_model(self, name: str) -> bool:
        return self._may(EventKind.VERSION_TAG_SET, name)

    def may_move(self, name: str) -> bool:
        return self._may(EventKind.STAGE_CHANGED, name)

    def may_register(self) -> bool:
        user = self._who()
        needed = role_of_change(EventKind.VERSION_CREATED)
        of_models = (each for each in user.grants if each.kind == MODEL)
        return user.may(needed) or any(each.role.may(needed) for each in of_models)

    def at_gate(self, store: Store, name: str) -> Store:
        return store_at_gate(store, self._served.store, name) if self.may_move(name) else store

    def _may(self, kind: EventKind, model: str) -> bool:
        return is_met(Need(role_of_change(kind), MODEL, model), self._who())
