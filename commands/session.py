"""ZenML, open on the stack that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from stacks.setup.stack_file import StackFile


def asked_stack(name: str | None) -> StackFile | None:
    """The stack file that is named, if one is.

    Raises:
        InputError: There is no such file, or it is broken.
    """
    from stacks.setup.stack_file import read_stack

    return read_stack(name) if name else None


@contextmanager
def session_on(name: str | None, stack: StackFile | None, console: Console, debug: bool) -> Iterator[None]:
    """Opens ZenML, and applies a stack first if one is asked for.

    Args:
        name: Of the stack; None: the active one.
        stack: What its file says.
        console: Is told what has changed.
        debug: Show ZenML's own output.
    """
    from stacks.setup.session import open_session

    with open_session(debug=debug):
        if name and stack:
            from stacks.setup.apply import apply_stack

            for change in apply_stack(name, stack):
                console.print(f"[dim]{change}[/]")
        yield
