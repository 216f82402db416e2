"""Build the book's HTML; every warning is an error, and so is a notebook that failed.

python tools/build.py [FOLDER]
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path


def fingerprint(root):
    """A digest of what Sphinx does not watch: the book's extension and style, and the pinned packages."""
    folders = root / "book/_ext", root / "book/_static"
    digest = hashlib.sha256()
    for path in [root / "requirements.txt", *(path for f in folders for path in sorted(f.rglob("*")))]:
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.read_bytes())
    return digest.hexdigest()


def run(root):
    """Exit code and output of Jupyter Book."""
    program = Path(sys.executable).with_name("jupyter-book")
    command = [program, "build", ".", "-W", "--keep-going", "--quiet"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    return done.returncode, done.stderr


def complaints(output):
    """What Sphinx complained of, without the tracebacks of its own insides."""
    output = re.sub(r"\x1b\[[0-9;]*m", "", output)  # colours
    lines = output.split("Traceback (most recent call last):")[0].splitlines()
    return "\n".join(line for line in lines if line.strip())


def build(root):
    started = time.perf_counter()
    html, cache, success = (root / "_build" / name for name in ("html", ".doctrees", "built"))
    current = fingerprint(root)
    # Sphinx does not repeat the warnings of pages in its cache: after a failure, start anew.
    if not success.exists() or success.read_text() != current:
        shutil.rmtree(cache, ignore_errors=True)
    success.unlink(missing_ok=True)

    code, output = run(root)
    if code:
        print(complaints(output), file=sys.stderr)
        print("the book was not built: every line above has to go", file=sys.stderr)
        return code
    success.write_text(current)
    index = (html / "index.html").resolve()
    print(f"built in {time.perf_counter() - started:.0f} s: {os.path.relpath(index)}\n{index.as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()))
