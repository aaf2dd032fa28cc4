"""A load of HTTP requests from one process: each connection asks again as soon as it has its answer.

    python closed_loop.py URL CONNECTIONS SECONDS [HEADER …] < BODY

prints requests a second, and the median and the 99th percentile of the latency in milliseconds, as a JSON list. It
writes to raw sockets, since Python's HTTP clients cost more than the server that is measured.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import sys
import time


class _Connection(asyncio.Protocol):
    def __init__(self, request: bytes, end: float, times: list[float]) -> None:
        self.request, self.end, self.times, self.buffer = request, end, times, b""
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.start = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found or len(body) < int(re.search(rb"(?i)content-length: (\d+)", head)[1]):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(self.buffer.decode())
        now = time.perf_counter()
        self.times.append(now - self.start)
        self.buffer = b""
        self.ask() if now < self.end else self.transport.close()

    def connection_lost(self, exc) -> None:
        self.closed.set_result(None)


async def load(url: str, connections: int, seconds: float, headers: list[str], body: bytes) -> list[float]:
    """Requests a second, and two latencies."""
    host, _, path = url.removeprefix("http://").partition("/")
    lines = [f"POST /{path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}", *headers]
    request = "\r\n".join([*lines, "", ""]).encode() + body
    times: list[float] = []
    begin = time.perf_counter()
    address, port = host.split(":")
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Connection(request, begin + seconds, times), address, int(port))
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.closed for _, protocol in made))
    cuts = statistics.quantiles(times, n=100)
    return [len(times) / (time.perf_counter() - begin), cuts[49] * 1e3, cuts[98] * 1e3]


if __name__ == "__main__":
    _, url, connections, seconds, *headers = sys.argv
    print(json.dumps(asyncio.run(load(url, int(connections), float(seconds), headers, sys.stdin.buffer.read()))))
