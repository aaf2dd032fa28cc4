"""What KServe says of a spec that it cannot serve, before anything is started for it."""

from __future__ import annotations

from typing import Any


def invalid(service: dict[str, Any], runtime: dict[str, Any] | None) -> tuple[str, str] | None:
    """The failure's reason and message, as the controller sets them; None if the spec is fine.

    Args:
        service: The InferenceService.
        runtime: The spec of the runtime that it names; None if there is no such runtime.
    """
    model = service["spec"]["predictor"].get("model")
    if model is None:
        return "InvalidPredictorSpec", "this controller serves spec.predictor.model only"
    if model.get("runtime") is None:
        return "NoSupportingRuntime", "No runtime found to support specified framework/version"
    if runtime is None:
        return "RuntimeNotRecognized", "Waiting for runtime to become available"
    if model.get("protocolVersion") not in runtime["protocolVersions"]:
        return "NoSupportingRuntime", "Specified runtime does not support specified protocol version"
    if model.get("modelFormat", {}).get("name") not in {each["name"] for each in runtime["supportedModelFormats"]}:
        return "NoSupportingRuntime", "Specified runtime does not support specified framework/version"
    if not str(model.get("storageUri", "")).startswith("s3://"):
        return "InvalidPredictorSpec", f"StorageURI not supported: {model.get('storageUri')}"
    return None
