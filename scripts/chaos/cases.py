"""The cases: each breaks a fresh mesh of four, says what must hold, and how soon."""
import os
import subprocess
import tempfile
import threading
import time

import bridges
import mistakes
import replicas
import talk
import web

# Seconds, for four nodes on a machine that is busy with other things; scripts/faults.sh measures against the goals.
OFF = 6       # a dead or silent one is on nobody's list
GONE = 12     # and quarantined everywhere
GOODBYE = 2   # one that left is known to have left
WHOLE = 10    # one mesh again
TOGETHER = 5  # replicas that start together are one mesh
STAYS = 120   # a flapper that stays is alive everywhere
ROTATES = 4   # between the steps of a change of keys: files are looked at each second, and links renewed within two


class Case:
    """What one case found. Its line is printed when it is over."""

    def __init__(self, cluster, name):
        self.cluster, self.name, self.words, self.wrong = cluster, name, [], []

    def must(self, what, found, bound, victim=None, by=()):
        """A state that was to be reached, as whole() and seen_as() found it."""
        took, why = found
        if took is None or took > bound:
            self.wrong.append(f"{what}: {why or f'{took:.2f} s'} (bound {bound} s)")
            for observer in by:
                self.wrong += self.cluster.story(victim, observer)
            return False
        self.words.append(f"{what} {took:.2f} s ({bound})")
        return True

    def never(self, what, found):
        if found:
            self.wrong.append(f"{what}: {dict(found) if isinstance(found, dict) else found}")
        else:
            self.words.append(f"{what}: none")

    def innocent(self, *guilty):
        """Nobody but the guilty was evicted, nor by anybody but them."""
        found = {pair: n for pair, n in self.cluster.evictions().items() if not set(pair) & set(guilty)}
        self.never("others evicted", found)
        for observer, peer in list(found)[:2]:
            self.wrong += self.cluster.story(peer, observer)

    # What most cases have in common.

    def off(self, victim, since, quarantined=True):
        by = self.others(victim)
        states = ("suspect", "quarantined", "left", "unknown")
        self.must("off all lists", self.cluster.seen_as(victim, by, states, since, OFF), OFF, victim, by)
        if quarantined:
            self.must("quarantined", self.cluster.seen_as(victim, by, ("quarantined",), since, GONE), GONE, victim, by)

    def heal(self):
        """Ends the cuts, and makes sure that there were any."""
        dropped = self.cluster.dropped()
        self.cluster.heal()
        if dropped:
            self.words.append(f"{dropped} packets dropped")
        else:
            self.wrong.append("not one packet was dropped: this was no fault")

    def back(self, since, victim=None, within=WHOLE, what="whole"):
        names = self.cluster.names
        return self.must(what, self.cluster.whole(names, since, within), within, victim, names if victim else ())

    def others(self, victim):
        return [name for name in self.cluster.names if name != victim]

    def pause(self, seconds, since):
        """Lets a fault last: until so many seconds after it began."""
        time.sleep(max(0, since + seconds - time.time()))


def kill(c, mesh, victim):
    """A node is killed: off all lists, quarantined; started again, it is back."""
    since = time.time()
    mesh.kill(victim)
    c.off(victim, since)
    c.back(mesh.start(victim), victim, what="back")
    c.innocent(victim)


def stop_start(c, mesh, victim):
    """A node ends by SIGTERM: exit 0, known as left, no penalty; started again, it is back."""
    since = time.time()
    code = mesh.stop(victim)
    c.never("exit codes but 0", code)
    c.must("left", mesh.seen_as(victim, c.others(victim), ("left",), since, GOODBYE + 10), GOODBYE, victim, c.others(victim))
    penalties = {n: v[victim]["penalty"] for n, v in mesh.views(c.others(victim)).items() if v.get(victim, {}).get("penalty")}
    c.never("penalty", penalties)
    c.back(mesh.start(victim), victim, what="back")
    c.never("evictions", mesh.evictions())


def pause(c, mesh, victim):
    """A node is frozen for 15 s: off all lists, quarantined; thawed, it is back, and has evicted nobody."""
    since = time.time()
    mesh.freeze(victim)
    c.off(victim, since)
    c.pause(15, since)
    since = time.time()
    mesh.thaw(victim)
    c.back(since, victim, what="back")
    c.innocent(victim)
    c.never("evictions by it", {pair: n for pair, n in mesh.evictions().items() if pair[0] == victim})


