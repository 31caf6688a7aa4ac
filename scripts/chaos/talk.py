"""Everybody talks while something is broken: what one says is printed once and in order by all, or the log tells that it is missed."""
import collections
import subprocess
import threading
import time

RATE = 20     # lines a second that each node publishes
SETTLE = 60   # seconds after the end in which all have all, or were told


class Talk:
    """Lines of all nodes, from the beginning of the block to its end."""

    def __init__(self, case, mesh, rate=RATE):
        self.case, self.mesh, self.rate = case, mesh, rate
        self.said, self.ended, self.threads, self.pubs = collections.Counter(), threading.Event(), [], {}

    def __enter__(self):
        for name in self.mesh.names:
            command = self.mesh.command_at(name, "pub", "--lines", "--wait", str(len(self.mesh.names) - 1))
            self.pubs[name] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                               stderr=subprocess.DEVNULL, text=True)
            self.threads.append(threading.Thread(target=self._talk, args=(name,), daemon=True))
        for thread in self.threads:
            thread.start()
        return self

    def _talk(self, name):
        pub = self.pubs[name].stdin
        try:
            while not self.ended.wait(1 / self.rate):
                pub.write(f"said {name} {self.said[name]}\n")
                pub.flush()
                self.said[name] += 1
            pub.close()
        except BrokenPipeError:
            pass  # its exit code says so

    def __exit__(self, kind, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join(10)
        for name, pub in self.pubs.items():
            try:
                code = pub.wait(10)
            except subprocess.TimeoutExpired:
                pub.kill()
                code = "none: it hangs"
            if code and kind is None:
                self.case.wrong.append(f"pub at {name}: exit code {code}")
        if kind is None:
            self._compare()

    def _compare(self):
        deadline = time.time() + SETTLE
        while True:
            missing, wrong = self._missing()
            if not missing - self._told() and not wrong or time.time() > deadline:
                break
            time.sleep(0.5)
        told, pings = self._told(), self._pings()
        self.case.wrong += wrong
        for (name, origin), count in missing.items():
            if not count <= told[name, origin] <= count + pings[origin]:
                self.case.wrong.append(f"{name} misses {count} of {self.said[origin]} of {origin}, and was told of {told[name, origin]}")
        some = ", ".join(f"{count} of {origin} at {name}" for (name, origin), count in missing.items())
        self.case.words.append(f"{sum(self.said.values())} messages, missed and told: {some or 'none'}")

    def _missing(self):
        """How many lines of each origin each node has not printed, and what is wrong with those that it has."""
        missing, wrong = collections.Counter(), []
        for name in self.mesh.names:
            got = collections.defaultdict(list)
            for line in self.mesh.messages(name):
                if line.startswith("said "):
                    _, origin, number = line.split()
                    got[origin].append(int(number))
            for origin, count in self.said.items():
                numbers = got[origin]
                if any(b <= a for a, b in zip(numbers, numbers[1:])):
                    wrong.append(f"{name} has messages of {origin} twice, or out of order")
                missing[name, origin] = count - len(set(numbers))
        return +missing, wrong

    def _pings(self):
        """How many other messages each has published, which are missed and told just as well: it hears its own."""
        return {name: sum(line.startswith("PING") and line.endswith(f" {name}") for line in self.mesh.messages(name))
                for name in self.mesh.names}

    def _told(self):
        told = collections.Counter()
        for name in self.mesh.names:
            for record in self.mesh.log(name):
                if record.get("msg") == "messages missed":
                    told[name, record["peer"]] += record["count"]
        return told
