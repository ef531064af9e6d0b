"""A port that listens before anything else is read: who comes meanwhile waits."""

from __future__ import annotations

import socket


def listen(host: str, port: int) -> socket.socket:
    """Port 0 is any free one. Raises OSError if it is taken."""
    # Its protocol is said, or asyncio would leave Nagle's algorithm on: answers come 40 ms late.
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind((host, port))
    opened.listen()
    return opened
