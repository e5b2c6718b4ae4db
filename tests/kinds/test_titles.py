"""What a kind is, in one sentence."""

from __future__ import annotations

import pytest

from reconciler.kinds.kind import Kind
from reconciler.kinds.registry import builtin


@pytest.mark.parametrize("kind", list(builtin()), ids=lambda kind: kind.name)
def test_the_title_is_a_whole_sentence(kind: Kind) -> None:
    """It ends with its full stop, however the lines of the documentation break."""
    assert kind.title.endswith(".")
    assert ". " not in kind.title
    assert "\n" not in kind.title
