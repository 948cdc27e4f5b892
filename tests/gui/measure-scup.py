#!/usr/bin/python3
"""Numbers of scup for docs/numbers.md: start to usable window, memory, longest gap of the main loop.

Run by meson test --benchmark, on a release build; it prints and judges no time. The gap is that of a card set-up with
cards that take the time of a J3R180: zone, backup, two EP11 cards.
"""
import os
import re
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402

gui.reexec()


def start_once():
    """Seconds until both panes say what to do."""
    with s.Scup() as scup:
        scup.window.see("Insert a card in reader 2")
        return time.monotonic() - scup.program.started


def memory_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmHWM:\s+(\d+) kB", file.read()).group(1)) * 1024 / 1e6


def set_up():
    """Longest gap in ms and greatest resident memory in MB of a card set-up."""
    with tempfile.TemporaryFile("w+") as trace:
        kept = os.dup(2)
        os.dup2(trace.fileno(), 2)
        try:
            scup = s.Scup("--profile", "J3R180", environment={"OPENTKE_TRACE": "1"})
            scup.start()
        finally:
            os.dup2(kept, 2)
        try:
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
            dialog.see("The CA card has a backup")
            scup.close(dialog)
            for number in (1, 2):
                scup.world.remove(2)
                scup.make_card(f"ep11-{number}", f"Holder {number}")
            memory = memory_of(scup.program.process.pid)
            scup.quit()
        finally:
            scup.__exit__()
        trace.seek(0)
        gap = re.search(r"longest gap of the main loop: (\d+) ms", trace.read())
        return int(gap.group(1)), memory


def main():
    starts = sorted(start_once() for _ in range(7))
    with s.Scup() as scup:
        panes = scup.time_panes(rounds=5)
    gap, memory = set_up()
    print(f"start to usable window: {starts[3]:.3f} s (7 runs, {starts[0]:.3f} to {starts[-1]:.3f}); limit 0.5 s")
    print(f"a pane follows a card: {panes[len(panes) // 2] * 1000:.0f} ms ({len(panes)} changes, "
          f"{panes[0] * 1000:.0f} to {panes[-1] * 1000:.0f}); limit 300 ms")
    print(f"longest gap of the main loop, card set-up: {gap} ms; limit 50 ms")
    print(f"greatest resident memory: {memory:.0f} MB; limit 100 MB")
    return 0


sys.exit(main())
