"""Checks the ring of docker-compose.yml. See compose.sh."""
import os
import signal
import sys

import compose
import mesh
import variants

DEADLINE = 30  # seconds for each state


def ping(name):
    return f"PING! from host {name}"


def check_whole(report, ears, names, what):
    took = mesh.until(lambda: mesh.complete(ears, names), DEADLINE, ears)
    report.check(took is not None, what, f"{took:.1f} s" if took is not None else mesh.missing(ears, names))


def check_pings(ring, report, before, pairs, what):
    """Each (at, of) of pairs must have received a PING more than it had before."""
    def lacking():
        heard = {at: ring.heard(at) for at in {at for at, _ in pairs}}
        return [f"{at} of {of}" for at, of in pairs if heard[at].count(ping(of)) <= before.get((at, of), 0)]
    took = mesh.until(lambda: not lacking(), DEADLINE, every=0.3)
    report.check(took is not None, what, f"{took:.1f} s" if took is not None else f"nothing at {lacking()}")


def check_version(report):
    said = compose.output("docker", "run", "--rm", "hearsay", "version")
    wanted = os.environ["HEARSAY_VERSION"] or "unknown"
    report.check(said.startswith(f"hearsay {wanted} go"), "the image says which version it is", said)


def check(ring, report):
    check_version(report)
    ears = {name: mesh.Ear(ring.ips[name], source=None) for name in compose.NAMES}
    check_whole(report, list(ears.values()), compose.NAMES, "four containers: every node lists every node")
    check_pings(ring, report, {}, [(at, of) for at in compose.NAMES for of in compose.NAMES], "every node receives the PING! of every node")

    lost, rest = "node_3", [name for name in compose.NAMES if name != "node_3"]
    compose.output("docker", "kill", ring.ids[lost])
    ears.pop(lost).close()
    check_whole(report, list(ears.values()), rest, f"{lost} killed: nobody lists it")

    before = {(at, of): ring.heard(at).count(ping(of)) for at in compose.NAMES for of in compose.NAMES}
    ring.start_elsewhere(lost)
    what = f"{lost} started again, {ring.ips[lost]} now {ring.ip(lost)}"
    ears[lost] = mesh.Ear(ring.ip(lost), source=None)
    check_whole(report, list(ears.values()), compose.NAMES, f"{what}: every node lists every node")
    check_pings(ring, report, before, [(lost, of) for of in compose.NAMES] + [(at, lost) for at in rest],
                f"{what}: it hears all and all hear it")
    for ear in ears.values():
        ear.close()

    compose.output("docker", "stop", "--time", "10", ring.ids["node_1"])
    code = ring.inspect("node_1")["State"]["ExitCode"]
    report.check(code == 0, "SIGTERM ends a container cleanly", f"exit {code}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ring, report = compose.Ring(sys.argv[1]), mesh.Report()
    try:
        ring.up()
        check(ring, report)
        if report.failed:
            for name in compose.NAMES:
                print(f"--- log of {name}\n{ring.log(name)}", flush=True)
    finally:
        ring.down()
    variants.check(sys.argv[1], report)
    report.finish()


if __name__ == "__main__":
    main()
