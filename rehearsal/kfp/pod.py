"""The pod of a task, made from the spec as Kubeflow's driver and compiler make it.

Left out is what only Argo and the launcher need: the init container with the launcher, the sidecar that waits, and the
scratch volumes. The launcher's work on the command line is done here, before the pod exists.
"""

from __future__ import annotations

from typing import Any

from rehearsal.kfp.task import Attempt
from rehearsal.kfp.values import DriverError, executor_input, substitute

_OUTPUTS, _METADATA = "/tmp/kfp/outputs", "/tmp/kfp_outputs/output_metadata.json"
_PULL_POLICIES = ("Always", "Never", "IfNotPresent")
Manifest = dict[str, Any]


def manifest(attempt: Attempt) -> Manifest:
    """The pod, ready to be created.

    Raises:
        DriverError: The spec says something that Kubeflow's driver refuses.
    """
    kubernetes = attempt.kubernetes
    metadata = kubernetes.get("podMetadata", {})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": attempt.pod,
            "namespace": attempt.namespace,
            "labels": {
                **metadata.get("labels", {}),
                "pipeline/runid": attempt.run_id,
                "pipelines.kubeflow.org/v2_component": "true",
                "workflows.argoproj.io/workflow": attempt.workflow,
                "workflows.argoproj.io/completed": "false",
            },
            "annotations": {
                **metadata.get("annotations", {}),
                "kubectl.kubernetes.io/default-container": "main",
                "pipelines.kubeflow.org/v2_component": "true",
                "workflows.argoproj.io/node-id": attempt.node_id,
                "workflows.argoproj.io/node-name": attempt.node_name,
            },
        },
        "spec": _present(
            {
                "restartPolicy": "Never",
                "serviceAccountName": attempt.service_account,
                "hostNetwork": True,  # the tests' cluster has no pod network
                # Argo's executor passes signals on; a process that is number one itself would ignore them.
                "terminationGracePeriodSeconds": 2,
                "containers": [_container(attempt)],
                "volumes": [volume for volume, _ in _volumes(kubernetes)],
                "activeDeadlineSeconds": int(kubernetes.get("activeDeadlineSeconds", 0)),
                "nodeSelector": _node_selector(kubernetes.get("nodeSelector", {})),
                "tolerations": _tolerations(kubernetes.get("tolerations", [])),
                "affinity": _affinity(kubernetes.get("nodeAffinity", [])),
                "imagePullSecrets": [
                    {"name": _named(secret, "secretName")} for secret in kubernetes.get("imagePullSecret", [])
                ],
            }
        ),
    }


def output_file(attempt: Attempt) -> tuple[str, str | None]:
    """The one file of the container that is read back: as its termination message, since no launcher is there to do it.

    Returns:
        The file, and the output parameter that it holds; None if it is the file with all of a Python component's.
    """
    names = list(attempt.output_parameters)
    words = attempt.container.get("command", []) + attempt.container.get("args", [])
    for name in names:
        if any(f"{{{{$.outputs.parameters['{name}'].output_file}}}}" in str(word) for word in words):
            return f"{_OUTPUTS}/{name}", name
    return _METADATA, None


def _container(attempt: Attempt) -> Manifest:
    container, kubernetes = attempt.container, attempt.kubernetes
    given = executor_input(attempt.inputs, attempt.output_parameters, _OUTPUTS, _METADATA)
    policy = kubernetes.get("imagePullPolicy", "")
    if policy and policy not in _PULL_POLICIES:
        raise DriverError(
            f"unsupported value: {policy}. ImagePullPolicy should be one of 'Always', 'Never' or 'IfNotPresent'"
        )
    return _present(
        {
            "name": "main",
            "image": container["image"],
            "command": substitute(container.get("command", []), given),
            "args": substitute(container.get("args", []), given),
            "env": [
                *({"name": e["name"], "value": e.get("value", "")} for e in container.get("env", [])),
                *_environment(kubernetes),
            ],
            "resources": _resources(container.get("resources", {})),
            "imagePullPolicy": policy,
            "volumeMounts": [mount for _, mount in _volumes(kubernetes)],
            "securityContext": _security_context(kubernetes.get("securityContext")),
            "terminationMessagePath": output_file(attempt)[0] if attempt.output_parameters else "",
        }
    )


