#!/usr/bin/python3
"""A naive node: the old discovery program, for mixed meshes in tests.

    HOSTNAME=node_1 naive.py node_2 ...

It believes every list, never forgets a name, and dies of a name that it cannot connect to. A container gives it
an address of its own; without one, NAIVE_ADDRESS is the address that it binds and that its connections come from.
"""
import os
import sys
import time

import zmq
import zmq.auth

NAME = os.environ["HOSTNAME"]
ADDRESS = os.environ.get("NAIVE_ADDRESS", "")
INTERVAL = float(os.environ.get("NAIVE_INTERVAL", "2.5"))  # seconds

context = zmq.Context()
discovery, message, ear = context.socket(zmq.PUB), context.socket(zmq.PUB), context.socket(zmq.SUB)
peers = []

KEY = os.environ.get("HEARSAY_MESH_KEY")  # a mesh of tests may be locked: libzmq asks three options for that
if KEY:
    public, secret = zmq.auth.load_certificate(KEY)
    for socket in discovery, message, ear:
        socket.curve_publickey, socket.curve_secretkey = public, secret
    discovery.curve_server = message.curve_server = True
    ear.curve_serverkey = public


def add(name):
    if set(name) & set("*\0"):  # libzmq throws at these too, but not where the endpoint has a source address
        raise zmq.ZMQError(zmq.EINVAL)
    peers.append(name)
    for port in 20000, 30000:
        ear.connect(f"tcp://{ADDRESS}:0;{name}:{port}" if ADDRESS else f"tcp://{name}:{port}")


def receive(topic, body, *_):
    if topic == "0":
        print("list received:", body, flush=True)
        for name in body.split(","):
            if name not in peers:
                add(name)
    elif topic == "1":
        print("message received:", body, flush=True)
    else:
        print("warning: unknown topic:", topic, flush=True)


def publish():
    message.send_multipart([b"1", f"PING! from host {NAME}".encode()])
    print("list sent:", ",".join(peers), flush=True)
    discovery.send_multipart([b"0", ",".join(peers).encode()])


discovery.bind(f"tcp://{ADDRESS or '*'}:20000")
message.bind(f"tcp://{ADDRESS or '*'}:30000")
ear.subscribe("0")
ear.subscribe("1")
for name in [NAME, *sys.argv[1:]]:
    add(name)

due = time.monotonic() + INTERVAL
while True:
    if ear.poll(max(0, due - time.monotonic()) * 1000):
        receive(*(frame.decode("utf-8", "replace") for frame in ear.recv_multipart()))
    if time.monotonic() >= due:
        publish()
        due += INTERVAL
