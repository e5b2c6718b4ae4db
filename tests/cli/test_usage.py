"""What a command line may not mean: each is told before anything is asked or written."""

from __future__ import annotations

import os

import pytest

from tests.cli.support import Desk, local, manifest, remote

SECRET = {"env": "NPM_PASSWORD"}


@pytest.fixture
def rotating(desk: Desk) -> Desk:
    """A remote with a password, and one without any secret."""
    desk.patch.setenv("NPM_PASSWORD", "hunter2")
    desk.converged(
        remote("e2", username="u", password=SECRET),
        remote("open"),
        remote("seen", username="u", password=SECRET, lifecycle={"ignore": ["spec.password"]}),
    )
    return desk


@pytest.mark.parametrize(
    "text, words",
    [
        ("RemoteRepository/e2#spec.passwrd", "did you mean 'spec.password'?; its secrets are"),
        ("RemoteRepository/e2#spec.url", "its secrets are spec.password"),
        ("RemoteRepository/open#spec.password", "it declares no secret at all"),
        ("RemoteRepository/e3#spec.password", "did you mean 'RemoteRepository/e2'?"),
        ("RemoteRepository/seen#spec.password", "metadata.lifecycle.ignore keeps it"),
        ("e2#spec.password", "no address"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply --yes"])
def test_rotate_names_a_declared_secret(
    rotating: Desk, text: str, words: str, command: str
) -> None:
    """A rotation that would do nothing is refused, with what could be meant."""
    seen = rotating(*command.split(), "--rotate", text)

    assert (seen.code, seen.out) == (1, "")
    assert words in seen.err
    assert rotating.sandbox.requests == []


@pytest.mark.parametrize("path", ["password", "spec.password"])
def test_a_rotation_that_is_meant(rotating: Desk, path: str) -> None:
    """A declared secret is planned, with or without `spec.` before it."""
    seen = rotating("plan", "--rotate", f"RemoteRepository/e2#{path}")

    assert seen.code == 0
    assert "1 to update" in seen.out


def test_no_command_at_all(desk: Desk) -> None:
    """Without a command there is the list of them on stderr, and 1: nothing was asked for."""
    seen = desk()

    assert (seen.code, seen.out) == (1, "")
    assert seen.err.startswith("Usage: reconciler")
    assert "validate" in seen.err


@pytest.mark.parametrize("command", ["release", "adopt"])
def test_an_object_of_two_platforms(pair: Desk, command: str) -> None:
    """Which one is meant is not guessed."""
    everywhere = local("x", metadata={"platforms": ["east", "west"]})
    pair.converged(everywhere)

    seen = pair(command, "LocalRepository/x")
    assert seen.code == 1
    assert "ambiguous" in seen.err
    assert "east:LocalRepository/x, west:LocalRepository/x" in seen.err
    assert set(pair.inventory()) == {"east:LocalRepository/x", "west:LocalRepository/x"}

    assert pair(command, "west:LocalRepository/x").code == 0


def test_an_object_of_one_of_two_platforms(pair: Desk) -> None:
    """What exists on one platform only needs no platform in its name."""
    pair.converged(local("x", metadata={"platforms": ["west"]}))

    assert pair("release", "LocalRepository/x").out == "released west:LocalRepository/x\n"


@pytest.mark.parametrize(
    "url, words",
    [
        ("nonsense", "'nonsense' is no platform URL"),
        ("ftp://acme.example.com", "is no platform URL"),
        ("https://acme.example.com:port", "is no platform URL"),
        ("https://[acme", "is no platform URL"),
    ],
)
def test_a_url_that_is_none(desk: Desk, url: str, words: str) -> None:
    """It is a mistake of the caller (1), not an outage (6)."""
    desk.declare(local("a"))
    desk.patch.setenv("JFROG_URL", url)
    seen = desk("plan")

    assert seen.code == 1
    assert words in seen.err


def test_a_path_of_the_url_is_kept(desk: Desk) -> None:
    """A platform below a path of its proxy is asked there, and nowhere else."""
    desk.declare(local("a"))
    desk.patch.setenv("JFROG_URL", f"{desk.urls['default']}/jfrog/artifactory/")
    seen = desk("plan")

    assert seen.code == 6
    assert [r["path"] for r in desk.sandbox.requests] == ["/jfrog/artifactory/api/system/version"]


@pytest.mark.parametrize("value, words", [(None, "EAST_URL is not set"), ("", "EAST_URL is empty")])
def test_a_url_without_a_value(pair: Desk, value: str | None, words: str) -> None:
    """An unset variable is not called empty; the platform is named."""
    pair.declare(local("a"))
    if value is None:
        pair.patch.delenv("EAST_URL")
    else:
        pair.patch.setenv("EAST_URL", value)
    seen = pair("plan")

    assert seen.code == 1
    assert "platform 'east'" in seen.err
    assert words in seen.err


@pytest.mark.parametrize("option", ["--ca-file", "--client-cert", "--client-key", "--secret-dir"])
@pytest.mark.parametrize("command", ["validate", "plan", "apply --yes"])
def test_a_file_that_is_not_there(desk: Desk, option: str, command: str) -> None:
    """It is refused although nothing of this run needs it: the next one may."""
    desk.converged(local("a"))
    seen = desk(*command.split(), option, "nowhere")

    assert (seen.code, seen.out) == (1, "")
    assert "nowhere" in seen.err
    assert desk.sandbox.requests == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
@pytest.mark.parametrize("path", ["", "manifests/pipe.yaml"])
def test_a_pipe_is_not_read(desk: Desk, path: str) -> None:
    """It would be waited for for ever."""
    desk.declare(local("a"))
    os.mkfifo(desk.root / "manifests" / "pipe.yaml")
    (desk.root / "manifests" / "link.yaml").symlink_to("pipe.yaml")
    seen = desk("validate", *filter(None, [path]))

    assert seen.code == 1
    assert "manifests/pipe.yaml error[unreadable-file]: it is no regular file" in seen.err


def test_a_pipe_is_no_secret(desk: Desk) -> None:
    """Neither is a secret read from one."""
    os.mkfifo(desk.root / "pipe")
    desk.declare(remote("r", username="u", password={"file": "pipe"}))

    assert "file:pipe has no value here" in desk("validate").err


def test_a_kind_that_is_not_there_yet(desk: Desk) -> None:
    """It is told apart from a misspelt one."""
    desk.declare(manifest("Permission", "gone"))
    assert "it is planned for a later version" in desk("validate").err
    desk.declare(manifest("LocalRepositry", "gone"))
    assert "did you mean 'LocalRepository'?" in desk("validate").err