def _environment(kubernetes: Manifest) -> list[Manifest]:
    found: list[Manifest] = []
    for kind, reference, key in (
        ("secret", "secretKeyRef", "secretKey"),
        ("configMap", "configMapKeyRef", "configMapKey"),
    ):
        for source in kubernetes.get(f"{kind}AsEnv", []):
            for wanted in source.get("keyToEnv", []):
                selector = {"name": _named(source, f"{kind}Name"), "key": wanted[key]}
                if "optional" in source:
                    selector["optional"] = source["optional"]
                found.append({"name": wanted["envVar"], "valueFrom": {reference: selector}})
    fields = [(field["name"], field["fieldPath"]) for field in kubernetes.get("fieldPathAsEnv", [])]
    fields += [
        ("KFP_POD_NAME", "metadata.name"),
        ("KFP_POD_UID", "metadata.uid"),
        ("KFP_NAMESPACE", "metadata.namespace"),
    ]
    return found + [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields]


def _resources(given: Manifest) -> Manifest:
    def amount(name: str, unit: str) -> str | None:
        text, number = given.get(f"resource{name}"), given.get(name[0].lower() + name[1:])
        return text or (f"{number}{unit}" if number else None)

    limits = {"memory": amount("MemoryLimit", "G"), "cpu": amount("CpuLimit", "")}
    requests = {"memory": amount("MemoryRequest", "G"), "cpu": amount("CpuRequest", "")}
    accelerator = given.get("accelerator", {})
    kind = accelerator.get("resourceType") or accelerator.get("type")
    count = accelerator.get("resourceCount") or accelerator.get("count")
    if kind and count:
        limits[kind] = str(count)
    return _present({"limits": _present(limits), "requests": _present(requests)})


def _volumes(kubernetes: Manifest) -> list[tuple[Manifest, Manifest]]:
    """Volumes, each with its mount."""
    found: list[tuple[Manifest, Manifest]] = []

    def add(name: str, source: Manifest, path: str) -> None:
        found.append(({"name": name, **source}, {"name": name, "mountPath": path}))

    for each in kubernetes.get("secretAsVolume", []):
        name, optional = _named(each, "secretName"), bool(each.get("optional"))
        add(name, {"secret": {"secretName": name, "optional": optional}}, each["mountPath"])
    for each in kubernetes.get("configMapAsVolume", []):
        name, optional = _named(each, "configMapName"), bool(each.get("optional"))
        add(name, {"configMap": {"name": name, "optional": optional}}, each["mountPath"])
    for each in kubernetes.get("emptyDirMounts", []):
        size = {"medium": each.get("medium"), "sizeLimit": each.get("sizeLimit")}
        add(each["volumeName"], {"emptyDir": _present(size)}, each["mountPath"])
    for each in kubernetes.get("pvcMount", []):
        name = each.get("pvcNameParameter") or each.get("constant", "")
        add(name, {"persistentVolumeClaim": {"claimName": name}}, each["mountPath"])
    return found


def _node_selector(given: Manifest) -> Manifest:
    return dict(given.get("nodeSelectorJson") or given.get("labels") or {})


def _tolerations(given: list[Manifest]) -> list[Manifest]:
    found: list[Manifest] = []
    for each in given:
        if "tolerationJson" in each:
            value = each["tolerationJson"]
            found += value if isinstance(value, list) else [value]
        else:
            seconds = each.get("tolerationSeconds")
            found.append({**each, "tolerationSeconds": int(seconds)} if seconds is not None else each)
    return [each for each in found if each]


def _affinity(terms: list[Manifest]) -> Manifest:
    required: list[Manifest] = []
    preferred: list[Manifest] = []
    for term in terms:
        selector = _present({key: term.get(key) for key in ("matchExpressions", "matchFields")})
        if "weight" in term:
            preferred.append({"weight": term["weight"], "preference": selector})
        elif selector:
            required.append(selector)
    wanted = {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": required} if required else None,
        "preferredDuringSchedulingIgnoredDuringExecution": preferred,
    }
    return {"nodeAffinity": _present(wanted)} if required or preferred else {}


def _security_context(given: Manifest | None) -> Manifest:
    if given is None:
        return {}
    identity = {key: int(given[key]) for key in ("runAsUser", "runAsGroup") if key in given}
    return {**identity, "capabilities": {"drop": ["ALL"]}}


def _named(source: Manifest, key: str) -> str:
    """The name of an object: the value of the parameter if there is one, since it is what the driver looks at first."""
    return str(source.get(f"{key}Parameter") or source[key])


def _present(fields: Manifest) -> Manifest:
    return {key: value for key, value in fields.items() if value not in (None, "", 0, [], {})}
