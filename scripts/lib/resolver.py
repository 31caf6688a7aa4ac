"""A resolver that knows the names it is given, for nodes that change their address. Needs a mount namespace of one's own."""
import os
import socket
import struct
import subprocess
import tempfile
import threading

ADDRESS = "127.77.253.53"


class Resolver:
    """Answers for `names` (name -> IPv4 address), which may change at any time; other names do not exist."""

    def __init__(self):
        self.names = {}
        with tempfile.NamedTemporaryFile("w", delete=False) as conf:
            conf.write(f"nameserver {ADDRESS}\noptions ndots:0\n")
        os.chmod(conf.name, 0o644)
        subprocess.run(["mount", "--bind", conf.name, "/etc/resolv.conf"], check=True)
        os.unlink(conf.name)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ADDRESS, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                query, asker = self.socket.recvfrom(512)
                self.socket.sendto(self.answer(query), asker)
            except (IndexError, struct.error, UnicodeDecodeError):
                continue  # no question
            except OSError:
                return    # closed

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        question = query[12:at + 5]
        (kind,) = struct.unpack(">H", query[at + 1:at + 3])
        address = self.names.get(".".join(labels).lower())
        records = b""
        if address and kind == 1:  # A; there is no AAAA
            records = struct.pack(">HHHIH", 0xC00C, 1, 1, 0, 4) + socket.inet_aton(address)
        code = 0 if address else 3
        return query[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, bool(records), 0, 0) + question + records

    def close(self):
        self.socket.close()
        subprocess.run(["umount", "/etc/resolv.conf"], check=False)
