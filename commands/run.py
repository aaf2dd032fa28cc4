"""`python run.py`: the training pipeline, from the data to an endpoint."""

from __future__ import annotations

import argparse
from pathlib import Path

from commands.options import add_config, add_overrides, add_stack
from commands.session import asked_stack, session_on

ABOUT = "One ML pipeline, any stack: trains, gates and deploys the use case of one YAML file."


def add_options(parser: argparse.ArgumentParser) -> None:
    """What a run takes."""
    add_config(parser)
    add_stack(parser)
    add_overrides(parser)
    parser.add_argument("--no-cache", action="store_true", help="run every step again, without the cache")
    parser.add_argument("--rerun", action="store_true", help="record a run even if nothing has changed")
    parser.add_argument(
        "--dry-run", action="store_true", help="check config, data and stack and print the plan, without running it"
    )
    parser.add_argument(
        "--compile", metavar="FILE", help="write the pipeline to a file that can be imported, without running it"
    )


def call(arguments: argparse.Namespace) -> None:
    """Runs the training pipeline, unless nothing has changed.

    Raises:
        InputError: Config, data or stack cannot be used.
        SwitchyardError: The run did not complete, or a gate failed.
    """
    from rich.console import Console

    from runs.preflight import check_learners, preflight

    config, source = preflight(Path(arguments.config), arguments.set)
    stack = asked_stack(arguments.stack)
    console = Console(highlight=False)
    if arguments.dry_run:
        check_learners(Path(arguments.config), config)
        from runs.plan import print_plan

        flavors = {str(kind): part.flavor for kind, part in stack.components.items()} if stack else {}
        return print_plan(console, config, source, flavors)

    from runs.summary import print_summary
    from runs.unchanged import last_outcome, last_stack, recipe, remember

    wanted = recipe(config, source.fingerprint, arguments.stack or last_stack(config.name))
    again = arguments.no_cache or arguments.rerun or arguments.compile
    if not again and (before := last_outcome(config.name, wanted)):
        note = f"Nothing has changed since run {before.run}, and its model is still served: nothing was run."
        return print_summary(console, before, note)

    check_learners(Path(arguments.config), config)
    with session_on(arguments.stack, stack, console, arguments.debug):
        if arguments.compile:
            from runs.scheduled import compile_to

            compile_to(Path(arguments.compile), config)
            return console.print(f"{arguments.compile} is written; import it as a pipeline.", markup=False)
        from runs.launch import train
        from stacks.s3.bucket import require_bucket

        require_bucket()
        outcome = train(config, source, console, cache=not arguments.no_cache, debug=arguments.debug)
    remember(outcome, recipe(config, source.fingerprint, arguments.stack), arguments.stack)
    return print_summary(console, outcome)
