"""Which image a run uses: the one that belongs to the lock, by digest, so that a tag moved later changes no run."""

from __future__ import annotations

from stacks.step_image.registry import Repository
from stacks.step_image.tag import NAME, image_tag
from switchyard.errors import SwitchyardError


def image_reference(registry: str | None, image: str | None = "") -> str:
    """The image of the steps.

    Args:
        registry: Where `python run.py image` has pushed it, such as `registry.example.com/team`.
        image: A full reference, which is used as it is.

    Returns:
        `image`, or `<registry>/switchyard@sha256:…`.

    Raises:
        SwitchyardError: The image is not in the registry, or the registry cannot be asked.
    """
    if image:
        return image
    if not registry:
        raise SwitchyardError("there is no image to run steps in: neither REGISTRY nor SWITCHYARD_IMAGE is set")
    repository, tag = Repository.parse(f"{registry.rstrip('/')}/{NAME}"), image_tag()
    digest = repository.digest(tag)
    if digest is None:
        raise SwitchyardError(
            f"{repository}:{tag}: the registry has no image for this requirements.lock; build and push it with: "
            "python run.py image"
        )
    return f"{repository}@{digest}"