def disconnect(c, mesh, victim):
    """A node loses its network: off all lists; it evicts nobody, as it hears nobody; with the network it is back."""
    since = time.time()
    mesh.unplug(victim)
    c.off(victim, since)
    c.pause(15, since)
    since = time.time()
    mesh.plug(victim)
    c.back(since, victim, what="back")
    c.innocent(victim)


def partition(c, mesh, _):
    """Half and half for 30 s: each half lists just itself; healed, they are one mesh, and all have what all said meanwhile."""
    half = len(mesh.names) // 2
    sides = mesh.names[:half], mesh.names[half:]
    with talk.Talk(c, mesh):
        since = time.time()
        mesh.split(*sides)
        for side in sides:
            c.must("half alone", mesh.whole(side, since, OFF), 2 * OFF)
        c.pause(30, since)
        since = time.time()
        c.heal()
        c.back(since)


def one_way(c, mesh, _):
    """Nothing of node 1 reaches node 2 for 25 s: the others hear both, nobody evicts anybody, and all have what all say."""
    a, b, *rest = mesh.names
    with talk.Talk(c, mesh):
        since = time.time()
        mesh.one_way(a, b)
        c.must("detached", mesh.seen_as(a, [b], ("detached",), since, 15), 15, a, [b])
        c.pause(25, since)
        for name, view in mesh.views(rest).items():
            c.never(f"not heard by {name}", {n for n in mesh.names if n != name and view.get(n, {}).get("state") != "alive"})
        c.never("evictions", mesh.evictions())
        since = time.time()
        c.heal()
        c.back(since)


def loss(c, mesh, _):
    """30 % of all packets are lost for 40 s: nobody is evicted; afterwards the mesh is whole, and all have what all said."""
    with talk.Talk(c, mesh):
        since = time.time()
        mesh.lose(0.3, mesh.names)
        c.pause(40, since)
        since = time.time()
        c.heal()
        c.words.append(f"{sum(mesh.events('suspect').values())} suspicions")
        c.back(since)
    c.never("evictions", mesh.evictions())


def talk_port(c, mesh, victim):
    """Port 30000 of one is shut for 25 s, and its connections there are cut: all have what all say, by relay."""
    with talk.Talk(c, mesh):
        since = time.time()
        mesh.shut(victim, 30000)
        c.pause(25, since)
        c.never("evictions", mesh.evictions())
        c.heal()
        c.back(time.time())


def move(c, mesh, victim):
    """A node is killed and comes back at another address."""
    mesh.remember(victim)
    since = time.time()
    mesh.kill(victim)
    c.off(victim, since, quarantined=False)
    since, what = mesh.move(victim)
    c.back(since, victim, what=f"back ({what})")
    c.innocent(victim)


def rolling(c, mesh, _):
    """Each node in turn is stopped and started: nobody is evicted, and each is back before the next."""
    for name in mesh.names:
        mesh.stop(name)
        if not c.back(mesh.start(name), name, what=name):
            return
    c.never("evictions", mesh.evictions())


def all_killed(c, mesh, _):
    """All are killed at once and started together."""
    mesh.kill(*mesh.names)
    c.back(mesh.start(*mesh.names))


def flapper(c, mesh, victim):
    """A node dies three times, each time shortly after it came back: off all lists each time; once it stays, it is back."""
    for _ in range(3):
        since = time.time()
        mesh.kill(victim)
        c.off(victim, since, quarantined=False)
        c.pause(8, since)
        started = mesh.start(victim)
        c.pause(4, started)
    c.must("others whole", mesh.whole(c.others(victim), time.time(), OFF, beside=[victim]), OFF)
    c.back(started, victim, STAYS, what="back")
    c.words.append(f"{sum(n for pair, n in mesh.evictions().items() if pair[1] == victim)} evictions of it by 3 observers")
    c.innocent(victim)


