"""Checks the compose files of deploy/, each as its first lines say that it is started."""
import os
import subprocess

import compose
import mesh

DEADLINE = 30  # seconds for each state


class Variant:
    """The containers of one file."""

    def __init__(self, root, name):
        self.command = [*compose.compose_command(), "--project-name", f"{compose.PROJECT}-{name}",
                        "--file", os.path.join(root, "deploy", f"{name}.yml")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([*self.command, "down", "--timeout", "2", "--remove-orphans"], stdin=subprocess.DEVNULL, check=True)

    def up(self, *args):
        subprocess.run([*self.command, "up", "--detach", "--build", *args], stdin=subprocess.DEVNULL, check=True)

    def ids(self, service):
        return compose.output(*self.command, "ps", "--quiet", service).split()


def inside(container, *command):
    """Runs hearsay in a container, and reports whether it succeeded, and its last line."""
    ran = subprocess.run(["docker", "exec", container, "/hearsay", *command], stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return ran.returncode == 0, (ran.stdout.strip().splitlines() or [""])[-1]


def replicas(root, report):
    count = 5
    with Variant(root, "replicas") as v:
        v.up("--scale", f"node={count}")
        ids = v.ids("node")
        waits = [inside(i, "wait", "--members", str(count), "--timeout", f"{DEADLINE}s") for i in ids]
        report.check(len(ids) == count and all(ok for ok, _ in waits), f"deploy/replicas.yml: {count} of one name are one mesh",
                     "; ".join(line for _, line in waits))


def multicast(root, report):
    count = 5
    with Variant(root, "multicast") as v:
        v.up("--scale", f"node={count}")
        waits = [inside(i, "wait", "--members", str(count), "--timeout", f"{DEADLINE}s") for i in v.ids("node")]
        report.check(len(waits) == count and all(ok for ok, _ in waits),
                     f"deploy/multicast.yml: {count} that are given nobody are one mesh", "; ".join(line for _, line in waits))


def sidecar(root, report):
    with Variant(root, "sidecar") as v:
        v.up()
        (app,) = v.ids("app")
        took = mesh.until(lambda: "PING! from host left" in compose.output("docker", "logs", app), DEADLINE, every=0.3)
        report.check(took is not None, "deploy/sidecar.yml: the application prints what the mesh says",
                     f"{took:.1f} s" if took is not None else compose.output("docker", "logs", app)[-500:])


def check(root, report):
    replicas(root, report)
    multicast(root, report)
    sidecar(root, report)
