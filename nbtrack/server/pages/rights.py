"""What a user of a server may do, as his pages ask for it beforehand: by the rules of the gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nbtrack.records.registry import EventKind
from nbtrack.records.runs import ViewType
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
        return experiment_id in self.experiments_to_edit([experiment_id])

    def experiments_to_edit(self, experiment_ids: Iterable[str]) -> set[str]:
        """Grants are by name, which is looked up only where one could be meant: each page asks,
        and so do all that lie open, at each news."""
        user, asked = self._who(), set(experiment_ids)
        if user.may(Role.EDITOR):
            return asked
        of_some = any(
            each.kind == EXPERIMENT and each.role.may(Role.EDITOR) for each in user.grants
        )
        if not (of_some and asked):
            return set()
        found = self._served.store.search_experiments(view_type=ViewType.ALL)
        names = {each.experiment_id: each.name for each in found if each.experiment_id in asked}
        return {
            each
            for each, name in names.items()
            if is_met(Need(Role.EDITOR, EXPERIMENT, name), user)
        }

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
