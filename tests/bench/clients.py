"""Clients that cost little beside the server: requests as bytes over connections that stay open, in one loop.

A client library spends more time on a request than the server does; what is measured is the server.
"""

import selectors
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass
class _Client:
    connection: socket.socket
    received: bytes = b""
    sent_at: float = 0.0


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    told = {"Host": "127.0.0.1", **headers, **({"Content-Length": str(len(body))} if body else {})}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def one(port: int, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to one request."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent)
        received = b""
        while _complete(received) is None:
            part = connection.recv(1 << 20)
            assert part, received[:500]
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return int(first.split()[1]), {name.lower(): value for name, value in pairs}, body


def exchange(port: int, requests: Sequence[bytes], clients: int, wanted: int) -> list[float]:
    """Send all requests, each client its next one as soon as its last is answered; the milliseconds of each.

    Every answer must have the status `wanted`."""
    left, waits, status = iter(requests), list[float](), f"HTTP/1.1 {wanted} ".encode()
    with selectors.DefaultSelector() as waiting:
        for _ in range(clients):
            client = _Client(socket.create_connection(("127.0.0.1", port)))
            client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting.register(client.connection, selectors.EVENT_READ, client)
            _send_next(client, left)
        while len(waits) < len(requests):
            for ready, _ in waiting.select():
                _receive(ready.data, left, waits, status)
        for registered in list(waiting.get_map().values()):
            registered.data.connection.close()
    return waits


def _receive(client: _Client, left: Iterator[bytes], waits: list[float], status: bytes) -> None:
    part = client.connection.recv(1 << 20)
    client.received += part
    assert part, client.received[:500]
    if (length := _complete(client.received)) is None:
        return
    assert client.received.startswith(status), client.received[:1_500]
    waits.append((time.perf_counter() - client.sent_at) * 1_000)
    client.received = client.received[length:]
    _send_next(client, left)


def _send_next(client: _Client, left: Iterator[bytes]) -> None:
    if (sent := next(left, None)) is not None:
        client.sent_at = time.perf_counter()
        client.connection.sendall(sent)


def _complete(received: bytes) -> int | None:
    """The length of the answer that stands at the beginning, where it has come whole."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = received[:end].lower()
    if head.startswith(b"http/1.1 304"):
        return end + 4
    if b"transfer-encoding: chunked" in head:
        last = received.find(b"0\r\n\r\n", end)
        return last + 5 if last >= 0 else None
    told = head.find(b"content-length:")
    assert told >= 0, head
    length = end + 4 + int(head[told + 15 :].split(b"\r\n", 1)[0])
    return length if len(received) >= length else None
