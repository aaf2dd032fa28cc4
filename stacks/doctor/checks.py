"""Everything that is looked at, in the order in which it is told."""

from __future__ import annotations

from stacks.doctor import (
    bucket,
    container_registry,
    folder,
    image,
    kserve_api,
    kserve_rights,
    kubeflow_pipelines,
    kubernetes_access,
    mlflow_server,
    packages,
    zenml_secret,
    zenml_server,
)
from stacks.doctor.examine import Check

CHECKS = (
    Check("packages", packages.look),
    Check("ZenML", zenml_server.look, ("requests", "zenml.config.global_config", "zenml.zen_stores.rest_zen_store")),
    Check("artifact store", folder.look, ("zenml.config.global_config",)),
    Check("bucket", bucket.look, ("boto3",), 60.0),
    Check("MLflow", mlflow_server.look, ("requests",), 60.0),
    Check("KFP", kubeflow_pipelines.look, ("kfp_server_api", "kubernetes")),
    Check("registry", container_registry.look, ("requests", "docker.auth")),
    Check("image", image.look, ("requests", "docker.auth")),
    Check("Kubernetes", kubernetes_access.look, ("kubernetes",)),
    Check("ZenML key for pods", zenml_secret.look, ("kubernetes", "requests"), needs="Kubernetes"),
    Check("KServe", kserve_api.look, ("kubernetes",), needs="Kubernetes"),
    Check("KServe rights", kserve_rights.look, ("kubernetes",), needs="Kubernetes"),
)
