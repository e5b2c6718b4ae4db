"""What a release has, in dist/: sdist, wheel, the action with its wheels, and their checksums.

Runners without a package index take the archive of their platform: it is this action with a folder
`wheelhouse`, from which `github/bootstrap.py` installs what is locked, and asks no index.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from reconciler import __version__  # noqa: E402

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = {
    "linux-x86_64": (("manylinux2014_x86_64", "manylinux_2_28_x86_64"),),
    "linux-arm64": (("manylinux2014_aarch64", "manylinux_2_28_aarch64"),),
    "macos": (("macosx_11_0_arm64",), ("macosx_11_0_x86_64",)),
    "windows": (("win_amd64",),),
}
"""The archives: for each processor, the platforms whose wheels it takes."""

LOCKED = ROOT / "requirements" / "run.txt"
CONTENT = ("action.yml", "LICENSE", "README.md", "CHANGELOG.md", "requirements/run.txt")


def main(arguments: list[str]) -> int:
    """Build everything; 1 where the tag is not that of the version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", default="", help="must be that of the version")
    parser.add_argument("--platform", choices=PLATFORMS, action="append", help="only these")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    given = parser.parse_args(arguments)
    if given.tag and given.tag != f"v{__version__}":
        sys.stderr.write(f"the tag is {given.tag}, and the version {__version__}\n")
        return 1
    given.out.mkdir(parents=True, exist_ok=True)
    run("uv", "build", "--quiet", "--out-dir", str(given.out), str(ROOT))
    for platform in given.platform or PLATFORMS:
        with tempfile.TemporaryDirectory() as folder:
            wheels = Path(folder)
            download(wheels, PLATFORMS[platform])
            file = given.out / f"reconciler-action-{__version__}-{platform}.tar.gz"
            file.write_bytes(action_archive(wheels.glob("*.whl")))
            sys.stderr.write(f"{file.name}: {file.stat().st_size:,} bytes\n")
    made = sorted(f for f in given.out.iterdir() if f.suffix in (".gz", ".whl"))
    sums = "".join(f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in made)
    (given.out / "SHA256SUMS").write_text(sums, encoding="utf-8")
    return 0


def download(folder: Path, processors: Iterable[Iterable[str]]) -> None:
    """Fetch what is locked, for every Python on each of these processors."""
    locked = folder / "locked.txt"
    # A marker would be judged by the machine this runs on.
    locked.write_text(re.sub(r" ;.*?(?= \\$)", "", LOCKED.read_text(), flags=re.MULTILINE))
    for platforms in processors:
        where = [word for platform in platforms for word in ("--platform", platform)]
        for python in PYTHONS:
            run(
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                *("--only-binary", ":all:", "--require-hashes", "--implementation", "cp"),
                *("--python-version", python, *where, "-d", str(folder), "-r", str(locked)),
            )


def action_archive(wheels: Iterable[Path]) -> bytes:
    """The action as a gzipped tar, the same bytes for the same files."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, file in sorted((*_sources(), *((f"wheelhouse/{w.name}", w) for w in wheels))):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = file.stat().st_size, 0o644
            with file.open("rb") as content:
                archive.addfile(entry, content)
    return packed.getvalue()


def _sources() -> Iterator[tuple[str, Path]]:
    """What of the repository the action needs."""
    yield from ((name, ROOT / name) for name in CONTENT)
    for file in (ROOT / "reconciler").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            yield file.relative_to(ROOT).as_posix(), file


def run(program: str, *arguments: str) -> None:
    """Run a program beside this Python, or of the path; it must succeed."""
    beside = Path(sys.executable).parent / program
    found = str(beside) if beside.exists() else shutil.which(program) or program
    environment = {**os.environ, "PIP_NO_INPUT": "1"}
    subprocess.run([found, *arguments], check=True, env=environment)  # noqa: S603 - our own words


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
