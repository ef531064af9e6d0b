"""Serve a project to a team: clients of nbtrack and of MLflow log to it and read from it."""

from __future__ import annotations

import argparse
import shlex
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.cli.console import port_number, say
from nbtrack.cli.place import Place, new_place
from nbtrack.errors import BucketAway, InvalidValue, require
from nbtrack.server.buckets.bucket import Bucket, is_bucket
from nbtrack.server.users import Users
from nbtrack.stores.opening import is_database, without_password

if TYPE_CHECKING:
    from nbtrack.server.served import Served

EXTRA = "server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", metavar="PATH", help="the project; the same as --store")
    parser.add_argument(
        "--artifacts",
        metavar="PLACE",
        help="where files lie: s3://bucket/prefix, or, with --store postgresql://…, a folder",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="default: this machine only; 0.0.0.0 is every machine, and takes users",
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        help="of this machine, as clients write it (team.example.org); may be given again",
    )
    parser.add_argument(
        "--behind-proxy",
        action="store_true",
        help="of this machine, which says in X-Forwarded-For where requests are from",
    )
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="on stderr: faults as text (default), or each request and fault as a line of JSON",
    )
    parser.add_argument(
        "--port", "-p", type=port_number, default=5000, help="default: 5000; 0 is any free one"
    )

    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        help="1: how often a password may be wrong, and the counts of /metrics, are kept in one "
        "process; for more of them, begin several servers on one project behind a proxy",
    )


def run(arguments: argparse.Namespace) -> int:
    _check_workers(arguments)
    require("starlette", extra=EXTRA)
    require("uvicorn", extra=EXTRA)
    from nbtrack.server.guards import LOOPBACK
    from nbtrack.server.listening import serve
    from nbtrack.server.open_port import listen
    from nbtrack.server.served import Served

    database, place = _places(arguments)
    is_private = arguments.host in LOOPBACK and not arguments.name  # a name is for others
    if not is_private:
        _check_users(place.folder)
    bucket = Bucket(arguments.artifacts) if is_bucket(arguments.artifacts or "") else None
    served = Served(place.folder.as_uri(), database=database, bucket=bucket)
    _look_into(bucket, served)
    with listen(arguments.host, arguments.port) as opened:
        address = f"http://{arguments.host}:{opened.getsockname()[1]}"
        files = f", with its files in {bucket.address}," if bucket else ""
        say(f"{_shown(database) or place.folder}{files} is served at {address} (Ctrl-C ends it)")
        sys.stdout.flush()
        names = [socket.gethostname().lower(), *map(str.lower, arguments.name)]
        serve(
            served,
            opened,
            is_open=is_private,
            names=names,
            is_behind_proxy=arguments.behind_proxy,
            log_format=arguments.log_format,
        )
    return 0


def _check_workers(arguments: argparse.Namespace) -> None:
    """Raises InvalidValue for more than one."""
    if arguments.workers != 1:
        raise InvalidValue(
            f"--workers {arguments.workers}: a server is one process, which keeps how often a "
            "password may be wrong and the counts of /metrics. Begin several servers on the same "
            "project, each with a --port of its own, behind a proxy that sends each client to the "
            "same one; what is logged comes in once, whoever takes it."
        )


def _places(arguments: argparse.Namespace) -> tuple[str | None, Place]:
    """The database if records are in one, and the project's folder. Raises InvalidValue."""
    chosen = arguments.path or arguments.store
    if chosen is None or not is_database(chosen):
        if arguments.artifacts is not None and not is_bucket(arguments.artifacts):
            raise InvalidValue(
                f"--artifacts {arguments.artifacts!r}: a project in a folder has its files in it. "
                "Leave it out, or name a bucket (s3://bucket/prefix)."
            )
        return None, new_place(chosen)
    require("psycopg", extra=EXTRA)
    if arguments.artifacts is None:
        raise InvalidValue(
            "Records go into the database, and files into a folder of this machine or a bucket: "
            "say which with --artifacts FOLDER, or --artifacts s3://bucket/prefix."
        )
    # With a bucket, users and what is on its way are in the folder of the project that is here.
    return chosen, new_place(None if is_bucket(arguments.artifacts) else arguments.artifacts)


def _look_into(bucket: Bucket | None, served: Served) -> None:
    """Raises StoreError for a bucket that is not there, refuses us, or is another project's."""
    if bucket is None:
        return
    try:
        bucket.check()
        served.claim_bucket()
    except BucketAway as exc:  # requests are told, until it is there
        sys.stderr.write(f"{exc} The server begins without it.\n")


def _shown(database: str | None) -> str | None:
    return None if database is None else without_password(database)


def _check_users(folder: Path) -> None:
    """Raises InvalidValue if there are none."""
    if not Users(folder).all():
        raise InvalidValue(
            "Everybody who gets there from other machines could do everything: without users, the "
            "server listens on 127.0.0.1 only. Make one, who gets a token:\n"
            f"    nbtrack --store {shlex.quote(str(folder))} server user add NAME --role admin"
        )
