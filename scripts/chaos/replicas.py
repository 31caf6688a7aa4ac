"""The replicas of one service, which are given its name and nothing else, or not even that."""
import os
import subprocess

import cluster
import compose
import containers


class Replicas(containers.Containers):
    """Containers by the names that they have themselves."""

    def __init__(self, mesh, file="replicas"):
        cluster.Cluster.__init__(self)
        self.file = os.path.join(mesh.root, "deploy", f"{file}.yml")
        self.project = f"{containers.PROJECT}-{file}"
        self.names, self.ids, self.born = [], {}, 0

    @property
    def command(self):
        return [*compose.compose_command(), "--project-name", self.project, "--file", self.file]

    def scale(self, count):
        """Lets so many run: what is missing is started. Returns the moment when the last of them started."""
        self.compose("up", "--detach", "--no-build", "--no-recreate", "--scale", f"node={count}")
        ids = compose.output(*self.command, "ps", "--quiet", "node").split()
        self.ids = {compose.output("docker", "inspect", "--format", "{{.Config.Hostname}}", i): i for i in ids}
        self.names = sorted(self.ids)
        (self.network,) = self.inspect(self.names[0])["NetworkSettings"]["Networks"]
        return max(self.begun(name) for name in self.names)

    def compose(self, *args):
        done = subprocess.run([*self.command, *args], env=dict(os.environ, HEARSAY_LOG_FORMAT="json"), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise RuntimeError(f"docker-compose {args[0]}: exit code {done.returncode}: {' '.join(done.stderr.split()[-60:])}")

    def remove(self, name):
        """Stops one for good: the next has another name, and another address unless nobody took this one."""
        self.stop(name)
        compose.output("docker", "rm", "--force", self.ids[name])

    def down(self):
        """An engine may count a container that is gone among the endpoints of its network for ever, and then keeps the network:
        who comes next goes by another project's name, and so has a network of its own."""
        try:
            self.compose("down", "--timeout", "2", "--remove-orphans")
        except RuntimeError as error:
            left = compose.output("docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={self.project}")
            if left or "active endpoints" not in str(error):
                raise
            print(f"the engine keeps a network of nobody: {error}", flush=True)
            self.project += "-next"
        self.names, self.ids = [], {}