def naive(c, mesh, _):
    """A naive container is given one node: all hear it, it hears all; killed, it is on nobody's list."""
    since = time.time()
    container, _ = mesh.guest("naive_1", "naive.py", mesh.names[0])
    if c.must("naive one heard by all", mesh.seen_as("naive_1", mesh.names, ("alive",), since, WHOLE), WHOLE, "naive_1", mesh.names[:1]):
        deadline, lacking = time.time() + WHOLE, mesh.names
        while lacking and time.time() < deadline:
            said = mesh.said(container)
            lacking = [n for n in mesh.names if f"PING! from host {n}" not in said]
            time.sleep(0.2)
        c.never("not heard by it", lacking)
        since = time.time()
        mesh.drop_guests()
        states = ("suspect", "quarantined", "unknown")
        c.must("off all lists", mesh.seen_as("naive_1", mesh.names, states, since, 15), 15, "naive_1", mesh.names[:1])
    c.innocent("naive_1")


def hostile(c, mesh, victim):
    """A container lies, floods and speaks nonsense for 20 s: the mesh stays whole, hears no phantom, and takes a node back."""
    since = time.time()
    container, address = mesh.guest("hostile_1", "chaos/hostile.py", *mesh.names)
    honest, guests = set(mesh.names), {address, "hostile_1"}
    c.pause(8, since)
    mesh.kill(victim)
    c.must("back meanwhile", mesh.whole(mesh.names, mesh.start(victim), WHOLE, beside=guests), WHOLE, victim, mesh.names)
    while time.time() < since + 20:
        for name, view in mesh.views(mesh.names).items():
            for other in alive(view) - honest - guests:
                c.wrong.append(f"{name} hears the phantom {other!r}")
            for other in honest - {name} - alive(view):
                c.wrong.append(f"{name} does not hear {other}: {view.get(other, {}).get('why', 'unknown')}")
        time.sleep(0.5)
    said = mesh.said(container)
    if said.count("lie: ") < 10:
        c.wrong.append(f"the liar hardly lied: {said[-300:]!r}")
    mesh.drop_guests()
    longest = max(sum(1 for _ in mesh.log(name)) for name in mesh.names)
    c.words.append(f"{said.count('lie: ')} lies, most lines logged {longest}")
    c.innocent(victim, address)


def one_name(c, mesh, _):
    """Replicas of a service are given its name alone: started together ten times, more added, all replaced, they are one mesh."""
    pods = replicas.Replicas(mesh)
    try:
        for _ in range(10):
            pods.down()
            since = pods.scale(5)
            c.must("5", pods.whole(pods.names, since, TOGETHER), TOGETHER)
        since = pods.scale(8)
        c.must("8", pods.whole(pods.names, since, TOGETHER), TOGETHER)
        for name in list(pods.names):
            pods.remove(name)
            since = pods.scale(8)
            c.must("replaced", pods.whole(pods.names, since, TOGETHER), TOGETHER)
    finally:
        pods.down()


def multicast(c, mesh, _):
    """Nodes that are given nobody find each other: together, more of them, all killed at once, one whose network goes and comes."""
    pods = replicas.Replicas(mesh, "multicast")
    try:
        for _ in range(3):
            pods.down()
            since = pods.scale(5)
            c.must("5", pods.whole(pods.names, since, TOGETHER), TOGETHER)
        since = pods.scale(8)
        c.must("8", pods.whole(pods.names, since, TOGETHER), TOGETHER)
        pods.kill(*pods.names)
        c.must("all killed", pods.whole(pods.names, pods.start(*pods.names), TOGETHER), TOGETHER)
        victim = pods.names[0]
        pods.unplug(victim)
        c.pause(15, time.time())
        since = time.time()
        pods.plug(victim)
        c.must("plugged in again", pods.whole(pods.names, since, WHOLE + 10), WHOLE + 10)  # its next beacon may be 12 s away
    finally:
        pods.down()


def two_bridges(c, mesh, _):
    """Two networks, two bridges, and all talk while one of these is killed and comes back: all have what all others say."""
    nets = bridges.Bridges(mesh)
    victim = bridges.BRIDGES[1]
    try:
        since = nets.up()
        everybody = list(nets.names)
        if not c.must("whole", nets.whole(everybody, since, WHOLE), WHOLE):
            return
        nets.names = [name for name in everybody if name != victim]
        with talk.Talk(c, nets):
            c.pause(8, time.time())
            since = time.time()
            nets.kill(victim)
            c.must("off all lists", nets.whole(nets.names, since, OFF), OFF)
            c.never("by its word", [name for name in nets.names if victim in nets.vias(name)])
            c.pause(8, since)
            c.must("back", nets.whole(everybody, nets.start(victim), WHOLE), WHOLE)
            c.pause(8, time.time())
    finally:
        nets.down()


