#!/usr/bin/python3
"""Prints what a node receives that was started with --tap 127.0.0.1:5550: tap.py 127.0.0.1:5550 [CHANNEL]"""
import sys

import zmq

tap = zmq.Context().socket(zmq.SUB)
tap.subscribe(sys.argv[2] if len(sys.argv) > 2 else "")  # the beginning of a channel; all, without one
tap.connect(sys.argv[1] if "://" in sys.argv[1] else f"tcp://{sys.argv[1]}")
while True:
    channel, sender, body, *_ = tap.recv_multipart()
    print(channel.decode(), sender.decode(), body.decode(errors="replace"), flush=True)
