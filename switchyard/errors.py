"""The two ways in which a run can end badly, each with its exit code.

Everything that a user can cause is raised as one of these, with one sentence that
names the file, the key or column, what was found and what to do. `run.py` prints the
sentence and exits; nothing else ever needs to know about exit codes.
"""

from collections.abc import Sequence


class SwitchyardError(Exception):
    """Something failed that the user did not write: exit code 1.

    Args:
        message: One sentence for stderr.
        details: Lines to show before it, such as the last ones of a log.
    """

    exit_code = 1

    def __init__(self, message: str = "", details: Sequence[str] = ()) -> None:
        """Keeps both."""
        super().__init__(message)
        self.details = tuple(details)


class InputError(SwitchyardError):
    """What the user wrote (config, data, arguments) cannot be used: exit code 2."""

    exit_code = 2


class ContractError(SwitchyardError):
    """The data breaks its contract, so the run stops before training: exit code 1."""


class GateError(SwitchyardError):
    """A gate refused the model, so nothing is promoted or deployed: exit code 1."""
