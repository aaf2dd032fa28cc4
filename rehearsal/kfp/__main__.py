"""`python -m rehearsal.kfp --state DIR`: prints its URL and serves until it is interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from rehearsal.kfp.access import Access
from rehearsal.kfp.server import running


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.kfp", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="folder of the database, the logs and the tasks")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--executor", choices=["process", "pod"], default="process")
    parser.add_argument("--kubeconfig", type=Path, help="the Kubernetes of pods, secrets and ServiceAccount tokens")
    parser.add_argument("--context", help="of the kubeconfig")
    parser.add_argument("--namespace", default="ml", help="where runs run (default: ml)")
    parser.add_argument("--secrets", type=Path, help="folder of secrets, for processes without a Kubernetes")
    parser.add_argument("--parallel", type=int, default=4, help="processes at a time (default: 4)")
    parser.add_argument("--token", default="", help="bearer token to ask for")
    parser.add_argument("--token-file", type=Path, help="file with the bearer token to ask for, read for each request")
    parser.add_argument("--cookie", default="", help="cookie to ask for, NAME=VALUE")
    parser.add_argument("--multi-user", nargs="+", default=[], metavar="NAMESPACE", help="namespaces of the caller")
    options = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    access = Access(options.token, options.token_file, options.cookie, tuple(options.multi_user))
    with running(
        options.state,
        options.executor,
        port=options.port,
        kubeconfig=options.kubeconfig,
        context=options.context,
        namespace=options.namespace,
        secrets=options.secrets,
        parallel=options.parallel,
        access=access,
    ) as url:
        print(url)
        sys.stdout.flush()
        stopped.wait()


if __name__ == "__main__":
    main()
