"""`10m` in, seconds out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    Type = click.ParamType[float]
else:  # older versions of click have no types of values
    Type = click.ParamType

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
WRITTEN = re.compile(r"([0-9]+)([smhd])")


class Duration(Type):
    """A length of time as workspaces and manifests write it: `90s`, `10m`, `2h`, `1d`; or 0."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The seconds; what is no length of time is refused."""
        if isinstance(value, float):
            return value
        if value == "0":
            return 0.0
        found = WRITTEN.fullmatch(str(value))
        if found is None:
            self.fail(f"'{value}' is no length of time; write 90s, 10m, 2h or 1d", param, ctx)
        return float(int(found[1]) * UNITS[found[2]])
