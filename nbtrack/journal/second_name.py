"""A segment's second name in another folder; where there are no such links, a second file."""

from __future__ import annotations

import errno
import os

_PIECE = 1 << 20
_CANNOT_LINK = {
    errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV,
}  # fmt: skip


def give_second_name(path: str, other: str) -> int:
    """-1, or where *path* cannot be linked, the descriptor of a file of its own in *other*."""
    try:
        os.link(path, other)
    except FileExistsError:  # made by a try before this one, which was interrupted
        is_linked = os.path.samefile(path, other)
    except OSError as exc:
        if exc.errno not in _CANNOT_LINK:
            raise
        is_linked = False
    else:
        is_linked = True
    if is_linked:
        return -1
    return os.open(other, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)


def catch_up(descriptor: int, ahead: int) -> None:
    """Write what *ahead* has more. The files tell how much: so it can be interrupted anywhere."""
    while piece := os.pread(ahead, _PIECE, os.fstat(descriptor).st_size):
        os.write(descriptor, piece)
