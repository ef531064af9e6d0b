"""What a cell needed and what it touched, settled at its end from two looks at the notebook."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import FunctionType, ModuleType

from nbtrack.base.guard import tried
from nbtrack.provenance.executions import states
from nbtrack.provenance.executions.file_digests import FileDigests
from nbtrack.provenance.executions.file_questions import asks_for_files
from nbtrack.provenance.executions.files import seen_file
from nbtrack.provenance.executions.generator_states import GENERATORS
from nbtrack.provenance.executions.imported import ImportedModules
from nbtrack.provenance.executions.parts import differ
from nbtrack.provenance.executions.patches import patched_libraries, started_mocks
from nbtrack.provenance.executions.running import Running, values_of
from nbtrack.provenance.executions.safe_access import class_dict, is_a, is_of_library
from nbtrack.provenance.executions.walks import NOBODY, Walk
from nbtrack.provenance.executions.writers import Writers
from nbtrack.records.executions import Execution

_RESULTS = re.compile(r"_+|_\d+")  # `_` and `_3`, the results of cells
_THREADS = "threads"  # who started the newest of the notebook's
_STATEFUL = frozenset({"duckdb"})  # modules that hold a database
# Modules of Python that hold settings, and the functions that change those.
_WITH_SETTINGS = frozenset({"codecs", "copyreg", "gc", "locale", "logging", "socket", "sys",
                            "threading", "warnings"})  # fmt: skip
_SETTING = frozenset({"basicConfig", "constructor", "disable", "enable", "filterwarnings", "pickle",
                      "register", "resetwarnings", "setLevel", "set_threshold", "setdefaulttimeout",
                      "setlocale", "setswitchinterval", "simplefilter", "stack_size"})  # fmt: skip
_OF_FOLDER = frozenset({"getcwd", "cwd", "Path", "glob", "listdir", "scandir", "walk", "system"})


@dataclass(slots=True, kw_only=True)
class _Settling:
    running: Running
    after: Walk
    writers: Writers
    modules: ImportedModules
    execution: Execution  # gets its fields one step after the other
    needs: set[int]
    imported: set[int] = field(default_factory=set)  # needed for names of libraries

    def tell(self, **facts: object) -> None:
        told = {
            name: tuple(sorted(found)) if isinstance(found, set | frozenset) else found
            for name, found in facts.items()
        }
        self.execution = replace(self.execution, **told)  # type: ignore[arg-type] # by their names

    def is_of_notebook(self, thread: threading.Thread) -> bool:
        """Whether it runs a function of the notebook's."""
        target = thread.__dict__.get("_target") if type(thread) is threading.Thread else None
        own = type(target) is FunctionType and target.__globals__ is self.after.namespace
        return own or class_dict(type(thread)).get("__module__") == "__main__"

    def add_gap(self, sentence: str) -> None:
        self.execution = replace(self.execution, gaps=(*self.execution.gaps, sentence))


def settled(running: Running, after: Walk, writers: Writers, modules: ImportedModules) -> Execution:
    """The record; from now on the cell is the writer of what it wrote."""
    it = _Settling(
        running=running,
        after=after,
        writers=writers,
        modules=modules,
        execution=running.execution,
        needs=set(running.needs),
    )
    _settle_names(it)
    _settle_imports(it)
    _settle_states(it)
    _settle_files(it)
    _settle_threads(it)
    number = it.execution.number
    needs = {need for need in it.needs | it.imported if 0 <= need < number}
    it.tell(needs=needs, imports=needs - it.needs)
    return it.execution


# --- names


def _settle_names(it: _Settling) -> None:
    running, reading, writers = it.running, it.running.reading, it.writers
    number = it.execution.number
    values = values_of(it.after.namespace)
    read = _read(it, values)
    it.after.close_over(running.read | running.later, writers.names)
    it.after.close_over(_other_names(running, values), writers.names)
    bound, dropped = _bound(it, values)
    if read & running.later - running.read:
        it.needs |= running.before.needs
    changed = _changed(it, read)
    missing = reading.named - running.values.keys()  # whoever dropped it made it fail
    binders = read | missing | (bound & reading.maybe)
    _need_binders(it, binders)
    for name in bound | dropped:
        writers.names[name] = number
    for _, value in changed:
        writers.change(value, number)
    it.tell(
        reads=read,
        binds={name for name in bound if not _RESULTS.fullmatch(name)},
        drops=dropped,
        changes={name for name, _ in changed},
    )
    if any(_is_main(it.after.namespace.get(name), it) for name in read):
        it.add_gap("It reads the notebook as a module: which names of it is not captured.")
    if partly := sorted(running.before.partly & read):
        it.add_gap(f"Not looked at in full: {', '.join(partly[:5])}.")


