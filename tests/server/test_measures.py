"""What a server tells of its work: counts for Prometheus, and lines of JSON."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("uvicorn")

SAMPLE = re.compile(r'[a-z_]+(\{([a-z]+="[^"\\\n]*",?)+\})? [0-9.e+-]+')


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "nbtrack", "server", str(tmp_path), "--port", "0"]
    begun = subprocess.Popen(
        [*command, "--log-format", "json"], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    yield begun
    begun.kill()
    begun.communicate()


def status_of(url: str, data: bytes | None = None) -> int:
    try:
        with urllib.request.urlopen(url, data) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as exc:
        return exc.code


def test_requests_are_counted_and_have_a_line_each(server: subprocess.Popen[str]) -> None:
    assert server.stdout is not None
    address = next(word for word in server.stdout.readline().split() if "http" in word)
    asked = f"{address}/api/nbtrack/1/questions/version"
    statuses = [status_of(asked, b"{}"), status_of(asked, b"{}")]
    statuses.append(status_of(f"{address}/no%0Asuch%22%7B"))
    with urllib.request.urlopen(f"{address}/metrics") as answer:
        kind, text = answer.headers["content-type"], answer.read().decode()
    server.terminate()
    lines = [json.loads(line) for line in server.communicate(timeout=30)[1].splitlines()]

    assert statuses == [200, 200, 404]
    assert kind.startswith("text/plain; version=0.0.4")
    told = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in told if not SAMPLE.fullmatch(line)] == []
    assert 'nbtrack_requests_total{method="POST",kind="questions",status="200"} 2' in told
    assert 'nbtrack_requests_total{method="GET",kind="other",status="404"} 1' in told
    assert 'nbtrack_request_seconds_count{kind="questions"} 2' in told
    assert 'nbtrack_body_bytes_total{kind="questions",way="in"} 4' in told
    assert "nbtrack_open_requests 1" in told
    seen = [(each["method"], each["path"], each["status"]) for each in lines]
    path = "/api/nbtrack/1/questions/version"
    assert seen == [
        ("POST", path, 200), ("POST", path, 200), ("GET", '/no\nsuch"{', 404),
        ("GET", "/metrics", 200),
    ]  # fmt: skip
    assert server.returncode in (0, -15)
