"""Make a virtual environment and install the locked requirements and this package into it.

Needs only the standard library. uv installs several times faster than pip and checks the same
hashes; where it cannot be had, pip does the work.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)


def main(folder: Path, requirements: Path) -> None:
    """Create `folder` if needed and bring it up to date with the hashed `requirements`."""
    if sys.version_info < OLDEST:
        sys.exit(f"Python {'.'.join(map(str, OLDEST))} or newer is needed, this is {sys.version}")
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        say(f"creating {folder}")
        venv.create(folder, with_pip=True)
    say(f"installing {requirements}")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    if run([*pip, "install", "uv"], check=False) == 0:
        uv = [str(python), "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
        run([*uv, "--require-hashes", "-r", str(requirements)])
        run([*uv, "--no-deps", "-e", str(HERE)])
    else:
        run([*pip, "install", "--require-hashes", "-r", str(requirements)])
        run([*pip, "install", "--no-deps", "-e", str(HERE)])


def say(text: str) -> None:
    """Tell what takes time."""
    sys.stderr.write(f"{text}\n")


def run(command: list[str], *, check: bool = True) -> int:
    """Run a command; with `check`, end with its exit code when it fails."""
    code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own arguments
    if check and code:
        sys.exit(code)
    return code


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
