"""What a stack's model deployer must be able to do, whatever it deploys to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from switchyard.config.sections import Deployment
    from switchyard.model.onnx_model import OnnxModel


@dataclass(frozen=True)
class Endpoint:
    """A model that answers.

    Attributes:
        name: The use case, which is the model's name in the protocol.
        version: The version that answers.
        url: The root of the server, without a trailing slash.
        service: The id under which the deployer knows it.
        notice: What the user should know, such as another port than asked for; empty if nothing.
        request: A body that the endpoint answers, for a first try.
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
        self, name: str, version: int, model: OnnxModel, golden: dict[str, Any], deployment: Deployment
    ) -> Endpoint:
        """Brings a version up, asks it for the golden rows, and only then lets it take over.

        Raises:
            SwitchyardError: It did not come up or answered wrong; the old version keeps serving.
        """
        ...

    def retire(self, name: str) -> None:
        """Takes down what answers for a use case; if nothing does, that is well.

        Raises:
            SwitchyardError: It still answers.
        """
        ...

    def serving(self, name: str) -> int | None:
        """The version that has passed its smoke test and taken over, whether or not it is stopped just now."""
        ...
