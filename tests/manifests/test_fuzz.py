"""Mutated manifests and workspace files in: `validate` answers all of them in its own words.

150 examples of each property; `RECONCILER_FUZZ=N` asks for N.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
import time
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.main import run
from reconciler.rules import RULES
from tests.manifests.mutations import BOUNDED, MANIFESTS, VALUES, WORKSPACE, mutated

SLOW = 5.0
"""Seconds of processor time no example may take; usual are some milliseconds."""


def text_of(*documents: Any) -> bytes:
    """Documents as YAML."""
    return yaml.safe_dump_all(documents, allow_unicode=True, sort_keys=False).encode("utf-8")


GOOD = text_of(*MANIFESTS)
GOOD_WORKSPACE = text_of(WORKSPACE)


def check(
    manifests: bytes, workspace: bytes = GOOD_WORKSPACE, environment: bytes = b""
) -> dict[str, Any]:
    """Validate one workspace in both forms; what every answer must be like is asserted here."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "manifests").mkdir()
        (root / "manifests" / "a.yaml").write_bytes(manifests)
        (root / "reconciler.yaml").write_bytes(workspace)
        if environment:
            (root / "environments").mkdir()
            (root / "environments" / "prod.yaml").write_bytes(environment)
        started = time.process_time()
        code, out, _ = _run(root, "--output", "json")
        text_code, _, err = _run(root, "--no-color")
        took = time.process_time() - started
    document: dict[str, Any] = json.loads(out)
    assert code == text_code == document["exitCode"]
    assert code in (0, 1)
    assert took < SLOW
    assert "Traceback" not in err
    assert all(line.isprintable() for line in err.splitlines())
    for found in document["diagnostics"]:
        assert found["rule"] in RULES
        assert found["rule"] != "unexpected"
        assert found["summary"]
        assert found["line"] is None or (found["line"] >= 1 and found["column"] >= 1)
    errors = [d for d in document["diagnostics"] if d["severity"] == "error"]
    assert bool(errors) is (code == 1)
    return document


