"""`python -m switchyard.serving --root FOLDER`: serve a model repository until SIGTERM."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from switchyard.errors import InputError, SwitchyardError
from switchyard.serving.http.listening import listen
from switchyard.serving.local.running import announce, describe_settings, withdraw

if TYPE_CHECKING:
    from switchyard.config.sections import Batching
    from switchyard.serving.engine.loaded_models import LoadedModels


def main() -> int:
    """Parse the arguments and serve; the exit code."""
    try:
        serve(_arguments())
    except SwitchyardError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="switchyard.serving", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the model repository: NAME/VERSION/model.onnx")
    parser.add_argument("--host", default="127.0.0.1", help="the address to bind to (default: this machine only)")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--next-free-port", action="store_true", help="take the next free port if this one is in use")
    parser.add_argument("--token-file", type=Path, help="a file with the token that clients must send")
    parser.add_argument("--max-request-mb", type=float, default=8.0, help="the largest body that is read")
    parser.add_argument("--batch-delay-ms", type=float, help="wait so long for requests to run as one (default: never)")
    parser.add_argument("--batch-size", type=int, default=32, help="run a batch at so many rows at the latest")
    parser.add_argument("--log", type=Path, help="append all output to this file")
    parser.add_argument(
        "--read-only",
        action="store_true",
        help="serve the highest version of each model, and write nothing into --root",
    )
    parser.add_argument("--drain-seconds", type=float, default=0.0, help="answer on for so long after a SIGTERM")
    parser.add_argument("--request-seconds", type=float, default=30.0, help="how long a client may take to send one")
    return parser.parse_args()


def _token(file: Path | None) -> str | None:
    """The token from the file, or from SWITCHYARD_TOKEN."""
    if file is None:
        return os.environ.get("SWITCHYARD_TOKEN", "").strip() or None
    try:
        token = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the token file {file} cannot be read: {error}") from error
    if not token:
        raise InputError(f"the token file {file} is empty: write the token into it or leave --token-file out")
    return token


def _batching(arguments: argparse.Namespace) -> Batching | None:
    """How requests are batched, or None."""
    delay, size = arguments.batch_delay_ms, arguments.batch_size
    if delay is None:
        return None
    from switchyard.config.sections import Batching

    try:
        return Batching(max_delay_ms=delay, max_size=size)
    except ValueError as error:
        raise InputError(
            f"--batch-delay-ms is {delay:g} and --batch-size is {size}: take up to 1000 and 2 to 1024"
        ) from error


def _write_to(log: Path) -> None:
    try:
        with log.open("ab") as file:
            os.dup2(file.fileno(), sys.stdout.fileno())
            os.dup2(file.fileno(), sys.stderr.fileno())
    except OSError as error:
        raise InputError(f"the log {log} cannot be written: {error.strerror}") from error


def serve(arguments: argparse.Namespace) -> None:
    """Load the active versions, or the highest ones, bind, and answer until SIGTERM or SIGINT."""
    # uvicorn has its own while it serves, and raises the signal again after its graceful stop. From the start, for the
    # first process of a container has no default: a SIGTERM without a handler would be lost on it.
    signal.signal(signal.SIGTERM, _exit)
    if arguments.log is not None:
        _write_to(arguments.log)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    root: Path = arguments.root.resolve()
    if not root.is_dir():
        raise InputError(f"the model repository {root} is not a folder: create it or name another one")
    token, batching = _token(arguments.token_file), _batching(arguments)
    listener = listen(arguments.host, arguments.port, arguments.next_free_port)

    import uvicorn

    from switchyard.serving.engine.loaded_models import LoadedModels
    from switchyard.serving.http.application import Application
    from switchyard.serving.http.short_path import ShortPathProtocol
    from switchyard.serving.http.slow_client_server import SlowClientServer

    models = LoadedModels(root)
    if arguments.read_only:
        _load_highest(models)
    else:
        models.load_recorded()
    application = Application(models, int(arguments.max_request_mb * 2**20), token, batching)
    settings = {"answer_now": staticmethod(application.answer_now), "request_seconds": arguments.request_seconds}
    config = uvicorn.Config(
        application,
        http=type("Protocol", (ShortPathProtocol,), settings),
        loop="uvloop",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=1024,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
    )
    gc.collect()
    gc.freeze()  # the modules stay for good: looking through them again and again costs milliseconds at a time
    if not arguments.read_only:
        port, described = listener.getsockname()[1], describe_settings(arguments.max_request_mb, batching)
        announce(root, arguments.host, port, arguments.log, described)
    try:
        SlowClientServer(config, arguments.drain_seconds).run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        withdraw(root)


def _load_highest(models: LoadedModels) -> None:
    from switchyard.serving.protocol.request_error import RequestError

    try:
        models.load_highest()
    except RequestError as error:
        raise SwitchyardError(str(error)) from error


def _exit(signum: int, frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
