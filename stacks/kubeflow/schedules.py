"""Schedules: in ZenML and in KFP, one of each name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zenml.metadata.metadata_types import MetadataType

from stacks.kubeflow.api import KfpApi

if TYPE_CHECKING:
    from zenml.models import ScheduleResponse, ScheduleUpdate

    from stacks.flavors.kubeflow import KubeflowConfig


def put(
    api: KfpApi, schedule: ScheduleResponse, experiment: str, pipeline: str, version: str
) -> dict[str, MetadataType]:
    raise NotImplementedError


def update(config: KubeflowConfig, schedule: ScheduleResponse, update: ScheduleUpdate) -> None:
    raise NotImplementedError


def delete_in_kfp(config: KubeflowConfig, schedule: ScheduleResponse) -> None:
    raise NotImplementedError
