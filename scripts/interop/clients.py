"""Any libzmq client: on a hearsay node it works as on a naive one, and whatever else it does costs nobody but itself."""
import socket

import mesh
import zmq

DEADLINE = 15  # seconds
HOST, PEER = "127.77.2.1", "127.77.2.2"
LATER = ["--interval", "60s", "--beat", "30s"]  # so rare that what comes soon came for another reason


def heard(ears, frames=1):
    return mesh.until(lambda: all(len(ear.frames) >= frames for ear in ears), DEADLINE, ears) is not None


def same_as_naive(report, kind):
    """What a plain SUB gets from a node of this kind."""
    with mesh.Mesh() as m:
        m.start(kind, HOST, [PEER], ["--ping"] if kind == "hearsay" else [])
        m.start(kind, PEER, [HOST], ["--ping"] if kind == "hearsay" else [])
        lists, messages = mesh.Ear(HOST), mesh.Ear(HOST, "1", mesh.MESSAGE)
        both = [mesh.Ear(HOST, "", port) for port in (mesh.DISCOVERY, mesh.MESSAGE)]
        none = [mesh.Ear(HOST, "1"), mesh.Ear(HOST, "0", mesh.MESSAGE), mesh.Ear(HOST, "2"), mesh.Ear(HOST, "00")]
        ears = [lists, messages, *both, *none]
        mesh.until(lambda: mesh.complete([lists], [HOST, PEER]) and messages.frames and all(e.frames for e in both), DEADLINE, ears)
        report.check(lists.frames and all(f[0] == b"0" for f in lists.frames) and lists.names == [HOST, PEER],
                     f'{kind}: SUB "0" gets lists that begin with the node\'s own name', str(lists.names))
        body = f"PING! from host {HOST}".encode()
        report.check(messages.frames and all(f[:2] == [b"1", body] for f in messages.frames),
                     f'{kind}: SUB "1" gets the messages', str(messages.frames[:1]))
        topics = [{f[0] for f in ear.frames} for ear in both]
        report.check(topics == [{b"0"}, {b"1"}], f'{kind}: SUB "" gets lists on one port, messages on the other', str(topics))
        report.check(not any(ear.frames for ear in none), f"{kind}: SUB for anything else gets nothing",
                     str([ear.frames[:1] for ear in none if ear.frames] or ""))
        for ear in ears:
            ear.close()


def at_once(report):
    with mesh.Mesh() as m:
        m.start("hearsay", HOST, [], LATER)
        for i in range(1, 4):
            ear = mesh.Ear(HOST)
            took = mesh.until(lambda e=ear: e.names == [HOST], DEADLINE, [ear])
            report.check(took is not None, f"a new listener gets the list at once, not at the next beat, time {i}",
                         f"{took:.2f} s" if took is not None else str(ear.frames))
            ear.close()


def odd_subscribers(report):
    with mesh.Mesh() as m:
        node = m.start("hearsay", HOST)
        beating = mesh.Ear(HOST, heartbeat_ivl=100, heartbeat_timeout=1000)
        monitor = beating.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        named = mesh.Ear(HOST, routing_id=b"client-1")
        keen = mesh.Ear(HOST)
        for i in range(1000):
            keen.socket.subscribe(f"topic {i}")
        ears = [beating, named, keen]
        report.check(heard(ears[:2], 4), "SUBs with a routing id and with ZMTP heartbeats get the beats",
                     str([len(e.frames) for e in ears[:2]]))
        report.check(not monitor.poll(0), "the one with heartbeats was never disconnected")
        beating.socket.disable_monitor()
        named.socket.unsubscribe("0")
        named.socket.subscribe("0")
        named.frames.clear()
        report.check(heard([named], 3), "one that unsubscribed and subscribed again gets them again")
        strangers = _strangers()
        for ear in ears[:2]:
            ear.frames.clear()
        report.check(heard(ears[:2], 3) and node.alive(),
                     "they still do beside PUSH, REQ, PUB, PAIR and PLAIN sockets, an HTTP client and 1,000 subscriptions")
        for stranger in strangers:
            stranger.close()
        for ear in ears:
            ear.close()


def _strangers():
    """Connections by those who have no business there, on both ports."""
    made = []
    for port in mesh.DISCOVERY, mesh.MESSAGE:
        for kind in zmq.PUSH, zmq.REQ, zmq.PUB, zmq.PAIR, zmq.SUB:
            stranger = mesh.context.socket(kind)
            stranger.linger = 0
            if kind == zmq.SUB:
                stranger.plain_username, stranger.plain_password = b"somebody", b"secret"
            stranger.connect(f"tcp://{HOST}:{port}")
            made.append(stranger)
        web = socket.create_connection((HOST, port))
        web.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        made.append(web)
    return made


def run(report):
    for kind in "naive", "hearsay":
        same_as_naive(report, kind)
    at_once(report)
    odd_subscribers(report)
