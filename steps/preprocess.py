"""preprocess: what needs no fitting: the contract's types, and the split."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from zenml import step

from steps.registry.versions import training_rows_of
from steps.storage.artifacts import DatasetMaterializer
from steps.support.caching import depends_on
from switchyard.config.images import ImageContract, ImageData, ImageReporting, ImageSplit
from switchyard.config.sections import Contract, Data, Features, Metrics, Reporting, Split
from switchyard.data.dataset import Dataset
from switchyard.tasks.data import data_steps
from switchyard.tasks.gates import gates_of

_CODE = depends_on(
    "switchyard/tasks/data.py",
    "switchyard/tasks/gates.py",
    "switchyard/data",
    "switchyard/evaluation",
    "switchyard/statistics",
    "switchyard/model",
    "switchyard/config/features.py",
)


@step(output_materializers=DatasetMaterializer, cache_policy=_CODE)
def preprocess(
    raw: Dataset,
    data: Data | ImageData,
    contract: Contract | ImageContract,
    split: Split | ImageSplit,
    task: str,
    seed: int,
    use_case: str,
    gates: dict[str, str],
    features: Features,
    metrics: Metrics,
    reporting: Reporting | ImageReporting,
    network: int | None = None,
) -> Annotated[Dataset, "{use_case}_splits"]:
    """Deals the rows, cast to the contract's types, or the images to training, validation and test.

    Args:
        raw: The validated data.
        data: Which columns group or order the rows.
        contract: The type of each column.
        split: How the rows are dealt.
        task: Says what kind of data it is; stratified splits are for classification.
        seed: Decides which row goes where.
        use_case: Names the artifact.
        gates: Those of which only the rows can tell whether there will be something to gate.
        features: Which columns the candidates see; with `metrics` and `reporting`, what will be measured.
        metrics: Likewise.
        reporting: Likewise.
        network: The version whose network gets another gallery: what it was trained on stays out of the test.

    Returns:
        A dataset with the parts `train`, `validation` and `test`.

    Raises:
        InputError: A gate names a group that no test row is in.
    """
    folder = TemporaryDirectory(prefix="switchyard-split-")
    learned = None if network is None else training_rows_of(use_case, network)
    splits = data_steps(task).preprocess(raw, data, contract, split, task, seed, Path(folder.name), learned)
    if gates:
        gates_of(task).check(
            gates,
            splits,
            task=task,
            data=data,
            contract=contract,
            features=features,
            metrics=metrics,
            reporting=reporting,
        )
    return replace(splits, owner=folder)
