"""Of those who change the registry at once, one does, and the chain holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from nbtrack.errors import InvalidValue, RegistryMoved
from nbtrack.records.registry import EventKind, NewEvent, RegistryHead, RegistryQuery
from nbtrack.stores.registry.registry_chain import fault_in
from tests.support.postgres import postgres


def test_of_eight_who_change_it_one_does(tmp_path: Path) -> None:
    """On two servers with one folder, whoever is in his turn or not."""
    from nbtrack.stores.postgres.store import PostgresStore

    address = postgres().new_database()
    stores = [PostgresStore(address, tmp_path) for _ in range(2)]
    stores[0].prepare()

    def change(place: int, head: RegistryHead) -> int:
        event = NewEvent(actor=f"a{place}", kind=EventKind.MODEL_CREATED,
                         model_key=head.number + 1, model=f"m{head.number}")  # fmt: skip
        try:
            if place % 4 < 2:
                return len(stores[place % 2].registry_append([event], after=head))
            with stores[place % 2].registry_turn(timeout=20):
                return len(stores[place % 2].registry_append([event], after=head))
        except RegistryMoved:
            return 0

    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            head = stores[0].registry_head()
            winners = list(pool.map(lambda place, head=head: change(place, head), range(8)))
            assert sum(winners) == 1

    events = stores[1].registry_events()
    assert [event.n for event in events] == [1, 2, 3, 4, 5]
    assert fault_in(events) is None
    assert stores[0].noted_registry_head() == stores[1].registry_head()
    for store in stores:
        store.close()


def test_zeros_in_what_events_say(tmp_path: Path) -> None:
    from nbtrack.stores.postgres.store import PostgresStore

    store = PostgresStore(postgres().new_database(), tmp_path)
    store.prepare()
    made = NewEvent(actor="a", kind=EventKind.MODEL_CREATED, model_key=1, model="m")
    tag = NewEvent(actor="a", kind=EventKind.MODEL_TAG_SET, model_key=1, model="m", to_value="v",
                   details={"key": "a\0\\u0000"})  # fmt: skip
    store.registry_append([made, tag], after=RegistryHead())
    with pytest.raises(InvalidValue, match="zero"):
        store.registry_append([replace(tag, to_value="\0")], after=store.registry_head())

    (model,) = store.search_registered_models(RegistryQuery())
    assert model.tags == {"a�\\u0000": "v"}
    assert fault_in(store.registry_events()) is None
    store.close()


def test_what_is_no_change_any_more_leaves_nothing(tmp_path: Path) -> None:
    from nbtrack.stores.postgres.store import PostgresStore

    store = PostgresStore(postgres().new_database(), tmp_path)
    store.prepare()
    event = NewEvent(actor="a", kind=EventKind.MODEL_CREATED, model_key=1, model="m")
    with pytest.raises(RegistryMoved):
        store.registry_append([event], after=RegistryHead(7, "f" * 64))

    assert store.registry_events() == []
    store.close()
