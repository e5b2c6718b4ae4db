"""The closed lists of codes: what a run ends with, what a change does, why, and why it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.errors import Exit
from reconciler.model import Action, Risk

EXITS: Mapping[Exit, str] = {
    Exit.DONE: "Nothing to do, or done. `plan` also ends with 0 when changes are pending, unless "
    "`--detailed-exitcode` is given.",
    Exit.INVALID: "The command line, the workspace or a manifest is not valid, a single object "
    "could not be read, or something unexpected happened. An apply that ends with 1 wrote nothing, "
    "or nothing besides what its summary lists.",
    Exit.PENDING: "`plan --detailed-exitcode`: changes are pending. `drift`: something drifted.",
    Exit.BLOCKED: "A guard stopped the run or some of its changes. What was not blocked is "
    "applied, unless a limit blocked the run as a whole.",
    Exit.STALE: "The plan is not the one that was approved, or the platform changed between the "
    "plan and the first write. Nothing was written.",
    Exit.PARTIAL: "Some change failed, or the server kept another value than the one written. "
    "Running again is safe and does only what is left.",
    Exit.UNREACHABLE: "The platform as a whole could not be reached or refused the token, before "
    "anything was written. An outage is never drift.",
}
"""What the process answers to the shell."""


@dataclass(frozen=True, slots=True)
class ActionWords:
    """An action as it is shown and as it is explained."""

    sign: str
    text: str


ACTIONS: Mapping[Action, ActionWords] = {
    Action.CREATE: ActionWords("+", "The object does not exist and is created."),
    Action.UPDATE: ActionWords("~", "Declared fields differ and are written; nothing else is."),
    Action.REPLACE: ActionWords(
        "-/+",
        "A field differs that is fixed at creation. The object is deleted and created anew where "
        "`metadata.lifecycle.replace: true` allows that, and a Tombstone where it holds content; "
        "else the change is blocked.",
    ),
    Action.CONVERT: ActionWords(
        "→",
        "Changed in place into another class, such as a local repository into a federated one, or "
        "back. Its content stays.",
    ),
    Action.DELETE: ActionWords(
        "-",
        "Owned, no longer declared, and deleted, because pruning is on. What it holds is lost.",
    ),
    Action.DEPLOY: ActionWords("»", "The next step of a deployment to devices."),
    Action.ADOPT: ActionWords(
        "=", "Nothing differs and nobody owns it: recorded as owned, nothing is sent."
    ),
    Action.RELEASE: ActionWords("<", "Taken out of the inventory; nothing is sent."),
}
"""What a change does to its object."""

RISKS: Mapping[Risk, str] = {
    "safe": "Nothing works otherwise because of it: a description, a new repository.",
    "notable": "Worth a look: a proxy, a period of the cache, a new member.",
    "disruptive": "Somebody may be stopped, or let in: an include pattern taken out, a repository "
    "taken out of service, anonymous access.",
    "destructive": "Something is gone afterwards: a delete, a replace.",
}
"""How much a change may do, from the least to the most."""

UNFINISHED_DELETE = "unfinished-delete"
"""The reason of an update that puts back what a delete changed."""

GONE = "gone"
"""The reason of forgetting an object that no longer exists."""

REASONS: Mapping[str, str] = {
    "absent": "the object does not exist on the platform",
    "field-differs": "declared fields differ from the live ones",
    "secret-changed": "a secret's value is not the one that was last written",
    "unowned": "the object exists, equals its manifest, and nobody owns it yet",
    "taken-over": "the object is taken from the workspace that owned it",
    "renamed": "the object has one of the names in metadata.previousNames",
    "other-class": "the live object is of a class that can be converted in place",
    "follows-replace": "the object names one that is made anew, and the server forgets the name",
    "released": "the manifest says metadata.lifecycle.release: true",
    "undeclared": "the object is owned, no manifest declares it any more, and pruning is on",
    UNFINISHED_DELETE: "an earlier delete took the object out of service, and did not end",
    GONE: "the object is owned, no manifest declares it any more, and it does not exist",
    "next-step": "a deployment to devices can go one step further",
    "to-abort": "updates are waiting or running on devices that should not get them",
    "leftover-tags": "reserved tags of a deployment are on devices that need them no more",
}
"""Why a change is in the plan: the closed list of `reason` codes."""

BLOCKS: Mapping[str, str] = {
    "immutable": "a field that is fixed at creation differs; only deleting the object and creating "
    "it anew would change it",
    "cannot-clear": "the server has no way to clear the field",
    "other-owner": "another workspace owns the object",
    "name-taken": "an object whose name differs only in case exists",
    "missing-reference": "the object names another one that is neither declared nor live",
    "invalid-against-live": "a rule of the kind fails with what is live on the platform",
    "unsupported": "the server's version lacks the kind or a declared field",
    "secret-needed": "an update sends the whole object, and a secret of it is not referred to",
    "cannot-convert": "the live object could become one of this kind, but not as it is now",
    "site-unreachable": "a platform that the change needs does not answer",
    "site-taken": "another platform of the object has something else under its name",
    "contested": "a value came from elsewhere, where somebody else may keep it",
    "would-strand": "content that is nowhere else yet could be cut off",
    "cannot-create": "the object does not exist, and no request creates one",
    "unresolved": "an update flow, or a parameter of it, is not what the manifest says",
    "selects-nothing": "no device matches, or a group that is named has none",
    "bounds": "the devices that match are fewer or more than the manifest expects",
    "conflict": "another manifest wants another version of the same app on the same devices",
    "same-version": "devices have the version with other parameters or another flow",
    "halted": "a gate of the deployment failed, or somebody aborted it",
    "degraded": "what the devices got cannot be told for certain, so nothing more is sent",
    "unsure": "which devices are meant, or how they stand, cannot be told, and --strict is on",
    "over-budget": "looking at everything would take more requests than the run allows",
    "dependency": "an object it names is blocked or unreadable",
    "protected": "the manifest last said metadata.lifecycle.protect: true; that holds without it",
    "no-delete": "there is no request that deletes objects of this kind",
    "not-owned": "only an object that this workspace owns is deleted and created anew",
    "other-object": "the live object is not the one that was applied, but made anew or converted",
    "not-whole": "the token sees a reduced form of the object, or not all that may name it",
    "cannot-delete": "the object must not be deleted as it is now",
    "still-referenced": "another object that stays names it",
    "not-empty": "it holds content, and no Tombstone allows to delete that",
    "too-large": "it holds more content than its Tombstone allows to delete",
    "unmeasurable": "what it holds could not be measured, which counts as not empty",
    "policy-limit": "a policy would delete or archive more than the workspace allows, or nobody "
    "knows how much",
    "limit": "the run changes more objects of a kind than the limits allow",
    "guardrail": "the plan breaks a rule of the workspace (`kind: Guardrail`)",
    "max-risk": "a change is riskier than `--max-risk` allows",
    "lockout-rights": "the run would lose rights of its own, and could not go on or come back",
    "lockout-last-admin": "the platform would have no administrator any more",
    "lockout-sign-in": "the run signs in by what would be gone",
    "lockout-inventory": "the repository that holds the inventory would be gone or out of reach",
    "lockout-unknown": "rights are taken away, and whether they are the run's cannot be told",
}
"""Why a change is not carried out: the closed list of `blocked.code`."""
