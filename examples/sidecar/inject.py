#!/usr/bin/python3
"""Publishes lines through a node that was started with --inject 127.0.0.1:5551: inject.py 127.0.0.1:5551 [CHANNEL]"""
import sys

import zmq

inject = zmq.Context().socket(zmq.PUSH)
inject.connect(sys.argv[1] if "://" in sys.argv[1] else f"tcp://{sys.argv[1]}")
channel = sys.argv[2] if len(sys.argv) > 2 else ""  # empty: a plain message, to all
for line in sys.stdin:
    inject.send_multipart([channel.encode(), line.rstrip("\n").encode()])
