"""A file of JSON is read piece by piece, as the whole of it would be."""

from __future__ import annotations

import json
import random
import tracemalloc
from codecs import BOM_UTF8
from pathlib import Path

import pytest

from nbtrack.transfer.sources.json_pieces import object_at, objects_in
from nbtrack.transfer.sources.wandb_exports import WandbExportReader

ODD = ["ü☃\u2028", '"\\', "}],", "", "\ud83d", 1, -2.5e-7, float("inf"), True, None, [], {}, [[{}]]]


def _made(some: random.Random) -> object:
    objects = [
        {some.choice("abc"): some.choice(ODD) for _ in range(some.randrange(4))}
        for _ in range(some.randrange(5))
    ]
    listed = [*objects, *some.sample(ODD, 2)]
    some.shuffle(listed)
    return some.choice(
        [listed, {"n": 1, "runs": listed, "é": [2]}, {"a": listed}, {"runs": 3}, some.choice(ODD)]
    )


def _whole(text: str) -> list[dict]:
    found = json.loads(text)
    found = found.get("runs", [found]) if isinstance(found, dict) else found
    return [each for each in (found if isinstance(found, list) else ()) if isinstance(each, dict)]


def test_pieces_say_what_the_whole_does(tmp_path: Path) -> None:
    """Wherever a piece ends, with signs of several bytes, and where each was is read again."""
    some, file = random.Random(1), tmp_path / "x.json"
    for _ in range(300):
        text = json.dumps(
            _made(some), ensure_ascii=some.random() < 0.5, indent=some.choice([None, 1])
        )
        written = text.encode("utf-8", "replace")
        file.write_bytes(
            some.choice([b"", BOM_UTF8, b" \r\n"]) + written + some.choice([b"", b"\n"])
        )
        found = list(objects_in(file, listed_in="runs", piece=some.randrange(8, 40)))
        said = [each for _, each in found]
        assert repr(said) == repr(_whole(written.decode()))
        assert not isinstance(json.loads(written), list) or repr(said) == repr(
            [object_at(file, span) for span, _ in found]
        )


@pytest.mark.parametrize("piece", [8, 1000])
@pytest.mark.parametrize(
    "text",
    ["", "[", "[{}", "[{},]", '[{"a": 1,}]', "[{} {}]", "[{}] x", "[{}]]", '{"runs": [{}]', "[tru]",
     '{"a" 1}', "{1: 2}", '{"a', '[{"a": "\t"}]', "[" * 100_000, b'[{"a": "\xff"}]', "{,}", "[,]"],
)  # fmt: skip
def test_what_is_no_json_is_refused(tmp_path: Path, text: str | bytes, piece: int) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises((ValueError, RecursionError)):
        list(objects_in(file, listed_in="runs", piece=piece))


def test_a_large_export_is_not_held(tmp_path: Path) -> None:
    """Neither while its runs are found nor while they are read; nor is one that breaks off."""
    file, size = tmp_path / "x.json", 12 << 20
    run = {"project": "p", "config": {"text": "x" * (size // 32)}}
    text = json.dumps([{**run, "id": f"r{n}"} for n in range(32)])
    for written, runs in ((text, 32), (text.replace('"id": "r4"', 'id: "r4"'), 0)):
        file.write_text(written)
        tracemalloc.start()
        try:
            assert _count(file) == runs
            assert tracemalloc.get_traced_memory()[1] < size / 2
        finally:
            tracemalloc.stop()


def _count(file: Path) -> int:
    try:
        reader = WandbExportReader(file)
    except ValueError:
        return 0
    return sum(1 for run_id in reader.run_ids() if reader.run(run_id).params)


@pytest.mark.parametrize("first", ['[{"a": 1}]', "7"])
def test_a_second_list_of_the_name_is_refused(tmp_path, first):
    """JSON takes the last of two, and the first may have been given by then."""
    file = tmp_path / "twice.json"
    file.write_text(f'{{"runs": {first}, "runs": [{{"b": 2}}]}}')
    with pytest.raises(ValueError, match="a second 'runs'"):
        list(objects_in(file, listed_in="runs"))
