"""Mistakes that people make with containers, and every place that has to tell of them, unasked."""
import json
import subprocess
import time

import compose
import cut

TOLD = 40  # seconds: a twin is looked for once a minute at most of each, and this machine does other things too


class Places:
    """What the places say in which people look, at one container. Where recorded is a file, the lines are written to it."""

    recorded = None

    def __init__(self, case, mesh, container):
        self.case, self.mesh, self.container = case, mesh, container

    def run(self, *args):
        """Status and output of the program in the container."""
        ran = subprocess.run(["docker", "exec", self.container, "/hearsay", *args], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        return ran.returncode, ran.stdout

    def say(self, *words, status=None, command):
        """Waits until what a command prints has these words on one line."""
        def found():
            code, out = self.run(*command)
            return (status is None or code == status) and has(out, words), out
        self.until(" ".join(command), found, words)

    def log(self, *words):
        def found():
            text = subprocess.run(["docker", "logs", self.container], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
            return has(text, words), text
        self.until("log", found, words)

    def ask(self, path, *words):
        """What the node serves at a path: asked from this machine, as the image has no program for it."""
        (network,) = inspect(self.container)["NetworkSettings"]["Networks"].values()

        def found():
            most = "2" if "events" in path else "5"
            ran = subprocess.run(["curl", "--silent", "--max-time", most, f"http://{network['IPAddress']}:8080{path}"],
                                 stdout=subprocess.PIPE, text=True)
            return has(ran.stdout, words), ran.stdout
        self.until(path, found, words)

    def event(self, kind, *words):
        """An event of this kind, of the last 256: the stream is ended after two seconds."""
        self.ask("/v1/events?after=0", f'"kind":"{kind}"', *words)

    def record(self, what, said, words):
        if self.recorded:
            with open(self.recorded, "a") as file:
                shown = [line.strip() for line in said.splitlines() if all(w in line for w in words)]
                file.write(f"{self.case.name} @ {self.of()} $ {what}\n" + "".join(f"    {line[:1000]}\n" for line in shown))

    def whole(self):
        """Writes all that the places say now, where it is recorded."""
        if not self.recorded:
            return
        for command in (["members"], ["links"], ["wait", "--members", "9", "--timeout", "500ms"], ["health"], ["health", "--ready"],
                        ["pub", "hello"]):
            code, out = self.run(*command)
            self.record(f"{' '.join(command)}: status {code}, all of it", out, ())

    def of(self):
        about = inspect(self.container)
        return f"{about['Config']['Hostname']} ({about['Name'].strip('/')})"

    def until(self, what, found, words):
        deadline = time.time() + TOLD
        while True:
            well, said = found()
            if well:
                self.record(what, said, words)
                if what not in self.case.words:
                    self.case.words.append(what)
                return
            if time.time() > deadline:
                self.case.wrong.append(f"{what} does not say so: {said[-800:]}")
                return
            time.sleep(1)


def has(text, words):
    return any(all(w in line for w in words) for line in text.splitlines())


def inspect(container):
    return json.loads(compose.output("docker", "inspect", container))[0]


def same_name(c, mesh, victim):
    """A service with a hostname is scaled to two: both addresses are told everywhere, and the second one is not ready."""
    first = mesh.ids[victim]
    mesh.compose("up", "--detach", "--no-build", "--no-recreate", "--scale", f"{victim}=2")
    (second,) = [i for i in compose.output(*mesh.command, "ps", "--quiet", victim).split() if i != first]
    try:
        (network,) = inspect(second)["NetworkSettings"]["Networks"].values()
        both = mesh.ip(victim) + ":20000", network["IPAddress"] + ":20000"
        others = Places(c, mesh, mesh.ids[c.others(victim)[0]])
        others.say(victim, "two processes use this name", *both, command=["members"])
        others.log("WARN", "conflict", *both)
        others.say("ok: ", victim, "two processes use this name", *both, status=0, command=["health"])
        others.ask("/readyz", '"status":"ready"', victim, "two processes use this name", *both)
        others.say("fault", "two processes use this name", *both, command=["doctor"])
        others.ask("/metrics", f'hearsay_peer_conflict{{peer="{victim}"}} 1')
        others.event("conflict", *both)
        member, younger = Places(c, mesh, first), ("another process, younger than this one", both[1])
        member.log("WARN", "conflict", *younger)
        member.say("ok: ", *younger, status=0, command=["health"])
        member.say("this node", *younger, command=["members"])
        member.say("fault", *younger, status=1, command=["doctor"])
        member.ask("/readyz", '"status":"ready"', *younger)
        member.event("conflict", *younger)
        twin = Places(c, mesh, second)
        twin.say("is the member", command=["health"])
        twin.say("is the member", status=1, command=["health", "--ready"])
        twin.say("is the member", command=["members"])
        twin.say("is the member", status=4, command=["wait", "--members", "2", "--timeout", "500ms"])
        twin.say("fault", "is the member", status=1, command=["doctor"])
        twin.say("no member takes it for this node's", "is the member", command=["pub", "hello"])
        twin.log("WARN", "conflict", "is the member")
        twin.ask("/readyz", "not_ready", "is the member")
        twin.event("conflict", "is the member")
        twin.ask("/metrics", "hearsay_name_taken 1")
        for place in others, member, twin:
            place.whole()
        seen = mesh.members(c.others(victim)[0])[victim]
        if seen["address"] != both[0] or seen["state"] != "alive":
            c.wrong.append(f"the older one is not the member: {seen['state']} at {seen['address']}, not {both[0]}")
    finally:
        compose.output("docker", "rm", "--force", second)


class Seed:
    """A seed that leads to nobody: the cause as the node gives it, and what the doctor says of it."""

    def __init__(self, name, cause, doctor=None, level="fault"):
        self.name, self.cause, self.doctor, self.level = name, cause, doctor or cause, level


def wrong_seed(c, mesh, victim):
    """Containers are given seeds that lead to nobody, each in another way: each cause is told, unasked, wherever one looks."""
    node(mesh, "blue", "--mesh", "blue")
    mesh.guest("mail", "chaos/banner.py", "20000")
    frozen, shut = node(mesh, "frozen"), node(mesh, "shut")
    mesh.cuts.append(cut.Cuts(["nsenter", "--target", str(inspect(shut)["State"]["Pid"]), "--net"]))
    mesh.cuts[-1].shut(20000)
    Places(c, mesh, frozen).log("node started")
    compose.output("docker", "pause", frozen)
    try:
        lost(c, mesh, "lost_1", Seed("noed_2", "no such host"), Seed(f"{victim}:25000", "refuses connections"),
             Seed("lost_1-itself", "leads to this node itself", level="warning"))
        lost(c, mesh, "lost_2", Seed("shut", "does not answer: timed out"), Seed("blue", "another mesh (blue)"),
             Seed("mail", "answers, but not as a ZeroMQ publisher"))
        silent = "accepts, but says nothing", "accepts connections and says nothing"
        lost(c, mesh, "lost_3", Seed("frozen", *silent), Seed(f"{victim}:8080", *silent),
             Seed(f"{victim}:30000", "no key: ", "wants keys", level="ok") if mesh.key else
             Seed(f"{victim}:30000", "answers, but sends no lists", "is a ZeroMQ publisher, but sends no lists"))
    finally:
        compose.output("docker", "unpause", frozen)
    c.heal()


def node(mesh, name, *args, aliases=()):
    """A container with a node of this name, which goes with the case."""
    names = [word for alias in (name, *aliases) for word in ("--network-alias", alias)]
    container = compose.output("docker", "run", "--detach", "--network", mesh.network, "--hostname", name, *names,
                               "hearsay", "node", *args)
    mesh.guests.append(container)
    return container


def lost(c, mesh, name, *seeds):
    """A container with these seeds alone: the places show three of them at most."""
    at = Places(c, mesh, node(mesh, name, *(seed.name for seed in seeds), aliases=[f"{name}-itself"]))
    for seed in seeds:
        at.log("WARN", "peer unreached", f"peer={seed.name} ", seed.cause)
        at.say(seed.name, seed.cause, command=["members"])
        at.say(f"seed {seed.name}: ", seed.cause, status=1, command=["health", "--ready"])
        at.say(f"seed {seed.name}: ", seed.cause, status=4, command=["wait", "--members", "2", "--timeout", "500ms"])
        at.say(seed.level, f"seed {seed.name}", seed.doctor, status=1, command=["doctor"])
        at.ask("/readyz", "not_ready", f"seed {seed.name}: ", seed.cause)
        at.event("unreached", seed.name, seed.cause)
    at.say("no member is reached: the node hears nobody", command=["pub", "hello"])
    at.ask("/metrics", "hearsay_ready 0")
    at.ask("/metrics", f"hearsay_seeds_unreached {len(seeds)}")
    at.whole()


def port_blocked(c, mesh, victim):
    """Port 30000 of one is blocked, port 20000 is not: both ends say so, everywhere, and pub says whom it did not reach."""
    mesh.shut(victim, 30000)
    other = c.others(victim)[0]
    mesh.kill(other)
    mesh.start(other)
    here, there = Places(c, mesh, mesh.ids[other]), Places(c, mesh, mesh.ids[victim])
    here.log("WARN", "unlinked", victim, "its messages do not arrive directly", "timed out")
    here.say(victim, "no message link", "timed out", command=["members"])
    here.say(f"those of {victim} do not arrive here", command=["links"])
    here.say("fault", victim, "its messages do not arrive", status=1, command=["doctor"])
    here.say("ok: messages do not pass directly", victim, command=["health"])
    here.say(victim, "its messages do not arrive", status=4, command=["wait", "--members", "4", "--timeout", "500ms"])
    here.ask("/readyz", "messages do not pass directly", victim)
    here.event("unlinked", victim, "its messages do not arrive")
    here.ask("/metrics", f'hearsay_peer_unlinked{{peer="{victim}"}} 1')
    there.log("WARN", "unlinked", other, "messages do not reach it")
    there.say(other, "our messages do not reach it", command=["members"])
    there.say("no member is reached: not handed to 3 members: ", other, command=["pub", "hello"])  # all are shut out
    there.say("ready: messages do not pass directly", other, command=["health", "--ready"])
    there.say("messages do not reach it", status=4, command=["wait", "--members", "4", "--timeout", "500ms"])
    there.ask("/readyz", "messages do not pass directly", other)
    there.event("unlinked", other, "messages do not reach it")
    there.say(f"ours do not reach {other}", command=["links"])
    there.say("fault", other, "does not get this node's messages", status=1, command=["doctor"])
    there.ask("/metrics", f'hearsay_peer_unlinked{{peer="{other}"}} 1')
    for place in here, there:
        place.whole()
    c.heal()
    c.back(time.time())
    here.say("ok", status=0, command=["health"])
