"""Who acts: the user of this process, or, in a server, whoever sent the request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from nbtrack.base.values import checked_text
from nbtrack.recording.session import current_session

_actor: ContextVar[str | None] = ContextVar("actor", default=None)


@contextmanager
def acting_as(name: str | None) -> Iterator[None]:
    """What is changed in the block, and in threads that get its context, is changed by *name*."""
    token = _actor.set(name)
    try:
        yield
    finally:
        _actor.reset(token)


def identified_actor() -> str | None:
    """Who has proved who he is; None: nobody had to."""
    return _actor.get()


def acting_user() -> str:
    """Who is recorded, and who is compared when another person has to approve."""
    user = _actor.get() or checked_text(current_session().settings.user, "user") or ""
    return user.strip() or "unknown"
