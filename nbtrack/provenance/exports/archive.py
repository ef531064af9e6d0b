"""A slice as an archive that holds all there is: script, modules, artifacts, report."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.paths import artifact_parts
from nbtrack.errors import ArtifactNotFound, InvalidValue
from nbtrack.provenance.exports.account import Account
from nbtrack.provenance.exports.pins import requirements_text
from nbtrack.provenance.exports.report import report_of
from nbtrack.provenance.exports.script import script_of
from nbtrack.provenance.upstream import Upstream
from nbtrack.records.runs import FileInfo
from nbtrack.stores.store import Store

_TIME = (1980, 1, 1, 0, 0, 0)  # the same archive of the same run, whenever it is made
_OWN = ("run.py", "requirements.txt", "report.html", "README.txt")


def archive_of(store: Store, upstream: Upstream, account: Account) -> bytes:
    modules = _modules(upstream)
    artifacts, lost = _artifacts(store, upstream)
    texts = {
        "run.py": script_of(upstream, account),
        "requirements.txt": requirements_text(upstream),
        "report.html": report_of(upstream, account),
        "README.txt": _readme(upstream, account, modules=modules, lost=lost),
    }
    files = {name: text.encode("utf-8", "replace") for name, text in (texts | modules).items()}
    return _zipped({**files, **artifacts})


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _TIME), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _modules(upstream: Upstream) -> dict[str, str]:
    """Beside the script, as they lay beside the notebook, so that it imports them."""
    return {
        name: text
        for path, text in upstream.modules.items()
        if (name := _place_of(path, upstream)) not in _OWN
    }


def _place_of(path: str, upstream: Upstream) -> str:
    """Where a module goes: its path below the notebook's folder, else with that of its packages."""
    file, folder = PurePosixPath(path), upstream.folder
    if folder is not None and file.is_relative_to(folder.as_posix()):
        below = file.relative_to(folder.as_posix())
        if ".." not in below.parts:
            return below.as_posix()
    top = file.parent
    while top.name not in ("", "..") and str(top / "__init__.py") in upstream.modules:
        top = top.parent
    return file.relative_to(top).as_posix()


def _artifacts(store: Store, upstream: Upstream) -> tuple[dict[str, bytes], list[str]]:
    """By their place in the archive, and those that are not there any more, or were changed."""
    info = upstream.asked.info
    found, lost = {}, []
    place = open_artifacts(info.artifact_uri, run_id=info.run_id)
    for name, record in _named(store.list_artifact_records(info.run_id)):
        try:
            content = place.read(record.path)
        except (ArtifactNotFound, InvalidValue, OSError):
            lost.append(record.path)
            continue
        if record.sha256 not in (None, hashlib.sha256(content).hexdigest()):
            lost.append(record.path)
        else:
            found[name] = content
    return found, lost


def _named(records: list[FileInfo]) -> Iterator[tuple[str, FileInfo]]:
    """What is recorded may have been tampered with: a path that leads out is left aside."""
    for record in records:
        try:
            yield "/".join(("artifacts", *artifact_parts(record.path))), record
        except InvalidValue:
            continue


def _readme(
    upstream: Upstream, account: Account, *, modules: Mapping[str, str], lost: list[str]
) -> str:
    python = upstream.environment.get("python_version", "3")
    lines = [
        account.title,
        "",
        f"    pip install -r requirements.txt     (the run had Python {python})",
        "    python run.py",
        "",
        "nbtrack is not needed. The script prints the recorded metrics beside the new ones.",
        "",
    ]
    if data := account.section("Data"):
        lines += ["Put these files where the cells look for them:", *_indented(data), ""]
    if modules:
        lines += ["Modules of the project, as they were:", *_indented(sorted(modules)), ""]
    if lost:
        lines += ["Artifacts that are gone, or are not as recorded:", *_indented(lost), ""]
    lines += ["Not captured:", *_indented(account.section("Not captured"))]
    return "\n".join((*lines, ""))


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
