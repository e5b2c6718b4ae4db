"""What an earlier `validate` found sound: told again at once, and never when anything changed."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from reconciler import validated
from reconciler.pipeline import desiring
from tests.cli.support import Desk, Seen, local, remote


@pytest.fixture
def cache(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the cache, switched on."""
    folder = tmp_path_factory.mktemp("cache") / "reconciler"
    desk.patch.setenv("RECONCILER_CACHE", str(folder))
    return folder


def entries(cache: Path) -> list[Path]:
    """The files of the cache."""
    return sorted(cache.iterdir()) if cache.exists() else []


def unread(desk: Desk, *args: str) -> Seen:
    """`validate` when reading any manifest would be noticed."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the manifests were read")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desiring, "desire", refuse)
        return desk("validate", *args)


@pytest.mark.parametrize("output", ["text", "json", "github"])
def test_the_second_run_says_the_same(desk: Desk, cache: Path, output: str) -> None:
    """What was sound is told again, word for word, without reading a manifest."""
    desk.declare(local("a"), remote("b"))
    first = desk("validate", "--output", output)

    assert first.code == 0, first.both
    assert unread(desk, "--output", output) == first


@pytest.mark.parametrize(
    "name, text",
    [
        ("manifests/all.yaml", "a: 1"),
        ("manifests/more.yaml", "a: 1"),
        ("manifests/deep/more.yml", "a: 1"),
        ("reconciler.yaml", "a: 1"),
    ],
)
def test_a_change_is_seen(desk: Desk, cache: Path, name: str, text: str) -> None:
    """A changed or added manifest and a changed workspace are read; undone, all is as before."""
    desk.declare(local("a"))
    good = desk("validate")
    before = (desk.root / name).read_bytes() if (desk.root / name).exists() else None
    desk.write(name, text)
    bad = desk("validate")
    (desk.root / name).unlink() if before is None else (desk.root / name).write_bytes(before)

    assert good.code == 0, good.both
    assert bad.code == 1
    assert unread(desk) == good


def test_a_lost_manifest_is_seen(desk: Desk, cache: Path) -> None:
    """Renaming and removing files counts as a change."""
    desk.declare(local("a"))
    desk.declare(local("b"), file="manifests/b.yaml")
    both = desk("validate")
    (desk.root / "manifests/b.yaml").unlink()
    one = desk("validate")

    assert (both.out, one.out) == ("2 manifests are valid.\n", "1 manifest is valid.\n")


def test_the_tool_counts(desk: Desk, cache: Path) -> None:
    """Another version checks anew."""
    desk.declare(local("a"))
    desk("validate")
    desk.patch.setattr(validated, "__version__", "999")

    assert "were read" in unread(desk).err


def test_findings_are_not_kept(desk: Desk, cache: Path) -> None:
    """Warnings and errors are told every time, and never written to the cache."""
    desk.declare(local("a", extra={"brandNew": 1}))
    first, second = desk("validate"), desk("validate")

    assert "extra-field" in first.err
    assert first == second
    assert entries(cache) == []


def test_a_secret_that_is_gone_is_told(desk: Desk, cache: Path) -> None:
    """Whether a secret has a value is asked every time; its value is not in the cache."""
    desk.declare(remote("a", username="u", password={"env": "UPSTREAM_PASSWORD"}))
    desk.patch.setenv("UPSTREAM_PASSWORD", "hunter2-canary")
    good = desk("validate")
    assert good.err == ""
    assert unread(desk) == good
    [entry] = entries(cache)
    desk.patch.delenv("UPSTREAM_PASSWORD")

    assert "canary" not in entry.read_text()
    assert "secret-unresolved" in desk("validate").err


def test_no_manifest_is_kept(desk: Desk, cache: Path) -> None:
    """The cache holds digests and numbers, nothing of what the manifests say."""
    desk.declare(local("confidential-name", description="confidential-text"))
    desk("validate")
    [entry] = entries(cache)

    assert "confidential" not in entry.read_text()
    assert set(json.loads(entry.read_text())) == {
        "digest",
        "paths",
        "documents",
        "manifests",
        "kinds",
        "references",
        "environments",
    }


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"null",
        b"[" * 100_000,
        b'{"digest": 1, "paths": 7, "documents": null, "manifests": 0, "kinds": [],'
        b' "references": 1}',
        b'{"digest": "x", "paths": ["/nowhere"], "documents": 1, "manifests": 1, "kinds": {},'
        b' "references": [{"env": "A", "file": "B"}]}',
    ],
)
def test_a_broken_entry_is_written_anew(desk: Desk, cache: Path, rubbish: bytes) -> None:
    """Whatever stands in the cache, the manifests are checked and the entry becomes whole."""
    desk.declare(local("a"))
    good = desk("validate")
    [entry] = entries(cache)
    entry.write_bytes(rubbish)

    assert desk("validate") == good
    assert unread(desk) == good


def test_without_a_place_for_it(desk: Desk, cache: Path) -> None:
    """A cache that cannot be written is no fault."""
    desk.declare(local("a"))
    cache.write_text("a file where the folder should be")
    first, second = desk("validate"), desk("validate")

    assert first.code == second.code == 0, first.both


def test_switched_off(desk: Desk, cache: Path) -> None:
    """`RECONCILER_CACHE=off` neither asks nor writes."""
    desk.declare(local("a"))
    desk.patch.setenv("RECONCILER_CACHE", "off")
    desk("validate")

    assert entries(cache) == []
    assert "were read" in unread(desk).err


def test_the_platform_is_always_asked(desk: Desk, cache: Path) -> None:
    """`--online` and a plan read the manifests, whatever an earlier run found."""
    desk.declare(local("a"))
    desk("validate")

    assert "were read" in unread(desk, "--online").err


def test_the_cache_stays_small(desk: Desk, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not used for longest goes; leftovers of a killed run go, too."""
    monkeypatch.setattr(validated, "MAX_ENTRIES", 3)
    cache.mkdir()
    (cache / "validated-left.tmp").write_text("")
    os.utime(cache / "validated-left.tmp", (1, 1))
    (cache / "notes.txt").write_text("not ours")
    for number in range(5):
        desk.declare(local("a"), file=f"other{number}.yaml")
        desk("validate", f"other{number}.yaml")
        for age, entry in enumerate(sorted(entries(cache), key=lambda e: -e.stat().st_mtime)):
            os.utime(entry, (10_000 - age, 10_000 - age))

    assert len(entries(cache)) == 3 + 1
    assert (cache / "notes.txt").exists()
    assert not (cache / "validated-left.tmp").exists()


def test_two_at_once(cache: Path) -> None:
    """Whoever writes at the same time, an entry is always whole."""
    file = cache / "validated-x.json"
    texts = {letter: json.dumps(letter * 50_000) for letter in "ab"}
    validated._write(file, texts["a"])

    def write(text: str) -> None:
        for _ in range(50):
            validated._write(file, text)

    writers = [threading.Thread(target=write, args=[text]) for text in texts.values()]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        seen.add(file.read_text())
    for writer in writers:
        writer.join()

    assert seen <= set(texts.values())
    assert entries(cache) == [file]


@pytest.mark.parametrize(
    "environment, expected",
    [
        ({"RECONCILER_CACHE": "OFF", "HOME": "/home/u"}, None),
        ({"RECONCILER_CACHE": "/c", "HOME": "/home/u"}, "/c"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/home/u"}, "/x/reconciler"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/home/u"}, "/home/u/.cache/reconciler"),
        ({}, None),
    ],
)
def test_where_it_lies(environment: dict[str, str], expected: str | None) -> None:
    """The variable decides, then the system's place for caches; never the workspace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validated.sys, "platform", "linux")

        assert validated.folder(environment) == (Path(expected) if expected else None)
