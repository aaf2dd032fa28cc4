"""The schedules of the active stack, as the command line shows and changes them."""

from __future__ import annotations

from contextlib import AbstractContextManager

from rich.table import Table


def replacing(name: str) -> AbstractContextManager[None]:
    """Inside, a pipeline may be submitted with a schedule of this name, which takes the place of the one there is."""
    from stacks.orchestrators.kubeflow.schedules import replacing as in_kubeflow

    return in_kubeflow(name)


def listed() -> Table | str:
    """All schedules, a line each."""
    from stacks.orchestrators.kubeflow.schedules import list_schedules

    states = list_schedules()
    if not states:
        return "No schedules. Put a use case on one with: python run.py schedule set --help"
    table = Table(box=None, pad_edge=False)
    for heading in ("schedule", "cron (UTC)", "state", "last run", ""):
        table.add_column(heading)
    for state in states:
        last = f"{state.last_run} {state.last_status}".strip()
        table.add_row(state.name, state.cron, "on" if state.active else "paused", last, state.note)
    return table


def pause(name: str) -> str:
    """Starts no more runs of this schedule."""
    from stacks.orchestrators.kubeflow.schedules import pause_schedule

    pause_schedule(name)
    return f"Schedule {name} is paused; python run.py schedule resume {name} starts it again."


def resume(name: str) -> str:
    """Starts runs of this schedule again."""
    from stacks.orchestrators.kubeflow.schedules import resume_schedule

    resume_schedule(name)
    return f"Schedule {name} is on."


def delete(name: str) -> str:
    """Ends this schedule; the runs that it has started stay."""
    from stacks.orchestrators.kubeflow.schedules import remove_schedule

    remove_schedule(name)
    return f"Schedule {name} is deleted; the runs that it has started stay."
