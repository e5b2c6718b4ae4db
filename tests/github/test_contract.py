"""The contract of `action.yml`: inputs, outputs, one step, and nothing pasted into a shell."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler import __version__
from reconciler.github import bootstrap, inputs, outcome
from tests.cli.support import local
from tests.github.bench import PULL, Bench
from tests.support.composite import ROOT, STEP, blocks, obeyed
from tests.support.fake_github import TOKEN

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
OF_DESIGN = {
    *("command", "path", "environment", "url", "platforms", "oidc-provider-name", "oidc-audience"),
    *("token", "only", "exclude", "plan-file", "expect-digest", "stale-policy", "comment"),
    *("comment-mode", "summary", "annotations", "sarif-file", "labels", "fail-on", "max-risk"),
    *("allow-deletes", "pr-number", "github-token", "version"),
}


# --- the file


def test_the_inputs_are_those_of_the_driver() -> None:
    """Each has its variable, its default is that of the driver, and none is missing."""
    known = {field.name.replace("_", "-"): field.default for field in fields(inputs.Inputs)}
    (step,) = ACTION["runs"]["steps"]
    written = {name: given.get("default", "") for name, given in ACTION["inputs"].items()}

    assert set(written) == set(known) >= OF_DESIGN
    for name, default in written.items():
        assert step["env"][inputs.variable(name)] == f"${{{{ inputs.{name} }}}}"
        if name != "github-token":
            assert default == _written(known[name])


def _written(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return default if isinstance(default, str) else ""


def test_the_outputs_are_those_of_the_driver() -> None:
    """Each is mapped to the step's, and each is set on every path."""
    values = {name: given["value"] for name, given in ACTION["outputs"].items()}

    assert values == {name: f"${{{{ steps.run.outputs.{name} }}}}" for name in outcome.UNFINISHED}


def test_no_expression_reaches_a_shell() -> None:
    """One step, no other action, `exec`, and inputs through the environment only."""
    (step,) = ACTION["runs"]["steps"]

    assert ACTION["runs"]["using"] == "composite"
    assert step["run"].endswith(STEP)
    assert "${{" not in step["run"]
    assert "uses" not in step
    assert all(name.replace("-", "").islower() for name in (*ACTION["inputs"], *ACTION["outputs"]))


def test_the_design_has_no_input_twice() -> None:
    """A description is one sentence, and long enough to mean something."""
    for given in (*ACTION["inputs"].values(), *ACTION["outputs"].values()):
        assert 10 < len(given["description"]) < 200
        assert given["description"].endswith(".")


# --- inputs


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("command", "destroy"),
        ("summary", "yes"),
        ("labels", "True"),
        ("comment", "sometimes"),
        ("fail-on", "warnings"),
        ("max-risk", "risky"),
        ("pr-number", "seven"),
        ("pr-number", "0"),
        ("expect-digest", "sha256:123"),
        ("allow-deletes", "LocalRepository"),
        ("platforms", "main"),
        ("stale-policy", "never"),
    ],
)
def test_unknown_values_fail_loudly(bench: Bench, name: str, value: str) -> None:
    """The runner enforces nothing: we do, before anything is asked."""
    bench.declare(local("a"))
    given = {name.replace("-", "_"): value}
    if name == "platforms":
        given["url"] = ""
    ran = bench.run("pull_request", **given)

    assert ran.code == 1
    assert ran.outputs["failure-reason"] == "usage"
    assert name in ran.annotated("error")[0]
    assert bench.sandbox.requests == []


def test_all_faults_are_told_at_once(bench: Bench) -> None:
    """Not one after the other."""
    ran = bench.run("pull_request", summary="yes", labels="no", comment="maybe")

    (told,) = ran.annotated("error")
    assert all(name in told for name in ("summary", "labels", "comment"))


def test_apply_wants_an_approval(bench: Bench) -> None:
    """Without a digest, a plan or a policy that says otherwise nothing is applied."""
    bench.declare(local("a"))
    ran = bench.run("push", "push-merge", command="apply")

    assert ran.code == 1
    assert "what was approved?" in ran.annotated("error")[0]


