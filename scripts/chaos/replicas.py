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
        self.command = [*compose.compose_command(), "--project-name", f"{containers.PROJECT}-{file}",
                        "--file", os.path.join(mesh.root, "deploy", f"{file}.yml")]
        self.names, self.ids, self.born = [], {}, 0

    def scale(self, count):
        """Lets so many run: what is missing is started. Returns the moment when the last of them started."""
        self.compose("up", "--detach", "--no-build", "--no-recreate", "--scale", f"node={count}")
        ids = compose.output(*self.command, "ps", "--quiet", "node").split()
        self.ids = {compose.output("docker", "inspect", "--format", "{{.Config.Hostname}}", i): i for i in ids}
        self.names = sorted(self.ids)
        (self.network,) = self.inspect(self.names[0])["NetworkSettings"]["Networks"]
        return max(self.begun(name) for name in self.names)

    def compose(self, *args):
        subprocess.run([*self.command, *args], env=dict(os.environ, HEARSAY_LOG_FORMAT="json"), stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    def remove(self, name):
        """Stops one for good: the next has another name, and another address unless nobody took this one."""
        self.stop(name)
        compose.output("docker", "rm", "--force", self.ids[name])

    def down(self):
        self.compose("down", "--timeout", "2", "--remove-orphans")
        self.names, self.ids = [], {}
