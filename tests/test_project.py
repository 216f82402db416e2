"""What holds the project's files together: pins, Binder, the set-up and the Makefile."""

import ast
import http.server
import importlib.metadata
import importlib.util
import inspect
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import lossbook

ROOT = Path(__file__).resolve().parent.parent


def load(name):
    """Import a script of tools/, which is no package."""
    specification = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


setup, pins = load("setup"), load("pins")


def requirements(path):
    """Return the lines of a requirements file without its comments."""
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in (ROOT / path).read_text("utf8").splitlines())
    return [line for line in lines if line]


def direct():
    """Return the dependencies that pyproject.toml declares."""
    return pins.direct(tomllib.loads((ROOT / "pyproject.toml").read_text("utf8")))


PINS = {
    canonicalize_name(line.partition("==")[0]): line.partition("==")[2] for line in requirements("requirements.txt")
}


class TestPins:
    def test_are_names_with_public_versions(self):
        for line in requirements("requirements.txt"):
            requirement = Requirement(line)  # refuses options and paths
            (specifier,) = requirement.specifier
            assert specifier.operator == "==", line
            assert not Version(specifier.version).local, line
            assert not requirement.url, line
            assert not requirement.marker, line
            assert not pins.CUDA_ONLY.match(requirement.name), line

    def test_satisfy_what_is_declared(self):
        for declared in map(Requirement, direct()):
            assert PINS[canonicalize_name(declared.name)] in declared.specifier, str(declared)

    def test_are_what_is_installed(self):
        there = {name: Version(importlib.metadata.version(name)).public for name in PINS}
        assert there == PINS

    def test_are_sorted_and_unique(self):
        names = [line.partition("==")[0] for line in requirements("requirements.txt")]
        assert names == sorted(set(names))

    def test_leave_out_what_only_the_cuda_build_wants(self):
        def package(name, version, *requires, **more):
            return {"metadata": {"name": name, "version": version, "requires_dist": list(requires), **more}}

        report = {
            "install": [
                package("torch", "2.13.0+cu130", "nvidia-cublas==13; platform_system == 'Linux'", "Sympy>=1.13"),
                package("nvidia-cublas", "13.0"),
                package("triton", "3.5"),
                package("sympy", "1.14.0", "gmpy2; extra == 'fast'"),
            ]
        }
        assert pins.compile_pins(report, ["torch==2.13.0"]) == [
            "sympy==1.14.0  # via torch",
            "torch==2.13.0  # via lossbook",
        ]


class TestBinder:
    def test_names_the_cpu_build_of_the_pinned_torch(self):
        assert requirements("binder/requirements.txt") == [
            f"--extra-index-url {setup.CPU_INDEX}",
            f"torch=={PINS['torch']}+cpu",
            "-r ../requirements.txt",
        ]
        assert f"{PINS['torch']}+cpu" in Requirement(f"torch=={PINS['torch']}").specifier

    def test_its_python_is_one_the_package_allows(self):
        version = (ROOT / "binder/runtime.txt").read_text("utf8").strip().removeprefix("python-")
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
        assert Requirement(f"python{project['requires-python']}").specifier.contains(version)

    def test_its_image_uses_the_pins_and_installs_the_package(self, tmp_path):
        shutil.copytree(ROOT / "binder", tmp_path / "binder")
        for name in ("requirements.txt", "pyproject.toml"):
            shutil.copy(ROOT / name, tmp_path)
        command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(tmp_path)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True)
        dockerfile = printed.stdout
        python = (ROOT / "binder/runtime.txt").read_text("utf8").strip().removeprefix("python-")
        assert f"python={python}" in printed.stderr
        assert f"py-2d{python.replace('.', '-2e')}" in dockerfile  # the locked environment of that Python
        assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in dockerfile
        assert "RUN ./binder/postBuild" in dockerfile

    def test_post_build_can_be_run(self):
        post_build = ROOT / "binder/postBuild"
        assert post_build.stat().st_mode & 0o111
        subprocess.run(["bash", "-n", post_build], check=True)


