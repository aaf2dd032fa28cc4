"""`python -m rehearsal.kserve --kubeconfig FILE --namespace ml`: plays KServe's controller until it is interrupted."""

from __future__ import annotations

import argparse
import logging
import signal
import tempfile
import threading
from pathlib import Path

from rehearsal.kserve.controller import Controller


def main() -> None:
    parser = argparse.ArgumentParser(prog="rehearsal.kserve", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True, help="its context `admin` is used")
    parser.add_argument("--namespace", default="ml")
    parser.add_argument("--folder", type=Path, help="for downloads and logs")
    parser.add_argument("--image", help="run pods of this image; without it, processes of this machine")
    parser.add_argument("--delay", type=float, default=0.0, help="hold each download up for so many seconds")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory(prefix="kserve-") as folder:
        controller = Controller(
            options.kubeconfig, options.namespace, options.folder or Path(folder), options.image, options.delay
        )
        print(f"plays KServe in namespace {options.namespace}", flush=True)
        controller.run(stop)


if __name__ == "__main__":
    main()
