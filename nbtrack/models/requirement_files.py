"""Lines of requirements that name files: `-r` brings its lines, `-c` the bounds of versions.

Neither file is where the model will be loaded, so the model takes with it what they say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from nbtrack.errors import InvalidValue

CONSTRAINTS = "constraints.txt"
_LINES_OF = ("-r", "--requirement")
_BOUNDS_OF = ("-c", "--constraint")


def lines_of(file: str | Path, name: str) -> list[str]:
    """*name* is the argument that names *file*. Raises InvalidValue."""
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise InvalidValue(f"{name}: cannot read {str(file)!r}: {exc}.") from exc


def written_out(lines: Collection[str], name: str, folder: Path = Path()) -> Iterator[str]:
    """*lines*, which stand in *folder*, with those of the files they name. Raises InvalidValue."""
    for line in filter(None, map(str.strip, lines)):
        option, file = _file_in(line)
        if option in _LINES_OF:
            named = folder / file
            yield from written_out(lines_of(named, name), name, named.parent)
        elif option in _BOUNDS_OF:
            yield f"-c {folder / file}"
        else:
            yield line


def with_constraints(lines: Collection[str]) -> tuple[tuple[str, ...], Mapping[str, bytes]]:
    """*lines* that name one file of constraints, and that file. Raises InvalidValue."""
    named = [file for option, file in map(_file_in, lines) if option in _BOUNDS_OF]
    if not named:
        return tuple(lines), {}
    bounds = [line for file in named for line in lines_of(file, "A file of constraints")]
    others = (line for line in lines if _file_in(line)[0] not in _BOUNDS_OF)
    return (*others, f"-c {CONSTRAINTS}"), {CONSTRAINTS: "".join(f"{b}\n" for b in bounds).encode()}


def _file_in(line: str) -> tuple[str, str]:
    """(the option, the file) of a line such as `-r more.txt`; of another one nothing fits."""
    option, _, file = line.replace("=", " ", 1).partition(" ")
    return option, file.strip()
