"""A snapshot stands in for the platforms: same plan, no request, no secret, no guess."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import UsageError
from reconciler.kinds.registry import builtin
from reconciler.kinds.values import MASKED
from reconciler.model import Action, Plan
from reconciler.pipeline.planning import make_plan
from reconciler.platform.snapshot.age import in_words
from reconciler.platform.snapshot.file import read_snapshot, write_snapshot
from reconciler.platform.snapshot.sanitise import Sanitiser
from reconciler.sandbox import Sandbox
from reconciler.snapshots import take
from tests.platform.test_convergence import FUZZ, each_class, fresh
from tests.support.estate import Estate, local, manifest, remote, virtual
from tests.support.values import KINDS, package_types, specs

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def recorded(estate: Estate, name: str = "state.json.gz") -> Path:
    """The estate's snapshot, in a file."""
    file = estate.root / name
    with estate.session(needs_manifests=False) as run:
        write_snapshot(file, take(run, NOW).snapshot)
    return file


def offline(estate: Estate, file: Path, **changes: Any) -> Plan:
    """A plan without credentials, of which no platform may hear; the inventory is not there."""
    known = dict(estate.environment)
    ours = estate.root / ".reconciler"
    hidden = estate.root / "hidden"
    estate.environment = {
        n: v for n, v in known.items() if n not in ("JFROG_URL", "JFROG_ACCESS_TOKEN")
    }
    estate.forget_requests()
    if ours.exists():
        ours.rename(hidden)
    try:
        made = estate.plan(snapshot=file, **changes)
    finally:
        estate.environment = known
        if hidden.exists():
            hidden.rename(ours)
    assert estate.requests() == []
    return made


def assert_same(one: Plan, other: Plan) -> None:
    """The plans say the same, not only by their digests."""
    assert other.digest == one.digest
    assert other.changes == one.changes
    assert other.unmanaged == one.unmanaged
    assert (other.partial, other.unchanged) == (one.partial, one.unchanged)
    told = [
        d for d in other.diagnostics if not d.rule.startswith(("snapshot", "lockout-unchecked"))
    ]
    assert told == list(one.diagnostics)
    assert [d.rule for d in other.diagnostics].count("snapshot") == 1


@each_class
@FUZZ
@given(data=st.data())
def test_a_plan_from_a_snapshot_equals_the_live_one(rclass: str, data: st.DataObject) -> None:
    """Applied, left, changed, deleted, foreign: for any estate both plans are the same."""
    kind = KINDS[rclass]
    package_type = data.draw(st.sampled_from(package_types(rclass)))
    quirks = {name: data.draw(st.booleans()) for name in ("unknown_fields", "encrypt_passwords")}
    with fresh(package_type, quirks) as (estate, around):
        before = data.draw(specs(kind, package_type, around, {}))
        after = data.draw(specs(kind, package_type, around, before))
        estate.declare(manifest(kind.name, "one", before), manifest(kind.name, "two", before))
        estate.apply()
        if data.draw(st.booleans()):
            estate.delete("two")
        estate.put("foreign-local", rclass="local", packageType="npm")
        estate.declare(
            manifest(kind.name, "one", after),
            manifest(kind.name, "two", before),
            manifest(kind.name, "three", after),
            local("foreign-local", "npm", description="ours now"),
        )
        file = recorded(estate)
        live = estate.plan(unmanaged=True)

        assert_same(live, offline(estate, file, unmanaged=True))


def test_what_a_pull_request_declares_anew_is_created(estate: Estate) -> None:
    """The complete listing of the snapshot lacks the object, so it is absent."""
    estate.declare(local("old"))
    estate.apply()
    file = recorded(estate)
    estate.declare(local("old"), local("new"), virtual("all", repositories=["old", "new"]))

    made = offline(estate, file)

    assert [(c.action, c.address.name) for c in made.changes] == [
        (Action.CREATE, "new"),
        (Action.CREATE, "all"),
    ]
    assert not made.partial
    assert made.digest == estate.plan().digest


def test_an_empty_platform_is_a_complete_one(estate: Estate) -> None:
    """Nothing is listed, and a name nobody has is answered as absent: the first plan creates."""
    file = recorded(estate)
    estate.declare(local("first"))

    assert [c.action for c in offline(estate, file).changes] == [Action.CREATE]


