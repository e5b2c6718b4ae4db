"""Where a run gets its workspace, its platforms and its tokens from."""

from __future__ import annotations

import pytest

from tests.cli.support import Desk, local, remote


def bearer(desk: Desk) -> dict[str, set[str]]:
    """The Authorization headers each platform saw."""
    seen: dict[str, set[str]] = {}
    for platform, headers in desk.sandbox.headers:
        seen.setdefault(platform, set()).add(headers.get("authorization", ""))
    return seen


def test_the_workspace_is_found_upwards(desk: Desk) -> None:
    """A command works in every folder of the workspace; files are named from its root."""
    desk.declare(local("a"))
    (desk.root / "manifests" / "deep").mkdir()
    desk.patch.chdir(desk.root / "manifests" / "deep")
    seen = desk("plan")

    assert seen.code == 0, seen.both
    assert "manifests/all.yaml:1" in seen.out


def test_the_workspace_can_be_named(desk: Desk) -> None:
    """`--workspace` takes the file or its folder."""
    desk.declare(local("a"))
    (desk.root / "elsewhere").mkdir()
    desk.patch.chdir(desk.root / "elsewhere")

    assert desk("plan", "--workspace", "..").code == 0
    assert desk("plan", "--workspace", "../reconciler.yaml").code == 0


@pytest.mark.parametrize(
    "url, token",
    [
        ("JFROG_URL", "JFROG_ACCESS_TOKEN"),
        ("JF_URL", "JF_ACCESS_TOKEN"),
        ("JFROG_URL", "JF_ACCESS_TOKEN"),
    ],
)
def test_without_a_workspace_file(desk: Desk, url: str, token: str) -> None:
    """The environment names one platform, the command line the manifests."""
    (desk.root / "reconciler.yaml").unlink()
    desk.declare(local("a"))
    address = desk.urls["default"]
    desk.patch.delenv("JFROG_URL")
    desk.patch.delenv("JFROG_ACCESS_TOKEN")
    desk.patch.setenv(url, f"{address}/artifactory/")
    desk.patch.setenv(token, desk.platform.tokens["admin"])
    nowhere = desk("plan")
    seen = desk("apply", "--yes", "manifests")

    assert nowhere.code == 1
    assert "reconciler init" in nowhere.err
    assert seen.code == 0, seen.both
    assert desk.exists("a")
    assert list(desk.inventory()) == ["default:LocalRepository/a"]


@pytest.mark.parametrize("missing", ["JFROG_URL", "JFROG_ACCESS_TOKEN"])
def test_what_is_missing_is_named(desk: Desk, missing: str) -> None:
    """Without a URL or a token the message names the variable."""
    desk.declare(local("a"))
    desk.patch.delenv(missing)
    seen = desk("plan")

    assert seen.code == 1
    assert missing in seen.err


def test_url_and_token_of_the_file(desk: Desk) -> None:
    """The workspace names variables and files; a file's line end is no part of the token."""
    desk.patch.setenv("EAST_URL", desk.urls["default"])
    desk.write("token.txt", desk.platform.tokens["admin"] + "\n")
    desk.patch.delenv("JFROG_URL")
    desk.patch.delenv("JFROG_ACCESS_TOKEN")
    desk.workspace(platforms={"east": {"url": {"env": "EAST_URL"}, "token": {"file": "token.txt"}}})
    desk.declare(local("a"))

    assert desk("plan").code == 0
    assert bearer(desk)["default"] == {f"Bearer {desk.platform.tokens['admin']}"}


def test_a_plain_url_in_the_file(desk: Desk) -> None:
    """A URL may stand in the file; it wins over the environment."""
    desk.patch.setenv("JFROG_URL", "http://127.0.0.1:9")
    desk.workspace(platforms={"main": {"url": desk.urls["default"]}})
    desk.declare(local("a"))

    assert desk("plan").code == 0


@pytest.mark.parametrize(
    "token", ["{'env': 'NOT_SET'}", "{'file': 'nowhere.txt'}", "{'file': '../outside.txt'}"]
)
def test_tokens_that_cannot_be_read(desk: Desk, token: str) -> None:
    """The reference is named, and nothing is asked of the platform."""
    import ast

    reference = ast.literal_eval(token)
    (desk.root.parent / "outside.txt").write_text("x")
    desk.workspace(platforms={"main": {"url": desk.urls["default"], "token": reference}})
    desk.declare(local("a"))
    seen = desk("plan")

    assert seen.code == 1, seen.both
    assert next(iter(reference.values())) in seen.err or "outside the workspace" in seen.err
    assert desk.sandbox.requests == []


