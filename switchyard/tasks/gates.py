"""What there is to gate, for a task: known from the config before anything is trained, the rest from the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, cast

from switchyard.config.images import IMAGE_TASKS, AnyConfig, AnyReporting
from switchyard.config.sections import TABLE_TASKS, Features, Metrics, Section

if TYPE_CHECKING:
    from switchyard.data.dataset import Dataset
    from switchyard.evaluation.gate_names import Place


class Gates(Protocol):
    """The names that the gates of a use case may have."""

    def places(self, config: AnyConfig) -> Place:
        """The root of the tree of names, as far as the config tells them."""

    def needs_data(self, name: str) -> bool:
        """Whether only the rows can tell if a gate's name leads to a number."""

    def check(
        self,
        gates: Mapping[str, str],
        splits: Dataset,
        *,
        task: str,
        data: Section,
        contract: Section,
        features: Features,
        metrics: Metrics,
        reporting: AnyReporting,
    ) -> None:
        """Checks the gates of which only the rows can tell whether there will be something to gate.

        Args:
            gates: As in the config.
            splits: The parts `train`, `validation` and `test`.
            task: The config's task; with the rest, what will be measured.
            data: The config's sections of these names.
            contract: Likewise.
            features: Likewise.
            metrics: Likewise.
            reporting: The config's section `evaluation`.

        Raises:
            InputError: A gate names a group that no test row is in.
        """


def gates_of(task: str) -> Gates:
    """The functions of a task; what they need is imported only now."""
    return _KINDS[task]()


def _tables() -> Gates:
    from switchyard.evaluation.tables import gates as table_gates

    return cast(Gates, table_gates)


def _images() -> Gates:
    from switchyard.evaluation.images import gates

    return cast(Gates, gates)


_KINDS: dict[str, Callable[[], Gates]] = {
    **dict.fromkeys(TABLE_TASKS, _tables),
    **dict.fromkeys(IMAGE_TASKS, _images),
}
