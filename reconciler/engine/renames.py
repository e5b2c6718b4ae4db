"""What a plan renames in, live objects as they will be then out: references follow a rename."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from reconciler.kinds.kind import Kind
from reconciler.model import Address, Live


@dataclass
class Renames:
    """The renames of one plan, in its order: what names an object is decided after the object."""

    _names: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """New names by old ones, for each platform and kind."""

    def note(self, kind: Kind, old: Address, new: Address) -> None:
        """An object that the plan renames."""
        names = self._names.setdefault((new.platform, kind.name), {})
        names[kind.referred_as(old)] = kind.referred_as(new)

    def followed(self, kind: Kind, platform: str, live: Live) -> Live:
        """The live object once what it names has its new name; the platform sees to that."""
        if not self._names:
            return live
        raw = dict(live.raw)
        for known in kind.fields.values():
            names = {
                old: new
                for ref in known.refs
                for old, new in self._names.get((platform, ref), {}).items()
            }
            value = known.live_value(raw, None)
            if names and isinstance(value, list):
                raw[known.wire] = [names.get(str(item), item) for item in value]
            elif names and isinstance(value, str):
                raw[known.wire] = names.get(value, value)
        return replace(live, raw=raw)
