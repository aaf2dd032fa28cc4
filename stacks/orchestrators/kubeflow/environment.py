"""The environment of a step's pod: what the submitting process has set up, but no secret."""

from __future__ import annotations

import re

_SECRET = re.compile(r"(^|_)(TOKEN|PASSWORD|PASSWD|SECRET|API_KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|COOKIE)(_|$)")
_OF_THIS_MACHINE = ("ZENML_STORE_BACKUP_DIRECTORY", "ZENML_CONFIG_PATH", "ZENML_LOCAL_STORES_PATH")
# Otherwise each pod reports to the makers of ZenML and MLflow.
_NO_TELEMETRY = {"ZENML_ANALYTICS_OPT_IN": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}


def pod_environment(environment: dict[str, str]) -> dict[str, str]:
    """What may stand in a spec that every user of KFP can read.

    ZenML adds the token of its server; the pods get a key from a Kubernetes Secret instead. A secret that a user has
    put into a step's environment is left out, too: ZenML sets it again inside of the pod.

    Args:
        environment: As ZenML made it.
    """
    public = {
        name: value
        for name, value in environment.items()
        if not _SECRET.search(name.upper()) and name not in _OF_THIS_MACHINE
    }
    return {**public, **_NO_TELEMETRY}
