"""What the sites of a federation are like in, the manifest that means it out.

Each site lists the others by their URLs, with whether they take part, and has a priority of its
own. A manifest names platforms, and says it once for all of them: what the sites do not agree on it
cannot say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.kinds.federation._members import Member, member_address, members_of
from reconciler.kinds.kind import SiteFound, UrlOf
from reconciler.kinds.repositories._rest import member_url
from reconciler.model import UNSET, Path

View = Mapping[str, bool]
"""The members a site knows but itself, by their URLs, with whether they take part."""


def gathered(
    spec: Mapping[str, Any],
    name: str,
    sites: Sequence[SiteFound],
    known: Sequence[str],
    url_of: UrlOf,
) -> Mapping[str, Any] | str:
    """New values for `members`, `platforms` and `priority`, UNSET for one to take out; or why the
    manifest cannot say it.

    `known` are the platforms of the workspace.
    """
    members = [dict(member) for member in members_of(spec)]
    fields: dict[str, Any] = {}
    if any("members" in site.drifted for site in sites):
        own = {s: _own(s, url_of) for s in sites}
        agreed = _agreed({own[s]: _view(s) for s in sites})
        if agreed is None:
            told = "; ".join(f"{s.address} has {_words(_view(s))}" for s in sites)
            return f"the platforms do not agree on the members: {told}"
        places = {f"{member_url(url_of(p))}/artifactory/": p for p in known}
        members = list(_changed(members, name, agreed, places, url_of))
    if any("priority" in site.drifted for site in sites):
        fields.update(_prioritised(spec.get("priority"), members, sites))
    return {**fields, **_written(spec, members)}


def _own(site: SiteFound, url_of: UrlOf) -> str:
    address = site.address
    return member_url(f"{url_of(address.platform).rstrip('/')}/artifactory/{address.name}")


def _view(site: SiteFound) -> View | None:
    """None for a site that nobody could look at."""
    if site.values is None:
        return None
    listed = site.values.get("members")
    return {
        member_url(str(m.get("url", ""))): m.get("enabled") is not False
        for m in (listed if isinstance(listed, list) else ())
        if isinstance(m, Mapping)
    }


def _words(view: View | None) -> str:
    if view is None:
        return "none that could be read"
    return ", ".join(url if on else f"{url} (off)" for url, on in sorted(view.items())) or "none"


def _agreed(views: Mapping[str, View | None]) -> View | None:
    """The one list that all who take part in it tell, themselves included; None where there is
    none, or more than one."""
    found: list[View] = []
    for url, view in views.items():
        if view is None or not view:
            continue
        everybody = {url, *view}
        judges = [u for u in everybody if u in views and view.get(u, True)]
        told = [(judge, views[judge]) for judge in judges]
        if any(v is None or {judge, *v} != everybody for judge, v in told):
            continue
        pairs = {pair for _, v in told if v is not None for pair in v.items()}
        listed = dict(pairs)
        if len(listed) == len(pairs):  # nobody says the contrary
            whole = {member: listed.get(member, True) for member in sorted(everybody)}
            found += [whole] if whole not in found else []
    return found[0] if len(found) == 1 else None


def _changed(
    members: Sequence[Member],
    name: str,
    agreed: View,
    places: Mapping[str, str],
    url_of: UrlOf,
) -> Iterator[Member]:
    """The members as they are written, as far as they are still some, and then the new ones."""
    rest = dict(agreed)
    for member in members:
        enabled = rest.pop(member_url(member_address(member, name, url_of)), None)
        if enabled is None:
            continue
        if enabled == (member.get("enabled") is not False):
            yield member
        elif enabled:
            yield {n: v for n, v in member.items() if n != "enabled"}
        else:
            yield {**member, "enabled": False}
    for url, enabled in rest.items():
        yield {**_placed(url, name, places), **({} if enabled else {"enabled": False})}


def _placed(url: str, name: str, places: Mapping[str, str]) -> Member:
    for start, platform in places.items():
        if url.startswith(start):
            key = url.removeprefix(start)
            return {"platform": platform, **({"repository": key} if key != name else {})}
    return {"url": url}


def _prioritised(
    usual: Any, members: Sequence[dict[str, Any]], sites: Sequence[SiteFound]
) -> Mapping[str, Any]:
    """The priority of all where they have one, else of those whose is another; `members` change."""
    live = {
        s.address.platform: str((s.values or {}).get("priority") or "standard").lower()
        for s in sites
        if "priority" in s.drifted
    }
    ours = [m for m in members if "platform" in m]
    wanted = [live.get(m["platform"], m.get("priority", usual)) for m in ours]
    if wanted and wanted[0] is not None and len(set(wanted)) == 1:
        for member in ours:
            member.pop("priority", None)
        return {"priority": wanted[0]}
    for member, priority in zip(ours, wanted, strict=True):
        if priority != member.get("priority", usual):
            member["priority"] = priority
    return {}


def _written(spec: Mapping[str, Any], members: Sequence[Member]) -> Mapping[str, Any]:
    """In the short form as long as it says everything."""
    if "members" in spec:
        return {"members": list(members)}
    if all(member.keys() == {"platform"} for member in members):
        return {"platforms": [member["platform"] for member in members]}
    return {"platforms": UNSET, "members": list(members)}


def item_edits(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[Path, Any]]:
    """Changes of single elements that lead from one list of members to the other, so that order and
    comments of the rest stay. The new list has the old ones first, in their order."""
    places = [_place(member) for member in new]
    for index, member in reversed([*enumerate(old)]):
        if _place(member) not in places:
            yield (index,), UNSET
    kept = [member for member in old if _place(member) in places]
    for index, (before, after) in enumerate(zip(kept, new, strict=False)):
        if before != after:
            for name in dict.fromkeys((*before, *after)):
                if before.get(name, UNSET) != after.get(name, UNSET):
                    yield (index, name), after.get(name, UNSET)
    yield from (((n,), member) for n, member in enumerate(new) if n >= len(kept))


def _place(member: Any) -> str:
    if not isinstance(member, Mapping):
        return str(member)
    return member.get("platform") or member_url(str(member.get("url", "")))
