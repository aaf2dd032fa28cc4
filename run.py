"""The command line of Switchyard; each command is a few calls into the folder that holds what it does."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stacks.environment import load_environment
from switchyard.errors import SwitchyardError

if TYPE_CHECKING:
    from rich.console import Console

    from stacks.stack_file import StackFile
    from switchyard.config_images import AnyConfig

INTERRUPTED = 130
_INTERRUPTED = "Interrupted; finished steps are kept, the next run goes on from there."


def run(arguments: argparse.Namespace) -> None:
    """Runs the training pipeline, from the data to an endpoint."""
    from rich.console import Console

    from pipelines.preflight import check_learners, preflight
    from stacks.stack_file import read_stack

    config, source = preflight(Path(arguments.config), arguments.set)
    stack = read_stack(arguments.stack) if arguments.stack else None
    console = Console(highlight=False)
    if arguments.dry_run:
        check_learners(Path(arguments.config), config)
        from pipelines.plan import print_plan

        flavors = {str(kind): part.flavor for kind, part in stack.components.items()} if stack else {}
        return print_plan(console, config, source, flavors)

    from pipelines.summary import print_summary
    from pipelines.unchanged import last_outcome, last_stack, recipe, remember

    wanted = recipe(config, source.fingerprint, arguments.stack or last_stack(config.name))
    again = arguments.no_cache or arguments.rerun or arguments.compile
    if not again and (before := last_outcome(config.name, wanted)):
        note = f"Nothing has changed since run {before.run}, and its model is still served: nothing was run."
        return print_summary(console, before, note)

    check_learners(Path(arguments.config), config)
    with _session(arguments, stack, console):
        if arguments.compile:
            from pipelines.elsewhere import compile_to

            compile_to(Path(arguments.compile), config)
            return console.print(f"{arguments.compile} is written; import it as a pipeline.", markup=False)
        from pipelines.launch import train
        from stacks.bucket import require_bucket

        require_bucket()
        outcome = train(config, source, console, cache=not arguments.no_cache, debug=arguments.debug)
    remember(outcome, recipe(config, source.fingerprint, arguments.stack), arguments.stack)
    return print_summary(console, outcome)


def index(arguments: argparse.Namespace) -> None:
    """Puts today's images into the gallery of the version in production, without training it anew."""
    from rich.console import Console

    from pipelines.preflight import preflight
    from pipelines.summary import print_summary
    from stacks.stack_file import read_stack

    config, source = preflight(Path(arguments.config), arguments.set)
    stack = read_stack(arguments.stack) if arguments.stack else None
    console = Console(highlight=False)
    with _session(arguments, stack, console):
        from pipelines.launch import index as start
        from stacks.bucket import require_bucket

        require_bucket()
        outcome = start(config, source, console, debug=arguments.debug)
    return print_summary(console, outcome)


@contextmanager
def _session(arguments: argparse.Namespace, stack: StackFile | None, console: Console) -> Iterator[None]:
    """ZenML is open, on the stack that was asked for."""
    from stacks.session import open_session

    with open_session(debug=arguments.debug):
        if stack:
            from stacks.apply import apply_stack

            for change in apply_stack(arguments.stack, stack):
                console.print(f"[dim]{change}[/]")
        yield


def init(arguments: argparse.Namespace) -> None:
    """Writes a commented config for a table, or for images if no target is named."""
    from switchyard.project import ROOT

    if arguments.target is None:
        from switchyard.images.init import write_image_config

        written = write_image_config(arguments.data, root=ROOT, name=arguments.name, force=arguments.force)
    else:
        from switchyard.data.init import write_config

        written = write_config(arguments.data, arguments.target, root=ROOT, name=arguments.name, force=arguments.force)
    shown = written.relative_to(ROOT) if written.is_relative_to(ROOT) else written
    print(f"{shown} is written. Look through it, then: python run.py --config {shown}")


def stop(arguments: argparse.Namespace) -> None:
    """Stops the endpoint of a use case."""
    from stacks.session import open_session

    with open_session(debug=arguments.debug):
        from stacks.endpoints import stop_endpoint

        print(stop_endpoint(arguments.name))


