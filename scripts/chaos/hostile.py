"""A hostile container: lies in lists and messages, floods of connections, and bytes that are no ZMTP, until it is ended.

    hostile.py NODE...
"""
import os
import socket
import sys
import time

import lie
import mesh

IDLE = 400          # connections to each port of each node that never say a word
HALF = 100          # connections that stop in the middle of a greeting
BYTES = [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 64, os.urandom(4096), b"\xff\0\0\0\0\0\0\0\1\x7f" + b"\3" + b"\0" * 53 + b"\4" + b"\xff" * 9]


def connect(node, port, first=b""):
    try:
        connection = socket.create_connection((node, port), timeout=1)
        if first:
            connection.sendall(first)
        return connection
    except OSError:
        return None


def flood(targets):
    """Opens connections that stay, and some that speak nonsense."""
    kept = []
    for node in targets:
        for port in mesh.DISCOVERY, mesh.MESSAGE:
            kept += [connect(node, port) for _ in range(IDLE)]
            kept += [connect(node, port, b"\xff\0\0\0\0\0\0\0\1\x7f"[:i % 10 + 1]) for i in range(HALF)]
            kept += [connect(node, port, nonsense) for nonsense in BYTES]
    return [connection for connection in kept if connection]


def main():
    targets = [socket.gethostbyname(node) for node in sys.argv[1:]]
    rogue = mesh.Publisher(socket.gethostbyname(socket.gethostname()))
    rogue.ears = [mesh.Ear(node, source=None) for node in targets]  # as a naive newcomer: they dial back
    lies = list(lie.CASES.items())
    kept, turn = [], 0
    while True:
        for connection in kept:
            connection.close()
        kept = flood(targets)
        print(f"holding {len(kept)} connections", flush=True)
        for _ in range(10):
            what, say = lies[turn % len(lies)]
            turn += 1
            rogue.list(*(f"phantom-{turn}-{i}" for i in range(100)), *sys.argv[1:])
            say(rogue)
            print(f"lie: {what}", flush=True)
            time.sleep(0.2)


main()
