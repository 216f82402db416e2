"""Create or bring up to date ``.venv`` with what requirements.txt pins, and do nothing where it is current.

Called by every target of the Makefile, with the system's Python and the standard library only. Plain
use: ``python3 tools/setup.py``.
"""

import hashlib
import platform
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "lossbook-setup.txt"

OLDEST = (3, 11)
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PATIENCE = 3  # seconds that the index has to answer
UNFINISHED = "unfinished"


def fingerprint(root=ROOT, python=PYTHON):
    """Stand for what a set-up depends on: the environment's Python, the pins, the package, the place.

    The first line names the Python that the environment's link leads to: one removed or replaced since shows.
    """
    digest = hashlib.sha256()
    for name in ("requirements.txt", "pyproject.toml"):
        digest.update((root / name).read_bytes())
    digest.update(str(root).encode())  # an environment cannot be moved
    return f"{python.resolve()}\n{digest.hexdigest()}\n"


def plan(stamp, wanted, usable):
    """Say what is to be done: nothing, update or create.

    Parameters
    ----------
    stamp : str or None
        What the last set-up left behind; None where there was none, or where pip refused.
    wanted : str
        The fingerprint that a finished set-up would leave now.
    usable : callable
        Tells whether the environment's Python and its pip start. It costs a moment, so it is asked last.
    """
    if stamp == UNFINISHED:  # a killed pip may leave half a package behind
        return "create"
    if stamp and stamp.splitlines()[0] != wanted.splitlines()[0]:
        return "create"
    if stamp == wanted:
        return "nothing"
    return "update" if usable() else "create"


def has_nvidia_gpu():
    """Tell whether the driver's own tool finds a GPU."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return False
    try:
        found = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0 and "GPU" in found.stdout


def answers(url, patience=PATIENCE):
    """Tell whether a page can be read within so many seconds, name look-up and proxies included."""
    import urllib.request  # slow to import, and not needed where the set-up is current

    found = []

    def ask():
        try:
            with urllib.request.urlopen(url, timeout=patience) as page:
                found.append(page.status == 200)
        except (OSError, ValueError):
            pass

    asking = threading.Thread(target=ask, daemon=True)  # a look-up that hangs must not hold the set-up
    asking.start()
    asking.join(patience)
    return any(found)


def wants_cpu_build(system=None, gpu=has_nvidia_gpu, reachable=lambda: answers(CPU_INDEX + "/torch/")):
    """Tell whether PyTorch's CPU build is to be fetched from PyTorch's own index.

    On Linux the common build brings gigabytes of CUDA that only an NVIDIA GPU can use. On macOS there
    is but one build, and it is small.
    """
    return (system or platform.system()) == "Linux" and not gpu() and reachable()


def pinned(name, requirements):
    """Return the version that the text of a requirements file pins for a package."""
    return re.search(rf"^{re.escape(name)}==([^\s;#]+)", requirements, re.MULTILINE).group(1)


def installed(name):
    """Return the version of a package in the environment, without its local part, or None."""
    code = f"from importlib.metadata import version; print(version({name!r}).split('+')[0])"
    found = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True)
    return found.stdout.strip() if found.returncode == 0 else None


def usable():
    """Tell whether there is an environment whose Python is new enough and has pip."""
    code = f"import pip, sys; sys.exit(sys.version_info < {OLDEST})"
    try:
        return subprocess.run([PYTHON, "-c", code], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def check_python():
    """Stop with a message that says what to do where this Python cannot make the environment."""
    if sys.version_info < OLDEST:
        newer = [name for name in (f"python3.{minor}" for minor in range(20, 10, -1)) if shutil.which(name)]
        sys.exit(
            f"The LossBook needs Python {OLDEST[0]}.{OLDEST[1]} or newer; {sys.executable} is "
            f"{platform.python_version()}.\n"
            + (f"Say:  make PYTHON={newer[0]}" if newer else "Install a newer one, then say:  make PYTHON=python3.12")
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        sys.exit(
            f"{sys.executable} cannot create virtual environments: its module venv or ensurepip is missing.\n"
            "On Debian and Ubuntu:  apt-get install python3-venv"
        )


def pip(*arguments):
    """Run the environment's pip."""
    command = [PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *arguments]
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)


def create():
    """Make an empty environment, in place of whatever stood there."""
    # Inside an activated environment sys.executable is the one about to be replaced.
    python = getattr(sys, "_base_executable", None) or sys.executable
    subprocess.run([python, "-m", "venv", "--clear", str(VENV)], check=True)


def install():
    """Install the pins and the package."""
    requirements = (ROOT / "requirements.txt").read_text("utf8")
    torch = pinned("torch", requirements)
    if installed("torch") == torch:
        pass
    elif wants_cpu_build():
        print(f"PyTorch {torch}: the CPU build, as no NVIDIA GPU answers.", flush=True)
        try:
            pip("--no-deps", "--index-url", CPU_INDEX, f"torch=={torch}+cpu")
        except subprocess.CalledProcessError:
            print("PyTorch's index has no CPU build for this machine: pip chooses.", flush=True)
    else:
        print(f"PyTorch {torch}: the build that pip finds.", flush=True)
    pip("--requirement", "requirements.txt")
    # setuptools is among the pins: no build environment has to be fetched.
    pip("--no-deps", "--no-build-isolation", "--editable", ".")


def main():
    """Set up what is not current."""
    stamp = STAMP.read_text("utf8") if STAMP.exists() else None
    todo = plan(stamp, fingerprint(), usable)
    if todo == "nothing":
        return
    print(f"Setting up {VENV.name}: minutes the first time, seconds after a change.", flush=True)
    try:
        if todo == "create":
            check_python()
            create()
        STAMP.write_text(UNFINISHED, "utf8")
        install()
    except subprocess.CalledProcessError as refusal:
        STAMP.unlink(missing_ok=True)  # pip itself said no and cleaned up: the next try goes on from here
        sys.exit(f"The set-up failed at: {' '.join(map(str, refusal.cmd))}")
    STAMP.write_text(fingerprint(), "utf8")
    print("Set-up done.", flush=True)


if __name__ == "__main__":
    main()
