"""Codes of a plan in, what makes them go away out: for `explain` and the reference."""

from __future__ import annotations

from collections.abc import Mapping

REASON_WAYS: Mapping[str, str] = {
    "absent": "Apply, or take the manifest away; with `metadata.lifecycle.manage: observe` it is "
    "never created.",
    "field-differs": "Apply; or write the live value into the manifest, take the field out, or "
    "list its path in `metadata.lifecycle.ignore`.",
    "secret-changed": "Apply; or give the value that was last written.",
    "unowned": "Apply, or `reconciler adopt`; both only record the object.",
    "taken-over": "Apply, or set `metadata.lifecycle.takeover` to false.",
    "renamed": "Apply; `metadata.previousNames` can go afterwards.",
    "other-class": "Apply; or declare the object as the kind it is.",
    "follows-replace": "It follows the replacement of the object it names; take that back.",
    "released": "Apply; the manifest can go afterwards.",
    "undeclared": "Apply; or declare the object again, or take it out of ownership with "
    "`reconciler release`.",
    "unfinished-delete": "Apply; the object is then in service again, and the next plan says why "
    "it is not deleted.",
    "gone": "Apply; only the inventory changes.",
    "next-step": "Apply, again and again (`apply --wait`); or set `spec.paused: true`.",
    "to-abort": "Apply; or write `spec.supersede: leave`.",
    "leftover-tags": "Apply; the tags do nothing, they only lie about.",
}
"""What makes a change with this reason go away."""

BLOCK_WAYS: Mapping[str, str] = {
    "immutable": "Take the change back, or make a new object under another name and move the "
    "content. `metadata.lifecycle.replace: true` allows to delete the object and create it anew; "
    "if it holds content, a Tombstone must allow that too.",
    "not-owned": "Adopt the object first (`reconciler adopt`), then change it.",
    "cannot-clear": "Declare another value, or take the field out of the manifest: its value then "
    "stays as it is.",
    "other-owner": "Let the other workspace release it (`reconciler release`), or set "
    "`metadata.lifecycle.takeover: true`.",
    "name-taken": "Use the live object's spelling, or another name.",
    "missing-reference": "Correct the name, declare the object, or wait until it exists.",
    "invalid-against-live": "Read the message: it names the rule and the live object.",
    "unsupported": "Upgrade the platform, or take the field out.",
    "secret-needed": "Refer to the secret in the manifest, or declare null where there is none.",
    "cannot-convert": "Do first what the message asks for, such as taking members out.",
    "site-unreachable": "Wait until the platform is back, and plan again. One that will never be "
    "back is disabled first (`enabled: false`), then taken out.",
    "site-taken": "Rename the one, or give the member another key (`repository`); or take the "
    "platform out.",
    "contested": "Take over what is live (`drift --accept`), or insist with "
    "`metadata.lifecycle.takeover: true`; `adopt` first where you never applied it.",
    "would-strand": "Wait until the member is healthy (`reconciler status`), or disable it first "
    "(`enabled: false`): then nothing is exchanged any more, and it can be taken out.",
    "cannot-create": "Let the device register itself, or correct the name; then plan again.",
    "unresolved": "Declare the UpdateFlow, correct its name, or give just the parameters it has.",
    "selects-nothing": "Look at the groups, tags and filters of `spec.select`: case counts.",
    "bounds": "Look at the devices in the plan. If they are meant, change `spec.select.expect`.",
    "conflict": "Agree on one version, keep the devices apart, or give one manifest a higher "
    "`spec.priority`.",
    "same-version": "Raise the version, or set `spec.redeploy.sameVersionNewPayload: always`.",
    "halted": "Look into the failures. A new payload starts anew: another version, other "
    "parameters, or a new `spec.redeploy.nonce`.",
    "degraded": "Read the notes of the plan; `reconciler run ADDRESS abort` stops what runs.",
    "unsure": "Read the message: select in another way, or let the token read what it could not; "
    "without `--strict` such devices are left alone.",
    "over-budget": "Select fewer devices, or allow more requests.",
    "dependency": "Unblock the object it names; this one follows by itself.",
    "protected": "Declare the object again with `metadata.lifecycle.protect: false`, apply, and "
    "take the manifest away then; or `reconciler release` it.",
    "no-delete": "Delete it by hand, or `reconciler release` it.",
    "other-object": "Look at the live object. `reconciler release` leaves it to whoever made it.",
    "not-whole": "Use a token that sees complete configurations.",
    "cannot-delete": "Do first what the message asks for.",
    "still-referenced": "Take the name out of what names it, or let that go too. What is to be "
    "made anew may be named by what is declared here: that is written again.",
    "not-empty": "If the content may be lost, write a `kind: Tombstone` with the object's address "
    "and the size in `maxBytes`; else declare the object again.",
    "too-large": "Look at what came in since. If that may be lost too, raise `maxBytes`.",
    "unmeasurable": "Try again, with a token that may list the content.",
    "guardrail": "Change what the message names. If the exception is meant, a `kind: Waiver` with "
    "owner, reason and last day lets it through.",
    "max-risk": "Look at the changes that the message names. If they are meant, name a higher risk "
    "for this run, or leave them out with `--exclude`.",
    "policy-limit": "Look at the figures in the plan. Narrow the policy, or pass the flag that the "
    "message names; `spec.limits.policy` of the workspace sets the limit for all runs.",
    "lockout-rights": "Give the run's identity other rights in a run of its own, then take these "
    "away; or apply with another identity. What another change of the plan gives does not count.",
    "lockout-last-admin": "Make somebody else an administrator in a run of its own.",
    "lockout-sign-in": "Let the run sign in by another provider or mapping first.",
    "lockout-inventory": "Leave the repository out of the manifests, or keep the inventory "
    "elsewhere first (`spec.inventory`) and rebuild it with `reconciler adopt --all`.",
    "lockout-unknown": "Apply with an administrator's access token itself: a reference token does "
    "not tell its scope, and others may not ask who rules.",
    "limit": "Look at the plan. If so many changes are meant, pass the flag that the message "
    "names, for this run only.",
}
"""What makes a block with this code go away."""
