"""The key of a locked mesh: what libzmq's sockets are told of it. LOCKED=1 gives the scripts one, see build.sh."""
import os

import zmq.auth


def pair(path=None):
    """The keys in a certificate, by default those of the mesh that HEARSAY_MESH_KEY locks; None if it is open."""
    path = path or os.environ.get("HEARSAY_MESH_KEY")
    return zmq.auth.load_certificate(path) if path else None


def client(socket, keys=None, server=None):
    """For a socket that connects, before it does. server is another key than its own."""
    keys = keys or pair()
    if keys:
        socket.curve_publickey, socket.curve_secretkey = keys
        socket.curve_serverkey = server or keys[0]


def server(socket, keys=None):
    """For a socket that binds, before it does."""
    keys = keys or pair()
    if keys:
        socket.curve_server = True
        socket.curve_publickey, socket.curve_secretkey = keys
