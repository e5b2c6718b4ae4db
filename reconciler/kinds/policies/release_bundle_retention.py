"""ReleaseBundleRetention: which release-bundle versions are deleted by and by. One per platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from reconciler.kinds.access._access import snake_case
from reconciler.kinds.fields import field_table
from reconciler.kinds.kind import Fault, Kind, Subject
from reconciler.kinds.marks import Default, Risk
from reconciler.kinds.policies._fields import Cron
from reconciler.kinds.policies._retention_report import CONFIG, OPERATIONS, evidence, survey
from reconciler.kinds.policies._rules import schedule_rule
from reconciler.kinds.rest import Listing, Write
from reconciler.kinds.risks import NOTABLE, lowered, turned_off, turned_on
from reconciler.kinds.shapes import ONLY, Singleton, SingletonListing
from reconciler.kinds.spec import ObjectSpec, unset

KEEPS_LESS = Risk("disruptive", "lowering it is disruptive: more is deleted", lowered)


class ReleaseBundleRetentionSpec(ObjectSpec):
    """Which versions of release bundles are deleted by and by. One per platform, named `default`. A
    version that one of the figures is about is a candidate. What was once set can be replaced, and
    never unset."""

    enable: Annotated[
        bool,
        Default(False),
        Risk(
            "disruptive",
            "switching it off is disruptive: marks that keep a version are ignored then",
            turned_off,
        ),
        Risk("disruptive", "switching it on is disruptive: from then on it deletes", turned_on),
    ] = unset()
    """Whether retention is in force. While it is not, marks that keep a version are ignored, and
    any version can be deleted."""

    automatic: Annotated[
        bool,
        Default(False),
        Risk("disruptive", "switching it on is disruptive: from then on it deletes", turned_on),
    ] = unset()
    """Runs in the background by `cronPattern`."""

    numOfVersionsToKeepPerReleaseBundle: Annotated[int, Field(ge=1), Default(2), KEEPS_LESS] = (
        unset()
    )
    """So many versions of each bundle are kept, the newest; all others are candidates."""

    maxDaysToKeep: Annotated[int, Field(ge=1), Default(1100), KEEPS_LESS] = unset()
    """Age in days: older versions are candidates."""

    cronPattern: Annotated[Cron, Default("0 0 0 1 1 ? 2099")] = unset()
    """When it runs in the background, as a Quartz cron expression such as `0 0 0 ? * SUN *`."""

    maxDeletionsPerBackgroundRun: Annotated[int, Field(ge=1), Default(100), NOTABLE] = unset()
    """A run in the background deletes so many versions at most."""


SWITCH = f"{CONFIG}/enable"


def _only_one(subject: Subject) -> Iterator[Fault]:
    """A platform has one, and it has no name of its own."""
    if subject.name != ONLY:
        yield Fault(
            ("metadata", "name"),
            "singleton-name",
            f"a platform has one of this kind, which is named '{ONLY}', not '{subject.name}'",
            f"write name: {ONLY}",
        )


@dataclass(frozen=True)
class Retention(Singleton):
    """The figures, and the switch in a resource of its own: off first, on last."""

    path: str = CONFIG
    parts: tuple[str, ...] = (SWITCH,)
    listing: Listing | None = SingletonListing(CONFIG, since="7.55.1", parts=(SWITCH,))

    def is_untouched(self, raw: Mapping[str, Any]) -> bool:
        """As it comes: switched off, by itself and in the background."""
        fields = field_table(ReleaseBundleRetentionSpec, snake_case).values()
        return all(field.live_value(raw, None) == field.default_for(None, "") for field in fields)

    def resource_of(self, name: str) -> str:
        """The switch is the one field beside the figures."""
        return SWITCH if name == "enable" else CONFIG

    def written_in_order(self, write: Write) -> tuple[str, ...]:
        """What is to be off is off before anything changes."""
        return (CONFIG, SWITCH) if write.body.get("enable") else (SWITCH, CONFIG)


KIND = Kind(
    name="ReleaseBundleRetention",
    spec=ReleaseBundleRetentionSpec,
    rest=Retention(),
    evidence=evidence,
    operations=OPERATIONS,
    survey=survey,
    area="Policies",
    since="7.55.1",
    rules=(_only_one, schedule_rule("cronPattern")),
    wire_name=snake_case,
)
