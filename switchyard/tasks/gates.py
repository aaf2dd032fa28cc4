"""What there is to gate, for a task: known from the config before anything is trained, the rest from the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from switchyard.config.recipes import PreprocessRecipe
    from switchyard.config.sections import UseCase
    from switchyard.data.dataset import Dataset
    from switchyard.evaluation.gate_names import Place


class Gates(Protocol):
    """The names that the gates of a use case may have."""

    def places(self, config: UseCase) -> Place:
        """The root of the tree of names, as far as the config tells them."""

    def needs_data(self, name: str) -> bool:
        """Whether only the rows can tell if a gate's name leads to a number."""

    def check(self, splits: Dataset, recipe: PreprocessRecipe) -> None:
        """Checks the gates of which only the rows can tell whether there will be something to gate.

        Args:
            splits: The parts `train`, `validation` and `test`.
            recipe: Of this kind, with `row_gates`.

        Raises:
            InputError: A gate names a group that no test row is in.
        """
