"""References to secrets: what they may name, and what they give."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.model import Secret
from reconciler.platform.secrets import SecretSource, fingerprint


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with a secret, beside a folder that is none of its business."""
    inside, outside = tmp_path / "workspace", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "secret.txt").write_text("inside\n")
    (outside / "secret.txt").write_text("outside\n")
    (inside / "link-out.txt").symlink_to(outside / "secret.txt")
    (inside / "link-in.txt").symlink_to(inside / "secret.txt")
    (inside / "folder-out").symlink_to(outside)
    (inside / "loop").symlink_to(inside / "loop")
    (inside / "empty.txt").write_text("")
    (inside / "line.txt").write_text("\n")
    (inside / "binary.txt").write_bytes(b"\xff\xfe\x00")
    (inside / "folder").mkdir()
    os.mkfifo(inside / "pipe")
    return inside


def resolved(root: Path, path: str, folders: tuple[Path, ...] = ()) -> str:
    """The value of a file reference."""
    return SecretSource({}, root, folders).resolve({"file": path}).reveal()


@pytest.mark.parametrize(
    "path", ["secret.txt", "link-in.txt", "./secret.txt", "folder/../secret.txt"]
)
def test_files_inside(root: Path, path: str) -> None:
    """A file of the workspace, whatever the way to it; one line end is dropped."""
    assert resolved(root, path) == "inside"


REFUSED = {
    "../outside/secret.txt": "the file lies outside the workspace",
    "link-out.txt": "the file lies outside the workspace",
    "folder-out/secret.txt": "the file lies outside the workspace",
    "/etc/hostname": "the file lies outside the workspace",
    "folder": "it is no regular file",
    "pipe": "it is no regular file",
    "nothing.txt": "No such file",
    "loop": "",
    "empty.txt": "it is empty",
    "line.txt": "it is empty",
    "binary.txt": "it is no UTF-8 text",
    "nul\0.txt": "",
    "a" * 5000: "",
}


@pytest.mark.parametrize("path, reason", REFUSED.items(), ids=lambda v: repr(v)[:30])
def test_files_that_give_nothing(root: Path, path: str, reason: str) -> None:
    """Out of the workspace by any way, or no text: told by name, never by content."""
    with pytest.raises(UsageError) as told:
        resolved(root, path)

    assert reason in told.value.summary
    assert "outside\n" not in str(told.value)


def test_a_further_folder(root: Path) -> None:
    """--secret-dir allows one folder more, and links into it; nothing beside it."""
    outside = root.parent / "outside"
    (root.parent / "other.txt").write_text("other")

    assert resolved(root, str(outside / "secret.txt"), (outside,)) == "outside"
    assert resolved(root, "link-out.txt", (outside,)) == "outside"
    with pytest.raises(UsageError):
        resolved(root, str(root.parent / "other.txt"), (outside,))
    with pytest.raises(UsageError):
        resolved(root, str(outside / ".." / "other.txt"), (outside,))


ENVIRONMENT = {"CORP_A": "a", "PARTNER_B": "b", "EMPTY": "", "BROKEN": "x\udcff"}


@pytest.mark.parametrize(
    "name, allowed, reason",
    [
        ("CORP_A", (), None),
        ("CORP_A", ("CORP_*",), None),
        ("PARTNER_B", ("CORP_*", "PARTNER_?"), None),
        ("PARTNER_B", ("CORP_*",), "RECONCILER_SECRET_ENV does not allow the variable"),
        ("corp_a", ("CORP_*",), "RECONCILER_SECRET_ENV does not allow the variable"),
        ("ABSENT", (), "the variable is not set"),
        ("EMPTY", (), "it is empty"),
        ("BROKEN", (), "it is no UTF-8 text"),
    ],
)
def test_variables(name: str, allowed: tuple[str, ...], reason: str | None) -> None:
    """Set, allowed and not empty; else told by name."""
    source = SecretSource(ENVIRONMENT, Path(), (), allowed)
    if reason is None:
        assert source.resolve({"env": name}).reveal() == ENVIRONMENT[name]
        return
    with pytest.raises(UsageError) as told:
        source.resolve({"env": name})
    assert reason in told.value.summary
    assert f"env:{name}" in told.value.summary


def test_a_secret_never_shows_itself() -> None:
    """Neither printed, nor formatted, nor in a container, nor by its attributes."""
    secret = Secret("hunter2", "env:PW")
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        repr([secret]),
        repr(dir(secret)),
    ]

    assert all("hunter2" not in text for text in shown)
    assert not hasattr(secret, "__dict__")


def test_fingerprints() -> None:
    """Equal for equal values under one key, and only then; neither key nor value can be read."""
    one, other = Secret("a", "env:ONE"), Secret("a", "file:x")
    key, new_key = Secret("k", "env:K"), Secret("l", "env:K")

    assert fingerprint(key, one) == fingerprint(key, other)
    assert fingerprint(key, one) != fingerprint(key, Secret("b", "env:ONE"))
    assert fingerprint(key, one) != fingerprint(new_key, one)
