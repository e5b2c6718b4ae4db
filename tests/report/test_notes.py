"""Long reasons below a change stay within the width of the terminal."""

from __future__ import annotations

from reconciler.model import Action, Address, Block, Change, Plan
from reconciler.report.figures import listed
from reconciler.report.terminal import plan_text

REASON = "packageType is 'oci' and fixed at creation; " + "every artifact would be lost " * 4


def test_a_long_reason_is_wrapped_below_its_label() -> None:
    """A block's message goes on in the column where it began, and loses no word."""
    change = Change(
        Address("LocalRepository", ("a-local",)),
        Action.REPLACE,
        "field-differs",
        blocked=Block("immutable", REASON),
    )

    lines = plan_text(Plan((change,)), color=False, width=80).splitlines()
    told = [line for line in lines if "artifact" in line or "immutable" in line]

    assert max(map(len, told)) <= 80
    assert " ".join(" ".join(told).split()) == f"immutable: {REASON.strip()}"
    assert all(line.startswith(" " * 17) for line in told[1:])


def test_names_in_a_row() -> None:
    """Commas, and one 'and' before the last."""
    assert listed(["dev"]) == "dev"
    assert listed(["dev", "prod"]) == "dev and prod"
    assert listed(["dev", "prod", "stage"]) == "dev, prod and stage"
