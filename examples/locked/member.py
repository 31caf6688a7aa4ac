#!/usr/bin/python3
"""A member of a locked mesh in fifty lines, without anything of hearsay: member.py HOST mesh.key_secret SEED...

HOST is its own name. It lists whom it hears, says "PING! from host HOST", and prints what others say.
"""
import sys
import time
from socket import gethostbyname

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

name, path, *seeds = sys.argv[1:]
here = gethostbyname(name)  # libzmq binds to addresses
public, secret = zmq.auth.load_certificate(path)
context = zmq.Context()


class Members:
    """Who is let in. Without this, libzmq's server lets in whoever knows its public key, under any key of his own."""

    def callback(self, domain, key):
        return key == public


gate = ThreadAuthenticator(context)
gate.start()
gate.configure_curve_callback("*", Members())


def socket(kind):
    s = context.socket(kind)
    s.curve_publickey, s.curve_secretkey = public, secret
    if kind == zmq.PUB:
        s.curve_server = True
    else:
        s.curve_serverkey = public
    return s


lists, messages, ear = socket(zmq.PUB), socket(zmq.PUB), socket(zmq.SUB)
peers = []


def add(peer):
    peers.append(peer)
    for port in 20000, 30000:
        ear.connect(f"tcp://{here}:0;{peer}:{port}")


lists.bind(f"tcp://{here}:20000")
messages.bind(f"tcp://{here}:30000")
ear.subscribe("0")
ear.subscribe("1")
for peer in [name, *seeds]:
    add(peer)
due = time.monotonic()
while True:
    if ear.poll(max(0, due - time.monotonic()) * 1000):
        topic, body, *_ = ear.recv_multipart()
        if topic == b"1":
            print(body.decode(errors="replace"), flush=True)
        for peer in body.decode().split(",") if topic == b"0" else []:
            if peer not in peers:
                add(peer)
    if time.monotonic() >= due:
        lists.send_multipart([b"0", ",".join(peers).encode()])
        messages.send_multipart([b"1", f"PING! from host {name}".encode()])
        due += 1