class TestSetup:
    WANTED = "/usr/bin/python3.11\nabc\n"

    @pytest.mark.parametrize(
        ("stamp", "usable", "todo"),
        [
            (None, False, "create"),
            (None, True, "update"),  # pip refused last time, or somebody made the environment
            (WANTED, True, "nothing"),
            ("/usr/bin/python3.11\nchanged pins\n", True, "update"),
            ("/usr/bin/python3.11\nchanged pins\n", False, "create"),
            ("/usr/bin/python3.12\nabc\n", True, "create"),
            (setup.UNFINISHED, True, "create"),
        ],
    )
    def test_plan(self, stamp, usable, todo):
        assert setup.plan(stamp, self.WANTED, lambda: usable) == todo

    @pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
    def test_notices_a_change(self, tmp_path, name):
        for file in ("requirements.txt", "pyproject.toml"):
            shutil.copy(ROOT / file, tmp_path)
        before = setup.fingerprint(tmp_path)
        assert setup.fingerprint(tmp_path) == before
        with (tmp_path / name).open("a") as file:
            file.write("# another\n")
        assert setup.fingerprint(tmp_path) != before

    def test_notices_a_move_and_another_python(self, tmp_path):
        moved = shutil.copytree(ROOT / "tools", tmp_path / "moved", ignore=shutil.ignore_patterns("*.pyc"))
        for file in ("requirements.txt", "pyproject.toml"):
            shutil.copy(ROOT / file, tmp_path)
            shutil.copy(ROOT / file, moved)
        assert setup.fingerprint(tmp_path) != setup.fingerprint(moved)
        assert setup.fingerprint(tmp_path) != setup.fingerprint(tmp_path, tmp_path / "python3.99")

    def test_does_nothing_where_it_is_current(self, tmp_path, monkeypatch, capsys):
        (tmp_path / "stamp").write_text(setup.fingerprint(), "utf8")
        monkeypatch.setattr(setup, "STAMP", tmp_path / "stamp")
        monkeypatch.setattr(setup.subprocess, "run", lambda *a, **k: pytest.fail("something was started"))
        setup.main()
        assert capsys.readouterr().out == ""

    def test_an_interrupted_one_is_redone_and_a_refused_one_goes_on(self, tmp_path, monkeypatch):
        monkeypatch.setattr(setup, "STAMP", tmp_path / "stamp")
        monkeypatch.setattr(setup, "usable", lambda: True)
        created = []
        monkeypatch.setattr(setup, "create", lambda: created.append(True))

        def interrupted():
            raise KeyboardInterrupt

        def refused():
            raise subprocess.CalledProcessError(1, ["pip"])

        monkeypatch.setattr(setup, "install", interrupted)
        with pytest.raises(KeyboardInterrupt):
            setup.main()
        assert not created
        monkeypatch.setattr(setup, "install", refused)
        with pytest.raises(SystemExit, match="pip"):
            setup.main()
        assert len(created) == 1  # from nothing, after the interruption
        monkeypatch.setattr(setup, "install", lambda: None)
        setup.main()
        assert len(created) == 1
        assert (tmp_path / "stamp").read_text("utf8") == setup.fingerprint()

    def test_says_which_python_it_wants(self, monkeypatch):
        monkeypatch.setattr(setup, "OLDEST", (99, 0))
        with pytest.raises(SystemExit, match=r"needs Python 99\.0 or newer"):
            setup.check_python()

    def test_says_what_is_missing(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "ensurepip", None)
        with pytest.raises(SystemExit, match="apt-get install python3-venv"):
            setup.check_python()

    def test_an_old_python_can_read_it(self):
        source = (ROOT / "tools/setup.py").read_text("utf8")
        ast.parse(source, feature_version=(3, 8))  # and say what is wanted


class TestTorch:
    @pytest.mark.parametrize(
        ("system", "gpu", "reachable", "cpu"),
        [
            ("Linux", False, True, True),
            ("Linux", False, False, False),
            ("Linux", True, True, False),
            ("Darwin", False, True, False),
        ],
    )
    def test_choice(self, system, gpu, reachable, cpu):
        assert setup.wants_cpu_build(system, lambda: gpu, lambda: reachable) == cpu

    def test_an_index_that_answers(self):
        with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
            server.RequestHandlerClass.log_message = lambda *a: None
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{server.server_port}"
            assert setup.answers(f"{address}/")
            assert not setup.answers(f"{address}/no-such-page")
            server.shutdown()

    def test_an_index_that_hangs(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the call and says nothing
            began = time.monotonic()
            assert not setup.answers(f"http://127.0.0.1:{silent.getsockname()[1]}/", patience=0.2)
            assert time.monotonic() - began < 2

    def test_an_index_that_refuses(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        assert not setup.answers(f"http://127.0.0.1:{port}/")

    def test_a_satisfied_one_is_left_alone(self, monkeypatch):
        installs = []
        monkeypatch.setattr(setup, "pip", lambda *arguments: installs.append(arguments))
        monkeypatch.setattr(setup, "installed", lambda name: PINS["torch"])
        monkeypatch.setattr(setup, "wants_cpu_build", lambda: pytest.fail("the index was asked"))
        setup.install()
        assert [arguments[0] for arguments in installs] == ["--requirement", "--no-deps"]

    def test_the_cpu_build_comes_first_and_alone(self, monkeypatch):
        installs = []
        monkeypatch.setattr(setup, "pip", lambda *arguments: installs.append(arguments))
        monkeypatch.setattr(setup, "installed", lambda name: None)
        monkeypatch.setattr(setup, "wants_cpu_build", lambda: True)
        setup.install()
        assert installs[0] == ("--no-deps", "--index-url", setup.CPU_INDEX, f"torch=={PINS['torch']}+cpu")
        assert "--index-url" not in installs[1]


class TestMakefile:
    def test_lists_its_targets(self):
        listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for target in (
            *("book", "serve", "test", "test-elsewhere", "test-site"),
            *("execute", "lint", "mutate", "bench", "pins", "clean"),
        ):
            assert re.search(rf"^  {target} +\w", listed, re.MULTILINE), target

    def test_everything_sets_up_first(self):
        text = (ROOT / "Makefile").read_text("utf8")
        rules = dict(re.findall(r"^([a-z-]+): ?([^#\n]*)", text, re.MULTILINE))

        def sets_up(target):
            return target == "setup" or any(sets_up(needed) for needed in rules[target].split())

        assert [target for target in rules if not sets_up(target)] == ["help", "clean"]


def test_the_package_stays_small():
    """What CONTRIBUTING.md promises: every line of it can be read."""

    def lines(path):
        return len(path.read_text("utf8").splitlines())

    losses = lossbook.catalogue.values()
    modules = {Path(inspect.getfile(loss.formula)) for loss in losses}
    assert sum(map(lines, modules)) <= 1500
    assert lines(ROOT / "lossbook/_loss.py") + lines(ROOT / "lossbook/check.py") <= 700
    for loss in losses:
        (function,) = ast.parse(inspect.getsource(loss.formula)).body
        body = function.body[1:]  # without the docstring
        assert body[-1].end_lineno - body[0].lineno < 30, loss.__name__
