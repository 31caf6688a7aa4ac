"""Mistakes that people make with containers, and every place that has to tell of them, unasked."""
import json
import subprocess
import time

import compose

TOLD = 40  # seconds: a twin is looked for once a minute at most of each, and this machine does other things too


class Places:
    """What the places say in which people look, at one container."""

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
            return (status is None or code == status) and has(out, words), f"status {code}: {out[-600:]}"
        self.until(" ".join(command), found)

    def log(self, *words):
        def found():
            text = subprocess.run(["docker", "logs", self.container], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
            return has(text, words), "\n".join(text.splitlines()[-5:])
        self.until("log", found)

    def ask(self, path, *words):
        """What the node serves at a path: asked from this machine, as the image has no program for it."""
        (network,) = inspect(self.container)["NetworkSettings"]["Networks"].values()

        def found():
            ran = subprocess.run(["curl", "--silent", "--max-time", "5", f"http://{network['IPAddress']}:8080{path}"],
                                 stdout=subprocess.PIPE, text=True)
            return has(ran.stdout, words), ran.stdout[-600:]
        self.until(path, found)

    def until(self, what, found):
        deadline = time.time() + TOLD
        while True:
            well, said = found()
            if well:
                self.case.words.append(what)
                return
            if time.time() > deadline:
                self.case.wrong.append(f"{what} does not say so: {said}")
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
        others.say("fault", "two processes use this name", *both, command=["doctor"])
        others.ask("/metrics", f'hearsay_peer_conflict{{peer="{victim}"}} 1')
        twin = Places(c, mesh, second)
        twin.say("is the member", status=1, command=["health", "--ready"])
        twin.say("is the member", command=["members"])
        twin.say("fault", "is the member", status=1, command=["doctor"])
        twin.log("WARN", "conflict", "is the member")
        twin.ask("/readyz", "not_ready", "is the member")
        twin.ask("/metrics", "hearsay_name_taken 1")
        seen = mesh.members(c.others(victim)[0])[victim]
        if seen["address"] != both[0] or seen["state"] != "alive":
            c.wrong.append(f"the older one is not the member: {seen['state']} at {seen['address']}, not {both[0]}")
    finally:
        compose.output("docker", "rm", "--force", second)


def wrong_seed(c, mesh, victim):
    """A container is given a name that is none, a port where nobody listens, and its own name: each cause is told."""
    lost = compose.output("docker", "run", "--detach", "--network", mesh.network, "--hostname", "lost", "--network-alias", "lost",
                          "hearsay", "node", "noed_2", f"{victim}:25000", "lost")
    mesh.guests.append(lost)
    at = Places(c, mesh, lost)
    causes = (("noed_2", "no such host"), (f"{victim}:25000", "refuses connections"))
    for seed, cause in causes:
        at.log("WARN", "unreached", seed, cause)
        at.say(seed, cause, command=["members"])
        at.say(seed, cause, status=1, command=["health", "--ready"])
        at.say(seed, cause, status=4, command=["wait", "--members", "2", "--timeout", "1s"])
        at.say("fault", seed, cause, status=1, command=["doctor"])
        at.ask("/readyz", seed, cause)
    at.say("leads to this node itself", command=["doctor"])


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
    here.ask("/readyz", "messages do not pass directly", victim)
    here.ask("/metrics", f'hearsay_peer_unlinked{{peer="{victim}"}} 1')
    there.log("WARN", "unlinked", other, "messages do not reach it")
    there.say(other, "our messages do not reach it", command=["members"])
    there.say("not handed directly to 1 member: ", other, command=["pub", "hello"])
    there.say("ready: messages do not pass directly", other, command=["health", "--ready"])
    there.ask("/metrics", f'hearsay_peer_unlinked{{peer="{other}"}} 1')
    c.heal()
    c.back(time.time())
    here.say("ok", status=0, command=["health"])
