"""Drives programs with windows through the accessibility tree, as a screen reader sees them.

    reexec()                                # Xvfb and a D-Bus session of its own
    world = World(tke_sim)                  # a rehearsal with tke-sim, in a directory of its own
    program = Program(scup, "--rehearsal", "--world", world.dir)
    window = program.window("Smart Card Utility")
    window.find("push button", "Cancel").click()

Everything waits with a deadline, never with a sleep of a guessed length. A test is a program that starts with
reexec(): that brings it under Debian's python3 with its bindings, a D-Bus session and Xvfb.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

PYTHON = "/usr/bin/python3"
DEADLINE = 60.0
SKIP = 77  # what meson takes for "skipped"


def wanting():
    """What this machine lacks for tests in windows, in words; None: nothing."""
    for command in ("Xvfb", "xauth", "xvfb-run", "dbus-run-session", "xdotool"):
        if shutil.which(command) is None:
            return f"{command} is not installed"
    if subprocess.run([PYTHON, "-c", "import gi; gi.require_version('Atspi', '2.0')"],
                      capture_output=True).returncode != 0:
        return "the bindings of AT-SPI for Python are not installed"
    return None


def reexec(size="1280x720"):
    """Goes on in a screen and a D-Bus session of its own; skips where there can be none, never in CI."""
    if os.environ.get("GUI_TEST_INSIDE") == "1":
        return
    lack = wanting()
    if lack is not None:
        print(f"skipped: {lack} (tools/setup-packages test installs it)")
        sys.exit(1 if os.environ.get("CI") else SKIP)
    home = tempfile.mkdtemp(prefix="gui-home-")
    environment = dict(os.environ, GUI_TEST_INSIDE="1", HOME=home, XDG_RUNTIME_DIR=home,
                       XDG_STATE_HOME=home + "/state", XDG_CONFIG_HOME=home + "/config",
                       XDG_CACHE_HOME=home + "/cache", XDG_DATA_HOME=home + "/data",
                       LC_ALL=os.environ.get("GUI_TEST_LOCALE", "C.UTF-8"), GTK_MODULES="",
                       NO_AT_BRIDGE="0", GDK_BACKEND="x11", GIO_USE_VFS="local",
                       GSETTINGS_BACKEND="memory", PYTHONDONTWRITEBYTECODE="1")
    os.makedirs(home + "/config/gtk-3.0")
    with open(home + "/config/gtk-3.0/settings.ini", "w", encoding="utf-8") as file:
        file.write("[Settings]\ngtk-enable-animations=0\n")
    environment.pop("LANGUAGE", None)
    environment.pop("OPENTKE_WORLD", None)
    command = ["dbus-run-session", "--", "xvfb-run", "-a", "-s",
               f"-screen 0 {size}x24 -nolisten tcp", PYTHON] + sys.argv
    try:
        result = subprocess.run(command, env=environment).returncode
    finally:
        shutil.rmtree(home, ignore_errors=True)
    sys.exit(result)


def run(tests):
    """Runs functions, each a test whose name is a sentence, and says what became of them; an exit code.
    Words after the script's options choose those whose names contain one of them."""
    chosen = [word for word in sys.argv[1:] if not word.startswith("-") and "/" not in word]
    passed = failed = 0
    for test in tests:
        name = test.__name__
        if chosen and not any(word in name for word in chosen):
            continue
        begun = time.monotonic()
        try:
            test()
            passed += 1
            print(f"ok     {name} ({time.monotonic() - begun:.1f} s)", flush=True)
        except Exception:  # noqa: BLE001 - told, and the next test begins
            failed += 1
            print(f"FAILED {name}", flush=True)
            traceback.print_exc(file=sys.stdout)
    print(f"{passed} passed, {failed} failed, 0 skipped", flush=True)
    return 0 if failed == 0 and passed > 0 else 1


def accessibility():
    """The bindings of AT-SPI. A program on a busy machine answers late: without more patience AT-SPI waits 0.8 s for it
    (15 s while it is new), then raises an error here and counts no children there."""
    import gi
    gi.require_version("Atspi", "2.0")
    from gi.repository import Atspi
    Atspi.set_timeout(int(DEADLINE * 1000), int(DEADLINE * 1000))
    return Atspi


def is_passing(error):
    """Does it come from something that goes away, or is not there yet, while it is looked at?"""
    return type(error).__module__.startswith("gi.") or \
        isinstance(error, (AttributeError, LookupError, OSError, StopIteration, ValueError))


def wait(what, condition, deadline=DEADLINE):
    """The first true result of condition(); else an AssertionError that says what was waited for. While what it looks
    at is not there, or goes away, it is not fulfilled."""
    end = time.monotonic() + deadline
    while True:
        failure = None
        try:
            result = condition()
        except Exception as error:  # noqa: BLE001
            if not is_passing(error):
                raise
            result, failure = None, error
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline:.0f} s in vain for {what() if callable(what) else what}") from failure
        time.sleep(0.02)


