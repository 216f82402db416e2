"""Compile requirements.txt from the direct dependencies in pyproject.toml: ``make pins``.

pip resolves them without installing anything, for the first release of the oldest Python that the
package allows; the newest versions that fit together are pinned. What only PyTorch's CUDA build needs is
left out, so that the file installs on every platform.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "requirements.txt"

# PyTorch's CUDA build pins these itself; no other build wants them.
CUDA_ONLY = re.compile(r"(nvidia|cuda|triton)(-|$)")

HEADER = """\
# Every package of the book, the notebooks and the tests, compiled from pyproject.toml: do not edit.
# `make pins` renews it.

"""


def direct(pyproject):
    """Return the dependencies that a person wrote down, the extra `book` included."""
    project = pyproject["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["book"]]


def resolve(requirements, python):
    """Ask pip what it would install on that Python, and return its report."""
    command = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    command += ["--dry-run", "--ignore-installed", "--report", "-"]
    # pip takes another Python's version only for wheels and a target folder; a dry run writes nothing there.
    command += ["--python-version", python, "--only-binary", ":all:", "--target", "unused"]
    command += requirements
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def compile_pins(report, requirements):
    """Turn pip's report and the direct dependencies into the lines of a requirements file."""
    packages = {canonicalize_name(item["metadata"]["name"]): item["metadata"] for item in report["install"]}
    packages = {name: data for name, data in packages.items() if not CUDA_ONLY.match(name)}

    wanted_by = {name: set() for name in packages}
    for requirement in requirements:
        wanted_by[canonicalize_name(Requirement(requirement).name)].add("lossbook")
    for name, data in packages.items():
        for requirement in map(Requirement, data.get("requires_dist", [])):
            needed = canonicalize_name(requirement.name)
            if needed in packages and (not requirement.marker or requirement.marker.evaluate({"extra": ""})):
                wanted_by[needed].add(name)

    lines = []
    for name, data in sorted(packages.items()):
        pin = f"{name}=={Version(data['version']).public}"
        via = ", ".join(sorted(wanted_by[name] - {name}))
        lines.append(f"{pin}  # via {via}" if via else pin)
    return lines


def main():
    """Write requirements.txt and say what changed."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))
    oldest = pyproject["project"]["requires-python"].removeprefix(">=")
    requirements = direct(pyproject)
    lines = compile_pins(resolve(requirements, f"{oldest}.0"), requirements)

    before = set(TARGET.read_text("utf8").splitlines()) if TARGET.exists() else set()
    TARGET.write_text(HEADER + "\n".join(lines) + "\n", "utf8")
    pins = [line.split()[0] for line in lines]
    old = {line.split()[0] for line in before if "==" in line}
    for pin in sorted(old ^ set(pins)):
        print("+" if pin in pins else "-", pin)
    print(f"{len(pins)} pins in {TARGET.name}")


if __name__ == "__main__":
    main()