@pytest.mark.parametrize("names", [(), ("visible-a",), ("hidden-a",), ("visible-a", "hidden-a")])
def test_a_weaker_token_never_makes_a_create(estate: Estate, names: tuple[str, ...]) -> None:
    """What a reduced listing lacks may exist: unreadable, partial, nothing planned."""
    for name in names:
        estate.put(name, rclass="local", packageType="generic")
    estate.token("partial")
    with estate.session(needs_manifests=False) as run:
        taken = take(run)
    write_snapshot(estate.root / "weak.json", taken.snapshot)
    estate.declare(local("hidden-a"), local("hidden-b"))

    made = offline(estate, estate.root / "weak.json")

    assert "LocalRepository" in taken.incomplete
    assert (made.changes, made.partial) == ((), True)
    assert {d.rule for d in made.diagnostics} >= {"unreadable"}


def test_a_server_without_the_bulk_read(tmp_path: Path) -> None:
    """Every object of the list of names was read; a name it lacks is absent."""
    estate = Estate(tmp_path, Sandbox(version="7.50.0"))
    estate.put("live", rclass="local", packageType="generic", description="x")
    estate.put("other", rclass="local", packageType="generic")
    estate.declare(local("live", description="y"), local("gone"))
    file = recorded(estate)

    assert_same(estate.plan(unmanaged=True), offline(estate, file, unmanaged=True))

    estate.declare(local("live", description="y"), local("brand-new"))
    made = offline(estate, file)
    assert [c.address.name for c in made.changes] == ["brand-new", "live"]
    assert not made.partial


def test_an_object_that_failed_stays_unreadable(estate: Estate) -> None:
    """What could not be read when the snapshot was taken is no absence later."""
    estate.declare(local("broken"))
    estate.fault(
        "status",
        path="/artifactory/api/repositories/broken",
        status=403,
        body={"errors": [{"status": 403, "message": "no"}]},
        times=None,
    )
    file = recorded(estate)

    assert_same(estate.plan(), offline(estate, file))


def test_the_evidence_of_a_blocked_change_is_recorded(estate: Estate) -> None:
    """The snapshot holds what a replacement would lose; what nobody counted is not known."""
    estate.put("a", rclass="local", packageType="npm")
    estate.put("b", rclass="local", packageType="npm")
    estate.declare(local("a", "docker"))
    file = recorded(estate)
    estate.declare(local("a", "docker"), local("b", "docker"))

    one, other = offline(estate, file).changes
    assert (one.evidence["artifacts"], other.evidence["artifacts"]) == (0, "unknown")


# --- secrets --------------------------------------------------------------------------------------


def test_no_secret_is_in_the_file(estate: Estate) -> None:
    """Marked fields, telling names, credentials in addresses, tokens in texts: all hidden."""
    estate.quirks(unknown_fields=True)
    estate.environment["PW"] = "canary-1"
    estate.declare(remote("r", username="u", password={"env": "PW"}))
    estate.apply()
    estate.post("r", url="https://user:canary-2@registry.example.com/x?access_token=canary-3")
    estate.post("r", notes="-----BEGIN RSA PRIVATE KEY----- canary-4")
    estate.post("r", description="eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjV9.canary-5")
    text = recorded(estate, "state.json").read_text(encoding="utf-8")

    assert "canary" not in text
    assert estate.environment["JFROG_ACCESS_TOKEN"] not in text
    assert f"https://{MASKED}@registry.example.com/x?access_token={MASKED}" in text


def test_fields_are_hidden_by_their_marks_and_unknown_ones_by_their_names() -> None:
    """A field the kind knows to be no secret is shown, whatever its name; numbers always are."""
    clean = Sanitiser(builtin()).object(
        builtin()["RemoteRepository"],
        {
            "password": "p",
            "enableTokenAuthentication": True,
            "newTokenSettings": {"a": "t", "ttl": 3600, "none": None, "list": ["x", ""]},
            "headers": [
                {"name": "Authorization", "value": "Bearer b"},
                {"name": "A", "value": "v"},
            ],
            "username": "reader",
        },
    )

    assert clean == {
        "password": MASKED,
        "enableTokenAuthentication": True,
        "newTokenSettings": {"a": MASKED, "ttl": 3600, "none": None, "list": [MASKED, ""]},
        "headers": [{"name": "Authorization", "value": MASKED}, {"name": "A", "value": "v"}],
        "username": "reader",
    }


