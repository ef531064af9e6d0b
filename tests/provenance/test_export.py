"""A run as a file that others can run: what is in it, and that it runs without nbtrack."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import nbformat
import pytest

from nbtrack.errors import InvalidValue
from nbtrack.provenance.exports.exporting import export_run
from nbtrack.provenance.exports.pins import magic_modules


@pytest.fixture(scope="module")
def run(notebook):
    """Its slice is all but the third cell; each says something that plain Python does not."""
    (notebook.folder / "helper.py").write_text("def twice(x):\n    return 2 * x\n")
    (notebook.folder / "a.txt").write_text("21")
    notebook.run("%cd .\nimport random, helper\nrandom.seed(4)")
    notebook.run("!true\ndata = float(open('a.txt').read())")
    notebook.run("unused = 1")
    notebook.run("21")
    notebook.run(
        "from __future__ import annotations\nasync def answer():\n    return 1\n"
        "one = await answer()"
    )
    notebook.run("try_me = 5\n1 / 0")
    return notebook.tracked(
        "%%track export me C=3\nimport nbtrack\n"
        "accuracy = helper.twice(data) * random.random() * one + try_me\n"
        "nbtrack.log_metric('accuracy', accuracy)\n"
        "text = '''\n%matplotlib inline\n'''\n"
        "with nbtrack.start_run():\n    nbtrack.log_metric('inner', accuracy)\n"
        "nbtrack.log_text('kept', 'notes/a.txt')"
    )


def run_script(folder, name="run.py"):
    """Without site-packages: no nbtrack, no IPython."""
    done = subprocess.run(
        [sys.executable, "-S", "-E", name], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_magics_import_is_needed():
    """By a notebook, and by who runs its cells once more."""
    source = "%matplotlib inline\n%load_ext line_profiler\nx = 3 % matplotlib\n%time y = 1"
    assert magic_modules(source) == {"matplotlib", "line_profiler"}
    assert magic_modules("x = 3 % matplotlib\n%time y = 1") == set()


def test_a_script_gives_the_same_value_without_nbtrack(notebook, run, tmp_path):
    for name in ("helper.py", "a.txt"):
        (tmp_path / name).write_bytes((notebook.folder / name).read_bytes())
    file = export_run(notebook.store, run, tmp_path / "run.py")

    value = run.data.metrics["accuracy"]
    assert f"accuracy = {value!r}, recorded {value!r}" in run_script(tmp_path)
    text = file.read_text()
    assert "unused" not in text
    assert "sha256" in text.partition("# ---")[0]
    assert "%matplotlib inline" in text  # it is part of a text


def test_modules_of_one_name_lie_in_their_packages(notebook, tmp_path):
    """As in src/, beside the folder of the notebooks."""
    source = tmp_path / "src"
    for package, value in (("one_pack", 1), ("two_pack", 20)):
        (source / package).mkdir(parents=True)
        (source / package / "__init__.py").touch()
        (source / package / "utils.py").write_text(f"VALUE = {value}\n")
    notebook.run(
        f"import sys\nsys.path.insert(0, {str(source / '..' / 'src')!r})\n"
        "from one_pack import utils as one_utils\nfrom two_pack import utils as two_utils"
    )
    run = notebook.tracked("%%track C=3\ntotal_score = one_utils.VALUE + two_utils.VALUE")

    with zipfile.ZipFile(export_run(notebook.store, run, tmp_path / "run.zip")) as archive:
        archive.extractall(tmp_path / "out")

    source.rename(tmp_path / "gone")
    assert (tmp_path / "out" / "one_pack" / "utils.py").read_text() == "VALUE = 1\n"
    assert (tmp_path / "out" / "two_pack" / "utils.py").read_text() == "VALUE = 20\n"
    run_script(tmp_path / "out")


def test_an_archive_holds_all_but_the_data(notebook, run, tmp_path):
    file = export_run(notebook.store, run, tmp_path / "run.zip")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "out")
    names = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert names >= {"run.py", "README.txt", "report.html", "requirements.txt", "helper.py"}
    assert (tmp_path / "out" / "artifacts" / "notes" / "a.txt").read_text() == "kept"
    (tmp_path / "out" / "a.txt").write_text("21")

    assert f"accuracy = {run.data.metrics['accuracy']!r}" in run_script(tmp_path / "out")


def test_a_notebook_keeps_the_cells_as_they_were_typed(notebook, run, tmp_path):
    file = export_run(notebook.store, run, tmp_path / "run.ipynb")

    content = nbformat.read(file, as_version=4)
    nbformat.validate(content)
    sources = [cell.source for cell in content.cells if cell.cell_type == "code"]
    assert sources[0] == "%load_ext nbtrack"
    assert sources[-1].startswith("%%track export me C=3\n")
    assert "unused = 1" not in sources
    assert json.loads(file.read_text())["metadata"]["nbtrack"]["run_id"] == run.info.run_id


def test_a_file_is_written_whole_or_not_at_all(notebook, run, tmp_path):
    with pytest.raises(InvalidValue, match=r"run\.zip"):
        export_run(notebook.store, run, tmp_path / "run.txt")
    with pytest.raises(InvalidValue, match="no folder"):
        export_run(notebook.store, run, tmp_path / "absent" / "run.py")
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_where(notebook, run, tmp_path, capsys):
    from nbtrack.cli.main import main

    target = tmp_path / "run.py"
    store = str(notebook.kernel.project)
    assert main(["--store", store, "export", run.info.run_id, str(target)]) == 0
    assert str(target) in capsys.readouterr().out
