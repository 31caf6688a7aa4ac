"""What the cases ask of a mesh, whether its nodes are containers or processes."""
import collections
import concurrent.futures
import datetime
import json
import time

STARTS = 30  # seconds that a fresh mesh may take to be whole, on a machine that does other things too


class Cluster:
    """Nodes that can be broken and mended. Its two kinds are in containers.py and processes.py."""

    names = ()

    def __init__(self):
        self.pool = concurrent.futures.ThreadPoolExecutor(8)

    def members(self, name):
        """Each peer that a node knows of, as `hearsay members --json` shows it; None if the node does not answer."""
        text = self.hearsay(name, "members", "--json")
        if text is None:
            return None
        return {m["name"]: m for m in json.loads(text)["members"]}

    def links(self, name):
        """Who hears whom, as `hearsay links --json` of one node shows it."""
        text = self.hearsay(name, "links", "--json")
        return {row["name"]: set(row["hears"]) for row in json.loads(text)["nodes"]} if text else {}

    def wait(self, name, members, seconds):
        """`hearsay wait`: until a node has so many members."""
        return self.hearsay(name, "wait", "--members", str(members), "--timeout", f"{max(seconds, 0.1):.1f}s", patience=seconds + 10)

    def each(self, names, ask):
        """The answers of several nodes, asked at once."""
        return dict(zip(names, self.pool.map(ask, names)))

    def views(self, names):
        return {name: view or {} for name, view in self.each(names, self.members).items()}

    # What came of it.

    def whole(self, names, since, within, beside=()):
        """Waits until each of these nodes hears the others, lists them, and nobody else; those `beside` do not count. Returns how
        long after `since` the last of them came to hear another, or no longer heard one, or None, and what is wrong then."""
        deadline, wanted = time.time() + within, set(names)
        if not beside:
            self.each(names, lambda name: self.wait(name, len(names), within))
        while True:
            views = self.views(names)
            wrong = [f"{n} hears {sorted(alive(v))}" for n, v in views.items() if alive(v) - set(beside) != wanted - {n}]
            wrong = wrong or self._unlisted(names)
            if not wrong:
                return last(views, since, lambda m: m["state"] in ("alive", "suspect")), ""
            if time.time() > deadline:
                return None, "; ".join(wrong)
            time.sleep(0.1)

    def _unlisted(self, names):
        """Who says in its lists that it does not hear another, as the first of these nodes understands them."""
        rows = self.links(names[0])
        return [f"{a} does not list {sorted(set(names) - {a} - rows.get(a, set()))}" for a in names
                if set(names) - {a} - rows.get(a, set())]

    def seen_as(self, victim, by, states, since, within):
        """Waits until all of these nodes have the victim in one of these states; returns as whole() does."""
        deadline = time.time() + within
        while True:
            views = self.views(by)
            now = {n: v.get(victim, {}).get("state", "unknown") for n, v in views.items()}
            if all(state in states for state in now.values()):
                return last(views, since, lambda m: m["name"] == victim), ""
            if time.time() > deadline:
                return None, f"{victim} is {now}"
            time.sleep(0.1)

    def evictions(self):
        return self.events("evicted")

    def events(self, kind):
        """How often each (observer, peer) was logged with this event since the mesh was fresh."""
        found = collections.Counter()
        for name in self.names:
            for record in self.log(name):
                if record.get("msg") == f"peer {kind}":
                    found[name, record["peer"]] += 1 + record.get("repeated", 0)
        return found

    def story(self, victim, by, lines=5):
        """What one node logged of another last."""
        told = [r for r in self.log(by) if r.get("peer") == victim]
        return [f"{by}: " + " ".join(str(r.get(k, "")) for k in ("time", "msg", "from", "state", "why")) for r in told[-lines:]]


def alive(view):
    return {name for name, m in view.items() if m["state"] == "alive"}


def last(views, since, counted):
    """How long after `since` the last of the peers that count came into its state; 0 if all were in it before."""
    moments = [moment(m["since"]) for view in views.values() for m in view.values() if counted(m)]
    return max(0.0, *(m - since for m in moments)) if moments else 0.0


def moment(text):
    """Seconds since 1970 of a time as Go and Docker write it."""
    text = text.rstrip("Z").split("+")[0]
    whole, _, part = text.partition(".")
    at = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc).timestamp()
    return at + (float("0." + part) if part else 0)
