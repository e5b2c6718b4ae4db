"""The folder of the action in, the driver in a virtual environment of its own out.

Only the standard library: this is what the runner's own Python executes. The folder `wheelhouse`
beside `action.yml` is installed from when it is there, without asking any package index. What is
installed is locked by hashes either way, and kept for the later steps of the job.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import NoReturn

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent.parent
VENV_VARIABLE = "RECONCILER_VENV"
"""Names a virtual environment that somebody made and filled: for runners that are kept."""

DRIVER = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from reconciler.github.driver import main; main()"
)


def main() -> None:
    """Become the driver; ends with a message when there is no way to it."""
    if sys.version_info < OLDEST:
        here = ".".join(map(str, sys.version_info[:3]))
        fail(f"Python {'.'.join(map(str, OLDEST))} or newer is needed on the runner, found {here}")
    python = interpreter(Path(os.environ.get(VENV_VARIABLE) or made()))
    # Isolated: nothing of the checked-out repository, such as a click.py, is ever imported.
    command = [str(python), "-I", "-c", DRIVER, str(ROOT)]
    if sys.platform == "win32":
        sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own words
    os.execv(python, command)  # noqa: S606 - signals reach the driver, not a parent of it


def interpreter(folder: Path) -> Path:
    """The Python of a virtual environment."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def made() -> Path:
    """The virtual environment of these requirements, made if it is not there."""
    locked = ROOT / "requirements" / "run.txt"
    content = locked.read_bytes() + sys.version.encode()
    temporary = Path(os.environ.get("RUNNER_TEMP") or ROOT)
    folder = temporary / f"reconciler-{hashlib.sha256(content).hexdigest()[:16]}"
    complete = folder / "complete"
    if not complete.exists():
        venv.create(folder, clear=True)
        install(folder, locked)
        complete.touch()
    return folder


def install(folder: Path, locked: Path) -> None:
    """Install what is locked, from the wheelhouse if there is one."""
    wheels = ROOT / "wheelhouse"
    source = ["--no-index", "--find-links", str(wheels)] if wheels.is_dir() else []
    command = [*installer(folder), "--disable-pip-version-check", "install", "--quiet", *source]
    command += ["--only-binary", ":all:", "--require-hashes", "-r", str(locked)]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own words
        where = "the wheelhouse of the action" if source else "the package index of the runner"
        fail(
            f"the requirements could not be installed from {where}; runners without an index need "
            f"the release with a wheelhouse, or {VENV_VARIABLE}"
        )


def installer(folder: Path) -> list[str]:
    """The runner's own pip, which takes seconds less than one more; else one more."""
    inside = interpreter(folder)
    runners = [sys.executable, "-I", "-m", "pip", "--python", str(inside)]
    if subprocess.run([*runners, "--version"], capture_output=True, check=False).returncode == 0:  # noqa: S603
        return runners
    try:
        venv.create(folder, with_pip=True)
    except (subprocess.CalledProcessError, OSError):
        fail(
            "the runner's Python can neither use pip nor make a virtual environment with it: "
            f"install it (python3-venv on Debian), or set {VENV_VARIABLE}"
        )
    return [str(inside), "-I", "-m", "pip"]


def fail(message: str) -> NoReturn:
    """End the step, with the outputs a reader of a failed step looks for."""
    if file := os.environ.get("GITHUB_OUTPUT"):
        with Path(file).open("a", encoding="utf-8") as output:
            output.write("outcome=error\nexit-code=1\nfailure-reason=setup\nchanges=false\n")
    sys.stdout.write(f"::error title=reconciler::{message}\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
