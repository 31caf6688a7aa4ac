"""The ring of docker-compose.yml, in real containers. See compose.sh."""
import json
import os
import shutil
import signal
import subprocess
import sys

import mesh

PROJECT = "hearsay-check"  # of its own, so that a ring which somebody runs is left alone
NAMES = [f"node_{i}" for i in range(1, 5)]
DEADLINE = 30  # seconds for each state


def output(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=True).stdout.strip()


def compose_command():
    """Compose v2 is a part of docker, v1 a program of its own."""
    v2 = subprocess.run(["docker", "compose", "version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if v2.returncode == 0:
        return ["docker", "compose"]
    return [shutil.which("docker-compose") or sys.exit("neither docker compose nor docker-compose is here")]


class Ring:
    """The containers, by service name."""

    def __init__(self, root):
        self.command = [*compose_command(), "--project-name", PROJECT, "--project-directory", root,
                        "--file", os.path.join(root, "docker-compose.yml")]
        self.fillers = []

    def compose(self, *args):
        subprocess.run([*self.command, *args], stdin=subprocess.DEVNULL, check=True)

    def inspect(self, name):
        return json.loads(output("docker", "inspect", self.ids[name]))[0]

    def ip(self, name):
        (network,) = self.inspect(name)["NetworkSettings"]["Networks"].values()
        return network["IPAddress"]

    def heard(self, name):
        """The messages that a node has received, in all its lives."""
        return output("docker", "logs", self.ids[name]).splitlines()

    def log(self, name):
        return subprocess.run(["docker", "logs", "--tail", "20", self.ids[name]], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True).stderr

    def start_elsewhere(self, name):
        """Starts a killed node again, at another address than before: another container has taken the old one."""
        old = self.ips[name]
        (network,) = self.inspect(name)["NetworkSettings"]["Networks"]
        for _ in range(5):
            self.fillers.append(output("docker", "run", "--detach", "--network", network, "hearsay"))
            output("docker", "start", self.ids[name])
            if self.ip(name) != old:
                return
            output("docker", "kill", self.ids[name])
        raise RuntimeError(f"{name} got {old} again, 5 times")

    def up(self):
        self.compose("build")
        self.compose("up", "--detach")
        self.ids = {name: output(*self.command, "ps", "--all", "--quiet", name) for name in NAMES}
        self.ips = {name: self.ip(name) for name in NAMES}

    def down(self):
        for filler in self.fillers:
            subprocess.run(["docker", "rm", "--force", filler], stdout=subprocess.DEVNULL)
        subprocess.run([*self.command, "down", "--timeout", "2", "--remove-orphans"], stdin=subprocess.DEVNULL)


def ping(name):
    return f"PING! from host {name}"


def check_whole(report, ears, names, what):
    took = mesh.until(lambda: mesh.complete(ears, names), DEADLINE, ears)
    report.check(took is not None, what, f"{took:.1f} s" if took is not None else mesh.missing(ears, names))


def check_pings(ring, report, before, pairs, what):
    """Each (at, of) of pairs must have received a PING more than it had before."""
    def lacking():
        heard = {at: ring.heard(at) for at in {at for at, _ in pairs}}
        return [f"{at} of {of}" for at, of in pairs if heard[at].count(ping(of)) <= before.get((at, of), 0)]
    took = mesh.until(lambda: not lacking(), DEADLINE, every=0.3)
    report.check(took is not None, what, f"{took:.1f} s" if took is not None else f"nothing at {lacking()}")


def check(ring, report):
    ears = {name: mesh.Ear(ring.ips[name], source=None) for name in NAMES}
    check_whole(report, list(ears.values()), NAMES, "four containers: every node lists every node")
    check_pings(ring, report, {}, [(at, of) for at in NAMES for of in NAMES], "every node receives the PING! of every node")

    lost, rest = "node_3", [name for name in NAMES if name != "node_3"]
    output("docker", "kill", ring.ids[lost])
    ears.pop(lost).close()
    check_whole(report, list(ears.values()), rest, f"{lost} killed: nobody lists it")

    before = {(at, of): ring.heard(at).count(ping(of)) for at in NAMES for of in NAMES}
    ring.start_elsewhere(lost)
    what = f"{lost} started again, {ring.ips[lost]} now {ring.ip(lost)}"
    ears[lost] = mesh.Ear(ring.ip(lost), source=None)
    check_whole(report, list(ears.values()), NAMES, f"{what}: every node lists every node")
    check_pings(ring, report, before, [(lost, of) for of in NAMES] + [(at, lost) for at in rest],
                f"{what}: it hears all and all hear it")
    for ear in ears.values():
        ear.close()

    output("docker", "stop", "--time", "10", ring.ids["node_1"])
    code = ring.inspect("node_1")["State"]["ExitCode"]
    report.check(code == 0, "SIGTERM ends a container cleanly", f"exit {code}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ring, report = Ring(sys.argv[1]), mesh.Report()
    try:
        ring.up()
        check(ring, report)
        if report.failed:
            for name in NAMES:
                print(f"--- log of {name}\n{ring.log(name)}", flush=True)
    finally:
        ring.down()
    report.finish()


if __name__ == "__main__":
    main()
