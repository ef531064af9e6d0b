"""What the source of a cell says of where its values come from."""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from nbtrack.capture.bindings import BindingWalk
from nbtrack.capture.cell_text import parse_quietly
from nbtrack.capture.expressions import root_name
from nbtrack.capture.source import unwrapped
from nbtrack.provenance.executions.file_questions import Question, asked_by
from nbtrack.provenance.executions.patches import dotted_name
from nbtrack.provenance.executions.states import SEEDING

# Which read and bind names in ways that the source does not show.
_UNSAID = frozenset({"globals", "locals", "vars", "eval", "exec", "user_ns", "__main__"})
_MAGICS = frozenset({"run_line_magic", "run_cell_magic", "run_cell", "system", "getoutput"})
_FOREIGN = frozenset({"bash", "sh", "script", "writefile", "file", "html", "HTML", "javascript",
                      "js", "latex", "markdown", "svg", "SVG", "perl", "ruby", "sx"})  # fmt: skip
_WORD = re.compile(r"[^\W\d]\w*")
# Beside imports, as notebooks begin.
_OF_DRAWING = frozenset(
    f"get_ipython().run_line_magic('matplotlib', '{how}')"
    for how in ("inline", "notebook", "widget")
)
MOST_TEXT = 10_000  # characters that are searched for names


@dataclass(frozen=True, slots=True, kw_only=True)
class CellReading:
    """*later* is read in functions that the cell defines, when they are called. *sure* is bound
    however the cell goes, *maybe* in a branch of it. *suspects* are names of what it may change in
    place; of *patched* it sets attributes, of which objects *patches* say, dotted."""

    reads: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    loads: frozenset[str] = frozenset()  # at the top, also what it bound itself
    sure: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()
    drops: frozenset[str] = frozenset()
    suspects: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()  # called, or given to a call
    patched: frozenset[str] = frozenset()
    patches: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()  # "_3" for `Out[3]`
    texts: frozenset[str] = frozenset()  # names in texts, where those may be code
    words: frozenset[str] = frozenset()  # names and attributes
    questions: frozenset[Question] = frozenset()  # that may be for files
    seeds: tuple[str, ...] = ()  # dotted, as written: "np.random.seed"
    is_dynamic: bool = False  # it may read and bind names that it does not say
    imports: bool = False
    imported: frozenset[str] = frozenset()  # top-level names of modules
    only_imports: frozenset[str] = frozenset()  # top-level names, of a cell that does nothing else
    binds_unsaid: bool = False  # by `import *`, magics and the like
    parses: bool = True

    @property
    def named(self) -> frozenset[str]:
        """What it reads at once, and spells in whatever way."""
        found = self.reads | self.outputs
        return found | self.texts


@lru_cache(maxsize=256)
def read_cell(transformed: str) -> CellReading:
    tree = parse_quietly(transformed)
    if tree is None:
        return CellReading(parses=False)
    try:
        return _read(unwrapped(tree))
    except RecursionError:
        return CellReading(parses=False)


def _read(tree: ast.Module) -> CellReading:
    walk = BindingWalk()
    walk.visit(tree)
    facts = _Facts()
    facts.visit_all(tree)
    sure, maybe = _bound_in(tree.body)
    bound = {name for name, how in walk.bindings.items() if how.bound}
    return CellReading(
        reads=walk.reads_now,
        later=walk.reads - walk.reads_now,
        loads=frozenset(_loaded_at_top(tree)),
        sure=frozenset(sure & bound),
        maybe=frozenset((maybe - sure) & bound),
        drops=frozenset(facts.drops),
        suspects=frozenset(facts.suspects | {n for n, how in walk.bindings.items() if how.mutated}),
        touched=frozenset(facts.touched),
        patched=frozenset(facts.patched),
        patches=frozenset(facts.patches),
        outputs=frozenset(facts.outputs),
        texts=frozenset(facts.names_in_texts()),
        words=frozenset(facts.words),
        questions=frozenset(facts.questions),
        seeds=tuple(facts.seeds),
        is_dynamic=bool(facts.words & _UNSAID),
        imports=facts.imports,
        imported=frozenset(facts.imported),
        only_imports=frozenset(_only_imported(tree)),
        binds_unsaid=facts.has_star or bool(facts.words & (_UNSAID | _MAGICS)),
    )


def _only_imported(tree: ast.Module) -> set[str]:
    """Empty if a statement does anything else, or there is none; a relative import is "."."""
    found: set[str] = set()
    for statement in tree.body:
        match statement:
            case ast.Import(names=names):
                found.update(each.name.partition(".")[0] for each in names)
            case ast.ImportFrom(module=module, level=level):
                found.add("." if level or not module else module.partition(".")[0])
            case _ if ast.unparse(statement) not in _OF_DRAWING:
                return set()
    return found


_CONTEXTS = frozenset({ast.Load, ast.Store, ast.Del})


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """As `ast.iter_child_nodes`, in half of the time: without what every name has below it."""
    for name in node._fields:
        part = getattr(node, name, None)
        if type(part) is list:
            yield from (each for each in part if isinstance(each, ast.AST))
        elif isinstance(part, ast.AST) and type(part) not in _CONTEXTS:
            yield part


def _walked(tree: ast.AST) -> Iterator[ast.AST]:
    due = deque([tree])
    while due:
        node = due.popleft()
        due.extend(_children(node))
        yield node


