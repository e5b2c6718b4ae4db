"""`reconciler undo`: a recorded apply in, the inverse plan out, and carried out if agreed to."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.approval import Approval
from reconciler.cli.commands.apply import Applying
from reconciler.cli.options import (
    carry_out_options,
    output_option,
    settings,
    wire_options,
    workspace_options,
    write_options,
)
from reconciler.cli.output import result
from reconciler.report.figures import counted
from reconciler.undoing import base, chosen, records, restored, undo_plan, undo_session


@click.command()
@click.argument("record_id", required=False, metavar="[RECORD]")
@output_option("text", "json", "markdown", "html")
@click.option("--list", "list_", is_flag=True, help="Only list what can be undone.")
@click.option("--plan-only", is_flag=True, help="Only show the plan.")
@click.option("--expect-digest", metavar="DIGEST", help="Undo only by a plan with this digest.")
@carry_out_options
@workspace_options
@wire_options
@write_options
def command(
    record_id: str | None,
    output: str,
    list_: bool,
    plan_only: bool,
    expect_digest: str | None,
    yes: bool,
    **flags: Any,
) -> int:
    """Take back what the last apply changed, or the one that RECORD names.

    The inverse is a plan like any other: shown, asked about, guarded, and checked against what is
    live. What cannot be had back is told, and left as it is. Undoing is an apply, so it can be
    undone. The manifests still say what they said: take the change back there, too.
    """
    given = settings(output=output, **flags)
    wanted = base(given)
    found, inventory = records(given, wanted)
    if list_:
        for one in found:
            result(f"{one.id}  {one.created}  {counted(len(one.images), 'object')}")
        return 0
    record = chosen(found, record_id)
    approval = Approval.of(None, expect_digest, False)
    with undo_session(given, wanted, record, inventory) as run:
        made = undo_plan(run, record)
        approval.require(made, run.inventory.used_plans)
        applying = Applying(run.settings, run, made, yes, approval)
        if plan_only:
            return applying.show()
        code = applying.run()
        if applying.is_through:
            run.store.change(restored(record, made, applying.outcomes))
        return code
