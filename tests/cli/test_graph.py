"""`graph`: the forms, the file, the scope; never a request."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.cli.support import Desk, local, manifest


def estate(desk: Desk) -> None:
    """Two locals, one below a virtual."""
    desk.declare(
        local("a", "npm"),
        local("b", "npm"),
        manifest("VirtualRepository", "v", packageType="npm", repositories=["a", "elsewhere"]),
    )


@pytest.mark.parametrize(
    "flags, begin",
    [
        ("", "<svg "),
        ("--format svg", "<svg "),
        ("--format mermaid", "flowchart LR\n"),
        ("--format dot", "digraph reconciler {\n"),
    ],
)
def test_forms(desk: Desk, flags: str, begin: str) -> None:
    """Each form on stdout, without a request or a credential."""
    estate(desk)
    seen = desk("graph", *flags.split())

    assert seen.code == 0, seen.err
    assert seen.out.startswith(begin)
    assert seen.err == ""
    assert desk.sandbox.requests == []


@pytest.mark.parametrize(
    "name, begin",
    [("x.svg", "<svg "), ("x.mmd", "flowchart"), ("x.gv", "digraph"), ("x.txt", "<svg ")],
)
def test_the_ending_of_the_file_says_the_form(desk: Desk, name: str, begin: str) -> None:
    """`--out x.dot` needs no `--format`; stdout stays empty."""
    estate(desk)
    seen = desk("graph", "--out", name)

    assert (desk.root / name).read_text(encoding="utf-8").startswith(begin)
    assert (seen.code, seen.out) == (0, "")
    assert seen.err == f"wrote {name}: 4 objects, 2 references\n"


def test_scope(desk: Desk) -> None:
    """`--only` draws a part, with what it names."""
    estate(desk)
    text = desk("graph", "--only", "*/v").out

    ElementTree.fromstring(text)
    assert "LocalRepository/a\nmanifests/all.yaml:1 (by reference)" in text
    assert "LocalRepository/b" not in text


def test_a_circle_is_an_error(desk: Desk) -> None:
    """Invalid manifests are told, not drawn."""
    spec = {"packageType": "npm"}
    desk.declare(
        manifest("VirtualRepository", "v", **spec, repositories=["w"]),
        manifest("VirtualRepository", "w", **spec, repositories=["v"]),
    )
    seen = desk("graph")

    assert (seen.code, seen.out) == (1, "")
    assert "reference-cycle" in seen.err


def test_too_much_for_mermaid_is_told(desk: Desk) -> None:
    """Beyond what sites draw, a note says so on stderr."""
    many = [local(f"r{i}", "npm") for i in range(32)]
    virtuals = [
        manifest(
            "VirtualRepository",
            f"v{i}",
            packageType="npm",
            repositories=[f"r{j}" for j in range(32) if i != j],
        )
        for i in range(32)
    ]
    desk.declare(*many, *virtuals)
    seen = desk("graph", "--format", "mermaid")

    assert seen.code == 0
    assert "at most 500 arrows" in seen.err
