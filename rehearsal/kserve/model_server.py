"""Plays the model server of kserve-tritonserver: `python -m rehearsal.kserve.model_server FOLDER PORT`.

Serves the newest version of each model with the project's own server, and, as Triton does, ends with an error if
one cannot be loaded or is not in the layout that Triton reads.
"""

from __future__ import annotations

import sys
from pathlib import Path

from switchyard.serving import __main__ as server
from switchyard.serving.engine.loaded_model import load_model
from switchyard.serving.local import repository
from switchyard.serving.protocol.request_error import RequestError


def main() -> int:
    root, port = Path(sys.argv[1]), sys.argv[2]
    names = repository.names(root)
    if not names:
        print(f"error: creating server: Internal - failed to load all models: no model in {root}", file=sys.stderr)
        return 1
    for name in names:
        newest = repository.versions(root, name)[-1]
        try:
            load_model(root / name / str(newest), name, str(newest))
        except RequestError as error:
            print(f"error: creating server: Internal - failed to load all models: {error}", file=sys.stderr)
            return 1
        repository.set_active(root, name, newest)
    sys.argv = ["switchyard.serving", "--root", str(root), "--port", port]
    return server.main()


if __name__ == "__main__":
    sys.exit(main())
