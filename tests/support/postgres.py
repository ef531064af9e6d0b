"""A PostgreSQL of the tests' own: one for all tests of a process, in a folder that goes with it."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import pytest

_USERS = ("postgres", "nobody")  # it refuses to be root's


class Postgres:
    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="nbtrack-postgres-"))
        self._as_user: dict[str, int | list[int]] = {}
        if os.geteuid() == 0:
            user = _user()
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._port = _free_port()
        self._databases = 0
        self._run("initdb", "-A", "trust", "-U", "nbtrack", "-E", "UTF8", "--locale=C.UTF-8",
                  "-N", "-D", str(self.folder / "data"))  # fmt: skip
        self.begin()

    def address(self, database: str) -> str:
        return f"postgresql://nbtrack@127.0.0.1:{self._port}/{database}"

    def new_database(self, options: str = "") -> str:
        """Its address; it is empty. *options* are SQL."""
        import psycopg

        self._databases += 1
        name = f"t{self._databases}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name} {options}".encode())
        return self.address(name)

    def begin(self) -> None:
        options = {"port": self._port, "unix_socket_directories": self.folder,
                   "listen_addresses": "127.0.0.1", "max_connections": 60,
                   "recovery_init_sync_method": "syncfs"}  # fmt: skip  # after a crash
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self.folder / "data"]
            + [f"--{name}={value}" for name, value in options.items()],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **self._as_user,  # type: ignore[call-overload]  # of one type for all
        )
        deadline = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < deadline, "PostgreSQL did not begin"
            time.sleep(0.05)

    def crash(self) -> None:
        """Without a word to anybody, as by `pg_ctl stop -m immediate`."""
        self._end(signal.SIGQUIT)

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def remove(self) -> None:
        self._end(signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, how: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(timeout=60)

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.address("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            check=True,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            **self._as_user,  # type: ignore[call-overload]  # of one type for all
        )


def postgres() -> Postgres:
    """Skips the test where the programs are missing."""
    pytest.importorskip("psycopg")
    programs = _programs()
    if programs is None:
        message = "PostgreSQL's programs are not here: apt-get install postgresql"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    assert programs is not None
    return _begun(programs)


@cache
def _begun(programs: Path) -> Postgres:
    begun = Postgres(programs)
    atexit.register(begun.remove)
    return begun


def _programs() -> Path | None:
    """Debian keeps them out of the way."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    anywhere = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(anywhere).resolve().parent if anywhere else None


def _version(program: Path) -> float:
    return float(program.parts[-3])


def _user() -> pwd.struct_passwd:
    known = {user.pw_name: user for user in pwd.getpwall()}
    return next(known[name] for name in _USERS if name in known)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
