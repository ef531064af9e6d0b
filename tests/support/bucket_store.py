"""An object store of the tests' own, which speaks S3: one for all tests of a process."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

SECRET = "not-to-be-seen-anywhere"


class BucketStore:
    """What it holds is gone when it is killed; stopped, it only does not answer."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._buckets = 0
        self._log = Path(mkdtemp(prefix="nbtrack-bucket-")) / "requests"
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-p", str(self._port)],
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + 120
        while not self._answers():
            assert time.monotonic() < deadline, "the object store did not begin"
            time.sleep(0.05)

    @property
    def variables(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._port}",
            "AWS_ACCESS_KEY_ID": "nbtrack",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }

    def new_bucket(self) -> str:
        """Its address; it is empty."""
        self._buckets += 1
        name = f"bucket-{os.getpid()}-{self._buckets}"
        place = f"{self.variables['AWS_ENDPOINT_URL']}/{name}"
        urllib.request.urlopen(urllib.request.Request(place, method="PUT"), timeout=30).close()
        return f"s3://{name}/some/prefix"

    def requests(self) -> list[str]:
        """Each as `PUT /bucket/…`, without what follows a question mark."""
        lines = self._log.read_text().splitlines()
        asked = [line.split('"')[1] for line in lines if " HTTP/1" in line]
        return [" ".join(each.split(" ")[:2]).partition("?")[0] for each in asked]

    def stop_answering(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def answer_again(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.variables["AWS_ENDPOINT_URL"], timeout=30).close()
        except OSError:
            return False
        return True


@contextmanager
def known_to_this_process(store: BucketStore) -> Iterator[None]:
    """And to those that it begins."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in store.variables.items():
            patched.setenv(name, value)
        yield


def bucket_store() -> BucketStore:
    """Skips the test where it is missing."""
    pytest.importorskip("moto.server")
    pytest.importorskip("obstore")
    return _begun()


@cache
def _begun() -> BucketStore:
    begun = BucketStore()
    atexit.register(begun.remove)
    return begun
