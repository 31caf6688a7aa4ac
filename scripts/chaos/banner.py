"""What speaks first and is no node, as a mail server: banner.py PORT."""
import socket
import sys

server = socket.create_server(("", int(sys.argv[1])))
held = []  # connections that have had it
while True:
    held.append(server.accept()[0])
    held[-1].sendall(b"220 ready\r\n")
    del held[:-100]
