"""Everything that goes over the loopback interface of a network of one's own."""
import os
import select
import socket
import threading

ETH_P_ALL = 3


def possible():
    return "IN_OWN_NETWORK" in os.environ


class Capture:
    """With a block: data is what went over the wire in it, every packet once."""

    def __enter__(self):
        self.data = bytearray()
        self.packets = 0
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        self._socket.bind(("lo", 0))
        self._ended = False
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def _read(self):
        while not self._ended:
            if not select.select([self._socket], [], [], 0.1)[0]:
                continue
            packet, (_, _, kind, *_) = self._socket.recvfrom(1 << 17)
            if kind != socket.PACKET_OUTGOING:  # loopback shows each packet going and coming
                self.data += packet
                self.packets += 1

    def __exit__(self, *_):
        self._ended = True
        self._thread.join()
        self._socket.close()

    def holds(self, *texts):
        """Those of these texts that were said in the clear."""
        return [text for text in texts if text.encode() in self.data]
