"""Chromium without a window and without the network: what it makes of a page."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")


@contextmanager
def proxy():
    """Takes every request that a browser makes to anywhere, answers none of them, and remembers what was wanted."""
    wanted = []

    class Refuse(BaseHTTPRequestHandler):
        def refuse(self):
            wanted.append(self.path)
            self.send_error(502)

        do_GET = do_POST = do_CONNECT = refuse  # noqa: N815 - http.server wants these names

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", wanted
    finally:
        server.shutdown()
        server.server_close()


def browse(url, folder, *options):
    """The page's elements as text, and what the browser wrote to its console."""
    with proxy() as (address, wanted):
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        command += ["--disable-component-update", "--disable-sync", "--no-first-run", "--enable-logging=stderr"]
        command += [f"--user-data-dir={folder}", f"--proxy-server={address}", "--proxy-bypass-list=<-loopback>"]
        done = subprocess.run([*command, *options, url], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, re.findall(r"CONSOLE.*", done.stderr), wanted


def outside(wanted):
    """Without what Chromium asks its maker on its own account."""
    return [url for url in wanted if not re.search(r"(google|gstatic|googleapis)\.com", url)]
