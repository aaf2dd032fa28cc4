"""Memory as Kubernetes writes it."""

from __future__ import annotations

import re

_MEMORY = re.compile(r"^(?P<number>[0-9]+)(?P<unit>B|KB|KiB|MB|MiB|GB|GiB|TB|TiB|PB|PiB)$")


def kubernetes_memory(memory: str) -> str:
    """Turns ZenML's units into Kubernetes' (`4GiB` is `4Gi`, `500MB` is `500M`).

    Args:
        memory: As `ResourceSettings.memory` has it.

    Raises:
        ValueError: It is not of that form.
    """
    found = _MEMORY.match(memory)
    if found is None:
        raise ValueError(f"{memory!r} is no amount of memory; write it as 512MB or 4GiB")
    number, unit = found["number"], found["unit"]
    if unit == "KB":  # KFP takes K, Kubernetes takes k: a plain number pleases both
        return str(int(number) * 1000)
    return number + unit.removesuffix("B")
