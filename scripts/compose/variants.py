"""Checks the compose files of deploy/, each as its first lines say that it is started."""
import json
import os
import shutil
import subprocess
import tempfile

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


class Locked(Variant):
    """The ring of docker-compose.yml with the key of a file that is made for it, as the image's user makes and reads it."""

    def __init__(self, root):
        super().__init__(root, "locked")
        at = self.command.index("--file")
        self.command[at:at] = ["--project-directory", root, "--file", os.path.join(root, "docker-compose.yml")]
        self.dir = tempfile.mkdtemp(prefix="hearsay-lock-")
        os.chmod(self.dir, 0o777)
        compose.output("docker", "run", "--rm", "--volume", f"{self.dir}:/keys", "hearsay", "keygen", "--dir", "/keys")
        os.environ["MESH_KEY"] = os.path.join(self.dir, "mesh.key_secret")

    def __exit__(self, *args):
        super().__exit__(*args)
        del os.environ["MESH_KEY"]
        shutil.rmtree(self.dir, ignore_errors=True)


def locked(root, report):
    with Locked(root) as v:
        v.up()
        ids = [v.ids(name)[0] for name in compose.NAMES]
        waits = [inside(i, "wait", "--members", str(len(ids)), "--timeout", f"{DEADLINE}s") for i in ids]
        report.check(all(ok for ok, _ in waits), "deploy/locked.yml: the ring with its key is one mesh",
                     "; ".join(line for _, line in waits))
        (network,) = json.loads(compose.output("docker", "inspect", ids[0]))[0]["NetworkSettings"]["Networks"]
        stranger = compose.output("docker", "run", "--detach", "--network", network, "hearsay", "node", *compose.NAMES)
        try:
            took = mesh.until(lambda: "no key" in compose.output("docker", "exec", stranger, "/hearsay", "members"), DEADLINE, every=0.3)
            inside(ids[0], "pub", "for members alone")
            heard = mesh.until(lambda: all("for members alone" in compose.output("docker", "logs", i) for i in ids[1:]), DEADLINE,
                               every=0.3)
            report.check(took is not None and heard is not None and not compose.output("docker", "logs", stranger),
                         "a node without the key hears nothing of it, and is told why", inside(stranger, "members")[1])
        finally:
            compose.output("docker", "rm", "--force", stranger)


class Subnets(Variant):
    """Two networks of three and a bridge in both."""

    def __init__(self, root):
        super().__init__(root, "subnets")
        self.left, self.bridge, self.right = ["a1", "a2", "a3"], "bridge", ["b1", "b2", "b3"]

    def up(self):
        super().up()
        self.of = {name: self.ids(name)[0] for name in (*self.left, self.bridge, *self.right)}

    def members(self, name):
        """Who is alive for a node, by whose word ("" for its own ears), or None while it does not answer."""
        ran = subprocess.run(["docker", "exec", self.of[name], "/hearsay", "members", "--json"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if ran.returncode != 0:
            return None
        return {m["name"]: ",".join(m["via"]) for m in json.loads(ran.stdout)["members"] if m["state"] == "alive"}

    def see(self, names, wanted):
        """Waits until each of names has the members that wanted(name) says; returns how long that took, and what it was."""
        def wrong():
            return {name: got for name in names if (got := self.members(name)) != wanted(name)}
        took = mesh.until(lambda: not wrong(), DEADLINE, every=0.3)
        return took is not None, f"{took:.1f} s" if took is not None else str(wrong())


def subnets(root, report):
    with Subnets(root) as v:
        everybody = [*v.left, v.bridge, *v.right]

        def wanted(gone=()):
            def of(name):
                side = next((s for s in (v.left, v.right) if name in s), everybody)
                return {o: "" if o in (*side, v.bridge) else v.bridge for o in everybody if o not in (name, *gone)
                        and (o in (*side, v.bridge) or v.bridge not in gone)}
            return of

        v.up()
        report.check(*line("deploy/subnets.yml: each of 3 + 1 + 3 is a member for all, via the bridge", v.see(everybody, wanted())))
        waits = [inside(v.of[name], "wait", "--members", "7", "--timeout", f"{DEADLINE}s") for name in everybody]
        report.check(all(ok for ok, _ in waits), "and messages flow between all", "; ".join(line for _, line in waits))
        inside(v.of["a1"], "pub", "from a1")
        took = mesh.until(lambda: all("from a1" in compose.output("docker", "logs", v.of[name]) for name in v.right), DEADLINE, every=0.3)
        report.check(took is not None, "what a1 says arrives behind the bridge", f"{took:.1f} s" if took is not None else "")
        for victim in ("b3", v.bridge):
            rest = [name for name in everybody if name != victim]
            compose.output("docker", "kill", v.of[victim])
            report.check(*line(f"{victim} killed: it is gone for all, and with the bridge who is behind it", v.see(rest, wanted([victim]))))
            compose.output("docker", "start", v.of[victim])
            report.check(*line(f"{victim} started again: all are back", v.see(everybody, wanted())))


def line(what, seen):
    """The arguments of a check, of what was waited for and how that went."""
    held, how = seen
    return held, what, how


def check(root, report):
    locked(root, report)
    subnets(root, report)
    replicas(root, report)
    multicast(root, report)
    sidecar(root, report)