def click(what, find):
    """Clicks what find() finds, once it is there and can be used. A program that ends by it may not have answered."""
    asked = []

    def clicked():
        if any(node.has_left() for node in asked):
            return True
        node = find()
        if not node.has("sensitive"):
            return False
        asked.append(node)
        return node.accessible.get_action_iface().do_action(0)
    wait(what, clicked)


class Node:
    """One accessible thing."""

    def __init__(self, accessible):
        self.accessible = accessible

    @property
    def role(self):
        return self.accessible.get_role_name()

    @property
    def name(self):
        return self.accessible.get_name() or ""

    def title(self):
        """The name; empty if the thing has gone meanwhile."""
        from gi.repository import GLib
        try:
            return self.name
        except GLib.Error:
            return ""

    @property
    def text(self):
        """What is shown: the text of a label, an entry or a text view; else the name."""
        try:
            interface = self.accessible.get_text_iface()
            if interface is not None:
                return interface.get_text(0, interface.get_character_count())
        except Exception:  # noqa: BLE001 - the thing has gone
            pass
        return self.name

    def has(self, state):
        from gi.repository import Atspi
        return self.accessible.get_state_set().contains(getattr(Atspi.StateType, state.upper()))

    def children(self):
        for i in range(self.accessible.get_child_count()):
            child = self.accessible.get_child_at_index(i)
            if child is not None:
                yield Node(child)

    def walk(self, hidden=False):
        yield self
        if not hidden and not self.has("showing"):
            return
        for child in self.children():
            yield from child.walk(hidden)

    def all(self, role=None, name=None, hidden=False):
        for node in self.walk(hidden):
            if (role is None or node.role == role) and (name is None or node.name == name) and \
                    (hidden or node.has("showing")):
                yield node

    def maybe(self, role=None, name=None, hidden=False):
        from gi.repository import GLib
        try:
            return next(self.all(role, name, hidden), None)
        except GLib.Error:
            return None

    def find(self, role=None, name=None, deadline=DEADLINE, hidden=False):
        return wait(lambda: f"{role} “{name}” in:\n{self.dump()}",
                    lambda: self.maybe(role, name, hidden), deadline)

    def texts(self):
        """What is shown; looked at anew where something goes away meanwhile. Of a window that has gone: nothing."""
        from gi.repository import GLib
        found = []
        for _ in range(50):
            found.clear()
            try:
                for node in self.walk():
                    if node.has("showing") and \
                            node.role not in ("filler", "panel", "frame", "menu bar", "notification"):
                        found.append(node.text)
                break
            except GLib.Error:
                time.sleep(0.02)
        return found

    def shows(self, text):
        return any(text in shown for shown in self.texts())

    def see(self, text, deadline=DEADLINE):
        """Waits until the text is shown somewhere in this."""
        wait(lambda: f"“{text}”; shown is:\n" + "\n".join(self.texts()), lambda: self.shows(text),
             deadline)

    def see_not(self, text, deadline=DEADLINE):
        wait(f"“{text}” to go away", lambda: not self.shows(text), deadline)

    def has_left(self):
        """Is its program not there any more?"""
        from gi.repository import GLib
        try:
            return self.accessible.get_process_id() <= 0
        except GLib.Error:
            return True

    def click(self):
        click(lambda: f"“{self.title()}” to be clicked", lambda: self)

    def press(self, name):
        """Clicks the button of this name."""
        click(lambda: f"the button “{name}” to be clicked in:\n{self.dump()}", lambda: self.maybe("push button", name))

    def type(self, text):
        """Puts this text in the place of what is there, and waits until it is."""
        wait(lambda: f"“{self.title()}” to take a text",
             lambda: self.has("sensitive") and self.accessible.get_editable_text_iface().set_text_contents(text))
        wait(lambda: f"“{text}” in “{self.title()}”; there is “{self.text}”", lambda: self.text == text)

    def see_text(self, text):
        """Waits until it has just this text."""
        wait(lambda: f"“{text}” in “{self.title()}”; there is “{self.text}”", lambda: self.text == text)

    def dump(self, indent=0):
        lines = []
        try:
            for node in self.children():
                if node.has("showing"):
                    lines.append("  " * indent + f"{node.role} “{node.text}”")
                    below = node.dump(indent + 1)
                    if below:
                        lines.append(below)
        except Exception:  # noqa: BLE001 - only for messages
            pass
        return "\n".join(lines)


