"""`python run.py ...`, with a mark at each end of a step: a log handler of its own hears what ZenML says of it."""

from __future__ import annotations

import logging
import re
import runpy
import sys
from pathlib import Path

from marks import mark

ROOT = Path(__file__).resolve().parents[2]
STARTED = re.compile(r"^Step `[^`]+` has started\.")
FINISHED = re.compile(r"^Step `([^`]+)` has finished in ")


class Marks(logging.Handler):
    """The first start of a step ends what comes before all steps."""

    seen = False

    def emit(self, record: logging.LogRecord) -> None:
        """One record of any library."""
        message = record.getMessage()
        if STARTED.match(message) and not self.seen:
            self.seen = True
            mark("before the first step")
        elif found := FINISHED.match(message):
            mark(found[1])


def main() -> None:
    """Runs it as the command line would."""
    logging.getLogger().addHandler(Marks())
    sys.path[0] = str(ROOT)
    sys.argv[0] = str(ROOT / "run.py")
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
