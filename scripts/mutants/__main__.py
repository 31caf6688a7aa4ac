"""Whether the tests see what breaks the rules of membership. See mutants.sh, and table.txt for the mutants."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = pathlib.Path(__file__).with_name("table.txt")

# A mutant that loops for ever is caught by the clock. The whole suite takes a twentieth of this.
PATIENCE = 600

FAILED = re.compile(r"^\s*--- FAIL: ([^ /]+)", re.M)


class Mutant:
    """One change that breaks one rule."""

    def __init__(self, fields, old, new):
        self.name, self.rule, self.file, self.by = (fields[key] for key in ("name", "rule", "file", "by"))
        self.old, self.new = old, new

    def apply(self):
        """The file with the change in it. Raises ValueError unless the old lines are in it exactly once."""
        if not (ROOT / self.file).exists():
            raise ValueError(f"there is no {self.file}")
        text = (ROOT / self.file).read_text()
        # Spaces may differ: gofmt lines comments up anew when a neighbour changes.
        pattern = r"\s+".join(re.escape(word) for word in self.old.split())
        found = re.findall(pattern, text)
        if len(found) != 1:
            raise ValueError(f"the old lines are {len(found)} times in {self.file}")
        return re.sub(pattern, lambda _: self.new.strip(), text)


def read_table(path=TABLE):
    """The mutants of a table: blocks of "key: value", then lines of "-" and "+", parted by empty lines."""
    mutants = []
    for block in re.split(r"\n\s*\n", path.read_text()):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if not lines:
            continue
        fields = dict(re.findall(r"^(\w+): (.*)$", "\n".join(lines), re.M))
        old, new = ("\n".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")
        missing = {"name", "rule", "file", "by"} - fields.keys()
        if missing or not old:
            sys.exit(f"{path.name}: no {', '.join(sorted(missing)) or 'old line'} in\n{block}")
        mutants.append(Mutant(fields, old, new))
    names = [mutant.name for mutant in mutants]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        sys.exit(f"{path.name}: twice there: {', '.join(sorted(twice))}")
    return mutants


class Bench:
    """The project with one file changed, which the Go command takes from an overlay: nothing is copied."""

    def __init__(self, mutant, folder):
        self.folder = pathlib.Path(folder)
        changed = self.folder / "mutant.go"
        changed.write_text(mutant.apply())
        self.overlay = self.folder / "overlay.json"
        self.overlay.write_text(json.dumps({"Replace": {str(ROOT / mutant.file): str(changed)}}))

    def go(self, *args):
        return self.run("go", args[0], f"-overlay={self.overlay}", *args[1:])

    def run(self, *command):
        """What a command says, and whether it succeeded: (output, status), the status None where it did not end."""
        try:
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return "", None
        return done.stdout, done.returncode

    def tests(self, package, only=""):
        """The first test of a package that fails, or "" where none does."""
        out, code = self.go("test", "-count=1", "-vet=off", "-failfast", f"-run={only}", package)
        if code == 0:
            return ""
        if code is None:
            return "tests that do not end"
        first = FAILED.search(out)
        return first[1] if first else "a panic" if "panic:" in out else out.strip().splitlines()[-1]

    def suite(self, scenario, seeds):
        """The first rule or goal of the simulator's suite that is broken, or ""."""
        program = self.folder / "hearsay"
        out, code = self.go("build", "-o", str(program), "./cmd/hearsay")
        if code:
            raise ValueError("does not compile: " + out.strip())
        out, code = self.run(str(program), "sim", "--scenario", scenario, "--seeds", str(seeds), "--json")
        if code == 0:
            return ""
        if code is None:
            return "runs that do not end"
        start = ("\n" + out).find("\n{")  # a run that takes long says before how far it is
        if start < 0:
            return "a panic of the simulator"
        report = json.JSONDecoder().raw_decode(out[start:])[0]
        for failure in report.get("failures") or []:
            return f"{failure['rule']} in {failure['scenario']}, seed {failure['seed']}"
        for row in report["rows"]:
            for goal in row["goals"]:
                if not goal["ok"]:
                    return f"\"{goal['title']}\" in {row['scenario']}, seed {goal['worst_seed']}"
        return "a transition that is never made"


def where(by):
    """What catches a mutant by its table: (package of the test, test or scenario)."""
    kind, _, what = by.partition(" ")
    if kind != "suite" and kind.split("/")[0] not in ("mesh", "node") or not what:
        sys.exit(f"by: {by}: want the folder of a package of mesh or node and TEST, or suite SCENARIO")
    return kind, what


def hunt(mutant, options):
    """Who catches a mutant: (what is to be said, whether that is well)."""
    kind, what = where(mutant.by)
    try:
        with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
            bench = Bench(mutant, folder)
            out, code = bench.go("build", "./mesh/...", "./node/...")
            if code != 0:
                return "does not compile: " + out.strip().splitlines()[-1], False
            if kind == "suite":
                first = bench.suite(what, options.seeds)
            else:
                first = bench.tests("./" + kind, f"^{what}$")
            if first:
                return "caught by " + first, True
            if options.quick:
                return f"not caught by {what}, as its line in the table says", False
            first = bench.tests("./mesh/...")
            if first:
                return f"caught by {first}, and not by {what} as its line says", True
            first = bench.suite("all", options.seeds)
            if first:
                return f"caught by {first}, and not by {what} as its line says", True
            return "MISSED: " + mutant.rule, False
    except ValueError as err:
        return f"does not apply any more: {err}", False


def stale(mutants):
    """Why mutants do not apply to the code, or name a test that is not there: a line for each."""
    for mutant in mutants:
        kind, what = where(mutant.by)
        try:
            mutant.apply()
        except ValueError as err:
            yield f"{mutant.name}: {err}"
        if kind != "suite" and not any(f"func {what}(t *testing.T)" in path.read_text() for path in (ROOT / kind).glob("*_test.go")):
            yield f"{mutant.name}: there is no {what} in {kind}"


def main():
    parser = argparse.ArgumentParser(prog="scripts/mutants.sh", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these mutants")
    parser.add_argument("--quick", action="store_true", help="only those that a unit test catches, by that test alone")
    parser.add_argument("--check", action="store_true", help="only whether each applies to the code as it is now")
    parser.add_argument("--seeds", type=int, default=10, help="seeds of the simulator's suite (default: 10)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="mutants at a time (default: one for each processor)")
    options = parser.parse_args()

    all_mutants = read_table()
    mutants = [m for m in all_mutants if not options.names or m.name in options.names]
    unknown = set(options.names) - {m.name for m in mutants}
    if unknown or not mutants:
        parser.error(f"no mutant {', '.join(sorted(unknown))}")
    if options.check:
        lines = list(stale(mutants))
        print("".join(line + "\n" for line in lines), end="")
        sys.exit(1 if lines else 0)
    if options.quick:
        mutants = [m for m in mutants if where(m.by)[0] != "suite"]
    began, bad = time.monotonic(), []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        hunts = {pool.submit(hunt, mutant, options): mutant for mutant in mutants}
        for done in concurrent.futures.as_completed(hunts):
            mutant, (said, well) = hunts[done], done.result()
            print(f"{'ok  ' if well else 'FAIL'} {mutant.name}: {said}", flush=True)
            if not well:
                bad.append(mutant.name)
    print(f"{len(mutants) - len(bad)} of {len(mutants)} mutants caught in {time.monotonic() - began:.0f} s")
    if bad:
        print("not caught: " + " ".join(sorted(bad)))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
