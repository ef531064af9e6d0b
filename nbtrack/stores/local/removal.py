"""Taking runs, logged models and records of cells out of the database, for `nbtrack gc`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nbtrack.records.executions import CONTENT_KEY
from nbtrack.stores.local import identities
from nbtrack.stores.local.attachment import Attachment
from nbtrack.stores.local.model_schema import TABLES as MODEL_TABLES
from nbtrack.stores.local.parsed_lines import transaction
from nbtrack.stores.local.schema import TABLES

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection


def remove_runs(attachment: Attachment, run_ids: Sequence[str]) -> None:
    """All rows of these runs, in one transaction; their artifacts are not looked at."""
    with attachment.open(read_only=False) as connection, transaction(connection):
        keys = [
            key
            for (key,) in connection.execute(
                "select run_key from project.stored.run_keys where list_contains($ids, run_id)",
                {"ids": list(run_ids)},
            ).fetchall()
        ]
        delete_models(connection, models_of_runs(connection, run_ids))
        connection.execute(identities.FORGET, {"keys": keys})
        for table, columns in TABLES.items():
            if "run_key" in columns:
                connection.execute(
                    f"delete from project.stored.{table} where list_contains($keys, run_key)",
                    {"keys": keys},
                )


def remove_models(attachment: Attachment, model_ids: Sequence[str]) -> None:
    """All rows of these logged models, in one transaction; their files are not looked at."""
    with attachment.open(read_only=False) as connection, transaction(connection):
        delete_models(connection, model_ids)


def remove_executions(attachment: Attachment, numbers: Mapping[str, Sequence[int]]) -> None:
    """These, by kernel, and the texts that neither another one nor a dataset names."""
    with attachment.open(read_only=False) as connection, transaction(connection):
        for kernel, gone in numbers.items():
            connection.execute(
                "delete from project.stored.executions"
                " where kernel = $kernel and list_contains($gone, number)",
                {"kernel": kernel, "gone": list(gone)},
            )
        connection.execute(
            "delete from project.stored.texts where digest not in ("
            "select (facts->>'source') from project.stored.executions union all"
            " select unnest(try_cast((facts->'generators') as varchar[]))"
            " from project.stored.executions union all"
            " select (module->>3) from (select unnest(try_cast((facts->'modules') as json[]))"
            " as module from project.stored.executions) where (module->>3) is not null union all"
            " select $content || digest from project.stored.inputs where digest is not null)",
            {"content": CONTENT_KEY},
        )


def models_of_runs(connection: Connection, run_ids: Sequence[str]) -> list[str]:
    """The logged models that these runs made."""
    found = connection.execute(
        "select model_id from project.stored.model_events group by model_id"
        " having list_contains($ids, arg_max(source_run_id, t))",
        {"ids": list(run_ids)},
    ).fetchall()
    return [model_id for (model_id,) in found]


def delete_models(connection: Connection, model_ids: Sequence[str]) -> None:
    for table in MODEL_TABLES:
        connection.execute(
            f"delete from project.stored.{table} where list_contains($ids, model_id)",
            {"ids": list(model_ids)},
        )