def test_a_platform_must_be_pinned(bench: Bench) -> None:
    """The address in the workspace file is a pull request's to change: no token goes there."""
    bench.declare(local("a"))
    ran = bench.run("pull_request", url="")

    assert ran.code == 1
    assert "does not say where the platforms are" in ran.annotated("error")[0]
    assert bench.sandbox.requests == []


def test_the_address_of_the_file_is_ignored(bench: Bench) -> None:
    """What the workflow says wins."""
    evil = {"main": {"url": "https://evil.example.com", "token": {"env": "JFROG_TOKEN"}}}
    bench.workspace(owner="acme", platforms=evil)
    bench.declare(local("a"))
    ran = bench.plan()

    assert ran.code == 0, ran.told
    assert "evil" not in ran.raw


def test_platforms_by_name(bench: Bench) -> None:
    """Several are given by lines, with tokens by name."""
    bench.runner.environment["MAIN_TOKEN"] = bench.admin
    bench.declare(local("a"))
    ran = bench.run("pull_request", url="", token="", platforms=f"main={bench.url}\n")

    assert ran.code == 0, ran.told


def test_inputs_are_no_secrets_of_a_manifest(bench: Bench) -> None:
    """A manifest that names a variable of the action gets nothing."""
    remote = {
        "apiVersion": "reconciler/v1",
        "kind": "RemoteRepository",
        "metadata": {"name": "r"},
        "spec": {
            "packageType": "npm",
            "url": "https://registry.example.com",
            "username": "x",
            "password": {"env": "ACTION_TOKEN"},
        },
    }
    bench.declare(remote)
    digest = bench.plan().outputs["digest"]
    ran = bench.apply(expect_digest=digest)

    assert ran.code == 1
    assert "ACTION_TOKEN" in ran.annotated("error")[0]
    assert not bench.exists("r")


def test_a_path_stays_in_the_repository(bench: Bench) -> None:
    """No folder of the runner is a workspace."""
    ran = bench.run("pull_request", command="validate", path="../..")

    assert ran.code == 1
    assert "leads out of the repository" in ran.annotated("error")[0]


@pytest.mark.parametrize(("version", "code"), [(__version__, 0), ("99.1", 1)])
def test_the_version_is_checked(bench: Bench, version: str, code: int) -> None:
    """A workflow can say which version it was written for."""
    bench.declare(local("a"))

    assert bench.run("pull_request", command="validate", version=version).code == code


def test_only_and_exclude_come_in_lines(bench: Bench) -> None:
    """A scope is shown, and part of the digest."""
    bench.declare(local("a"), local("b"), local("c"))
    ran = bench.plan(only="*/a\n*/b", exclude="*/b")

    assert ran.outputs["to-create"] == "1"
    assert "Scope:" in bench.only_comment()


def test_export_writes_files(bench: Bench) -> None:
    """What is live and not declared becomes manifests of the checkout."""
    bench.make("found-by-chance")
    bench.declare(local("a"))
    ran = bench.run("workflow_dispatch", command="export")

    assert ran.code == 0, ran.told
    assert ran.outputs["outcome"] == "changes"
    assert "found-by-chance" in ran.log


# --- the step as a process


def test_the_step_runs_as_the_runner_runs_it(bench: Bench) -> None:
    """In a shell, in another process: outputs, summary, comment and exit code are the same."""
    bench.declare(local("a"))
    given = {"command": "plan", "url": bench.url, "token": bench.admin}
    ran = bench.runner.run("pull_request", "pull_request", process=True, **given)
    bench.require_clean(ran)

    assert ran.code == 0, ran.told
    assert ran.outputs["to-create"] == "1"
    assert "### Plan: 1 to create" in bench.only_comment()
    assert "### Plan: 1 to create" in ran.summary


