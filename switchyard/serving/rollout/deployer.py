"""What a stack's model deployer must be able to do, wherever it deploys to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from switchyard.config.sections import Deployment
    from switchyard.model.onnx_model import OnnxModel
    from switchyard.serving.rollout.golden_rows import GoldenRows


@dataclass(frozen=True)
class Endpoint:
    """A model in service.

    Attributes:
        name: The use case, which is the model's name in the protocol.
        version: The version that answers.
        url: The root of the server, without a trailing slash.
        service: The id of the deployer's record.
        notice: What the user should know, such as another port than asked for; empty if nothing.
        request: An example of a request body that the endpoint answers.
        predict_image: Whether it also answers image files, at …/predict-image, if the model takes images.
    """

    name: str
    version: int
    url: str
    service: str
    notice: str
    request: dict[str, Any]
    predict_image: bool = True

    def to_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


@runtime_checkable
class Deployer(Protocol):
    """A model deployer that takes ONNX files."""

    def roll_out(
        self, name: str, version: int, model: OnnxModel, golden: GoldenRows, deployment: Deployment
    ) -> Endpoint:
        """Starts a version, checks its golden rows, and only then lets it take over.

        Raises:
            SwitchyardError: It did not start or answered wrong; the old version keeps serving.
        """
        ...

    def retire(self, name: str) -> None:
        """Takes the endpoint of a use case down; does nothing if there is none.

        Raises:
            SwitchyardError: The endpoint still answers.
        """
        ...

    def serving(self, name: str) -> int | None:
        """The version that has passed its smoke test and taken over, even if it is stopped at the moment."""
        ...
