#!/usr/bin/python3
"""scup on PC/SC: in a rehearsal, through a pcscd of the test's own, and in real work, with what a workstation may lack."""
import os
import re
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402

if shutil.which("pcscd", path="/usr/sbin:" + os.environ.get("PATH", "")) is None:
    print("skipped: pcscd is not installed (tools/setup-packages test installs it)")
    sys.exit(1 if os.environ.get("CI") else gui.SKIP)
gui.reexec()

SOCKET = "PCSCLITE_CSOCK_NAME"
NOWHERE = {SOCKET: "/nonexistent/pcscd.comm"}


class Pcscd:
    """A world whose readers are those of a pcscd of our own; environment leads programs to it."""

    def __init__(self):
        self.world = gui.World(os.environ["TKE_SIM"])
        self.process = subprocess.Popen([os.environ["TKE_SIM"], "--world", self.world.dir, "pcscd"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        found = re.search(SOCKET + r"=(\S+)", self.process.stdout.readline())
        assert found is not None, "no pcscd can be started here"
        self.environment = {SOCKET: found.group(1)}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self.process.stdout.close()
        self.world.end()


class Real:
    """scup as in real work."""

    def __init__(self, environment):
        self.program = gui.Program(os.environ["SCUP"], environment=environment)

    def __enter__(self):
        self.window = self.program.window(s.TITLE)
        assert self.window.name == s.TITLE, self.window.name  # nothing is a rehearsal here
        return self

    def __exit__(self, kind=None, *_):
        code = self.program.end(gui.DEADLINE)
        assert kind is not None or code == 0, f"scup ended with {code}"

    def check(self):
        self.program.menu(self.window, "Readers", "Check readers…")
        return self.program.window("Check readers")


def test_a_rehearsal_through_pcsc_makes_a_zone():
    with Pcscd() as pcscd:
        program = gui.Program(os.environ["SCUP"], "--rehearsal=pcsc", "--no-desk", "--world", pcscd.world.dir,
                              environment=pcscd.environment)
        window = program.window(s.TITLE + " — REHEARSAL")
        window.see("Two readers ready")
        pcscd.world.insert(1, "ca-1")
        window.see("Blank card for a CA card")
        program.menu(window, "CA Smart Card", s.INIT)
        dialog = program.window(s.INIT)
        dialog.press("Initialize")
        dialog.see("first PIN")
        pcscd.world.new_pin(1, s.CA_PINS[0])
        dialog.see("second PIN")
        pcscd.world.new_pin(1, s.CA_PINS[1])
        s.name_zone(dialog)
        dialog.see("The zone is made")
        dialog.press("Close")
        program.no_window(s.INIT)
        window.see("Officers")
        pcscd.world.remove(1)
        window.see("Insert a card in reader 1")
        program.menu(window, "Readers", "Check readers…")
        program.window("Check readers").see("Everything is ready")
        assert program.end(gui.DEADLINE) == 0


def test_without_the_service_real_work_says_how_to_start_it():
    with Real(NOWHERE) as scup:
        scup.window.see("The readers cannot be reached")
        scup.window.see("Start the smart card service")
        page = scup.check()
        page.see("Something is missing")
        page.see("Start the smart card service")
        gui.screenshot(os.path.join(os.environ["GUI_SCREENSHOTS"], "scup-real-no-service.png")
                       if "GUI_SCREENSHOTS" in os.environ else None)


def test_real_work_does_not_use_virtual_readers():
    with Pcscd() as pcscd, Real(pcscd.environment) as scup:
        scup.window.see("This is a virtual reader")
        scup.window.see("0 readers found, two are needed")
        page = scup.check()
        page.see("Something is missing")
        page.see("The smart card service answers")
        page.see("this is a virtual reader, which is refused outside a rehearsal")
        pcscd.world.insert(1, "ca-1")
        scup.window.see_not("Insert a card in reader 1")
        scup.window.see("This is a virtual reader")


def test_a_usb_reader_that_the_service_does_not_show_is_told_with_its_remedy():
    here = os.path.dirname(os.path.abspath(__file__))
    devices = subprocess.Popen(["umockdev-wrapper", "/usr/bin/python3", os.path.join(here, "..", "pcsc", "usb-readers.py")],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                               env={name: value for name, value in os.environ.items() if name != "ASAN_OPTIONS"})
    directory = devices.stdout.readline().strip()
    devices.stdin.write("add 7\n")
    assert devices.stdout.readline() == "done\n"
    try:
        with Pcscd() as pcscd:
            environment = dict(pcscd.environment, UMOCKDEV_DIR=directory, LD_PRELOAD="libumockdev-preload.so.0",
                               ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0:detect_leaks=0")
            with Real(environment) as scup:
                page = scup.check()
                page.see("F055:0007")
                page.see("the smart card service does not show it")
                page.see("install or update the package libccid")
    finally:
        devices.stdin.close()
        devices.wait(60)
        devices.stdout.close()


if __name__ == "__main__":
    sys.exit(gui.run([value for name, value in list(globals().items()) if name.startswith("test_")]))