HOSTILE = "$(touch pwned) `touch pwned` ; touch pwned ' \" %0A::set-output name=digest::evil"


def test_a_runner_without_python_is_told(bench: Bench) -> None:
    """In words, with the outputs of a failed step, and not with the shell's 127."""
    empty = bench.root / "bin"
    empty.mkdir()
    for program in ("bash", "env"):
        (empty / program).symlink_to(shutil.which(program) or "")
    bench.runner.environment["PATH"] = str(empty)
    ran = bench.runner.run("pull_request", "pull_request", process=True, command="plan")

    assert ran.code == 1
    assert ran.outputs["failure-reason"] == "setup"
    assert "install Python 3.11 or newer" in ran.annotated("error")[0]


def test_a_runner_without_pip_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on Debian without python3-venv: no traceback."""

    def refused(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, "ensurepip")

    monkeypatch.setattr(bootstrap.venv, "create", refused)
    monkeypatch.setattr(bootstrap.sys, "executable", "/bin/false")
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)
    with pytest.raises(SystemExit):
        bootstrap.installer(tmp_path)

    assert "python3-venv" in capsys.readouterr().out


def test_hostile_inputs_do_nothing(bench: Bench) -> None:
    """No input is ever text of a shell, or a command of the log; the runner's files stay whole."""
    bench.declare(local("a"))
    everywhere = dict.fromkeys(("path", "environment", "only", "exclude", "sarif_file"), HOSTILE)
    for given in (everywhere, {"command": HOSTILE}):
        ran = bench.runner.run("pull_request", "pull_request", process=True, **given)
        assert ran.code == 1, given
        assert [c for c in ran.commands if c[0] not in ("error", "stop-commands", "add-mask")] == []
    assert not (bench.root / "pwned").exists()


def test_the_checkout_is_never_imported(bench: Bench) -> None:
    """Modules in the repository that are named like ours, or like our packages, are data."""
    for name in ("click.py", "httpx.py", "json.py", "reconciler/__init__.py", "sitecustomize.py"):
        bench.write(name, "raise SystemExit('pwned')\n")
    bench.declare(local("a"))
    given = {"command": "plan", "url": bench.url, "token": bench.admin}
    bench.runner.environment["PYTHONPATH"] = str(bench.root)
    ran = bench.runner.run("pull_request", "pull_request", process=True, **given)

    assert ran.code == 0, ran.told


def started_apply(bench: Bench) -> subprocess.Popen[str]:
    """An apply in the step's shell, in the middle of its writes."""
    bench.declare(*(local(f"r{i}") for i in range(6)))
    digest = bench.plan(comment="never").outputs["digest"]
    bench.github.merged(PULL, "d" * 40)
    bench.fault("status", status=404, match={"path": "*/v2/repositories/batch"})
    bench.fault("latency", ms=300, match={"method": "PUT"})
    process = bench.runner.started(
        "push",
        "push-merge",
        command="apply",
        url=bench.url,
        token=bench.admin,
        expect_digest=digest,
    )
    until = time.monotonic() + 20
    while not any(
        r["method"] == "PUT" and r["path"].endswith("/r0") for r in bench.sandbox.requests
    ):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_apply_ends_in_order(bench: Bench, number: signal.Signals) -> None:
    """The signal reaches us through the shell: the write in flight ends, everything is told, 5."""
    process = started_apply(bench)
    process.send_signal(number)
    begun = time.monotonic()
    ran = bench.runner.ended(process)

    assert time.monotonic() - begun < 7.5
    assert ran.code == 5, ran.told
    assert ran.outputs["outcome"] == "partial"
    assert "not attempted" in ran.summary
    assert "not attempted" in bench.github.texts(PULL)[0]
    assert not (bench.root / ".reconciler" / "inventory.lease").exists()