def _run(root: Path, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with chdir(root), redirect_stdout(out), redirect_stderr(err):
        code = run(["validate", *words])
    return code, out.getvalue(), err.getvalue()


def test_what_is_mutated_is_valid() -> None:
    """The properties start from something without errors, or they would say little."""
    assert not [d for d in check(GOOD)["diagnostics"] if d["severity"] == "error"]


@BOUNDED
@given(
    st.sampled_from(range(len(MANIFESTS))).flatmap(
        lambda i: mutated(MANIFESTS[i]).map(lambda d: (i, d))
    )
)
def test_fuzz_manifests(case: tuple[int, dict[str, Any]]) -> None:
    """A manifest with any node dropped, doubled, renamed or replaced is answered by rules."""
    index, document = case

    check(text_of(*MANIFESTS[:index], document, *MANIFESTS[index + 1 :]))


@BOUNDED
@given(mutated(WORKSPACE))
def test_fuzz_workspace_files(document: dict[str, Any]) -> None:
    """A workspace file with any such mutation is answered by rules."""
    check(GOOD, text_of(document))


SET: dict[str, Any] = {
    "apiVersion": "reconciler/v1",
    "kind": "ManifestSet",
    "metadata": {"name": "teams"},
    "spec": {
        "matrix": {"team": ["a", "b"], "type": [{"name": "npm", "index": True}, {"name": "go"}]},
        "exclude": [{"type": {"name": "go"}}],
        "template": {
            "kind": "LocalRepository",
            "metadata": {"name": "${matrix.team}-${matrix.type.name}"},
            "spec": {"packageType": "${matrix.type.name}", "description": "${value.region}"},
        },
    },
}
ENVIRONMENT: dict[str, Any] = {
    "apiVersion": "reconciler/v1",
    "kind": "Environment",
    "metadata": {"name": "prod"},
    "spec": {
        "values": {"region": "x", "teams": ["a"]},
        "platforms": {"east": {"token": {"env": "PROD_TOKEN"}}},
        "patches": [
            {"target": {"kind": "LocalRepository"}, "merge": {"spec": {"notes": "x"}}},
            {
                "target": {"name": "a-*", "labels": {"team": "a"}},
                "jsonPatch": [
                    {"op": "add", "path": "/spec/environments", "value": ["DEV"]},
                    {"op": "move", "from": "/spec/environments/0", "path": "/spec/notes"},
                ],
            },
        ],
    },
}


@BOUNDED
@given(mutated(SET), mutated(ENVIRONMENT))
def test_fuzz_sets_and_environments(one: dict[str, Any], environment: dict[str, Any]) -> None:
    """A set and an environment with any such mutations are answered by rules."""
    check(text_of(*MANIFESTS, one), GOOD_WORKSPACE, text_of(environment))


@BOUNDED
@given(VALUES, VALUES)
def test_fuzz_documents_of_any_shape(manifest: Any, workspace: Any) -> None:
    """Documents that have nothing to do with manifests are answered by rules."""
    check(text_of(manifest))
    check(GOOD, text_of(workspace))


@st.composite
def scratched(draw: st.DrawFn, text: bytes) -> bytes:
    """The text with some bytes cut out, doubled or replaced."""
    data = bytearray(text)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 8)))
        data[start:end] = draw(
            st.one_of(
                st.binary(max_size=4),
                st.sampled_from(
                    [
                        b"\t",
                        b"\0",
                        b"'",
                        b'"',
                        b"{",
                        b"[",
                        b": ",
                        b"- ",
                        b"\n",
                        b"\r\n",
                        b"*a",
                        b"&a ",
                        b"!!int ",
                        b"<<: ",
                        b"---\n",
                        b"%YAML 1.1\n",
                        "\u2028\x85\ufeff".encode(),
                    ]
                ),
                st.just(bytes(data[start:end]) * 2),
            )
        )
    return bytes(data)


@BOUNDED
@given(scratched(GOOD), scratched(GOOD_WORKSPACE))
def test_fuzz_bytes(manifests: bytes, workspace: bytes) -> None:
    """A file with a few broken bytes is answered by rules, at a place inside of it."""
    document = check(manifests)
    check(GOOD, workspace)

    lines = manifests.count(b"\n") + manifests.count(b"\r") + 2
    for found in document["diagnostics"]:
        assert not found["line"] or found["line"] <= lines or found["file"] != "manifests/a.yaml"


@BOUNDED
@given(st.binary(max_size=400))
def test_fuzz_random_bytes(data: bytes) -> None:
    """Bytes without any sense are answered by rules, as a manifest and as a workspace file."""
    check(data)
    check(GOOD, data)


@BOUNDED
@given(
    st.lists(
        st.sampled_from(
            [*"[{]},: \n-?|>'#a1!%@\t\r\ufeff", '"', "&a", "*a", "<<", "---", "...", "0x1", ".inf"]
        ),
        max_size=60,
    ).map("".join)
)
def test_fuzz_yaml_signs(text: str) -> None:
    """Any sequence of YAML's own signs is answered by rules."""
    check(text.encode("utf-8"))


def test_deep_and_wide_files_are_quick() -> None:
    """Files made to cost time are answered within seconds."""
    for hostile in (
        b"[" * 100_000,
        b"{a: " * 50_000,
        b"- " * 50_000,
        b"a: &a [" + b"*a, " * 10_000 + b"]",
        b"".join(b"k%d: 01\n" % i for i in range(20_000)),
        b"a: '" + b"x" * 1_000_000,
        b"? " * 20_000,
    ):
        check(hostile)


def test_the_environment_is_left_alone() -> None:
    """Fuzzing reads variables and sets none."""
    before = dict(os.environ)

    check(GOOD)

    assert dict(os.environ) == before