def _is_main(value: object, it: _Settling) -> bool:
    return type(value) is ModuleType and value.__dict__ is it.after.namespace


def _need_binders(it: _Settling, names: set[str]) -> None:
    namespace, binders = it.after.namespace, it.writers.names
    for name in names & binders.keys():
        needs = it.imported if is_of_library(namespace.get(name)) else it.needs
        needs.add(binders[name])


def _read(it: _Settling, values: Mapping[str, int]) -> set[str]:
    """What it named, and what functions read that it called; by the end a function with a cache
    can be told to have read nothing."""
    running, reading = it.running, it.running.reading
    named = reading.named & running.values.keys()
    found = it.after.close_over(reading.loads | named, it.writers.names) | named
    if any(values.get(name) != running.values[name] for name in named):
        found |= running.read  # by functions that are gone
    own = reading.sure - named
    return {name for name in found if name in running.values and name not in own}


def _other_names(running: Running, values: Mapping[str, int]) -> set[str]:
    """Of objects that it read by a name which holds another one now: they may be changed, too."""
    read = {name: running.values.get(name) for name in running.read}
    gone = {identity for name, identity in read.items() if identity not in (None, values.get(name))}
    return {name for name, identity in values.items() if identity in gone} if gone else set()


def _bound(it: _Settling, values: Mapping[str, int]) -> tuple[set[str], set[str]]:
    """Names that it bound and dropped: seen by identity, and said by the source."""
    before = it.running.values
    bound = {name for name, value in values.items() if before.get(name) != value}
    if it.execution.status == "ok":
        bound |= it.running.reading.sure & values.keys()
    return bound, set(before.keys() - values.keys())


def _changed(it: _Settling, read: set[str]) -> list[tuple[str, object]]:
    """Objects that it changed, with the names by which it came to them."""
    before, after = it.running.before, it.after
    found = [
        (after.roots[identity], after.objects[identity])
        for identity, stamp in after.stamps.items()
        if differ(before.stamps.get(identity, stamp), stamp)
    ]
    touched = it.running.reading.touched | it.running.reading.suspects
    named = {i: n for i, n in after.sealed.items() if id(after.namespace.get(n)) == i}
    unseen = (after.opaque | named).items()
    found += [(name, after.objects[i]) for i, name in unseen if name in touched]
    known = {id(value) for _, value in found}
    for name in _taken_as_changed(it) & read & after.namespace.keys():
        if id(value := after.namespace[name]) not in known:
            found.append((name, value))
    return found


def _taken_as_changed(it: _Settling) -> set[str]:
    """Of what cannot be looked at in full, names that the source seems to change."""
    reading, before, namespace = it.running.reading, it.running.before, it.after.namespace
    patched = {n for n in reading.patched if _is_module_or_class(namespace.get(n))}
    if "register" in reading.words:  # at a class, which keeps it where nobody sees
        patched |= {n for n in reading.touched if is_a(namespace.get(n), type)}
    return patched | (reading.suspects & (before.partly | before.thin))


def _is_module_or_class(value: object) -> bool:
    return type(value) is ModuleType or is_a(value, type)


# --- imports, states, files, threads


def _settle_imports(it: _Settling) -> None:
    """What the project's modules said, and that they are files which the cell read."""
    new = it.modules.look(again="reload" in it.running.reading.words)
    for path in it.modules.paths(new):
        it.running.opened.read.setdefault(path)
    libraries = it.running.before.libraries | it.after.libraries
    libraries |= {name.partition(".")[0] for name in new}
    it.tell(modules=it.modules.of_libraries(libraries))


def _settle_states(it: _Settling) -> None:
    writers, number = it.writers, it.execution.number
    probed = states.probed()
    changed = states.changed(it.running.states, probed)
    seeds = _seeded(it, changed, new=probed.keys() - it.running.states.keys())
    draws = (changed & set(GENERATORS)) - seeds - _drawn_by_imports(it)
    others = changed - set(GENERATORS)
    others |= _patched(it)
    used = _states_used(it) | others | (draws & writers.seeded)
    it.needs |= {writers.states[name] for name in used if name in writers.states}
    it.tell(draws=draws, unseeded=draws - writers.seeded, seeds=seeds, states=others)
    writers.states |= dict.fromkeys(changed | seeds | others, number)
    writers.seeded |= seeds


