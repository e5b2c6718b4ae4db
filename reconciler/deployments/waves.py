"""Devices and waves in, who is in which wave out. The same payload gives the same canaries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from reconciler.deployments.facts import Device
from reconciler.deployments.intent import Share, Wave


def in_order(payload: str, uuids: Iterable[str]) -> list[str]:
    """Devices in the order a payload takes them: always the same, and another for another one."""

    def place(uuid: str) -> tuple[str, str]:
        return hashlib.sha256(f"{payload}{uuid}".encode()).hexdigest(), uuid

    return sorted(uuids, key=place)


def assigned(
    waves: Sequence[Wave],
    payload: str,
    devices: Mapping[str, Device],
    tags: Mapping[str, frozenset[str]],
) -> dict[str, int]:
    """The number of each device's wave, from 1.

    `devices` are all that match and are not excluded, compliant ones too: so the borders stay where
    they are while devices become compliant. A device that is offline is not picked by a count or a
    percentage: a silent canary proves nothing. The last wave takes everybody left.
    """
    order = in_order(payload, devices)
    found: dict[str, int] = {}
    for number, wave in enumerate(waves[:-1], 1):
        named = [u for u in order if u not in found and _is_named(wave, u, tags[u])]
        picked = named
        if wave.take is not None:
            has_names = bool(wave.tag or wave.devices)
            pool = named if has_names else [u for u in order if u not in found]
            pool = pool if has_names else [u for u in pool if devices[u].online]
            picked = pool[: _size(wave.take, len(devices))]
        found.update(dict.fromkeys(picked, number))
    return {uuid: found.get(uuid, len(waves)) for uuid in order}


def _is_named(wave: Wave, uuid: str, tags: frozenset[str]) -> bool:
    return uuid in wave.devices or bool(wave.tag and wave.tag in tags)


def _size(take: Share, base: int) -> int:
    """So many devices; a percentage is rounded up, and is at least one device."""
    return max(1, -(-take.value * base // 100)) if take.is_percent else take.value
