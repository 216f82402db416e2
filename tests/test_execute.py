"""Running notebooks anew: what it writes, what it refuses, what it prints."""

import importlib.util
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

SCRIPT = Path(__file__).resolve().parent.parent / "tools" / "execute.py"
SPECIFICATION = importlib.util.spec_from_file_location("execute", SCRIPT)
execute = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(execute)


def written(path, *cells, **metadata):
    """Write a notebook and return its path."""
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), path)
    return path


def code(source, *tags, outputs=(), count=None):
    """Return a code cell."""
    return new_code_cell(source, metadata={"tags": list(tags)}, outputs=list(outputs), execution_count=count)


def stream(text, name="stdout"):
    """Return what a cell printed."""
    return new_output("stream", name=name, text=text)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run one sound notebook; return its path, its text before and what was said."""
    path = written(
        tmp_path_factory.mktemp("a folder") / "sound.ipynb",
        new_markdown_cell("# Title"),
        code("import os, sys\nprint(os.environ['PYTHONHASHSEED'], os.environ.get('MPLBACKEND'))"),
        code(f"print(sys.prefix == {sys.prefix!r})"),
        code("print(os.path.basename(os.getcwd()))", outputs=[stream("elsewhere\n")], count=7),
        code("import json\njson.loads('{')", "raises-exception"),
        kernelspec={"display_name": "mine", "language": "python", "name": "no-such-kernel"},
        vscode={"x": 1},
    )  # fmt: skip
    before = path.read_text("utf8")
    return path, before, execute.execute(path)


class TestExecute:
    def test_writes_what_it_checks_for(self, ran):
        path, before, (sound, _) = ran
        assert sound
        assert path.read_text("utf8") != before
        assert execute.check(path) == (True, [])

    def test_runs_this_python_in_the_notebooks_folder(self, ran):
        cells = nbformat.read(ran[0], as_version=4).cells
        assert cells[1].outputs[0].text == "0 module://matplotlib_inline.backend_inline\n"
        assert cells[2].outputs[0].text == "True\n"
        assert cells[3].outputs[0].text.startswith("a folder")

    def test_shows_what_changed(self, ran):
        lines = ran[2][1]
        assert "-elsewhere" in lines
        assert any(line.startswith("+a folder") for line in lines)
        assert any(line.startswith("+JSONDecodeError: ") for line in lines)

    def test_keeps_the_readers_lines_of_tracebacks(self, ran):
        traceback = "".join(nbformat.read(ran[0], as_version=4).cells[4].outputs[0].traceback)
        assert "Cell" in traceback
        assert "JSONDecodeError" in traceback
        assert "decoder.py" not in traceback
        assert sys.base_prefix not in traceback
        assert str(Path.home()) not in traceback

    def test_keeps_the_cells_names(self, ran):
        path, before, _ = ran
        names = [cell.id for cell in nbformat.reads(before, as_version=4).cells]
        assert [cell.id for cell in nbformat.read(path, as_version=4).cells] == names

    @pytest.mark.parametrize(
        ("source", "tags", "said"),
        [
            ("1 / 0", [], "ZeroDivisionError"),
            ("import warnings; warnings.warn('careful')", [], "careful"),
            ("1", ["raises-exception"], "did not raise"),
        ],
    )
    def test_leaves_a_failing_notebook_as_it_was(self, tmp_path, source, tags, said):
        path = written(tmp_path / "failing.ipynb", code(source, *tags))
        before = path.read_text("utf8")
        sound, lines = execute.execute(path)
        assert not sound
        assert said in "\n".join(lines)
        assert path.read_text("utf8") == before

    def test_runs_the_others_and_fails_in_the_end(self, monkeypatch, capsys):
        monkeypatch.setattr(execute, "execute", lambda path: (path.stem != "bad", ["so it went"]))
        monkeypatch.setattr("sys.argv", ["execute.py", "bad.ipynb", "good.ipynb"])
        with pytest.raises(SystemExit, match="True"):
            execute.main()
        printed = capsys.readouterr().out
        assert "bad.ipynb: FAILED" in printed
        assert "good.ipynb:\n    so it went" in printed
        assert "1 of 2 notebooks ran" in printed


class TestCheck:
    @pytest.mark.parametrize(
        ("cells", "said"),
        [
            ([code("1", count=2)], "was not run top to bottom"),
            ([code("1", count=1), code("1")], "was not run top to bottom"),
            ([code("1", outputs=[stream("careful", "stderr")], count=1)], "wrote to stderr: careful"),
            ([code("1", outputs=[stream("saved /home/me/x\n")], count=1)], "a folder of one machine"),
            (
                [code("1", outputs=[new_output("display_data", data={execute.WIDGET: {}})], count=1)],
                "a widget",
            ),
            ([code("1", outputs=[new_output("error", ename="E", evalue="")], count=1)], "cell 0 raised"),
            ([code("1", outputs=[stream("a\n"), stream("b\n")], count=1)], "is not normalised"),
        ],
    )
    def test_complains(self, tmp_path, cells, said):
        path = written(tmp_path / "n.ipynb", *cells, kernelspec=execute.KERNELSPEC, language_info={"name": "python"})
        sound, lines = execute.check(path)
        assert not sound
        assert any(said in line for line in lines)

    def test_allows_what_is_expected(self, tmp_path):
        cells = [code("1", "stderr-expected", outputs=[stream("careful", "stderr")], count=1)]
        path = written(tmp_path / "n.ipynb", *cells, kernelspec=execute.KERNELSPEC, language_info={"name": "python"})
        assert execute.check(path) == (True, [])

    def test_tells_a_changed_figure(self):
        def figure(data):
            return new_notebook(cells=[code("1", outputs=[new_output("display_data", data={"image/svg+xml": data})])])

        assert execute.difference(figure("<svg/>"), figure("<svg></svg>")) == ["[cell 0] figure changed"]
        assert execute.difference(figure("<svg/>"), figure("<svg/>")) == []