def test_both_signals_of_a_runner(bench: Bench) -> None:
    """A second signal does not wait: outputs and summary are there, 5."""
    bench.fault("hang", seconds=8, match={"method": "PUT", "path": "*/r1"})
    process = started_apply(bench)
    until = time.monotonic() + 5
    while not bench.exists("r0") and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.6)
    process.send_signal(signal.SIGINT)
    time.sleep(0.4)
    process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    ran = bench.runner.ended(process)

    assert time.monotonic() - begun < 3
    assert ran.code == 5, ran.told
    assert ran.outputs["outcome"] == "partial"
    assert "cut off" in ran.summary


def test_a_cancelled_plan_says_so(bench: Bench) -> None:
    """1, `interrupted`, and no traceback."""
    bench.declare(local("a"))
    bench.fault("latency", ms=3000, match={"path": "*/configurations"})
    process = bench.runner.started(
        "pull_request", "pull_request", url=bench.url, token=bench.admin, comment="never"
    )
    until = time.monotonic() + 20
    while not bench.sandbox.requests:
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    ran = bench.runner.ended(process)

    assert ran.code == 1, ran.told
    assert ran.outputs["failure-reason"] == "interrupted"
    assert "Traceback" not in ran.log


def test_a_killed_step_has_outputs(bench: Bench) -> None:
    """They are set before anything else, as those of a run that did not end."""
    process = started_apply(bench)
    process.kill()
    ran = bench.runner.ended(process)

    assert ran.outputs["outcome"] == "error"
    assert ran.outputs["failure-reason"] == "interrupted"


# --- the virtual environment


def wheel(folder: Path) -> str:
    """A wheel of one module, and its line of a locked requirements file."""
    import hashlib

    folder.mkdir()
    file = folder / "bundled-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("bundled.py", "WORDS = 'from the wheelhouse'\n")
        archive.writestr(
            "bundled-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: bundled\nVersion: 1.0\n"
        )
        archive.writestr(
            "bundled-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("bundled-1.0.dist-info/RECORD", "")
    return f"bundled==1.0 --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n"


def test_a_wheelhouse_needs_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside action.yml, wheels are enough; the environment is kept for the next step."""
    locked = wheel(tmp_path / "wheelhouse")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "run.txt").write_text(locked)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path / "temp"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://registry.example.com/nowhere")
    folder = bootstrap.made()
    begun = time.monotonic()
    again = bootstrap.made()
    program = [
        str(bootstrap.interpreter(folder)),
        "-I",
        "-c",
        "import bundled; print(bundled.WORDS)",
    ]
    done = subprocess.run(program, capture_output=True, text=True, check=True)

    assert done.stdout == "from the wheelhouse\n"
    assert folder == again
    assert time.monotonic() - begun < 1


def test_a_wheel_that_was_changed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is installed is what was locked; the step fails with outputs."""
    wheel(tmp_path / "wheelhouse")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "run.txt").write_text(f"bundled==1.0 --hash=sha256:{'0' * 64}\n")
    output = tmp_path / "output"
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path / "temp"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    with pytest.raises(SystemExit) as ended:
        bootstrap.made()

    assert ended.value.code == 1
    assert blocks(output.read_text())["failure-reason"] == "setup"
    assert obeyed(capfd.readouterr().out)[0][0][0] == "error"


def test_an_old_python_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In words, not with a syntax error."""
    monkeypatch.setattr(sys, "version_info", (3, 8, 10))
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)
    with pytest.raises(SystemExit):
        bootstrap.main()

    assert "Python 3.11 or newer" in capsys.readouterr().out


def test_the_canary_would_be_found() -> None:
    """The runner of these tests masks as GitHub does: only what was registered."""
    _, log = obeyed(
        f"::add-mask::one\none two {TOKEN}\n::stop-commands::x\n::add-mask::two\n::x::\n"
    )

    assert log.split("\n")[0] == f"*** two {TOKEN}"


def test_the_bootstrap_needs_only_the_standard_library() -> None:
    """It runs before anything is installed, and without site packages."""
    program = f"import runpy; runpy.run_path({str(Path(bootstrap.__file__))!r}, run_name='x')"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert os.linesep not in done.stdout