def test_a_hidden_value_is_no_difference(estate: Estate) -> None:
    """A declared field whose live value is hidden is unreadable; nothing is planned by a mask."""
    estate.put("r", rclass="remote", packageType="npm", url="https://u:p@registry.example.com/npm")
    estate.declare(remote("r"))
    file = recorded(estate)

    made = offline(estate, file)

    assert made.partial
    assert made.changes == ()
    assert "field-unreadable" in {d.rule for d in made.diagnostics}


# --- the file -------------------------------------------------------------------------------------


def test_a_file_is_written_and_read_back(estate: Estate) -> None:
    """Plain and packed say the same; the same state gives the same bytes."""
    estate.put("a", rclass="local", packageType="npm")
    plain, packed = recorded(estate, "a.json"), recorded(estate, "a.json.gz")

    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert packed.read_bytes() == recorded(estate, "b.json.gz").read_bytes()
    assert read_snapshot(plain) == read_snapshot(packed)


@pytest.mark.parametrize(
    "content, told",
    [
        (b"", "it is no JSON"),
        (b"\x1f\x8bnonsense", "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"[]", "it has no format"),
        (b'{"format": "reconciler.plan/v1"}', "'reconciler.plan/v1'"),
        (b'{"format": "reconciler.snapshot/v1"}', "is damaged"),
        (b'{"format": "reconciler.snapshot/v1", "platforms": 7}', "is damaged"),
    ],
)
def test_a_file_that_is_no_snapshot(tmp_path: Path, content: bytes, told: str) -> None:
    """Whatever is in the file, the error says what it is."""
    file = tmp_path / "x"
    file.write_bytes(content)

    with pytest.raises(UsageError, match=told):
        read_snapshot(file)


@pytest.mark.parametrize("part", ["listings", "objects", "contents", "versions", "url", "name"])
@pytest.mark.parametrize("instead", [None, 7, "x", [7], {"a": 7}])
def test_a_damaged_part_is_told(estate: Estate, part: str, instead: Any) -> None:
    """Each part is checked when it is read."""
    estate.put("a", rclass="local", packageType="npm")
    file = recorded(estate, "a.json")
    document = json.loads(file.read_text())
    if isinstance(instead, type(document["platforms"][0][part])) and part in ("url", "name"):
        pytest.skip("another text is a text")
    document["platforms"][0][part] = instead
    file.write_text(json.dumps(document))

    with pytest.raises(UsageError, match="damaged"):
        read_snapshot(file)


def test_the_platform_must_be_in_it(estate: Estate) -> None:
    """A manifest for a platform the snapshot does not hold is told, with those it holds."""
    file = recorded(estate)
    estate.workspace(platforms={"east": {"url": "https://east.example.com"}})
    estate.declare(local("a"))

    with pytest.raises(UsageError, match="does not hold platform 'east'; it holds 'default'"):
        offline(estate, file)


def test_the_platform_must_be_the_same(estate: Estate) -> None:
    """A snapshot of another platform under the same name is refused."""
    file = recorded(estate)
    estate.declare(local("a"))
    estate.workspace(platforms={"default": {"url": "https://other.example.com"}})

    with pytest.raises(UsageError, match=r"is at https://other\.example\.com"):
        offline(estate, file)


@pytest.mark.parametrize(
    "passed, severity, words",
    [
        (timedelta(seconds=1), "info", "taken 1 second ago"),
        (timedelta(hours=3, minutes=59), "info", "taken 3 hours ago"),
        (timedelta(days=2), "warning", "taken 2 days ago"),
        (timedelta(minutes=-5), "warning", "5 minutes from now"),
    ],
)
def test_the_plan_says_how_old_it_is(
    estate: Estate, passed: timedelta, severity: str, words: str
) -> None:
    """In words and with its time; a warning when it is old or from the future."""
    file = recorded(estate)
    estate.declare(local("a"))
    with estate.session(snapshot=file) as run:
        made = make_plan(run, now=NOW + passed)
    (told,) = [d for d in made.diagnostics if d.rule == "snapshot"]

    assert told.severity == severity
    assert words in told.summary
    assert "(2026-01-02T03:04:05Z)" in told.summary
    assert in_words(timedelta(days=1)) == "1 day"


def test_an_unreadable_time_is_told(estate: Estate) -> None:
    """A snapshot whose time is no time still plans, with a warning."""
    file = recorded(estate)
    write_snapshot(file, replace(read_snapshot(file), created="yesterday"))
    estate.declare(local("a"))

    (told,) = [d for d in offline(estate, file).diagnostics if d.rule == "snapshot"]
    assert told.severity == "warning"
