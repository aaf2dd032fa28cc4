"""The command line of Switchyard: finds the command (`commands/`), and turns what went wrong into one sentence."""

from __future__ import annotations

import gc
import os
import sys
import traceback

from commands import COMMANDS, parser_of
from stacks.setup.environment import load_environment
from switchyard.errors import SwitchyardError

INTERRUPTED = 130
_INTERRUPTED = "Interrupted; finished steps are kept, and the next run continues from there."


def main(argv: list[str]) -> int:
    """Parses, calls, and turns what went wrong into one sentence and an exit code."""
    named = argv[:1] and argv[0] in COMMANDS
    parser = parser_of(argv[0] if named else "run")
    arguments = parser.parse_args(argv[1:] if named else argv)
    try:
        load_environment()  # before ZenML is imported, which reads it then
        return arguments.call(arguments) or 0
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
    # once more at the exit. It has a rest until the steps start (runs/launch.py), and does not look at the end.
    gc.disable()
    exit_code = main(sys.argv[1:])
    gc.freeze()
    sys.exit(exit_code)
