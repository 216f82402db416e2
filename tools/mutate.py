"""Change each formula in one place at a time and show that a test fails: ``make mutate``, or with LOSS="huber mse".

A sign, a factor, an exponent, a bound, a denominator, a comparison or an axis is changed in a loss's formula, or
in a function of the package that formulas call; then the tests that run this function are run, of a formula only
those of its own loss. A change that no test notices is a survivor: it needs a reason in tools/survivors.toml, why
nothing that matters changed, and a reason needs its survivor.

Why not mutmut or cosmic-ray: mutmut 3 passes over functions that have a decorator, as all formulas do, and
cosmic-ray starts the tests anew for each change, which takes seconds for importing PyTorch alone. Here the tests
are collected once, and a forked child swaps the formula's code, so that whoever holds the function sees it.
"""

import argparse
import ast
import contextlib
import copy
import functools
import gc
import importlib
import inspect
import os
import pickle
import signal
import sys
import tempfile
import textwrap
import time
import tomllib
import types
from collections import Counter, namedtuple
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TESTS = [path for name in ("losses", "facts", "core") if (path := ROOT / f"tests/test_{name}.py").exists()]
RESULTS = {0: "survived", 1: "killed"}  # by the exit code of a child; any other means that the child itself broke

OPERATORS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div], ast.Div: [ast.Mult], ast.Pow: [ast.Mult],
    ast.FloorDiv: [ast.Mult], ast.BitAnd: [ast.BitOr], ast.BitOr: [ast.BitAnd], ast.And: [ast.Or], ast.Or: [ast.And],
    ast.Lt: [ast.LtE, ast.GtE], ast.LtE: [ast.Lt, ast.Gt], ast.Gt: [ast.GtE, ast.LtE], ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.Is: [ast.IsNot], ast.IsNot: [ast.Is],
}  # fmt: skip
TWINS = "maximum minimum max min argmax argmin sum mean any all zeros ones zeros_like ones_like log log1p exp expm1"
TWINS = dict(zip(TWINS.split()[::2], TWINS.split()[1::2], strict=True))
TWINS |= {second: first for first, second in TWINS.items()} | {"min": "max", "max": "min"}
DROPPED = {"abs", "sqrt", "square", "clip", "logical_not"}  # f(x) becomes x

Mutant = namedtuple("Mutant", "function line before after code")  # the statement's text before and after


def variants(node):
    """Return what may stand in the place of an expression."""

    def altered(**fields):
        new = copy.copy(node)
        vars(new).update(fields)
        return new

    match node:
        case ast.BinOp(left, op, right):
            dropped = {ast.Mult: [left, right], ast.Div: [left], ast.Pow: [left], ast.Sub: [right]}.get(type(op), [])
            if isinstance(op, ast.Sub) and not isinstance(left, ast.Constant):  # of differences only 1 - x
                dropped = []
            return [altered(op=new()) for new in OPERATORS.get(type(op), [])] + dropped
        case ast.BoolOp(op=op) | ast.AugAssign(op=op):
            return [altered(op=new()) for new in OPERATORS.get(type(op), [])]
        case ast.UnaryOp(ast.USub() | ast.Not() | ast.Invert(), operand):
            return [operand]
        case ast.Compare(ops=ops):
            found = [(i, new()) for i, op in enumerate(ops) for new in OPERATORS.get(type(op), [])]
            return [altered(ops=[*ops[:i], new, *ops[i + 1 :]]) for i, new in found]
        case ast.Constant(bool(value)):
            return [ast.Constant(not value)]
        case ast.Constant(int(value)):
            return [ast.Constant(value + 1)]
        case ast.Constant(float(value)):  # tiny ones guard against 0
            return [ast.Constant(0.0 if 0 < abs(value) < 1e-3 else 2 * value or 1.0)]
        case ast.Call(ast.Attribute(attr=name) | ast.Name(id=name), args, keywords):
            found = []
            if name in TWINS:
                found.append(altered(func=copy.copy(node.func)))
                setattr(found[0].func, "attr" if isinstance(node.func, ast.Attribute) else "id", TWINS[name])
            if name in DROPPED and args:
                found.append(args[0])
            if name == "where" and len(args) == 3:
                found.append(altered(args=[args[0], args[2], args[1]]))
            if name == "clip":
                other = [ast.keyword(TWINS.get(bound.arg, bound.arg), bound.value) for bound in keywords]
                found.append(altered(args=args[:1] + args[:0:-1], keywords=other))
                found += [altered(keywords=[bound]) for bound in keywords if len(keywords) > 1]
            return found
    return []


