"""Numbers in, the words a reader takes in at a glance out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.model import JsonValue
from reconciler.report.sanitise import visible

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 error`, `2 errors`, `1,200 repositories`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listed(words: Sequence[str]) -> str:
    """`dev, prod and stage`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def human_bytes(count: int) -> str:
    """Bytes in decimal units with at most one digit after the point, such as `1.2 TB`."""
    size, unit = float(count), 0
    while round(size, 1) >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.1f}".removesuffix(".0") + f" {_UNITS[unit]}"


def duration(seconds: float) -> str:
    """Seconds as `0.4 s`, `12 s` or `3 min 20 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


TOPOLOGY = "topology"
"""Evidence that is a picture, not words: see `report/topology/`."""


def evidence_words(evidence: Mapping[str, JsonValue]) -> tuple[str, str]:
    """What a reviewer should know of an object: what it is about, and short phrases."""
    label = "content" if {"artifacts", "bytes"} & set(evidence) else "evidence"
    return label, ", ".join(_phrases(evidence))


def _phrases(evidence: Mapping[str, JsonValue]) -> list[str]:
    known = {k: value for k, value in evidence.items() if value is not None and k != TOPOLOGY}
    impact = known.pop("impact", None)
    words = impact_words(impact) if isinstance(impact, dict) else []
    artifacts, size = known.pop("artifacts", None), known.pop("bytes", None)
    newest, used = known.pop("newest", None), known.pop("lastDownload", None)
    if "unknown" in (artifacts, size):
        words.append("could not be measured, so it counts as not empty")
    else:
        words += [_figure(artifacts, "artifact")] if artifacts is not None else []
        words += [_size(size)] if size is not None else []
    words += _next_runs(known.pop("nextRuns", None))
    words += [f"newest file {visible(str(newest))}"] if newest is not None else []
    words += [f"last download {visible(str(used))}"] if used is not None else []
    lost = known.pop("lost", None)
    if isinstance(lost, list) and lost:
        names = listed([visible(str(path)) for path in lost])
        words.append(f"set live and not declared, so lost: {names}")
    return words + [f"{visible(str(k))}: {visible(str(v))}" for k, v in sorted(known.items())]


def _next_runs(times: JsonValue) -> list[str]:
    """When a schedule comes next; the platform does not tell its time zone."""
    if not isinstance(times, list):
        return []
    if not times:
        return ["it never runs again"]
    shown = listed([visible(str(time)) for time in times])
    return [f"next runs {shown}, if the platform's time zone is UTC (it does not tell)"]


def _figure(value: JsonValue, noun: str) -> str:
    return counted(value, noun) if isinstance(value, int) else f"{noun}s: {visible(str(value))}"


def _size(value: JsonValue) -> str:
    return human_bytes(value) if isinstance(value, int) else f"bytes: {visible(str(value))}"


_SOURCES = {"preview": "preview", "estimate": "estimate", "dry-run": "last dry run"}


def impact_words(impact: Mapping[str, JsonValue]) -> list[str]:
    """What something that deletes or archives by itself would hit."""
    source = _SOURCES.get(str(impact.get("source")), "estimate")
    when = f" of {visible(str(impact['asOf']))}" if "asOf" in impact else ""
    noun, candidates = visible(str(impact.get("noun"))), impact.get("candidates")
    if not isinstance(candidates, int):
        words = [f"{source}{when}: how many {noun}s it would hit is unknown"]
    else:
        words = [f"{source}{when}: it would hit {_hit(impact, noun, candidates)}"]
    words += [_share(share) for share in _mappings(impact.get("repositories"))]
    others = impact.get("otherRepositories")
    if isinstance(others, int) and others:
        words.append(f"and {counted(others, 'more repository', 'more repositories')}")
    words += _extremes(impact)
    words += _dry_run(impact.get("dryRun"), noun)
    gaps = impact.get("gaps")
    return words + [
        f"not measured: {visible(str(gap))}" for gap in (gaps if isinstance(gaps, list) else ())
    ]


def _dry_run(found: JsonValue, noun: str) -> list[str]:
    if not isinstance(found, Mapping):
        return []
    when, candidates = visible(str(found.get("asOf"))), found.get("candidates")
    hit = _hit(found, noun, candidates) if isinstance(candidates, int) else "an unknown number"
    return [f"the dry run of {when} found {hit}"]


def _hit(impact: Mapping[str, JsonValue], noun: str, candidates: int) -> str:
    size, artifacts = impact.get("bytes"), impact.get("artifacts")
    told = [counted(candidates, noun) if candidates else "nothing"]
    if candidates and isinstance(artifacts, int) and noun != "file":
        told.append(counted(artifacts, "file"))
    if candidates:
        told.append(human_bytes(size) if isinstance(size, int) else "bytes unknown")
    return " / ".join(told)


def _share(share: Mapping[str, JsonValue]) -> str:
    percent, candidates = share.get("percent"), share.get("candidates")
    part = f"{percent:g} %" if isinstance(percent, int | float) else "share unknown"
    if not isinstance(candidates, int):
        return f"{visible(str(share.get('repository')))} unknown"
    return f"{visible(str(share.get('repository')))} {candidates:,} ({part} of it)"


def _extremes(impact: Mapping[str, JsonValue]) -> list[str]:
    words = []
    oldest, last = impact.get("oldest"), impact.get("lastDownloaded")
    if isinstance(oldest, Mapping):
        words.append(f"oldest {visible(str(oldest['name']))} of {visible(str(oldest['time']))}")
    if isinstance(last, Mapping):
        name = f"{visible(str(last['name']))} on " if last["name"] else ""
        words.append(f"last download {name}{visible(str(last['time']))}")
    return words


def _mappings(value: JsonValue) -> list[Mapping[str, JsonValue]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