def _bound_in(body: Iterable[ast.stmt]) -> tuple[set[str], set[str]]:
    """Names bound for certain, and in branches; a loop is taken to run."""
    sure: set[str] = set()
    maybe: set[str] = set()
    for statement in body:
        match statement:
            case ast.If() | ast.While():
                branches = [_bound_in(statement.body), _bound_in(statement.orelse)]
                sure |= branches[0][0] & branches[1][0]
                maybe |= set().union(*(names for branch in branches for names in branch))
            case ast.Try() | ast.Match():
                maybe |= set(_stored(statement))
            case ast.For() | ast.With() | ast.AsyncFor() | ast.AsyncWith():
                inner = _bound_in(statement.body)
                sure |= inner[0] | (set(_stored(statement)) - inner[1])
                maybe |= inner[1]
            case _:
                sure |= set(_stored(statement))
    return sure, maybe - sure


def _stored(node: ast.AST) -> Iterator[str]:
    """Also in comprehensions: who asks knows which names are the cell's."""
    match node:
        case ast.Name(ctx=ast.Store()):
            yield node.id
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
            return
        case ast.alias():
            yield (node.asname or node.name).partition(".")[0]
        case ast.Lambda():
            return
    for child in _children(node):
        yield from _stored(child)


def _loaded_at_top(node: ast.AST) -> Iterator[str]:
    """Names loaded where the cell itself runs, not in bodies of functions."""
    for child in _children(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
            yield child.id
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            for part in (*child.decorator_list, child.args):
                yield from _loaded_at_top(ast.Expr(part) if isinstance(part, ast.expr) else part)
        elif isinstance(child, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            own = {name for part in child.generators for name in _stored(part.target)}
            yield from (name for name in _loaded_at_top(child) if name not in own)
        elif not isinstance(child, ast.Lambda):
            yield from _loaded_at_top(child)


@dataclass(slots=True)
class _Facts:
    drops: set[str] = field(default_factory=set)
    suspects: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    patched: set[str] = field(default_factory=set)
    patches: set[str] = field(default_factory=set)
    outputs: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    questions: set[Question] = field(default_factory=set)
    seeds: list[str] = field(default_factory=list)
    imports: bool = False
    imported: set[str] = field(default_factory=set)
    has_star: bool = False

    def visit_all(self, tree: ast.AST) -> None:
        for node in _walked(tree):
            self._ask(node, is_called=False)
            match node:
                case ast.Name():
                    self.words.add(node.id)
                    if isinstance(node.ctx, ast.Del):
                        self.drops.add(node.id)
                case ast.Attribute():
                    self.words.add(node.attr)
                    if not isinstance(node.ctx, ast.Load):
                        self._patch(node.value)
                case ast.Subscript(value=ast.Name(id="Out" | "_oh")):
                    self._output(node.slice)
                case ast.Subscript(value=(ast.Attribute() | ast.Call()) as value) if not isinstance(
                    node.ctx, ast.Load
                ):
                    self._patch_by_dict(value)
                case ast.Subscript(slice=ast.Constant(value="__main__")):
                    self.words.add("__main__")  # of `sys.modules`
                case ast.Constant(value=str() as text):
                    self.texts.append(text)
                case ast.Call():
                    self._call(node)
                case ast.Expr(value=ast.Call() as call):
                    self.suspects.update(_roots_of(call))  # it is called for what it changes
                case ast.Import() | ast.ImportFrom():
                    self._import(node)

    def _ask(self, node: ast.AST, *, is_called: bool) -> None:
        if (question := asked_by(node, is_called=is_called)) is not None:
            self.questions.add(question)

    def names_in_texts(self) -> set[str]:
        is_code = self.words & (_UNSAID | _MAGICS) and not _FOREIGN & set(self.texts[:1])
        text = " ".join(self.texts)[:MOST_TEXT] if is_code else ""
        return set(_WORD.findall(text))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.imports = True
        self.has_star |= any(each.name == "*" for each in node.names)
        names = [each.name for each in node.names]
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        self.imported.update(name.partition(".")[0] for name in names)

    def _patch(self, owner: ast.expr) -> None:
        if (root := root_name(owner)) is not None:
            self.patched.add(root)
        if (dotted := dotted_name(owner)) is not None:
            self.patches.add(dotted)

    def _patch_by_dict(self, value: ast.expr) -> None:
        """Through what holds the attributes: `vars(json)["dumps"] = mine`."""
        match value:
            case ast.Attribute(attr="__dict__", value=owner):
                self._patch(owner)
            case ast.Call(func=ast.Name(id="vars"), args=[owner]):
                self._patch(owner)

    def _output(self, place: ast.expr) -> None:
        match place:
            case ast.Constant(value=int() as number):
                self.outputs.add(f"_{number}")

    def _call(self, call: ast.Call) -> None:
        match call:
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[target, *_]):
                self._patch(target)
            case ast.Call(func=ast.Attribute(value=value, attr="update" | "pop" | "setdefault")):
                self._patch_by_dict(value)
        self._ask(call.func, is_called=True)
        if any(isinstance(a, ast.Constant) and a.value == "__main__" for a in call.args):
            self.words.add("__main__")  # it is imported
        self.touched.update(_roots_of(call))
        name = call.func.attr if isinstance(call.func, ast.Attribute) else None
        name = call.func.id if isinstance(call.func, ast.Name) else name
        if name in SEEDING:
            self.seeds.append(ast.unparse(call.func))


def _roots_of(call: ast.Call) -> Iterator[str]:
    """The names that hang on to what is called and what is given to it."""
    for part in (call.func, *call.args, *(keyword.value for keyword in call.keywords)):
        if (name := root_name(part.value if isinstance(part, ast.Starred) else part)) is not None:
            yield name
