"""Faults under traffic: applications that number what they say, and count what they hear. See talker/main.go."""
import json
import os
import select
import signal
import subprocess
import time

import cut
import mesh
import shapes

SIZE = 100  # bytes of a body
SETTLE = 60  # seconds that all may take to have what was said, or to be told that they do not get it


class Talker:
    """One application."""

    def __init__(self, directory, address, rate, seeds, replay=0):
        self.address = address
        with open(os.path.join(directory, f"{address}-{time.monotonic_ns()}.err"), "wb") as err:
            self.popen = subprocess.Popen([os.environ["TALKER"], address, str(rate), str(SIZE), f"{replay}s", *seeds],
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err)

    def ask(self, what):
        """Sends one line and returns the answer."""
        self.popen.stdin.write(what.encode() + b"\n")
        self.popen.stdin.flush()
        if not select.select([self.popen.stdout], [], [], SETTLE)[0]:
            raise RuntimeError(f"{self.address} does not answer")
        return json.loads(self.popen.stdout.readline())

    def send(self, number):
        self.popen.send_signal(number)

    def kill(self):
        self.popen.kill()
        self.popen.wait()


class Talkers:
    """Applications 1 to n in one mesh, which are ended with the block."""

    def __init__(self, directory, n, rates, nets=("127.77.0",)):
        self.directory, self.rates = directory, {}
        self.all = {}
        addresses = [mesh.address(i, nets[(i - 1) * len(nets) // n]) for i in range(1, n + 1)]
        for i, seeds in enumerate(shapes.ring_of(1, n), 1):
            self.start(addresses[i - 1], rates(i), [addresses[s - 1] for s in seeds])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for t in self.all.values():
            t.send(signal.SIGCONT)
            t.kill()

    def start(self, address, rate, seeds, replay=0):
        self.rates[address] = rate, seeds
        self.all[address] = Talker(self.directory, address, rate, seeds, replay)

    def again(self, address, replay):
        """Starts one that has ended."""
        self.start(address, *self.rates[address], replay)

    def alive(self):
        return [name for name, t in self.all.items() if t.popen.poll() is None]

    def reports(self, names=None):
        return {name: self.all[name].ask("tell") for name in names or self.alive()}

    def every(self, what, names=None):
        for name in names or self.alive():
            self.all[name].ask(what)

    def flowing(self, seconds=60):
        """Waits until messages flow between all."""
        def flow():
            return all(r["flowing"] == len(self.all) - 1 for r in self.reports().values())
        if mesh.until(flow, seconds, every=0.2) is None:
            raise RuntimeError("messages do not flow between all before the fault")

    def settled(self, names, said):
        """Waits until each of these has the last message of all speakers, and returns all reports."""
        reports = {}

        def have():
            reports.update(self.reports(names))
            return all(r["heard"].get(who, {"last": 0})["last"] >= last
                       for name, r in reports.items() for who, last in said.items() if who != name)
        mesh.until(have, SETTLE, every=0.5)
        return reports


def last_words(talkers, names):
    """Has all be quiet, and then each of these say one more: so that what is missing before it shows. Returns how many
    each has said."""
    talkers.every("hush")
    time.sleep(0.2)
    talkers.every("say", names)
    time.sleep(0.2)
    talkers.every("hush")
    time.sleep(0.1)
    return {name: r["said"] for name, r in talkers.reports(names).items() if r["said"]}


def judge(bench, what, talkers, names, told=None):
    """Every message at each of these exactly once, in order, or told. told: how many of a speaker's may be told at most."""
    said = last_words(talkers, names)
    reports = talkers.settled(names, said)
    again, silent, false, lacking, lost = {}, {}, {}, {}, {}
    total = 0
    for name, r in reports.items():
        for who, last in said.items():
            if who == name:
                continue
            h = r["heard"].get(who, {"last": 0, "got": 0, "again": 0, "silent": 0, "false": 0, "told": 0})
            total += h["got"]
            for found, number in ((again, h["again"]), (silent, h["silent"]), (false, h["false"]), (lacking, last - h["last"]),
                                  (lost, h["told"])):
                if number:
                    found[name, who] = number
    for words, found in ("that came twice or late", again), ("missed in silence", silent), ("falsely told as lost", false), \
            ("that have not come", lacking):
        bench.count(f"{what}: messages {words}", {k: v for k, v in found.items() if v})
    if told is not None:
        bench.row(f"{what}: messages told as lost", told, "messages").add(sum(lost.values()), str(dict(list(lost.items())[:4])))
    print(f"     {what}: {total:,} deliveries, {sum(lost.values()):,} told as lost between {len(lost)} pairs", flush=True)


def frozen(bench, directory):
    """One of those who hear 5,000 messages a second is stopped for a while; the others notice nothing."""
    rate = bench.seconds(5000, 1000)
    with Talkers(directory, 4, lambda i: rate if i == 1 else 0) as talkers:
        victim, others = list(talkers.all)[3], list(talkers.all)[1:3]
        talkers.flowing()
        talkers.every("say", ["127.77.0.1"])
        for seconds in bench.seconds((2, 10, 30), (2, 6)):
            what = f"stopped {seconds} s at {rate:,}/s"
            time.sleep(1)
            talkers.reports(others)
            time.sleep(3)
            before = max(r["latency"][1] for r in talkers.reports(others).values())
            talkers.all[victim].send(signal.SIGSTOP)
            time.sleep(seconds)
            during = max(r["latency"][1] for r in talkers.reports(others).values())
            talkers.all[victim].send(signal.SIGCONT)
            bench.row(f"{what}: p99 of the others, beyond that before", 0.5).add(max(0, during - before) / 1000)
            print(f"     {what}: p99 of the others {before:.1f} ms before, {during:.1f} ms meanwhile", flush=True)
            time.sleep(1)
            judge(bench, what, talkers, talkers.alive(), told=0)
            talkers.every("say", ["127.77.0.1"])
        killed(bench, talkers, victim, rate)


def killed(bench, talkers, victim, rate):
    """kill -9 and a new start with --replay: the new life begins no later than the old one ended."""
    what = f"killed, replayed at {rate:,}/s"
    time.sleep(1)
    old = talkers.all[victim].ask("tell")["heard"]
    talkers.all[victim].kill()
    time.sleep(3)
    talkers.again(victim, replay=30)
    talkers.flowing()
    judge(bench, what, talkers, talkers.alive(), told=0)
    new = talkers.all[victim].ask("tell")["heard"]
    late = {who: new[who]["first"] - h["last"] - 1 for who, h in old.items() if who in new and new[who]["first"] > h["last"] + 1}
    late.update({who: h["last"] for who, h in old.items() if who not in new})
    bench.count(f"{what}: messages that neither life has", late)


def crowd(bench, directory, what, fault, nets=("127.77.0",), dies=()):
    """All say something while a fault comes and goes."""
    rate = bench.args.rate or bench.seconds(500, 20)
    with Talkers(directory, bench.args.nodes, lambda i: rate, nets) as talkers:
        talkers.flowing()
        talkers.every("say")
        time.sleep(2)
        end = fault(talkers)
        time.sleep(bench.seconds(20, 8))
        end()
        time.sleep(2)
        what = f"{what}, {len(talkers.all)} nodes at {rate}/s each"
        judge(bench, what, talkers, talkers.alive())


def traffic_whole(bench, directory):
    """Nothing is wrong: nothing is relayed, and nothing asked for again."""
    rate = bench.seconds(20, 5)
    with Talkers(directory, 32, lambda i: rate) as talkers:
        talkers.flowing(120)
        talkers.every("say")
        time.sleep(bench.seconds(20, 5))
        what = f"a whole mesh of {len(talkers.all)} at {rate}/s each"
        judge(bench, what, talkers, talkers.alive(), told=0)
        stats = [r["stats"] for r in talkers.reports().values()]
        for words, keys in (("relayed", ("messages_passed_on", "messages_relayed")),
                            ("repaired", ("messages_repaired", "repair_questions")), ("that came again", ("messages_duplicate",))):
            bench.count(f"{what}: messages {words}", {key: sum(s[key] for s in stats) for key in keys if any(s[key] for s in stats)})


def traffic_loss(bench, directory):
    cuts = cut.Cuts()

    def fault(talkers):
        cuts.lose(0.3, talkers.all)
        return cuts.heal
    crowd(bench, directory, "30 % packet loss", fault)


def traffic_one_way(bench, directory):
    cuts = cut.Cuts()

    def fault(talkers):
        names = list(talkers.all)
        cuts.one_way(names[1:2], names[2:3])
        return cuts.heal
    crowd(bench, directory, "a one-way break", fault)


def traffic_port(bench, directory):
    """The message port between two is shut from the start of the fault: what is open there is dropped, too."""
    cuts = cut.Cuts()

    def fault(talkers):
        one, other = list(talkers.all)[1:3]
        cuts.port(one, mesh.MESSAGE, [other])
        cuts.port(other, mesh.MESSAGE, [one])
        return cuts.heal
    crowd(bench, directory, "port 30000 dropped", fault)


def traffic_bridges(bench, directory):
    """Two networks that hear each other through two nodes alone, of which one is killed."""
    cuts = cut.Cuts()

    def fault(talkers):
        names = list(talkers.all)
        half = len(names) // 2
        bridges = names[0], names[half]
        cuts.split([n for n in names[:half] if n not in bridges], [n for n in names[half:] if n not in bridges])
        time.sleep(bench.seconds(15, 8))
        talkers.all[bridges[0]].kill()
        return lambda: None  # it stays as it is: what is said last comes through the other
    crowd(bench, directory, "one of two bridges killed", fault, nets=("127.77.0", "127.77.1"))
    cuts.heal()


# name -> (what it runs, whether it cuts the network)
CASES = {
    "traffic-freeze": (frozen, False),
    "traffic-whole": (traffic_whole, False),
    "traffic-loss": (traffic_loss, True),
    "traffic-one-way": (traffic_one_way, True),
    "traffic-port": (traffic_port, True),
    "traffic-bridges": (traffic_bridges, True),
}
