#!/usr/bin/python3
"""Every text of scup has its room: in German, dark, at 200 %, with letters of twice the size; windows fit the screen.

LAYOUT_WATCH is the module that looks at the texts (layout-watch.c), LAYOUT_LOCALE has the translations.
"""
import os
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402

SCREEN = (1920, 1080)
TITLE_BAR = 40  # what gtk-common/window-size leaves for it
gui.reexec("x".join(map(str, SCREEN)))
GERMAN = {"LANGUAGE": "de"}


class Scup(s.Scup):
    """Two cards with much on them, and a program whose layout is watched."""

    def __init__(self, environment, scale=1):
        super().__init__()
        watch = os.environ["LAYOUT_WATCH"]
        self.scale = scale
        self.report = os.path.join(self.world.dir, "layout")
        self.environment = dict(environment, GTK_MODULES=watch, LD_PRELOAD=watch, LAYOUT_REPORT=self.report,
                                GDK_SCALE=str(scale),
                                # The module has to come before the sanitizer, which it does without.
                                ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")

    def make_cards(self):
        self.world.insert(1, "ca-1")
        self.work("zone", "create", "--zone-description", "Production 2026 zone of Europe", "--card-description",
                  "Zone officers A/B", pins=[(1, "111111")] * 2 + [(1, "222222")] * 2)
        self.world.insert(2, "ep11-1")
        self.work("card", "enroll", pins=[(1, "111111"), (1, "222222")])
        self.work("card", "personalize", "--description", "Custodian Weber, 1/3", pins=[(2, "123456")] * 2)
        self.work("card", "generate-signature-key", "--name", "Weber Admin", pins=[(2, "123456")])
        self.work("card", "generate-key-part", "--description", "MK 2026 part 1 for the vault", pins=[(2, "123456")])
        self.world.remove(2)  # what another program did with a card shows when it is put in again
        self.world.insert(2, "ep11-1")

    def work(self, *words, pins):
        process = self.tke(*words)
        for reader, pin in pins:
            self.world.pin(reader, pin)
        output = process.communicate(timeout=60)[0]
        assert process.returncode == 0, output

    def layout(self):
        if os.path.exists(self.report):
            os.unlink(self.report)
        self.program.process.send_signal(signal.SIGUSR1)

        def lines():
            if not os.path.exists(self.report):
                return None
            with open(self.report, encoding="utf-8") as file:
                text = file.read()
            return text.split("\n")[:-1] if text.endswith("end\n") else None
        return gui.wait("a report of the layout", lines)[:-1]

    def check(self, width=None, height=None):
        """All texts have their room, and no window is larger than the screen."""
        gui.wait(lambda: f"a layout in order: {self.layout()}", lambda: self.layout() == [])
        width, height = width or SCREEN[0] // self.scale, height or SCREEN[1] // self.scale
        for window in self.program.windows():
            size = window.accessible.get_component_iface().get_size()
            assert size.x <= width and size.y <= height, \
                f"“{window.name}” is {size.x} by {size.y}, there is room for {width} by {height}"

    def resize(self, window, width, height):
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "^" + window.name], check=True,
                               capture_output=True, text=True, timeout=30).stdout.split()
        subprocess.run(["xdotool", "windowsize", found[0], str(width * self.scale), str(height * self.scale)],
                       check=True, timeout=30)

        def size():
            area = window.accessible.get_component_iface().get_size()
            return area.x, area.y
        gui.wait(lambda: f"“{window.name}” to be {width} by {height}; it is {size()}",
                 lambda: size() == (width, height), 20)

    def item(self, menu, item):
        """The window that an item opens, by its places: names are another matter in German."""
        before = {window.name for window in self.program.windows()}
        bar = self.window.find("menu bar")
        items = list(list(bar.all("menu", hidden=True))[menu].all("menu item", hidden=True))
        items[item].click()
        return gui.wait("a new window", lambda: next(
            (window for window in self.program.windows() if window.name not in before), None))

    def close(self, window):
        title = window.name
        gui.close_window(title)
        self.program.no_window(title)


def look_around(scup, name, zone, main, *size):
    """The main window and four more, each in its turn."""
    scup.make_cards()
    scup.window.see(zone)
    scup.window.see("Weber Admin")
    if size:
        scup.resize(scup.window, *size)
    scup.check(*size)
    scup.shot(f"scup-layout-{name}")
    for menu, item, title in ((0, 0, "information"), (3, 2, "readers"), (4, 0, "plan"), (1, 0, "init")):
        window = scup.item(menu, item)
        if size and title in ("information", "plan"):
            scup.resize(window, *size)
        scup.check(*size)
        scup.shot(f"scup-layout-{name}-{title}")
        scup.close(window)
    assert scup.window.find("label", main)


def test_light():
    with Scup({}) as scup:
        look_around(scup, "light", "same zone", "✓ Two readers ready", 1280, 720)


def test_german():
    with Scup(GERMAN) as scup:
        look_around(scup, "german", "gleiche Zone", "✓ Zwei Leser bereit")


def test_german_dark_at_200_percent_on_1920_by_1080():
    with Scup(dict(GERMAN, GTK_THEME="Adwaita:dark"), scale=2) as scup:
        look_around(scup, "german-200", "gleiche Zone", "✓ Zwei Leser bereit")


def test_german_letters_of_twice_the_size_in_1280_by_720():
    with Scup(dict(GERMAN, GDK_DPI_SCALE="2")) as scup:
        look_around(scup, "german-large", "gleiche Zone", "✓ Zwei Leser bereit", 1280, 720)


def test_the_dialog_of_a_procedure_leaves_room_for_its_title_bar_at_200_percent():
    with Scup({}, scale=2) as scup:
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.find("push button", "Initialize")
        scup.check(height=SCREEN[1] // 2 - TITLE_BAR)
        scup.shot("scup-layout-dialog-200")


def test_the_foot_stays_as_it_is_when_lock_now_comes():
    with Scup({}) as scup:
        def height():
            return scup.window.find("label", "✓ Two readers ready").accessible.get_component_iface().get_size().y
        scup.check()  # the window is laid out
        before = height()
        scup.close(scup.make_zone())
        scup.window.find("push button", "Lock now")
        scup.check()
        assert height() == before, f"{before} before, {height()} with the button"


def test_letters_of_twice_the_size_in_1280_by_720():
    with Scup(dict(GDK_DPI_SCALE="2")) as scup:
        look_around(scup, "large", "same zone", "✓ Two readers ready", 1280, 720)


sys.exit(gui.run([value for name, value in sorted(globals().items()) if name.startswith("test_")]))