def rotate(c, mesh, victim):
    """The key of a locked mesh is changed under traffic: appended, put first, the old one removed. Nobody notices."""
    with open(mesh.key) as file, tempfile.TemporaryDirectory() as directory:
        old = file.read()
        subprocess.run([os.environ["HEARSAY"], "keygen", "--dir", directory], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(directory, "mesh.key_secret")) as file:
            new = file.read()
    others, sent, ended = c.others(victim), [], threading.Event()
    command = mesh.command_at(victim, "pub", "--lines", "--wait", str(len(others)))
    pub = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)

    def publish():
        while not ended.wait(0.01):
            some = [f"number {len(sent) + i}" for i in range(10)]
            sent.extend(some)
            pub.stdin.write("\n".join(some) + "\n")
            pub.stdin.flush()
    publisher = threading.Thread(target=publish)
    publisher.start()
    begin = time.time()
    try:
        c.pause(1, begin)
        for step in old + new, new + old, new:
            mesh.put_key(step)
            c.pause(ROTATES, time.time())
    finally:
        ended.set()
        publisher.join()
        pub.stdin.close()
    c.never("errors of pub", pub.wait(60))
    rate = len(sent) / (time.time() - begin)
    deadline, got = time.time() + WHOLE, {}
    while time.time() < deadline and any(not lines or lines[-1] != sent[-1] for lines in got.values() or [[]]):
        got = {n: [line for line in mesh.messages(n) if line.startswith("number ")] for n in others}
        time.sleep(0.2)
    c.words.append(f"{len(sent)} messages, {rate:.0f}/s")
    for name, lines in got.items():
        if lines != sent:
            at = next((i for i, (a, b) in enumerate(zip(lines, sent)) if a != b), min(len(lines), len(sent)))
            c.wrong.append(f"{name} has {len(lines)} of {len(sent)}, {lines[at:at + 3]} for {sent[at:at + 3]}")
    links = 2 * len(others)
    stale = [n for n in mesh.names if web.ask(mesh.address(n), "/v1/status")["counters"]["link_renewed"] < links]
    c.never("not renewed", stale)
    c.never("suspected", mesh.events("suspect"))
    c.must("whole", mesh.whole(mesh.names, time.time(), WHOLE), WHOLE)


def alive(view):
    return {name for name, m in view.items() if m["state"] == "alive"}


# name -> (case, its victim by number, whether it cuts the network, whether it needs containers)
CASES = {
    "kill": (kill, 3, False, False),
    "stop-start": (stop_start, 2, False, False),
    "pause": (pause, 4, False, False),
    "disconnect": (disconnect, 1, True, False),
    "partition": (partition, 1, True, False),
    "one-way": (one_way, 1, True, False),
    "loss": (loss, 1, True, False),
    "talk-port": (talk_port, 2, True, False),
    "move": (move, 3, False, False),
    "rolling": (rolling, 1, False, False),
    "all-killed": (all_killed, 1, False, False),
    "flapper": (flapper, 4, False, False),
    "rotate": (rotate, 1, False, False),
    "naive": (naive, 1, False, True),
    "one-name": (one_name, 1, False, True),
    "multicast": (multicast, 1, False, True),
    "two-bridges": (two_bridges, 1, False, True),
    "same-name": (mistakes.same_name, 2, False, True),
    "wrong-seed": (mistakes.wrong_seed, 2, True, True),
    "port-blocked": (mistakes.port_blocked, 2, True, True),
    "hostile": (hostile, 2, False, True),
}


def possible(mesh, name):
    """Why a case cannot be tried here, or None."""
    _, _, cuts, guests = CASES[name]
    if cuts and not mesh.can_cut:
        return "needs root and nft"
    if guests and not mesh.has_guests:
        return "needs containers"
    if name == "rotate" and not mesh.key:
        return "needs a locked mesh: LOCKED=1"
    if name == "move" and not mesh.has_guests and not mesh.resolver:
        return "needs a namespace of its own for its resolver"
    return None
