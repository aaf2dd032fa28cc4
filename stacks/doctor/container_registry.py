"""The container registry takes images."""

from __future__ import annotations

from stacks.doctor.finding import Finding, ok, skipped
from stacks.doctor.target import Target


def look(target: Target) -> Finding | None:
    """Begins an upload and gives it up."""
    if not target.flavor("container_registry"):
        return None
    if target.settings("orchestrator").get("image"):
        return skipped("SWITCHYARD_IMAGE is used as it is, so nothing has to be pushed")
    from stacks.step_image.registry import Repository
    from stacks.step_image.tag import NAME

    repository = Repository.parse(f"{str(target.settings('container_registry')['uri']).rstrip('/')}/{NAME}")
    repository.check_push()
    return ok(f"{repository} takes images")
