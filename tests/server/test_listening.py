"""What a server listens with."""

from __future__ import annotations

import asyncio
import socket

import pytest

pytest.importorskip("uvicorn")

from nbtrack.server.open_port import listen


def test_small_answers_are_sent_at_once() -> None:
    """Not when the client has confirmed the ones before, which takes it 40 ms."""
    found: list[int] = []

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = writer.get_extra_info("socket")
        found.append(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async def ask() -> None:
        with listen("127.0.0.1", 0) as opened:
            async with await asyncio.start_server(note, sock=opened):
                reader, writer = await asyncio.open_connection(*opened.getsockname())
                await reader.read()
                writer.close()

    asyncio.run(ask())

    assert found == [1]
