import json, os, re, sys, time, zmq

me, bind, seeds = os.environ["HOSTNAME"], os.environ.get("BIND", "*"), sys.argv[1:]
lists, messages, sub = (zmq.Context.instance().socket(t) for t in (zmq.XPUB, zmq.PUB, zmq.SUB))
lists.setsockopt(zmq.XPUB_VERBOSE, 1)  # hand up every subscription, not only the first to a topic
lists.bind(f"tcp://{bind}:20000")
messages.bind(f"tcp://{bind}:30000")
for topic in ("0", "1", "hello/" + me):
    sub.subscribe(topic)
header = {"v": 1, "inc": int(time.time() * 1000), "seq": 0, "beat": 1000, "list": 1, "strict": True, "complete": True}
dialled, heard = {me}, {}  # heard: name -> when

def dial(name):  # a name is a hint where to listen; the pattern allows less than the grammar does
    label = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
    if re.fullmatch(rf"(?!_)(?=.{{1,253}}\Z){label}(\.{label})*", name) and name not in dialled and len(dialled) < 1024:
        dialled.add(name)
        sub.connect(f"tcp://{name}:20000")
        sub.connect(f"tcp://{name}:30000")

def beat():  # always the whole list, to everybody
    header["seq"] += 1
    lists.send_multipart([b"0", ",".join([me, *heard]).encode(), json.dumps(header).encode()])

def hear(name, there):  # only its own beats make a name heard
    if name in dialled and name != me:
        if there != (name in heard):
            header["list"] += 1
            print("+" if there else "-", name, flush=True)
        heard[name] = time.monotonic()
        if not there:
            del heard[name]

def leaving(frames):
    try:
        return len(frames) > 2 and json.loads(frames[2]).get("leaving") is True
    except (ValueError, AttributeError, RecursionError):
        return False

for seed in seeds:
    dial(seed)
due = 0
while True:
    if time.monotonic() >= due:
        due = time.monotonic() + 1
        for name in [n for n, at in heard.items() if time.monotonic() - at > 3]:
            hear(name, False)
        beat()
        messages.send_multipart([b"1", f"PING! from host {me}".encode()])
    for socket in zmq.select([lists, sub], [], [], max(0, due - time.monotonic()))[0]:
        frames = socket.recv_multipart()
        if socket is lists and frames[0] == b"\x010":  # a subscription to "0"
            beat()
        elif socket is lists and frames[0].startswith(b"\x01hello/"):
            dial(frames[0][7:].decode("latin-1"))
        elif socket is sub and frames[0] == b"0" and len(frames) > 1 and len(frames[1]) <= 65536:
            names = frames[1].decode("latin-1").split(",")[:1024]
            for name in names:
                dial(name)
            hear(names[0], not leaving(frames))
