"""What a program in Python asks of a node and is asked, by the topics 4/, 5/ and 6/: messages again, requests and replies."""
import json
import os
import subprocess
import time
import uuid

import mesh
import web

HOST, ME = "127.77.7.1", "127.77.7.9"
DEADLINE = 15  # seconds


class Member:
    """A member as docs/wire.md has it: it says whole lists, says hello, and hears one node."""

    def __init__(self):
        self.born = int(time.time() * 1000)
        self.seq = 0
        self.publisher = mesh.Publisher(ME)
        self.lists = mesh.Ear(HOST, source=ME)
        self.messages = mesh.Ear(HOST, "1", mesh.MESSAGE, source=ME)
        for ear in self.lists, self.messages:
            ear.socket.subscribe(f"hello/{ME}")
        self.messages.socket.subscribe(f"6/{ME}/")
        self.due = 0

    def ears(self):
        return self.lists, self.messages

    def beat(self):
        """Says the list, once a second."""
        if time.monotonic() < self.due:
            return
        self.due = time.monotonic() + 1
        self.seq += 1
        header = {"v": 1, "inc": self.born, "seq": self.seq, "beat": 1000, "list": 1, "strict": True, "complete": True}
        self.publisher.send(b"0", f"{ME},{HOST}".encode(), json.dumps(header).encode())

    def envelope(self, **more):
        return json.dumps({"v": 1, "from": ME, "uid": uuid.uuid4().hex, "at": int(time.time() * 1000), **more}).encode()

    def say(self, topic, body, envelope):
        self.publisher.message.send_multipart([topic.encode(), body, envelope])

    def until(self, condition, seconds=DEADLINE):
        return mesh.until(condition, seconds, self.ears(), self.beat)

    def on(self, topic):
        """The messages whose first frame begins so."""
        return [frames for frames in self.messages.frames if frames[0].startswith(topic.encode())]

    def close(self):
        for ear in self.ears():
            ear.close()
        self.publisher.close()


def command(*words, **more):
    return subprocess.Popen([os.environ["HEARSAY"], *words, "--addr", f"{HOST}:8080"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, **more)


def repaired(report, me):
    """A question is answered to who asks it, as often as it is asked, and to nobody else."""
    other = mesh.Ear(HOST, "1", mesh.MESSAGE)
    bodies = [f"body {i}" for i in range(1, 6)]
    for body in bodies:
        web.publish(HOST, body)
    me.until(lambda: [f[1].decode() for f in me.on("1")][-5:] == bodies and len(other.frames) >= 5 or other.read())
    told = [json.loads(f[2]) for f in me.on("1")[-5:]]
    report.check([e["n"] for e in told] == list(range(told[0]["n"], told[0]["n"] + 5)), "messages are numbered in a row",
                 str([e["n"] for e in told]))
    first, inc = told[0]["n"], told[0]["inc"]
    for words, part, want in (
            ("those with these numbers", f"{inc}/{first + 1}-{first + 2}", bodies[1:3]),
            ("all from a number on", f"{inc}/{first + 3}-", bodies[3:]),
            ("the last two", "0/-2", bodies[3:]),
            ("those of the last minute", "0/~60000", bodies),
            ("those of another incarnation", f"{inc + 1}/{first}-", [])):
        question = f"5/{HOST}/{part}/1"
        for again in "", ", and again":
            me.messages.frames.clear()
            me.messages.socket.subscribe(question)
            done = me.until(lambda q=question: any(len(f) == 2 and not f[1] for f in me.on(q)))
            answer = me.on(question)
            me.messages.socket.unsubscribe(question)
            said = [f[1].decode() for f in answer[:-1]]
            same = [json.loads(f[2]) for f in answer[:-1]] == [e for e, b in zip(told, bodies) if b in want]
            report.check(done is not None and said == want and same, f"asked for {words}{again}, it answers as it was said, and ends",
                         f"{question}: {said}")
    other.read()
    report.check(all(f[0] == b"1" for f in other.frames), "nobody else gets the answers", str({f[0] for f in other.frames}))
    other.close()


def answers(report, me):
    """hearsay req asks a member in Python, over its channel and by its name."""
    me.messages.socket.subscribe("4/python")
    for words, topic, how in ("on its channel", "4/python", ["python"]), ("by its name", f"6/{ME}/", ["--to", ME]):
        asked, out = [], None

        def reply(t=topic, asked=asked):
            for frames in me.on(t):
                if frames not in asked:
                    e = json.loads(frames[2])
                    asked.append(frames)
                    if e.get("ask") and "n" not in e:
                        me.say(f"6/{e['from']}/", frames[1].upper(), me.envelope(re=e["uid"]))
        for _ in range(DEADLINE):  # until the node knows that it answers
            process = command("req", *how, "--timeout", "3s", "how are you")
            me.until(lambda p=process, r=reply: r() or p.poll() is not None)
            out = process.communicate(timeout=DEADLINE)[0]
            if process.returncode == 0:
                break
            me.until(lambda: False, 0.5)
        report.check(process.returncode == 0 and "HOW ARE YOU" in out and len(asked) == 1,
                     f"a member in Python is asked {words}, once, and its reply arrives", f"{out!r}, asked {len(asked)}")
        me.messages.frames.clear()


def asks(report, me):
    """A member in Python asks who answers by hearsay reply."""
    server = command("reply", "shout", "--exec", "tr a-z A-Z")
    try:
        for words, topic, want in ("on a channel", "4/shout", b"HELLO"), ("what nobody answers", f"6/{HOST}/", None):
            got = None
            for _ in range(DEADLINE):
                uid = uuid.uuid4().hex
                e = json.loads(me.envelope(ask=3000))
                e["uid"] = uid
                me.say(topic, b"hello", json.dumps(e).encode())
                me.until(lambda u=uid: any(json.loads(f[2]).get("re") == u for f in me.on(f"6/{ME}/")), 1)
                got = next((f for f in me.on(f"6/{ME}/") if json.loads(f[2]).get("re") == uid), None)
                if got:
                    break
            e = json.loads(got[2]) if got else {}
            good = got and (got[1] == want and "fail" not in e if want else "fail" in e)
            report.check(bool(good) and e.get("from") == HOST and "n" not in e,
                         f"a node replies to a member in Python that asks {words}", str(got))
    finally:
        server.terminate()
        server.wait(DEADLINE)


def run(report):
    with mesh.Mesh() as m:
        m.start("hearsay", HOST, [ME])
        me = Member()
        alive = me.until(lambda: web.states(HOST).get(ME) == "alive" and (web.member(HOST, ME) or {}).get("flowing"))
        report.check(alive is not None, "a member in Python is alive, and messages flow",
                     str(web.member(HOST, ME) if alive is None else ""))
        for part in repaired, answers, asks:
            part(report, me)
        me.close()
