"""A node whose clock is wrong: clock.py NAME ADDRESS SEED SECONDS. It speaks as topics/doc.go says, and listens to nobody."""
import json
import sys
import time

import zmq

me, bind, seed, ahead = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
context = zmq.Context()
lists, messages, sub = context.socket(zmq.XPUB), context.socket(zmq.PUB), context.socket(zmq.SUB)
lists.setsockopt(zmq.XPUB_VERBOSE, 1)
lists.bind(f"tcp://{bind}:20000")
messages.bind(f"tcp://{bind}:30000")
for topic in ("0", "hello/" + me):
    sub.subscribe(topic)
sub.connect(f"tcp://{bind}:0;{seed}:20000")  # so that it is found, from its own address


def now():
    return int((time.time() + ahead) * 1000)


header = {"v": 1, "inc": now(), "seq": 0, "beat": 1000, "list": 1, "strict": True}


def beat():
    header.update(seq=header["seq"] + 1, at=now())
    lists.send_multipart([b"0", me.encode(), json.dumps(header).encode()])


due = 0
while True:
    if time.monotonic() >= due:
        due = time.monotonic() + 1
        beat()
    for socket in zmq.select([lists, sub], [], [], max(0, due - time.monotonic()))[0]:
        frames = socket.recv_multipart()
        if socket is lists and frames[0] == b"\x010":
            beat()
