"""Requests answered from the parser and those handed to uvicorn look the same from outside, in any order."""

from __future__ import annotations

import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from switchyard.serving.engine.pace import Pace

PATH = b"/v2/models/survival/infer"


def request(body, *headers, path=PATH, version=b"HTTP/1.1"):
    lines = [b"POST " + path + b" " + version, b"Host: x", b"Content-Type: application/json", *headers]
    return b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])


def answers(endpoint, *parts, pause=0.0):
    """Status and JSON of every answer on one connection, until the server closes it."""
    address = urlsplit(endpoint.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        stream, found = connection.makefile("rb"), []
        while line := stream.readline():
            length = 0
            while (header := stream.readline().strip().lower()) != b"":
                if header.startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            found.append((int(line.split()[1]), json.loads(stream.read(length))))
        return found


def body(kit, age):
    return json.dumps(kit.passengers(["male"], [age])).encode()


def probability(answer):
    return answer[1]["outputs"][1]["data"][1]


def test_pipelined_requests_are_answered_in_order_whichever_way_they_take(endpoint, kit):
    ages = [1.0, 20.0, 40.0, 60.0]
    single = [probability(answers(endpoint, request(body(kit, age), b"Connection: close"))[0]) for age in ages]
    assert len(set(single)) == 4
    parts = [request(body(kit, age)) for age in ages[:3]]
    health = b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    wrong = request(b"{}")
    last = request(body(kit, ages[3]), b"Connection: close")
    found = answers(endpoint, b"".join([parts[0], wrong, parts[1], health, parts[2], last]))
    assert [status for status, _ in found] == [200, 400, 200, 200, 200, 200]
    assert [probability(found[place]) for place in (0, 2, 4, 5)] == single


@pytest.mark.parametrize("cut", [10, 60, 150, -1])
def test_a_request_in_two_pieces_is_answered(endpoint, kit, cut):
    whole = request(body(kit, 20.0), b"Connection: close")
    assert answers(endpoint, whole[:cut], whole[cut:], pause=0.05) == answers(endpoint, whole)


@pytest.mark.parametrize(
    ("header", "version"),
    [(b"Connection: close", b"HTTP/1.1"), (b"X: y", b"HTTP/1.0")],
)
def test_old_and_closing_clients_get_the_same_answer(endpoint, kit, header, version):
    ((status, answer),) = answers(endpoint, request(body(kit, 20.0), header, version=version))
    assert status == 200
    assert answer["model_name"] == "survival"


def test_who_expects_100_continue_gets_it(endpoint, kit):
    address = urlsplit(endpoint.url)
    content = body(kit, 20.0)
    whole = request(content, b"Expect: 100-continue", b"Connection: close")
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(whole[: -len(content)])
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(content)
        received = b"".join(iter(lambda: connection.recv(4096), b""))
    assert received.startswith(b"HTTP/1.1 200 OK")


def test_a_path_with_an_escape_or_a_query_is_the_same_path(endpoint, kit):
    close = b"Connection: close"
    plain = answers(endpoint, request(body(kit, 20.0), close))
    assert answers(endpoint, request(body(kit, 20.0), close, path=b"/v2/models/surviv%61l/infer")) == plain
    assert answers(endpoint, request(body(kit, 20.0), close, path=PATH + b"?a=b")) == plain


def test_both_ways_send_the_same_headers(endpoint, kit):
    def headers(path):
        content = body(kit, 20.0)
        found = endpoint.call("POST", path, content, {"Content-Type": "application/json"})[1]
        return {name: value for name, value in found.items() if name != "date"}

    short = headers(PATH.decode())
    assert short == headers(PATH.decode() + "?long")
    assert set(short) == {"content-type", "content-length"}


def busy(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_a_model_that_takes_long_is_slow_and_may_become_fast_again():
    pace = Pace()
    assert not pace.is_slow(10**9)
    pace.measured(100, lambda: busy(0.02))
    assert pace.is_slow(100)
    assert not pace.is_slow(1)
    for _ in range(16 * 20):
        pace.measured(100, lambda: None)
    assert not pace.is_slow(100)
