"""The marker: written, read back, never longer than what a comment may hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.deployments.marker import LONGEST_COMMENT, Marker, is_cut, owner_of, parse

MARKER = Marker("7c41de", "3f9a0c12d4e8", 1)


def test_it_looks_as_documented() -> None:
    """The first slice of a wave has no number."""
    assert str(MARKER) == "#r1:7c41de:3f9a0c12d4e8:w1:a1#"
    assert str(Marker("7c41de", "3f9a0c12d4e8", 2, 3, 4)) == "#r1:7c41de:3f9a0c12d4e8:w2.3:a4#"
    assert MARKER.comment("camera-firmware", "2.4.0") == f"camera-firmware 2.4.0 {MARKER}"
    assert MARKER.tag == "rec-7c41de-3f9a0c12d4e8-w1-s1"


@given(
    name=st.text(max_size=300),
    version=st.text(max_size=40),
    wave=st.integers(1, 99),
    part=st.integers(1, 999),
    attempt=st.integers(1, 99),
)
def test_it_survives_any_name(name: str, version: str, wave: int, part: int, attempt: int) -> None:
    """Edge case 13: whatever the words before it are, it is read back; 80 ASCII characters."""
    marker = Marker(owner_of("demo", "x"), "0" * 12, wave, part, attempt)
    comment = marker.comment(name, version)

    assert parse(comment) == marker
    assert comment.isascii()
    assert len(comment) <= LONGEST_COMMENT


def test_no_other_comment_has_one() -> None:
    """Half of one, one of another format, none."""
    for text in ("", "camera 2", "#r1:7c41de:3f9a0c12d4e8:w1:a", "#r2:7c41de:3f9a0c12d4e8:w1:a1#"):
        assert parse(text) is None


def test_a_marker_that_was_cut_off_is_noticed() -> None:
    """Edge case 22: the beginning of ours; words of others are none."""
    whole = MARKER.comment("camera", "2.0")

    assert is_cut(whole[:30], whole)
    assert not is_cut(whole, whole)
    assert not is_cut("camera 2.0", whole)


def test_two_manifests_never_share_an_owner() -> None:
    """The name and the fleet make it."""
    assert len({owner_of(f, n) for f in ("a", "b") for n in ("x", "y")}) == 4