def _patched(it: _Settling) -> set[str]:
    """Libraries into which it put something, and modules that it made itself."""
    owners = it.running.reading.patches | it.after.patches
    used = patched_libraries(it.running.reading.touched, it.after.namespace)
    used &= _STATEFUL | (_WITH_SETTINGS if _SETTING & it.running.reading.words else set())
    libraries = patched_libraries(owners, it.after.namespace) | it.modules.made | used
    libraries |= _mocked(it)
    return {states.PATCHED + name for name in libraries}


def _mocked(it: _Settling) -> set[str]:
    """Libraries of which a mock was started or stopped."""
    before, it.writers.mocked = it.writers.mocked, started_mocks()
    return {name for name, _ in before ^ it.writers.mocked} - {"", "__main__"}


def _drawn_by_imports(it: _Settling) -> set[str]:
    """Generators that a library drew from as it was imported, and nobody else as far as the code
    tells: nothing was made of that."""
    names_it = "random" in it.running.reading.words or "random" in it.after.names
    return {"random"} if states.was_drawing_imported() and not names_it else set()


def _seeded(it: _Settling, changed: set[str], *, new: set[str]) -> set[str]:
    """*new* are states of libraries that were imported just now."""
    found: set[str] = set()
    for dotted in it.running.reading.seeds:
        found |= states.generator_of(dotted, it.after.namespace.get(dotted.partition(".")[0]))
    called = {dotted.rpartition(".")[2] for dotted in it.running.reading.seeds}
    # A function of a module may have seeded: what it says is not read.
    is_seeded = "numpy" in changed and states.is_freshly_seeded()
    if is_seeded or states.SEEDING & it.after.names:
        found |= changed & set(GENERATORS)
    if states.SEEDING_ALL & called:
        found |= (changed | new) & set(GENERATORS)
    return found


def _states_used(it: _Settling) -> set[str]:
    reading = it.running.reading
    libraries = it.running.before.libraries | it.after.libraries
    found = {state for state, readers in states.READERS.items() if readers & libraries}
    found |= {states.PATCHED + name for name in {*libraries, *reading.imported, "builtins"}}
    found |= {states.RECURSION, states.WARNINGS}
    if reading.imports or libraries - {"", "builtins", "__main__"}:
        found.add(states.ENVIRONMENT)
    if reading.imports:
        found.add(states.PATH)
    if it.running.opened.relative or reading.words & _OF_FOLDER:
        found.add(states.FOLDER)
    return found


def _settle_files(it: _Settling) -> None:
    opened, writers = it.running.opened, it.writers
    if opened.started_processes:
        opened.look_for_written(os.getcwd())
        it.add_gap("It started a process: what that read is not captured.")
    it.needs |= {writers.files[path] for path in opened.read if path in writers.files}
    questions = it.running.reading.questions | it.after.questions
    if asks_for_files(questions, it.after.namespace):
        opened.folders.setdefault(tried(os.getcwd, on_fault=lambda _: os.sep))
    for folder in opened.folders:
        it.needs |= writers.of_files_in(folder)
    for path in opened.written:
        it.needs |= {writers.files[at] for at in (os.path.dirname(path),) if at in writers.files}
    writers.files |= dict.fromkeys(opened.written, it.execution.number)
    it.tell(
        files_read=_DIGESTS.completed(
            seen_file(path) for path in opened.read if not os.path.isdir(path)
        ),
        files_written=_DIGESTS.completed(map(seen_file, opened.written)),
    )


_DIGESTS = FileDigests()


def _settle_threads(it: _Settling) -> None:
    """What was changed while no cell ran counts as changed by the cell that sees it first."""
    moved = it.running.moved.keys() & it.after.objects.keys()
    names = {it.running.moved[identity] for identity in moved} & set(it.execution.reads)
    for identity in moved:
        it.writers.change(it.after.objects[identity], it.execution.number)
    is_beside = bool(it.execution.changes) and any(map(it.is_of_notebook, it.running.threads))
    if names:
        it.add_gap(
            f"Changed between cells, by a thread or a callback: {', '.join(sorted(names))}. "
            "When is not captured."
        )
        it.tell(changes=names | set(it.execution.changes))
    elif is_beside:
        it.add_gap("A thread of the notebook ran beside it: which changes are whose is not known.")
    if names or is_beside:
        it.needs.add(it.writers.states.get(_THREADS, NOBODY))
    if any(map(it.is_of_notebook, set(threading.enumerate()) - it.running.threads)):
        it.writers.states[_THREADS] = it.execution.number
