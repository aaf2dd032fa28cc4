"""What KServe says of a spec that it cannot serve, before anything is started for it."""

from __future__ import annotations

from typing import Any

RUNTIMES = {"kserve-tritonserver": ("onnx", "v2")}


def invalid(service: dict[str, Any]) -> tuple[str, str] | None:
    """The failure's reason and message, as the controller sets them; None if the spec is fine."""
    model = service["spec"]["predictor"].get("model")
    if model is None:
        return "InvalidPredictorSpec", "this controller serves spec.predictor.model only"
    runtime = model.get("runtime")
    if runtime is None:
        return "NoSupportingRuntime", "No runtime found to support specified framework/version"
    if runtime not in RUNTIMES:
        return "RuntimeNotRecognized", "Waiting for runtime to become available"
    model_format, protocol = RUNTIMES[runtime]
    if model.get("protocolVersion") != protocol:
        return "NoSupportingRuntime", "Specified runtime does not support specified protocol version"
    if model.get("modelFormat", {}).get("name") != model_format:
        return "NoSupportingRuntime", "Specified runtime does not support specified framework/version"
    if not str(model.get("storageUri", "")).startswith("s3://"):
        return "InvalidPredictorSpec", f"StorageURI not supported: {model.get('storageUri')}"
    return None