def places(node, statement):
    """Yield what may be changed below a node, each with its statement; an error's message is left alone."""
    for child in ast.iter_child_nodes(node):
        inner = child if isinstance(child, ast.stmt) else statement
        if isinstance(child, (ast.expr, ast.AugAssign)):
            yield child, inner
        if not isinstance(child, (ast.Raise, ast.JoinedStr, ast.arguments)):
            yield from places(child, inner)


class Replace(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        return self.new if node is self.old else self.generic_visit(node)


def parse(function):
    """Return the syntax tree of a function, without decorators and docstring, with the file's line numbers."""
    lines, start = inspect.getsourcelines(function)
    (tree,) = ast.parse(textwrap.dedent("".join(lines))).body
    ast.increment_lineno(tree, start - 1)
    tree.decorator_list = []
    tree.body = tree.body[ast.get_docstring(tree) is not None :] or [ast.Pass()]
    return tree


def compiled(function, tree):
    """Return the code of a function with this tree."""
    module = ast.fix_missing_locations(ast.Module([tree], []))
    constants = compile(module, inspect.getsourcefile(function), "exec").co_consts
    return next(code for code in constants if isinstance(code, types.CodeType) and code.co_name == tree.name)


def mutants(function):
    """Yield each changed form of a function once."""
    tree, seen = parse(function), set()
    for index, (node, _) in enumerate(list(places(tree, tree))):
        for choice in range(len(variants(node))):
            changed = copy.deepcopy(tree)
            old, statement = list(places(changed, changed))[index]
            before = ast.unparse(statement).splitlines()[0]
            new = variants(old)[choice]
            Replace(old, new).visit(changed)
            after = ast.unparse(new if statement is old else statement).splitlines()[0]
            if after != before and (statement.lineno, after) not in seen:
                seen.add((statement.lineno, after))
                yield Mutant(function, statement.lineno, before, after, compiled(function, changed))


def functions(losses):
    """Return the formulas and the functions of their package that they call, by name."""
    found = {name: loss.formula for name, loss in losses.items()}
    queue = list(found.values())
    while queue:
        function = queue.pop()
        used = {node.id for node in ast.walk(parse(function)) if isinstance(node, ast.Name)}
        for name in sorted(used.difference(function.__code__.co_varnames)):
            called = function.__globals__.get(name)
            called = getattr(called, "formula", called)
            ours = getattr(called, "__module__", None) or ""
            ours = isinstance(called, types.FunctionType) and ours.startswith(function.__module__.split(".")[0] + ".")
            if ours and called not in found.values():
                found[f"{called.__module__}.{name}" if name in found else name] = called
                queue.append(called)
    return found


class Mutation:
    """Stands in for pytest's loop over the tests: runs them in children, first as they are, then for each mutant."""

    def __init__(self, names, workers, reasons):
        self.names, self.workers, self.reasons = names, workers, reasons
        self.code, self.failed = 1, False

    def pytest_runtest_logreport(self, report):
        self.failed |= report.failed

    def pytest_runtestloop(self, session):
        from lossbook import catalogue

        if session.testsfailed:
            raise session.Interrupted("the tests cannot be collected")
        self.losses, known = set(catalogue), functions(catalogue)
        if unknown := set(self.names) - set(known):
            raise pytest.UsageError(f"neither a loss nor called by one: {', '.join(sorted(unknown))}")
        names = self.names or list(known)
        items = [item for item in session.items if any(self.concerns(item, name) for name in names)]
        seconds, called = self.measure(items, known)

        started, survivors, total = time.perf_counter(), [], Counter()
        print(f"{'':38}mutants  killed  too slow  survived  tests")
        for name in names:
            tests = [i for i, item in enumerate(items) if name in called[i] and self.concerns(item, name)]
            tests.sort(key=seconds.__getitem__)
            limit = 10 + round(10 * sum(seconds[i] for i in tests))
            jobs = list(mutants(known[name]))
            results = self.run(jobs, [items[i] for i in tests], limit)
            survivors += [(name, job) for job, result in zip(jobs, results, strict=True) if result == "survived"]
            total += (row := Counter(results))
            if jobs:
                show(name, row, len(tests))
        spent = time.perf_counter() - started
        show("all", total, len(items))
        print(f"{spent:.0f} s, {spent / max(total.total(), 1):.2f} s a mutant")
        self.code = judge(survivors, self.reasons, self.names or self.reasons)
        return True

    def concerns(self, item, name):
        """Tell whether a test may kill mutants of a function; those of a formula are left to its own loss's tests."""
        owners = self.losses.intersection(item.callspec.id.split("-") if hasattr(item, "callspec") else ())
        return not owners or name in owners or name not in self.losses

    def passes(self, items):
        """Run tests up to the first that fails, and tell whether there was none."""
        for item in items:
            item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
            if self.failed:
                return False
        return True

    def measure(self, items, known):
        """Run the tests with the formulas compiled anew but unchanged; return seconds and functions of each."""
        with tempfile.TemporaryFile() as file:
            child = self.fork(lambda: self.trace(items, known, file), 3600)
            if self.wait({child: None})[1] != "survived":
                raise RuntimeError("the tests crashed before any formula was changed")
            file.seek(0)
            failed, seconds, called, modules = pickle.load(file)
        if failed:
            raise pytest.UsageError(f"fails before any formula is changed: {failed}")
        for name in modules:  # what the tests import late is imported once, not by each child
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        gc.freeze()  # memory that no collector touches stays shared with the children
        return seconds, called

    def trace(self, items, known, file):
        names, seconds, called, loaded, failed = {}, [], [], set(sys.modules), None
        for name, function in known.items():
            function.__code__ = compiled(function, parse(function))
            names[id(function.__code__)] = name
        for item in items:
            called.append(set())
            started = time.perf_counter()
            sys.settrace(lambda frame, event, argument: called[-1].add(names.get(id(frame.f_code))))
            passed = self.passes([item])
            sys.settrace(None)
            seconds.append(time.perf_counter() - started)
            if not passed:
                failed = item.nodeid
                break
        pickle.dump((failed, seconds, called, [name for name in sys.modules if name not in loaded]), file)
        file.flush()
        return 0

    def run(self, jobs, items, limit):
        """Return what became of each mutant."""

        def body(mutant):
            mutant.function.__code__ = mutant.code
            return 0 if self.passes(items) else 1

        results, running = {}, {}
        for index, mutant in enumerate(jobs):
            if len(running) == self.workers:
                results.update([self.wait(running)])
            running[self.fork(functools.partial(body, mutant), limit)] = index
        while running:
            results.update([self.wait(running)])
        return [results[index] for index in range(len(jobs))]

    def fork(self, body, limit):
        """Start a silent child that exits with what `body` returns, within so many seconds."""
        sys.stdout.flush()
        if pid := os.fork():
            return pid
        code = 70
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(limit)
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            code = body()
        finally:
            os._exit(code)

    def wait(self, running):
        """Wait for one child; return what it stands for and what became of it."""
        pid, status = os.wait()
        if os.WIFSIGNALED(status):  # a mutant that crashes the interpreter is noticed too
            return running.pop(pid), "too slow" if os.WTERMSIG(status) == signal.SIGALRM else "killed"
        if os.WEXITSTATUS(status) not in RESULTS:
            raise RuntimeError("a child broke that should have run tests")
        return running.pop(pid), RESULTS[os.WEXITSTATUS(status)]


def show(name, row, tests):
    cells = row.total(), row["killed"], row["too slow"], row["survived"], tests
    print("{:38}{:7}{:8}{:10}{:10}{:7}".format(name, *cells), flush=True)


def judge(survivors, reasons, names):
    """Print the survivors, with reasons where there are, and reasons without survivors; return the exit code."""
    written = {(name, r["before"], r["after"]): r["why"] for name in names for r in reasons.get(name, [])}
    found = {(name, mutant.before, mutant.after): mutant for name, mutant in survivors}
    for key, mutant in found.items():
        place = f"{Path(mutant.code.co_filename).name}:{mutant.line} {key[0]}"
        print(f"\nSurvived: {place}\n- {key[1]}\n+ {key[2]}\n{written.get(key) or 'NO REASON'}")
    for stale in written.keys() - found.keys():
        print("\nA reason without a survivor: {}\n- {}\n+ {}".format(*stale))
    without = sum(not written.get(key) for key in found)
    print(f"\n{without} without a reason, {len(written.keys() - found.keys())} reasons without a survivor")
    return int(found.keys() != written.keys() or without > 0)


def main():
    parser = argparse.ArgumentParser(description="Show that a test fails for each change to a formula.")
    parser.add_argument("names", nargs="*", help="losses, or functions that they call; by default all")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--reasons", type=Path, default=ROOT / "tools/survivors.toml")
    parser.add_argument("--tests", type=Path, nargs="+", default=TESTS)
    chosen = parser.parse_args()
    if not hasattr(os, "fork"):
        sys.exit("make mutate needs os.fork, which Windows does not have; WSL does.")
    # Neither threads nor a GPU's driver survive a fork.
    os.environ.update(OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="", PYTHONHASHSEED="0")
    sys.path.insert(0, str(ROOT))
    mutation = Mutation(chosen.names, chosen.workers, tomllib.loads(chosen.reasons.read_text("utf8")))
    options = ["-c", ROOT / "pyproject.toml", "--rootdir", ROOT, "-p", "no:cacheprovider", "-p", "no:terminal"]
    return pytest.main([str(each) for each in [*options, *chosen.tests]], plugins=[mutation]) or mutation.code


if __name__ == "__main__":
    sys.exit(main())
