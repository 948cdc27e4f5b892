"""The virtual desk as people use it, for its tests: windows are found and read as a screen reader does (AT-SPI, as in
gui.py), keys and the mouse are those of the X server.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

import gui

until = gui.wait
SCENARIO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../data/scenarios/ready.json")
COMPLAINT = re.compile(r"CRITICAL|WARNING|runtime error|ERROR: \w+Sanitizer")
# What GTK says when a screen reader clicks an item of a menu that is not open.
HARMLESS = re.compile(r"gdk_window_get_window_type: assertion|no trigger event for menu popup")


class World:
    """A rehearsal in a directory of its own."""

    def __init__(self, readers=2):
        self.home = tempfile.mkdtemp(prefix="tke-gui-")
        self.path = os.path.join(self.home, "world")
        self.env = dict(os.environ, HOME=self.home, XDG_STATE_HOME=self.home + "/state",
                        XDG_CONFIG_HOME=self.home + "/config", LC_ALL="C.UTF-8", LANGUAGE="",
                        OPENTKE_WORLD=self.path)
        # Cards with their applets: loading is not what these tests are about.
        self.sim("start", "--scenario", self.scenario(readers))
        self.sim("stop")

    def scenario(self, n):
        """The scenario "ready" with n readers."""
        with open(SCENARIO, encoding="utf-8") as file:
            scenario = json.load(file)
        scenario["readers"] = [{"name": f"OpenTKE Virtual PIN Pad {i + 1}", "model": "OpenTKE virtual PIN pad",
                                "serial": f"V{i + 1}", "port": f"1-{i + 1}"} for i in range(n)]
        path = os.path.join(self.home, "scenario.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(scenario, file)
        return path

    def sim(self, *words, check=True):
        return subprocess.run([os.environ["TKE_SIM"], *words], env=self.env, check=check, timeout=60,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def status(self):
        return json.loads(self.sim("--json", "status").stdout)

    def card(self, label):
        return next(card for card in self.status()["cards"] if card["label"] == label)

    def tke(self, *words):
        return subprocess.Popen([os.environ["TKE"], "--rehearsal", "--yes", *words], env=self.env, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def close(self):
        self.sim("stop", check=False)
        shutil.rmtree(self.home, ignore_errors=True)


class Program:
    """A program with a window, its widgets found by role and name."""

    def __init__(self, atspi, argv, env):
        self.atspi = atspi
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(argv, env=env, stdout=self.log, stderr=self.log)

    def application(self):
        desktop = self.atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            try:
                child = desktop.get_child_at_index(i)
                if child is not None and child.get_process_id() == self.process.pid:
                    child.clear_cache()
                    return child
            except Exception:  # one that is just going away
                continue
        return None

    def nodes(self, node=None):
        node = self.application() if node is None else node
        if node is None:
            return
        yield node
        try:
            children = [node.get_child_at_index(i) for i in range(node.get_child_count())]
        except Exception:
            return
        for child in children:
            if child is not None:
                yield from self.nodes(child)

    def look(self, role, name):
        """The widgets of a role whose name begins with name, as far as they are shown."""
        found = []
        for node in self.nodes():
            try:
                if node.get_role_name() == role and node.get_name().startswith(name):
                    found.append(node)
            except Exception:
                continue
        return found

    def find(self, role, name, deadline=gui.DEADLINE):
        return until(lambda: f"{role} \"{name}\" of {self.names()}", lambda: self.look(role, name), deadline)[0]

    def names(self):
        return [f"{node.get_role_name()} {node.get_name()}" for node in self.nodes() if node.get_name()]

    def has_state(self, node, state):
        try:
            return node.get_state_set().contains(getattr(self.atspi.StateType, state))
        except Exception:
            return False

    def text(self, role, name):
        node = self.find(role, name)
        return self.atspi.Text.get_text(node, 0, -1)

    def click(self, role, name):
        """As a screen reader clicks."""
        node = self.find(role, name)
        until(f"{name} can be used", lambda: self.has_state(node, "SENSITIVE"))
        node.get_action_iface().do_action(0)

    def middle(self, node):
        box = node.get_component_iface().get_extents(self.atspi.CoordType.SCREEN)
        return box.x + box.width // 2, box.y + box.height // 2

    def place(self, role, name):
        """The middle of a widget, once it stays where it is: a window that has just come up, or changed its size, is
        laid out a few times."""
        before = None
        for _ in range(600):
            node = self.find(role, name)
            box = node.get_component_iface().get_extents(self.atspi.CoordType.SCREEN)
            now = (box.x, box.y, box.width, box.height)
            if now == before and box.width > 0 and box.height > 0:
                return self.middle(node)
            before = now
            time.sleep(0.1)
        raise AssertionError(f"{role} \"{name}\" does not stay in its place: {before}")

    def mouse(self, *words):
        subprocess.run(["xdotool", *[str(word) for word in words]], check=True, timeout=30)

    def click_with_mouse(self, role, name, button=1):
        until(f"{name} can be used", lambda: self.has_state(self.find(role, name), "SENSITIVE"))
        x, y = self.place(role, name)
        self.mouse("mousemove", x, y, "click", button)

    def drag(self, source, target):
        """From the middle of one widget to another's, with the button held."""
        x, y = self.place(*source)
        to_x, to_y = self.place(*target)
        self.mouse("mousemove", x, y, "mousedown", 1)
        for part in range(1, 11):
            self.mouse("mousemove", x + (to_x - x) * part // 10, y + (to_y - y) * part // 10)
            time.sleep(0.03)
        time.sleep(0.2)
        self.mouse("mouseup", 1)

    def keys(self, *names):
        """Keys of the keyboard, by their names in X."""
        self.mouse("key", "--delay", 40, *names)

    def type(self, digits):
        self.keys(*digits)

    def window(self):
        """The number of the desk's window, for xdotool."""
        return subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "^Virtu.*REHEARSAL"], text=True,
                              check=True, stdout=subprocess.PIPE, timeout=30).stdout.split()[0]

    def layout(self, report):
        """What is wrong with the texts of the windows shown, as tests/gui/layout-watch.c finds it."""
        if os.path.exists(report):
            os.unlink(report)
        self.process.send_signal(signal.SIGUSR1)

        def lines():
            if not os.path.exists(report):
                return None
            with open(report, encoding="utf-8") as file:
                text = file.read()
            return text.split("\n")[:-1] if text.endswith("end\n") else None
        return until("a report of the layout", lines)[:-1]

    def shoot(self, path, scale=1):
        """A picture of the program's window, and of nothing else on the screen."""
        frame = next(node for node in self.nodes() if node.get_role_name() == "frame")
        box = frame.get_component_iface().get_extents(self.atspi.CoordType.SCREEN)
        width, height, x, y = (scale * length for length in (box.width, box.height, box.x, box.y))
        subprocess.run(["import", "-window", "root", "-crop", f"{width}x{height}+{x}+{y}", "+repage", "-strip", path],
                       check=True, timeout=30)

    def output(self):
        self.log.seek(0)
        return self.log.read()

    def close(self):
        """Ends it; it must not have ended by itself with a failure, nor have complained about anything."""
        ended = self.process.poll()
        if ended is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        output = self.output()
        self.log.close()
        assert ended in (None, 0, -9), f"it ended with {ended}:\n{output}"
        complaints = [line for line in output.split("\n") if COMPLAINT.search(line) and not HARMLESS.search(line)]
        assert not complaints, output
