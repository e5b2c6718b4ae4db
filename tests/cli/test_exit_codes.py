"""Every exit code, provoked in every command that has it; and usage errors, which are always 1."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.support import Desk, local, manifest

Prepare = Callable[[Desk], None]


def nothing_to_do(desk: Desk) -> None:
    """Everything is as declared."""
    desk.converged(local("a"))


def pending(desk: Desk) -> None:
    """Something is declared that is not there."""
    desk.declare(local("a"))


def drifted(desk: Desk) -> None:
    """Somebody changed an applied field."""
    desk.converged(local("a", description="ours"))
    desk.meddle("a", description="theirs")


def invalid(desk: Desk) -> None:
    """A misspelt field."""
    desk.declare(local("a", descripton="x"))


def empty(desk: Desk) -> None:
    """No manifest at all."""
    (desk.root / "manifests").mkdir()


def blocked(desk: Desk) -> None:
    """A package type cannot change."""
    desk.make("a", "local", "npm")
    desk.declare(local("a", "maven"), local("b"))


def over_limit(desk: Desk) -> None:
    """Every owned object would be updated."""
    names = [f"r{i}" for i in range(10)]
    desk.converged(*map(local, names))
    desk.declare(*(local(name, description="new") for name in names))


def partial(desk: Desk) -> None:
    """One of two repositories cannot be written."""
    desk.declare(local("a"), local("b"))
    desk.fault("status", status=500, match={"method": "PUT", "path": "*/repositories/b"})
    desk.fault("status", status=404, match={"path": "*/v2/repositories/batch"})


def gone(desk: Desk) -> None:
    """Nobody listens."""
    desk.converged(local("a"))
    desk.patch.setenv("JFROG_URL", "http://127.0.0.1:9")


def refused(desk: Desk) -> None:
    """The token is unknown."""
    desk.converged(local("a"))
    desk.patch.setenv("JFROG_ACCESS_TOKEN", "expired")


def page(desk: Desk) -> None:
    """Something else answers."""
    desk.converged(local("a"))
    desk.fault("html", status=200)


CASES: list[tuple[Prepare, str, int]] = [
    (nothing_to_do, "validate", 0),
    (nothing_to_do, "validate --online", 0),
    (nothing_to_do, "plan", 0),
    (nothing_to_do, "plan --detailed-exitcode", 0),
    (nothing_to_do, "apply", 0),
    (nothing_to_do, "drift", 0),
    (pending, "plan", 0),
    (pending, "plan --detailed-exitcode", 2),
    (pending, "apply", 1),
    (pending, "apply --yes", 0),
    (pending, "drift", 0),
    (drifted, "drift", 2),
    (drifted, "plan", 0),
    (drifted, "plan --detailed-exitcode", 2),
    (invalid, "validate", 1),
    (invalid, "plan", 1),
    (invalid, "apply --yes", 1),
    (invalid, "render", 1),
    (empty, "validate", 1),
    (empty, "plan", 1),
    (empty, "apply --yes", 1),
    (blocked, "validate", 0),
    (blocked, "validate --online", 1),
    (blocked, "plan", 3),
    (blocked, "plan --detailed-exitcode", 3),
    (blocked, "apply --yes", 3),
    (over_limit, "plan", 3),
    (over_limit, "apply --yes", 3),
    (over_limit, "apply --yes --allow-updates LocalRepository=10", 0),
    (pending, "apply --expect-digest sha256:" + "0" * 64, 4),
    (partial, "apply --yes", 5),
    (gone, "plan", 6),
    (gone, "apply --yes", 6),
    (gone, "drift", 6),
    (gone, "validate", 0),
    (gone, "validate --online", 6),
    (gone, "export", 6),
    (refused, "plan", 6),
    (refused, "apply --yes", 6),
    (refused, "drift", 6),
    (refused, "export", 6),
    (page, "plan", 6),
    (page, "drift", 6),
]


@pytest.mark.parametrize(
    "prepare, line, code", CASES, ids=[f"{p.__name__}: {line}" for p, line, _ in CASES]
)
def test_exit_code(desk: Desk, prepare: Prepare, line: str, code: int) -> None:
    """Each situation ends each command with the code the table of M7 gives it."""
    prepare(desk)
    seen = desk(*line.split())

    assert seen.code == code, seen.both
    assert "Traceback" not in seen.both


def test_partial_does_the_rest(desk: Desk) -> None:
    """A failing object does not keep the others back; the summary says what is left."""
    partial(desk)
    seen = desk("apply", "--yes")

    assert desk.exists("a")
    assert "1 created, 1 failed" in seen.out
    assert "Running apply again is safe" in seen.out


def test_blocked_objects_leave_the_others(desk: Desk) -> None:
    """A blocked object stops nobody but itself."""
    blocked(desk)
    seen = desk("apply", "--yes")

    assert seen.code == 3
    assert desk.exists("b")
    assert desk.live("a")["packageType"] == "npm"


def test_limits_write_nothing_and_name_the_flag(desk: Desk) -> None:
    """A limit stops the whole run before anything is sent and says how to raise it exactly."""
    over_limit(desk)
    seen = desk("apply", "--yes")

    assert desk.writes() == []
    assert "--allow-updates LocalRepository=10" in seen.both


def test_unreachable_after_a_write_is_partial(desk: Desk) -> None:
    """When the platform goes away after the first write, the run ends 5 and says what was done."""
    desk.declare(
        local("a"), manifest("VirtualRepository", "v", packageType="generic", repositories=["a"])
    )
    desk.fault("status", status=401, skip=0, match={"method": "PUT", "path": "*/repositories/v"})
    seen = desk("apply", "--yes")

    assert seen.code == 5, seen.both
    assert desk.exists("a")


USAGE = [
    "nonsense",
    "plam",
    "plan --nonsense",
    "plan --output yaml",
    "plan --only nonsense",
    "plan --only color=red",
    "plan --only",
    "plan --shard 3/2",
    "plan --shard auto",
    "drift --shard some",
    "plan --exclude nonsense",
    "plan --platform default",
    "plan --platform default=acme.example.com",
    "plan --platform default=https://acme.example.com,token=x",
    "plan --allow-deletes LocalRepository",
    "plan --allow-updates LocalRepository=many",
    "plan --allow-updates LocalRepositry=12",
    "plan --prune manifests",
    "apply --prune --yes manifests",
    "plan --timeout 0",
    "plan --timeout soon",
    "plan --rps -1",
    "plan --rotate RemoteRepository/a",
    "plan --rotate RemoteRepository/a#spec.password",
    "plan --workspace nowhere",
    "plan nowhere",
    "plan --ca-file nowhere.pem --platform default=https://acme.example.com",
    "apply --plan nowhere.json",
    "apply --expect-digest sha256:0",
    "apply --expect-digest main",
    "adopt",
    "adopt --all LocalRepository/a",
    "adopt LocalRepository/zz",
    "adopt nonsense",
    "release",
    "release LocalRepository/zz",
    "release nonsense",
    "explain",
    "explain Nonsense",
    "explain LocalRepository.nonsense",
    "explain LocalRepository/zz",
    "explain LocalRepository/a --plan nowhere.json",
    "schema Nonsense",
    "completion tcsh",
    "sandbox --port many",
    "sandbox --platforms ,",
    "sandbox --platforms a,a",
    "sandbox --connect --platforms connect",
    "sandbox --version new",
]


@pytest.mark.parametrize("line", USAGE)
def test_usage_errors_are_1_with_a_way_out(desk: Desk, line: str) -> None:
    """A command line that means nothing ends 1, says so on stderr only, and helps."""
    desk.declare(local("a"))
    seen = desk(*line.split())

    assert seen.code == 1, seen.both
    assert seen.out == ""
    assert "error[" in seen.err
    assert "help:" in seen.err, seen.err
    assert "Traceback" not in seen.err
    assert desk.sandbox.requests == []


def test_no_command_prints_the_help() -> None:
    """`reconciler` alone is answered with the help."""
    import subprocess

    from tests.cli.support import COMMAND

    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=20, check=False)

    assert done.returncode in (0, 1)
    assert "Usage: reconciler" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "wrong, right", [("plam", "plan"), ("aply", "apply"), ("validade", "validate")]
)
def test_misspelt_commands_are_answered_with_the_nearest(
    desk: Desk, wrong: str, right: str
) -> None:
    """The nearest command is suggested."""

    assert f"Did you mean '{right}'?" in desk(wrong).err


def test_misspelt_flags_are_answered_with_the_nearest(desk: Desk) -> None:
    """The nearest flag is suggested."""

    assert "--detailed-exitcode" in desk("plan", "--detailed-exit").err
