#!/usr/bin/python3
"""Numbers of the programs with windows for docs/numbers.md: start to usable window, memory, longest gap of the main loop.

    tests/gui/measure-windows.py BUILD [--json FILE]

BUILD is a build directory, of a release build if the numbers are to count; under meson test --benchmark the programs come
from the environment. It prints each number with its limit and a verdict, which is about the greatest of all runs: met, not met, or
that the median alone is within. Like build/tests/bench it ends with 0 whatever the numbers are. The gap is that of a card set-up with cards that take the time of a J3R180: zone, backup, two EP11 cards,
made in scup while the desk shows the same world.
"""
import json
import os
import re
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = {"SCUP": "scup/scup", "TKE": "tke/tke", "TKE_SIM": "simulator/tke-sim", "TKE_DESK": "simulator/tke-desk",
            "LAYOUT_WATCH": "tests/gui/liblayout-watch.so"}
if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
    for variable, path in PROGRAMS.items():
        os.environ[variable] = os.path.join(os.path.abspath(sys.argv[1]), path)
import gui  # noqa: E402
import scup as s  # noqa: E402

gui.reexec()
RUNS = 7


def start_scup():
    """Seconds until both panes say what to do."""
    with s.Scup() as scup:
        scup.window.see("Insert a card in reader 2")
        return time.monotonic() - scup.program.started


def start_desk(world):
    """Seconds until cards and readers can be used."""
    desk = open_desk(world)
    try:
        gui.wait("a desk that can be used", lambda: can_be_used(desk))
        return time.monotonic() - desk.started
    finally:
        desk.end()


def open_desk(world, environment=None):
    # The one before may not be gone for tke-sim yet.
    return gui.Program(os.environ["TKE_DESK"], "--another", "--world", world.dir, environment=environment)


def can_be_used(desk):
    for window in desk.windows():
        card = next((node for node in window.all("toggle button") if node.name.startswith("CA card")), None)
        if card is not None and card.has("sensitive"):
            return True
    return False


def memory_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1)) * 1024 / 1e6


def gap_of(desk, report):
    desk.process.send_signal(signal.SIGUSR2)

    def read():
        if not os.path.exists(report):
            return None
        with open(report, encoding="ascii") as file:
            return file.read().strip()
    return int(gui.wait("a report of the gap", read))


def make_cards(scup):
    dialog = scup.make_zone()
    dialog.press("Back up the CA card")
    dialog = scup.dialog(s.BACKUP)
    dialog.press("Back up")
    scup.ca_pins()
    scup.world.insert(2, "ca-2")
    dialog.see("new first PIN")
    scup.world.new_pin(2, "333333")
    dialog.see("new second PIN")
    scup.world.new_pin(2, "444444")
    s.name_backup(dialog)
    dialog.see("The CA card has a backup")
    scup.close(dialog)
    for number in (1, 2):
        scup.world.remove(2)
        scup.make_card(f"ep11-{number}", f"Holder {number}")


def start_traced(trace):
    """scup that writes its trace, and with it its gap, to a file."""
    kept = os.dup(2)
    os.dup2(trace.fileno(), 2)
    try:
        scup = s.Scup("--profile", "J3R180", environment={"OPENTKE_TRACE": "1"})
        scup.start()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    return scup


def set_up():
    """Longest gaps in ms and greatest resident memory in MB of both programs over a card set-up."""
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryFile("w+") as trace:
        report = os.path.join(directory, "gap")
        scup = start_traced(trace)
        desk = open_desk(scup.world, {"GTK_MODULES": os.environ["LAYOUT_WATCH"], "GAP_REPORT": report})
        try:
            gui.wait("a desk that can be used", lambda: can_be_used(desk))
            make_cards(scup)
            memory = memory_of(scup.program.process.pid), memory_of(desk.process.pid)
            desk_gap = gap_of(desk, report)
            scup.quit()
        finally:
            desk.end()
            scup.__exit__()
        trace.seek(0)
        gap = re.search(r"longest gap of the main loop: (\d+) ms", trace.read())
        return int(gap.group(1)), desk_gap, *memory


def result(what, values, unit, limit, below=False):
    """below: the limit itself is too much."""
    values = sorted(values)
    median = values[len(values) // 2]

    def within(value):
        return value < limit if below else value <= limit
    verdict = "met" if within(values[-1]) else "met by the median" if within(median) else "not met"
    return {"what": what, "median": median, "least": values[0], "greatest": values[-1], "runs": len(values),
            "unit": unit, "limit": limit, "below": below, "verdict": verdict}


def measure():
    world = gui.World(os.environ["TKE_SIM"])
    try:
        desk = [start_desk(world) for _ in range(RUNS)]
    finally:
        world.end()
    yield result("scup, start to usable window", [start_scup() for _ in range(RUNS)], "s", 0.5, True)
    yield result("desk, start to usable window", desk, "s", 0.5, True)
    with s.Scup() as scup:
        yield result("scup, a pane follows a card", scup.time_panes(rounds=5), "s", 0.3)
    with s.Scup("--profile", "J3R180") as scup:
        told, shown = scup.time_insertions(rounds=20)
    yield result("scup, a pane tells of a card, J3R180", told, "s", 0.3)
    yield result("scup, a pane shows a card, J3R180", shown, "s", 1)
    setups = list(zip(*(set_up() for _ in range(3))))
    for i, what in enumerate((("scup, longest gap of the main loop, card set-up", "ms", 50, False),
                              ("desk, longest gap of the main loop, the same", "ms", 50, False),
                              ("scup, greatest resident memory, the same", "MB", 100, True),
                              ("desk, greatest resident memory, the same", "MB", 100, True))):
        yield result(what[0], setups[i], *what[1:])


ROW = "{:<48} {:>9} {:>5} {:>18} {:>9}  {}"


def main():
    results = []
    print(ROW.format("what", "median", "runs", "least to greatest", "limit", "verdict"))
    for number in measure():
        results.append(number)
        spread = f"{number['least']:.3g} to {number['greatest']:.3g}"
        limit = ("< " if number["below"] else "≤ ") + f"{number['limit']:g} {number['unit']}"
        print(ROW.format(number["what"], f"{number['median']:.3g} {number['unit']}", number["runs"], spread, limit,
                         number["verdict"]), flush=True)
    met = [number["verdict"] for number in results].count("met")
    print(f"{met} of {len(results)} limits met in every run")
    load = os.getloadavg()[0]
    print(f"load average {load:.1f}; a running average of the last minute")
    if "--json" in sys.argv:
        with open(sys.argv[sys.argv.index("--json") + 1], "w", encoding="utf-8") as file:
            json.dump({"load": load, "results": results}, file, indent=2)
    return 0


sys.exit(main())