def schedule(arguments: argparse.Namespace) -> None:
    """Runs a use case at certain times: set, list, pause, resume, delete."""
    from rich.console import Console

    from stacks.stack_file import read_stack

    stack, console = read_stack(arguments.stack) if arguments.stack else None, Console(highlight=False)
    config = _checked(arguments.name) if arguments.action == "set" else None
    with _session(arguments, stack, console):
        from stacks import schedules

        if config:
            from pipelines.elsewhere import schedule as put

            with schedules.replacing(config.name):
                put(config, arguments.cron)
            return console.print(f"{config.name} runs at {arguments.cron} (UTC).", markup=False)
        if arguments.action == "list":
            return console.print(schedules.listed())
        act = {"pause": schedules.pause, "resume": schedules.resume, "delete": schedules.delete}
        return console.print(act[arguments.action](arguments.name), markup=False)


def _checked(name: str) -> AnyConfig:
    """A use case that can be run as it is now; the data of another day is looked at then."""
    from pipelines.preflight import check_learners, preflight

    config, _ = preflight(Path(name), [])
    check_learners(Path(name), config)
    return config


def release(arguments: argparse.Namespace) -> None:
    """Releases a version, rolls back to one, or retires a use case."""
    from pipelines.release_command import start
    from stacks.stack_file import read_stack

    stack = read_stack(arguments.stack) if arguments.stack else None
    start(arguments, lambda console: _session(arguments, stack, console))


def history(arguments: argparse.Namespace) -> None:
    """Tells from the runs what was in production when, why, and who put it there."""
    from pipelines.history_command import show
    from stacks.session import open_session

    show(arguments, open_session(debug=arguments.debug))


def doctor(arguments: argparse.Namespace) -> int:
    """Asks every part of a stack whether it does what a run needs."""
    from stacks.doctor.command import examine

    return examine(arguments.stack, as_json=arguments.json, debug=arguments.debug)


def versions(arguments: argparse.Namespace) -> int:
    """Compares, shows or reproduces registered versions."""
    from stacks.session import open_session

    with open_session(debug=arguments.debug):
        from pipelines.versions.command import answer

        return answer(arguments.name, arguments)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show ZenML's own output, and tracebacks")
    parser = argparse.ArgumentParser(
        prog="python run.py",
        parents=[common],
        description="One ML pipeline, any stack: trains, gates and deploys the use case of one YAML file.",
        epilog=f"Other commands, each with --help: {', '.join(COMMANDS)}",
    )
    parser.add_argument("--config", default="titanic", metavar="FILE", help="configs/NAME.yaml (default: titanic)")
    parser.add_argument("--stack", metavar="NAME", help="apply stacks/NAME.yaml and make it active")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override, as in split.test=0.3"
    )
    parser.add_argument("--no-cache", action="store_true", help="run every step anew")
    parser.add_argument("--rerun", action="store_true", help="record a run even if nothing has changed")
    parser.add_argument(
        "--dry-run", action="store_true", help="check config, data and stack, print the plan, run nothing"
    )
    parser.add_argument("--compile", metavar="FILE", help="write the pipeline as a file for an import, run nothing")
    parser.set_defaults(command=run)
    return parser


def _index_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python run.py index", description=index.__doc__)
    parser.add_argument("--config", required=True, metavar="FILE", help="configs/NAME.yaml of an image_retrieval")
    parser.add_argument("--stack", metavar="NAME", help="apply stacks/NAME.yaml and make it active")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override, as in split.test=0.3"
    )
    parser.add_argument("--debug", action="store_true", help="show ZenML's own output, and tracebacks")
    parser.set_defaults(command=index)
    return parser


def _init_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python run.py init", description=init.__doc__)
    parser.add_argument(
        "data",
        metavar="DATA",
        help="a table: a CSV or Parquet file, a folder of them, or a URI; or images: one folder a class",
    )
    parser.add_argument("--target", metavar="COLUMN", help="the column of a table to predict; none for images")
    parser.add_argument("--name", metavar="NAME", help="the use case's name (default: from the file's name)")
    parser.add_argument("--force", action="store_true", help="overwrite an existing config")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    parser.set_defaults(command=init)
    return parser


def _stop_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python run.py stop", description=stop.__doc__)
    parser.add_argument("name", nargs="?", default="titanic", help="the use case (default: titanic)")
    parser.add_argument("--debug", action="store_true", help="show ZenML's own output, and tracebacks")
    parser.set_defaults(command=stop)
    return parser


