"""The image of the steps is there, and its Python is one of the lock's."""

from __future__ import annotations

from stacks.doctor.finding import Finding, failed, ok
from stacks.doctor.packages import PYTHONS
from stacks.doctor.target import Target
from switchyard.errors import SwitchyardError


def look(target: Target) -> Finding | None:
    """Asks the registry for the image that belongs to the lock, or for the one that is named."""
    if not target.has("orchestrator", "KubeflowFlavor"):
        return None
    from stacks.step_image.reference import image_reference

    settings = target.settings("orchestrator")
    reference = image_reference(settings.get("registry"), settings.get("image"))
    python = _python(reference)
    if python and not PYTHONS[0] <= tuple(map(int, python.split(".")[:2])) <= PYTHONS[1]:
        return failed(
            f"{reference} has Python {python}; the lock is for 3.11 to 3.13", "build it anew: python run.py image"
        )
    return ok(f"{reference}{f', Python {python}' if python else ''}")


def _python(reference: str) -> str:
    """The image's Python, if it says; that of a named image shows that it is there, too."""
    from stacks.step_image.registry import Repository

    name, _, digest = reference.partition("@")
    if not digest and ":" in name.rpartition("/")[2]:
        name, _, digest = name.rpartition(":")
    elif digest and ":" in name.rpartition("/")[2]:
        name = name.rpartition(":")[0]
    repository = Repository.parse(name)
    found = repository.digest(digest or "latest")
    if found is None:
        raise SwitchyardError(f"{reference}: the registry has no such image; push it, or correct SWITCHYARD_IMAGE")
    return repository.environment(found).get("PYTHON_VERSION", "")
