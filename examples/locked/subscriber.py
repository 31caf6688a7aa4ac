#!/usr/bin/python3
"""Prints what a node of a locked mesh publishes: subscriber.py HOST mesh.key_secret"""
import sys

import zmq
import zmq.auth

host, path = sys.argv[1:]
public, secret = zmq.auth.load_certificate(path)

sub = zmq.Context().socket(zmq.SUB)
sub.curve_serverkey = public  # the three options that make it a member of a mesh with a mesh key
sub.curve_publickey = public
sub.curve_secretkey = secret
sub.subscribe("1")
sub.connect(f"tcp://{host}:30000")
while True:
    topic, body, *_ = sub.recv_multipart()
    print(body.decode(errors="replace"), flush=True)