def _schedule_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python run.py schedule", description=schedule.__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, what in (
        ("set", "put a use case on a schedule, in place of the one it has"),
        ("list", "show the schedules"),
        ("pause", "start no run until it is resumed"),
        ("resume", "go on"),
        ("delete", "end it"),
    ):
        action = actions.add_parser(name, help=what, description=what)
        if name != "list":
            action.add_argument("name", metavar="NAME", help="the use case")
        if name == "set":
            action.add_argument("cron", metavar="CRON", help='five fields, in UTC, as in "0 6 * * 1-5"')
        action.add_argument("--stack", metavar="NAME", help="apply stacks/NAME.yaml and make it active")
        action.add_argument("--debug", action="store_true", help="show ZenML's own output, and tracebacks")
    parser.set_defaults(command=schedule)
    return parser


def _doctor_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python run.py doctor", description=doctor.__doc__)
    parser.add_argument("--stack", default="local", metavar="NAME", help="stacks/NAME.yaml (default: local)")
    parser.add_argument("--json", action="store_true", help="for programs: one object a check")
    parser.add_argument("--debug", action="store_true", help="show ZenML's own output, and tracebacks")
    parser.set_defaults(command=doctor)
    return parser


def _image_parser() -> argparse.ArgumentParser:
    from stacks.image.command import add_options, image

    parser = argparse.ArgumentParser(prog="python run.py image", description=image.__doc__)
    add_options(parser)
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    parser.set_defaults(command=image)
    return parser


def _runtime_parser() -> argparse.ArgumentParser:
    from stacks.kserve.serving_runtime import add_options, runtime

    parser = argparse.ArgumentParser(prog="python run.py runtime", description=runtime.__doc__)
    add_options(parser)
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    parser.set_defaults(command=runtime)
    return parser


def _release_parser(action: str) -> argparse.ArgumentParser:
    from pipelines.release_command import WHAT, add_options

    parser = argparse.ArgumentParser(prog=f"python run.py {action}", description=WHAT[action])
    add_options(parser, action)
    parser.set_defaults(command=release, action=action)
    return parser


def _history_parser() -> argparse.ArgumentParser:
    from pipelines.history_command import add_options

    parser = argparse.ArgumentParser(prog="python run.py history", description=history.__doc__)
    add_options(parser)
    parser.set_defaults(command=history)
    return parser


def _versions_parser(name: str) -> argparse.ArgumentParser:
    from pipelines.versions.command import ABOUT, add_options

    parser = argparse.ArgumentParser(prog=f"python run.py {name}", description=ABOUT[name])
    add_options(name, parser)
    parser.add_argument("--debug", action="store_true", help="show ZenML's own output, and tracebacks")
    parser.set_defaults(command=versions, name=name)
    return parser


COMMANDS: dict[str, Callable[[], argparse.ArgumentParser]] = {
    "init": _init_parser,
    "index": _index_parser,
    "stop": _stop_parser,
    "schedule": _schedule_parser,
    "doctor": _doctor_parser,
    "image": _image_parser,
    "runtime": _runtime_parser,
    "release": partial(_release_parser, "release"),
    "rollback": partial(_release_parser, "rollback"),
    "retire": partial(_release_parser, "retire"),
    "history": _history_parser,
    "compare": partial(_versions_parser, "compare"),
    "show": partial(_versions_parser, "show"),
    "reproduce": partial(_versions_parser, "reproduce"),
}


def main(argv: list[str]) -> int:
    """Parses, calls, and turns what went wrong into one sentence and an exit code."""
    known = argv[:1] and argv[0] in COMMANDS
    arguments = COMMANDS[argv[0]]().parse_args(argv[1:]) if known else _parser().parse_args(argv)
    try:
        load_environment()  # before ZenML is imported, which reads it then
        return arguments.command(arguments) or 0
    except KeyboardInterrupt as interrupt:  # with a word if the run goes on elsewhere
        print(*(interrupt.args or [_INTERRUPTED]), file=sys.stderr)
        return INTERRUPTED
    except SwitchyardError as error:
        if arguments.debug:
            traceback.print_exc()
        for line in error.details:
            print(line, file=sys.stderr)
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if arguments.debug:
            raise
        print(f"{type(error).__name__}: {error} (--debug shows where)", file=sys.stderr)
        return 1


if __name__ == "__main__":
    # What the imports of a run make lives to its end, and the garbage collector would go through it dozens of times,
    # once more at the exit. It has a rest until the steps start (pipelines/launch.py), and does not look at the end.
    gc.disable()
    exit_code = main(sys.argv[1:])
    gc.freeze()
    sys.exit(exit_code)
