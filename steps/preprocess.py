"""preprocess: what needs no fitting: the contract's types, and the split."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from zenml import step

from steps.artifacts import DatasetMaterializer
from steps.caching import depends_on
from switchyard.config import Contract, Data, Features, Metrics, Reporting, Split, Task
from switchyard.data.dataset import Dataset

_CODE = depends_on("switchyard/data", "switchyard/evaluation", "switchyard/models/features.py")


@step(output_materializers=DatasetMaterializer, cache_policy=_CODE)
def preprocess(
    raw: Dataset,
    data: Data,
    contract: Contract,
    split: Split,
    task: Task,
    seed: int,
    use_case: str,
    gates: dict[str, str],
    features: Features,
    metrics: Metrics,
    reporting: Reporting,
) -> Annotated[Dataset, "{use_case}_splits"]:
    """Casts the columns and deals the rows to training, validation and test.

    Args:
        raw: The validated table.
        data: Which columns group or order the rows.
        contract: The type of each column.
        split: How the rows are dealt.
        task: Stratified splits are for classification.
        seed: Decides which row goes where.
        use_case: Names the artifact.
        gates: Those of which only the rows can tell whether there will be something to gate.
        features: Which columns the candidates see; with `metrics` and `reporting`, what will be measured.
        metrics: Likewise.
        reporting: Likewise.

    Returns:
        A dataset with the parts `train`, `validation` and `test`.

    Raises:
        InputError: A gate names a group that no test row is in.
    """
    from dataclasses import replace

    from switchyard.data.contract import cast
    from switchyard.data.split import split as split_rows

    folder = TemporaryDirectory(prefix="switchyard-split-")
    splits = split_rows(cast(raw.scan("raw"), contract), split, data, task, seed, Path(folder.name))
    if gates:
        from switchyard.evaluation.gate_tree import Measured, groups_of, places
        from switchyard.evaluation.gates import check_gates

        measured = Measured(task, data, contract, features, metrics, reporting)
        found = groups_of(splits.scan("test"), splits.scan("train"), measured)
        check_gates(gates, places(measured, found))
    return replace(splits, owner=folder)
