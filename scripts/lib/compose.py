"""The ring of docker-compose.yml, in real containers."""
import json
import os
import shutil
import subprocess
import sys

PROJECT = "hearsay-check"  # of its own, so that a ring which somebody runs is left alone
NAMES = [f"node_{i}" for i in range(1, 5)]


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
        os.environ.setdefault("HEARSAY_PAGE_PORT", "0")  # any: 8080 may be somebody's
        os.environ.pop("PYTHONPATH", None)  # it is ours: docker-compose v1 is a Python program too, with a module compose of its own
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
