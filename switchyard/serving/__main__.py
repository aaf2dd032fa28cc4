"""`python -m switchyard.serving --root FOLDER`: serve a model repository until SIGTERM."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from switchyard.config.server_options import ServerOptions
from switchyard.errors import InputError, SwitchyardError
from switchyard.serving.http.listening import listen
from switchyard.serving.local.running import announce, withdraw
from switchyard.serving.options.derived import describe, parse

if TYPE_CHECKING:
    from switchyard.serving.engine.loaded_models import LoadedModels


def main() -> int:
    """Parse the arguments and serve; the exit code."""
    try:
        serve(parse(sys.argv[1:], os.environ, ServerOptions))
    except SwitchyardError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _token(options: ServerOptions) -> str | None:
    """The token from the file, or from the environment."""
    file = options.token_file
    if file is None:
        return options.token
    try:
        token = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the token file {file} cannot be read: {error}") from error
    if not token:
        raise InputError(f"the token file {file} is empty: write the token into it or leave --token-file out")
    return token


def _write_to(log: Path) -> None:
    try:
        with log.open("ab") as file:
            os.dup2(file.fileno(), sys.stdout.fileno())
            os.dup2(file.fileno(), sys.stderr.fileno())
    except OSError as error:
        raise InputError(f"the log {log} cannot be written: {error.strerror}") from error


def serve(options: ServerOptions) -> None:
    """Load the active versions, or the highest ones, bind, and answer until SIGTERM or SIGINT."""
    # uvicorn installs its own handler while it serves, and raises the signal again after its graceful stop. Ours is in
    # place from the start, because the first process of a container has no default handler and would ignore SIGTERM.
    signal.signal(signal.SIGTERM, _exit)
    if options.log is not None:
        _write_to(options.log)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    root = options.root.resolve()
    if not root.is_dir():
        raise InputError(f"the model repository {root} is not a folder: create it or name another one")
    token = _token(options)
    listener = listen(options.host, options.port, options.next_free_port)

    import uvicorn

    from switchyard.serving.engine.loaded_models import LoadedModels
    from switchyard.serving.http.application import Application
    from switchyard.serving.http.graceful_server import GracefulServer
    from switchyard.serving.http.short_path import ShortPathProtocol

    models = LoadedModels(root)
    if options.read_only:
        _load_highest(models)
    else:
        models.load_recorded()
    application = Application(models, int(options.max_request_mb * 2**20), token, options.batching)
    settings = {"answer_now": staticmethod(application.answer_now), "request_seconds": options.request_seconds}
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
    gc.freeze()  # modules stay for good: scanning them at every collection would cost milliseconds
    if not options.read_only:
        announce(root, options.host, listener.getsockname()[1], options.log, describe(options))
    try:
        GracefulServer(config, options.drain_seconds).run(sockets=[listener])
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
