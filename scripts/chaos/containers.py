"""The four nodes of docker-compose.yml as containers built from the Dockerfile."""
import json
import os
import shutil
import subprocess
import time

import cluster
import compose
import cut

PROJECT = "hearsay-chaos"  # of its own, so that a ring which somebody runs is left alone
GUEST = "hearsay-chaos-python"  # image for containers that run this machine's Python: an empty one, with /usr mounted


class Containers(compose.Ring, cluster.Cluster):
    can_cut, has_guests = True, True

    def __init__(self, root, build=True):
        compose.Ring.__init__(self, root)
        cluster.Cluster.__init__(self)
        self.root, self.build, self.names = root, build, list(compose.NAMES)
        self.command[self.command.index(compose.PROJECT)] = PROJECT
        self.command += ["--file", os.path.join(root, "scripts", "chaos", "json-logs.yml")]
        self.key = os.environ.get("HEARSAY_MESH_KEY")
        if self.key:
            self._lock()
        self.guests, self.cuts, self.ids, self.born = [], [], {}, time.time()

    def _lock(self):
        """A copy of the key that the user of the image can read."""
        self.shared = self.key + ".shared"
        shutil.copyfile(self.key, self.shared)
        os.chmod(self.shared, 0o644)
        os.environ["MESH_KEY"] = self.shared
        self.command += ["--file", os.path.join(self.root, "deploy", "locked.yml")]

    def begin(self):
        if self.build:
            self.compose("build", self.names[0])  # the others have the same image
        self.compose("up", "--detach", "--no-build")
        self.ids = {name: compose.output(*self.command, "ps", "--all", "--quiet", name) for name in self.names}
        self.ips = {name: self.ip(name) for name in self.names}
        (self.network,) = self.inspect(self.names[0])["NetworkSettings"]["Networks"]

    def fresh(self):
        """All nodes anew, with nothing in their memory."""
        self.mend()
        self.drop_guests()
        output = compose.output
        output("docker", "restart", "--time", "0", *self.ids.values())
        self.born = max(self.begun(name) for name in self.names)
        took, wrong = self.whole(self.names, self.born, cluster.STARTS)
        if took is None:
            raise RuntimeError(f"a fresh mesh is not whole: {wrong}")

    def end(self):
        for name in self.ids:  # a paused container cannot be taken down by every engine
            quiet("docker", "unpause", self.ids[name])
        self.drop_guests()
        self.down()
        quiet("docker", "rmi", GUEST)

    # What is asked.

    def command_at(self, name, *args):
        return ["docker", "exec", "--interactive", self.ids[name], "/hearsay", *args]

    def address(self, name):
        return self.ip(name)

    def messages(self, name):
        """The bodies that a node has received since the mesh was fresh."""
        return compose.output("docker", "logs", "--since", f"{self.born:.3f}", self.ids[name]).splitlines()

    def hearsay(self, name, *args, patience=10):
        try:
            done = subprocess.run(self.command_at(name, *args), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=patience)
        except subprocess.TimeoutExpired:
            return None
        return done.stdout if done.returncode == 0 else None

    def log(self, name):
        text = subprocess.run(["docker", "logs", "--since", f"{self.born:.3f}", self.ids[name]], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True).stderr
        for line in text.splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def begun(self, name):
        return cluster.moment(self.inspect(name)["State"]["StartedAt"])

    # What is done.

    def kill(self, *names):
        quiet("docker", "kill", *(self.ids[name] for name in names))

    def stop(self, name):
        """SIGTERM; returns the exit code."""
        quiet("docker", "stop", "--time", "10", self.ids[name])
        return self.inspect(name)["State"]["ExitCode"]

    def start(self, *names):
        """Returns the moment when the last of them started."""
        compose.output("docker", "start", *(self.ids[name] for name in names))
        return max(self.begun(name) for name in names)

    def move(self, name):
        """Starts a killed node at another address; returns the moment, and a word about it."""
        self.ips[name] = self.old
        self.start_elsewhere(name)
        return self.begun(name), f"{self.old} -> {self.ip(name)}"

    def remember(self, name):
        self.old = self.ip(name)

    def put_key(self, text):
        """Replaces the key of all. The file itself is written to: one that is mounted stays what it was after a renaming."""
        for path in self.shared, self.key:
            with open(path, "w") as file:
                file.write(text)

    def freeze(self, name):
        compose.output("docker", "pause", self.ids[name])

    def thaw(self, name):
        quiet("docker", "unpause", self.ids[name])

    def unplug(self, name):
        compose.output("docker", "network", "disconnect", self.network, self.ids[name])

    def plug(self, name):
        if self.network not in self.inspect(name)["NetworkSettings"]["Networks"]:
            compose.output("docker", "network", "connect", "--alias", name, self.network, self.ids[name])

    def split(self, one, other):
        self._cut_each(one, lambda cuts: cuts.deaf([self.ip(n) for n in other]))
        self._cut_each(other, lambda cuts: cuts.deaf([self.ip(n) for n in one]))

    def one_way(self, source, target):
        self._cut_each([target], lambda cuts: cuts.deaf([self.ip(source)]))

    def shut(self, name, port):
        self._cut_each([name], lambda cuts: cuts.shut(port))

    def lose(self, share, names):
        self._cut_each(names, lambda cuts: cuts.noise(share))

    def _cut_each(self, names, do):
        for name in names:
            pid = self.inspect(name)["State"]["Pid"]
            cuts = cut.Cuts(["nsenter", "--target", str(pid), "--net"])
            self.cuts.append(cuts)
            do(cuts)

    def dropped(self):
        return sum(cuts.dropped() for cuts in self.cuts)

    def heal(self):
        for cuts in self.cuts:
            try:
                cuts.heal()
            except subprocess.CalledProcessError:
                pass  # its container has ended, and the cut with it
        self.cuts = []

    def mend(self):
        """Undoes every fault that can be undone."""
        self.heal()
        for name, container in self.ids.items():
            quiet("docker", "unpause", container)
            self.plug(name)
        compose.output("docker", "start", *self.ids.values())
        for filler in self.fillers:
            quiet("docker", "rm", "--force", filler)
        self.fillers = []

    def guest(self, name, script, *args):
        """A container that runs a Python script of this tree with this machine's Python; returns its address."""
        self._guest_image()
        scripts = os.path.join(self.root, "scripts")
        container = compose.output(
            "docker", "run", "--detach", "--network", self.network, "--network-alias", name, "--hostname", name,
            "--volume", "/usr:/usr:ro", "--volume", f"{scripts}:/scripts:ro", "--ulimit", "nofile=8192",
            "--env", "PYTHONPATH=/scripts/lib", "--env", "PYTHONDONTWRITEBYTECODE=1",
            *(["--volume", f"{self.key}:/key:ro", "--env", "HEARSAY_MESH_KEY=/key"] if self.key else []),
            GUEST, "/usr/bin/python3", f"/scripts/{script}", *args)
        self.guests.append(container)
        (network,) = json.loads(compose.output("docker", "inspect", container))[0]["NetworkSettings"]["Networks"].values()
        return container, network["IPAddress"]

    def said(self, container):
        """What a guest printed."""
        return subprocess.run(["docker", "logs", container], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout

    def drop_guests(self):
        for container in self.guests:
            quiet("docker", "rm", "--force", container)
        self.guests = []

    def _guest_image(self):
        """An image of a few symbolic links: where /usr holds everything, nothing else is needed."""
        if quiet("docker", "image", "inspect", GUEST) == 0:
            return
        links = "mkdir -p usr etc tmp && for d in bin lib lib64; do ln -s usr/$d $d; done && tar -c ."
        command = f'd=$(mktemp -d) && cd "$d" && {links} | docker import - {GUEST}; rm -rf "$d"'
        subprocess.run(["sh", "-c", command], stdout=subprocess.DEVNULL, check=True)


def quiet(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