def test_a_token_with_blanks(desk: Desk) -> None:
    """A token copied with a line end in its middle is told before it is sent; it is not printed."""
    desk.patch.setenv("JFROG_ACCESS_TOKEN", "abc\ndef")
    desk.declare(local("a"))
    seen = desk("plan")

    assert seen.code == 1
    assert "abc" not in seen.both
    assert desk.sandbox.requests == []


# --- pins


def pinned(desk: Desk) -> str:
    """A workspace whose file sends the token elsewhere; the right URL."""
    desk.workspace(platforms={"main": {"url": "http://127.0.0.1:9", "token": {"env": "STOLEN"}}})
    desk.patch.setenv("STOLEN", "secret-of-another")
    desk.patch.delenv("JFROG_URL")
    desk.declare(local("a"))
    return desk.urls["default"]


def test_a_pin_wins_over_the_file(desk: Desk) -> None:
    """URL and token source of the file are ignored for a pinned platform."""
    url = pinned(desk)
    seen = desk("plan", "--platform", f"main={url}")

    assert seen.code == 0, seen.both
    assert bearer(desk)["default"] == {f"Bearer {desk.platform.tokens['admin']}"}


def test_pins_of_the_environment(desk: Desk) -> None:
    """`RECONCILER_PLATFORMS` pins one platform a line; a flag wins over it."""
    url = pinned(desk)
    desk.patch.setenv("RECONCILER_PLATFORMS", f"\nmain={url}\n\n")
    from_environment = desk("plan")
    desk.patch.setenv("RECONCILER_PLATFORMS", "main=http://127.0.0.1:9")
    from_flag = desk("plan", "--platform", f"main={url}")

    assert from_environment.code == 0, from_environment.both
    assert from_flag.code == 0, from_flag.both


def test_a_pinned_platform_has_a_token_of_its_own(desk: Desk) -> None:
    """`MAIN_TOKEN` is taken for the pinned platform `main`."""
    url = pinned(desk)
    desk.patch.setenv("MAIN_TOKEN", desk.platform.tokens["read"])
    seen = desk("plan", "--platform", f"main={url}")

    assert seen.code == 0, seen.both
    assert bearer(desk)["default"] == {f"Bearer {desk.platform.tokens['read']}"}


def test_an_unpinned_platform_is_an_error(pair: Desk) -> None:
    """With any pin, every platform must be pinned; nothing is sent to the other."""
    pair.declare(
        local("a", metadata={"platforms": ["east"]}), local("b", metadata={"platforms": ["west"]})
    )
    pair.patch.setenv("JFROG_ACCESS_TOKEN", "x")
    seen = pair("plan", "--platform", f"east={pair.urls['east']}")

    assert seen.code == 1
    assert "'west' is not pinned" in seen.err
    assert pair.sandbox.requests == []


def test_a_malformed_pin_of_the_environment(desk: Desk) -> None:
    """It is refused like a flag is."""
    desk.declare(local("a"))
    desk.patch.setenv("RECONCILER_PLATFORMS", "main")
    seen = desk("plan")

    assert seen.code == 1
    assert "NAME=https://" in seen.err


def test_keyless_sign_in_needs_a_job(desk: Desk) -> None:
    """Where no CI system vouches for a job there is nothing to sign in with: 6, and why."""
    url = pinned(desk)
    seen = desk("plan", "--platform", f"main={url},oidc=github")

    assert seen.code == 6
    assert "oidc-permission" in seen.err
    assert "id-token: write" in seen.err


# --- two platforms


def test_two_platforms(pair: Desk) -> None:
    """Addresses carry their platform; every platform gets its objects, and only its own token."""
    pair.declare(
        local("both", metadata={"platforms": ["east", "west"]}),
        local("east-only"),
        local("west-only", metadata={"platforms": ["west"]}),
    )
    plan = pair("plan")
    seen = pair("apply", "--yes")
    again = pair("plan", "--detailed-exitcode")

    for address in (
        "east:LocalRepository/both",
        "west:LocalRepository/both",
        "east:LocalRepository/east-only",
        "west:LocalRepository/west-only",
    ):
        assert address in plan.out
        assert address in seen.out
    assert seen.code == 0, seen.both
    assert again.code == 0, again.both
    tokens = {name: p.tokens["admin"] for name, p in pair.sandbox.platforms.items()}
    assert bearer(pair) == {name: {f"Bearer {token}"} for name, token in tokens.items()}
    assert set(pair.inventory()) == {
        "east:LocalRepository/both",
        "east:LocalRepository/east-only",
        "west:LocalRepository/both",
        "west:LocalRepository/west-only",
    }