class Program:
    """A program that is running, found in the accessibility tree by its process."""

    def __init__(self, *command, environment=None):
        self.atspi = accessibility()
        self.started = time.monotonic()
        # A file chooser shows where it was started: there are not many files in the test's own home.
        self.process = subprocess.Popen([os.path.abspath(command[0]), *command[1:]], cwd=os.environ["HOME"],
                                        env=dict(os.environ, **(environment or {})))

    def root(self):
        from gi.repository import GLib
        assert self.process.poll() is None, f"the program ended with {self.process.returncode}"
        desktop = self.atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            try:
                child = desktop.get_child_at_index(i)
                if child is not None and child.get_process_id() == self.process.pid:
                    return Node(child)
            except GLib.Error:
                pass  # another program, which has just ended
        return None

    def windows(self):
        """What is shown. A window that goes while it is looked at is not."""
        from gi.repository import GLib
        shown = []
        root = self.root()
        for i in range(root.accessible.get_child_count() if root else 0):
            try:
                node = Node(root.accessible.get_child_at_index(i))
                if node.accessible is not None and node.has("showing"):
                    shown.append(node)
            except GLib.Error:
                pass
        return shown

    def window(self, title, deadline=DEADLINE):
        """The window whose title begins so."""
        return wait(lambda: f"a window “{title}”; there are {self.titles()}",
                    lambda: next((w for w in self.windows() if w.title().startswith(title)), None),
                    deadline)

    def titles(self):
        return [w.title() for w in self.windows()]

    def opened(self, choose):
        """The window that choose() opens, whatever its title."""
        before = wait("a window to choose in", self.titles)
        choose()

        def new():
            for node in self.windows():
                title = node.title()
                if title and title not in before:
                    return node
            return None
        return wait(lambda: f"a new window; there are {self.titles()}", new)

    def menu_at(self, window, menu, item):
        """Chooses an item by its places, without opening the menu; returns the window that this opens."""
        def found():
            menus = list(window.find("menu bar").all("menu", hidden=True))
            return list(menus[menu].all("menu item", hidden=True))[item]
        return self.opened(wait(f"item {item} of menu {menu}", found).click)

    def no_window(self, title, deadline=DEADLINE):
        wait(lambda: f"the window “{title}” to go away; it shows:\n" + "\n".join(
            text for w in self.windows() if w.title().startswith(title) for text in w.texts()),
             lambda: not any(t.startswith(title) for t in self.titles()), deadline)

    def menu(self, window, *path):
        """Chooses an item without opening the menu."""
        node = window.find("menu bar")
        for name in path[:-1]:
            node = node.find("menu", name, hidden=True)
        node.find("menu item", path[-1], hidden=True).click()

    def end(self, patience=10):
        """Ends it, by force if it takes so many seconds; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode


def make_locale(name):
    """A directory for LOCPATH with this locale, "de_DE.UTF-8"; None where the sources of locales are missing."""
    source, charmap = name.split(".")
    if not os.path.exists(f"/usr/share/i18n/locales/{source}") or shutil.which("localedef") is None:
        return None
    directory = tempfile.mkdtemp(prefix="gui-locale-")
    subprocess.run(["localedef", "-i", source, "-f", charmap, os.path.join(directory, name)], timeout=300,
                   capture_output=True)
    return directory if os.path.isdir(os.path.join(directory, name)) else None


def close_window(title):
    """Asks the window to close, as a window manager does when its cross is clicked."""
    import ctypes
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "^" + title], check=True,
                           capture_output=True, text=True, timeout=30).stdout.split()

    class Message(ctypes.Structure):
        _fields_ = [("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
                    ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("what", ctypes.c_ulong),
                    ("format", ctypes.c_int), ("data", ctypes.c_long * 5), ("rest", ctypes.c_long * 16)]
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    x11.XInternAtom.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
    x11.XSendEvent.argtypes = (ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p)
    x11.XSync.argtypes = (ctypes.c_void_p, ctypes.c_int)
    x11.XCloseDisplay.argtypes = (ctypes.c_void_p,)
    display = x11.XOpenDisplay(None)
    message = Message(type=33, window=int(found[0]), what=x11.XInternAtom(display, b"WM_PROTOCOLS", 0), format=32)
    message.data[0] = x11.XInternAtom(display, b"WM_DELETE_WINDOW", 0)
    assert x11.XSendEvent(display, int(found[0]), 0, 0, ctypes.byref(message))
    x11.XSync(display, 0)
    x11.XCloseDisplay(display)


def screenshot(path):
    """The whole screen as PNG; nothing without a path or ImageMagick."""
    if path and shutil.which("import"):
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        temporary = tempfile.mkdtemp()
        subprocess.run(["import", "-window", "root", path], timeout=60,
                       env=dict(os.environ, MAGICK_TMPDIR=temporary, TMPDIR=temporary))
        shutil.rmtree(temporary, ignore_errors=True)


class World:
    """A rehearsal: a directory with tke-sim, and the hands of people."""

    def __init__(self, tke_sim, *options):
        self.dir = tempfile.mkdtemp(prefix="gui-world-")
        self.tke_sim = tke_sim
        if not any(str(option).startswith("--scenario") for option in options):
            options = (*options, "--scenario", "ready")  # cards with their applets
        self.sim(*options, "start")

    def sim(self, *words):
        result = subprocess.run([self.tke_sim, "--world", self.dir, *map(str, words)],
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        assert result.returncode == 0, f"tke-sim {words}: {result.stdout}{result.stderr}"
        return result.stdout

    def insert(self, reader, card):
        self.sim("insert", reader, card)

    def remove(self, reader):
        self.sim("remove", reader)

    def pin(self, reader, *entries):
        for digits in entries:
            self.sim("pin", reader, digits)

    def new_pin(self, reader, digits):
        self.pin(reader, digits, digits)

    def end(self):
        subprocess.run([self.tke_sim, "--world", self.dir, "stop"], stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=60)
        shutil.rmtree(self.dir, ignore_errors=True)
