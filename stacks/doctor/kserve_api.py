"""KServe: installed, in a version that knows what we write, with the runtime and the ServiceAccount that we name."""

from __future__ import annotations

from typing import Any

from stacks.doctor.cluster import KubernetesApi, RefusedError
from stacks.doctor.finding import Finding, failed, ok
from stacks.doctor.target import Target
from switchyard.errors import SwitchyardError

_GROUP = "serving.kserve.io"
_CRD = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/inferenceservices.{_GROUP}"
_APPLY = "python run.py runtime | kubectl apply -f -"
# What a roll-out writes below spec.predictor (stacks/deployers/kserve/manifest.py).
_FIELDS = (
    "minReplicas",
    "maxReplicas",
    "serviceAccountName",
    "annotations",
    "model.modelFormat",
    "model.protocolVersion",
    "model.runtime",
    "model.storageUri",
    "model.resources",
    "model.args",
)


def look(target: Target) -> Finding | None:
    """Looks at the API's list of kinds, then at the fields, the runtime and the account."""
    if not target.has("model_deployer", "KServeFlavor"):
        return None
    config = target.config("model_deployer")
    api = KubernetesApi(config.kubernetes_context)
    try:
        kinds = {each["name"] for each in api.get(f"/apis/{_GROUP}/v1beta1")["resources"]}
    except RefusedError:
        kinds = set()
    if "inferenceservices" not in kinds:
        return failed(f"{api.host} has no InferenceService of {_GROUP}/v1beta1", "install KServe in it")
    if unknown := _unknown_fields(api):
        return failed(f"its InferenceService has no spec.predictor.{unknown[0]}", "upgrade KServe (0.15 or later)")
    return (
        _missing_parts(api, config)
        or _other_image(api, target)
        or ok(f"InferenceService v1beta1 at {api.host}, mode {config.mode}, runtime {config.runtime}")
    )


def _unknown_fields(api: KubernetesApi) -> list[str]:
    """What we write and the CRD does not have, which Kubernetes would drop in silence; empty where we may not look."""
    try:
        versions = api.get(_CRD)["spec"]["versions"]
    except RefusedError:
        return []
    schema = next(each for each in versions if each["name"] == "v1beta1")["schema"]["openAPIV3Schema"]
    predictor = schema["properties"]["spec"]["properties"]["predictor"]
    return [field for field in _FIELDS if not _has(predictor, field.split("."))]


def _has(schema: dict[str, Any], path: list[str]) -> bool:
    if not path or schema.get("x-kubernetes-preserve-unknown-fields"):
        return True
    inner = schema.get("properties", {}).get(path[0])
    return inner is not None and _has(inner, path[1:])


def _missing_parts(api: KubernetesApi, config: Any) -> Finding | None:  # noqa: ANN401 - of our flavor
    account = f"/api/v1/namespaces/{config.namespace}/serviceaccounts/{config.service_account}"
    if _is_missing(api, account):
        return failed(
            f"namespace {config.namespace} has no ServiceAccount {config.service_account}, with which models are read",
            "kubectl apply -k stacks/kubernetes/base, or correct KSERVE_SERVICE_ACCOUNT",
        )
    if not _is_missing(api, f"/apis/{_GROUP}/v1alpha1"):  # a KServe of which only the CRD is there has no runtimes
        own = f"/apis/{_GROUP}/v1alpha1/namespaces/{config.namespace}/servingruntimes/{config.runtime}"
        of_all = f"/apis/{_GROUP}/v1alpha1/clusterservingruntimes/{config.runtime}"
        if _is_missing(api, own) and _is_missing(api, of_all):
            install = _APPLY if config.serves_itself else "install it"
            return failed(f"there is no ServingRuntime {config.runtime}", f"{install}, or correct KSERVE_RUNTIME")
    return None


def _other_image(api: KubernetesApi, target: Target) -> Finding | None:
    """Whether our own runtime was made for another lock; the check of the image says whether that one is there."""
    from stacks.step_image.reference import image_reference

    config, settings = target.config("model_deployer"), target.settings("orchestrator")
    if not config.serves_itself:
        return None
    try:
        found = api.get(f"/apis/{_GROUP}/v1alpha1/namespaces/{config.namespace}/servingruntimes/{config.runtime}")
        wanted = image_reference(settings.get("registry"), settings.get("image"))
    except (RefusedError, SwitchyardError):
        return None
    images = {each.get("image") for each in found["spec"]["containers"]}
    if wanted in images:
        return None
    seen = f"ServingRuntime {config.runtime} has the image {', '.join(map(str, images))} and not {wanted}"
    return failed(seen, _APPLY)


def _is_missing(api: KubernetesApi, path: str) -> bool:
    """Whether it is not there; what may not be looked at counts as there."""
    try:
        api.get(path)
    except RefusedError as error:
        return error.status == 404
    return False