def test_platform_terms_and_addresses(pair: Desk) -> None:
    """Selecting by platform, and by an address with its platform."""
    pair.declare(local("both", metadata={"platforms": ["east", "west"]}))
    by_term = pair("plan", "--only", "platform=west", "--output", "json").document
    by_address = pair("plan", "--only", "east:*/both", "--output", "json").document

    assert [c["address"] for c in by_term["changes"]] == ["west:LocalRepository/both"]
    assert [c["address"] for c in by_address["changes"]] == ["east:LocalRepository/both"]


def test_one_platform_out_of_two_is_gone(pair: Desk) -> None:
    """The others are served: applied in part, 5; where nothing was to be written, 6."""
    pair.declare(local("both", metadata={"platforms": ["east", "west"]}))
    pair.patch.setenv("WEST_URL", "http://127.0.0.1:9")
    seen = pair("apply", "--yes")

    assert seen.code == 5, seen.both
    assert pair.writes() == ["PUT /artifactory/api/repositories/both"]
    assert "error[platform-unreachable]: platform 'west' cannot be read" in seen.both
    assert pair("apply", "--yes").code == 6


def test_unknown_platforms_are_errors(pair: Desk) -> None:
    """A platform the workspace does not have is an error of the manifest, with the nearest."""
    pair.declare(local("a", metadata={"platforms": ["eastt"]}))
    seen = pair("validate")

    assert seen.code == 1
    assert "east" in seen.err


# --- secrets of manifests


@pytest.mark.parametrize(
    "name",
    ["JFROG_ACCESS_TOKEN", "JF_ACCESS_TOKEN", "GITHUB_TOKEN", "ACTIONS_ID_TOKEN", "RUNNER_X"],
)
def test_variables_that_secrets_may_not_name(desk: Desk, name: str) -> None:
    """A manifest cannot send the platform's token, or the CI system's, to a remote repository."""
    desk.patch.setenv(name, "canary")
    desk.declare(remote("r", username="u", password={"env": name}))
    for line in ("validate", "plan", "apply --yes"):
        seen = desk(*line.split())
        assert seen.code == 1, seen.both
        assert name in seen.err
        assert "canary" not in seen.both

    assert desk.writes() == []


def test_the_token_variable_of_the_workspace_is_refused_too(pair: Desk) -> None:
    """Whatever variable the workspace takes a token from, no manifest may name it."""
    pair.declare(remote("r", username="u", password={"env": "WEST_TOKEN"}))
    seen = pair("validate")

    assert seen.code == 1, seen.both
    assert "WEST_TOKEN" in seen.err


def test_an_allow_list_of_variables(desk: Desk) -> None:
    """With RECONCILER_SECRET_ENV only what it names is read."""
    desk.patch.setenv("RECONCILER_SECRET_ENV", "CORP_*")
    desk.patch.setenv("CORP_A", "one")
    desk.patch.setenv("HOME_B", "two")
    desk.declare(remote("r", username="u", password={"env": "HOME_B"}))
    refused = desk("apply", "--yes")
    desk.declare(remote("r", username="u", password={"env": "CORP_A"}))
    allowed = desk("apply", "--yes")

    assert refused.code == 1, refused.both
    assert "RECONCILER_SECRET_ENV" in refused.err
    assert allowed.code == 0, allowed.both


def test_an_unset_secret(desk: Desk) -> None:
    """A plan warns of it; an apply that must send it fails before its first write."""
    desk.declare(local("a"), remote("r", username="u", password={"env": "NOT_SET"}))
    plan = desk("plan")
    seen = desk("apply", "--yes")

    assert plan.code == 0
    assert "NOT_SET" in plan.both
    assert seen.code == 1
    assert "NOT_SET" in seen.err
    assert desk.writes() == []


def test_secret_files(desk: Desk) -> None:
    """Files of the workspace are read; others only below a --secret-dir."""
    outside = desk.root.parent / "secrets-of-this-test"
    outside.mkdir(exist_ok=True)
    (outside / "p").write_text("x\n")
    desk.declare(remote("r", username="u", password={"file": str(outside / "p")}))
    refused = desk("apply", "--yes")
    allowed = desk("apply", "--yes", "--secret-dir", str(outside))

    assert refused.code == 1, refused.both
    assert allowed.code == 0, allowed.both
