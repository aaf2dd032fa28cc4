"""The status of an InferenceService as KServe writes it (pkg/apis/serving/v1beta1/inference_service_status.go).

Kept from there: activeModelState only ever becomes Loaded, lastFailureInfo is never cleared, and observedGeneration is
the Deployment's.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

# KServe writes an empty targetModelState, too, which the CRD of the Kubernetes for tests does not take.
_NO_STATES = {"activeModelState": "Pending"}


class Status:
    """One status on its way from what was there to what is to be there."""

    def __init__(self, service: dict[str, Any], mode: str) -> None:
        self.value: dict[str, Any] = copy.deepcopy(service.get("status") or {})
        self.value["deploymentMode"] = mode
        self.model: dict[str, Any] = self.value.setdefault("modelStatus", {"transitionStatus": "UpToDate"})
        self.model.setdefault("states", dict(_NO_STATES))

    def condition(self, kind: str, status: str, reason: str = "", message: str = "") -> None:
        """Sets a condition; Ready follows from PredictorReady and IngressReady."""
        conditions = {each["type"]: each for each in self.value.get("conditions", [])}
        new = {"type": kind, "status": status}
        new |= {key: value for key, value in (("reason", reason), ("message", message)) if value and status != "True"}
        old = {key: value for key, value in conditions.get(kind, {}).items() if key != "lastTransitionTime"}
        if new != old:
            conditions[kind] = {**new, "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        self.value["conditions"] = sorted(conditions.values(), key=lambda each: each["type"])
        if kind in ("PredictorReady", "IngressReady"):
            parts = [conditions.get(part, {"status": "Unknown"}) for part in ("PredictorReady", "IngressReady")]
            worst = next((each for each in parts if each["status"] == "False"), None)
            worst = worst or next((each for each in parts if each["status"] == "Unknown"), {"status": "True"})
            self.condition("Ready", worst["status"], worst.get("reason", ""), worst.get("message", ""))

    def loading(self, state: str = "Pending") -> None:
        """The target is on its way; with an old one in service that stays the active one."""
        self.model["transitionStatus"] = "InProgress"
        self.model["states"]["targetModelState"] = state

    def loaded(self, copies: int) -> None:
        """The target is the active one now."""
        self.model["transitionStatus"] = "UpToDate"
        self.model["states"] = {"activeModelState": "Loaded", "targetModelState": "Loaded"}
        self.model["copies"] = {"failedCopies": 0, "totalCopies": copies}

    def failed(self, message: str, exit_code: int = 1) -> None:
        """The target cannot be loaded."""
        self.model["transitionStatus"] = "BlockedByFailedLoad"
        self.model["states"]["targetModelState"] = "FailedToLoad"
        self.model["lastFailureInfo"] = {"reason": "ModelLoadFailed", "message": message, "exitCode": exit_code}

    def invalid(self, reason: str, message: str) -> None:
        """KServe cannot do anything with the spec."""
        self.model["transitionStatus"] = "InvalidSpec"
        self.model["states"]["targetModelState"] = "FailedToLoad"
        self.model["lastFailureInfo"] = {"reason": reason, "message": message}

    def address(self, url: str) -> None:
        """Where it answers; the same inside and outside of this machine."""
        self.value |= {"url": url, "address": {"url": url}}
        self.value["components"] = {**self.value.get("components", {})}
        self.value["components"].setdefault("predictor", {})["url"] = url

    def revision(self, key: str, number: int) -> None:
        """Which revision Knative made last, or has ready."""
        self.value["components"] = {**self.value.get("components", {})}
        self.value["components"].setdefault("predictor", {})[key] = f"predictor-{number:05d}"

    @staticmethod
    def stopped(mode: str) -> dict[str, Any]:
        """All that is left when the annotation serving.kserve.io/stop is true."""
        status = Status({}, mode)
        del status.value["modelStatus"]
        status.condition("Stopped", "True")
        status.condition("PredictorReady", "False", "Stopped")
        return status.value
