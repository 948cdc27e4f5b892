"""scup with its layout watched, and ways through its windows and pages in any language and size.

LAYOUT_WATCH is the module that looks at the texts (layout-watch.c), LAYOUT_LOCALE has the translations.
"""
import gettext
import os
import signal
import subprocess

import gui
import scup as s

GERMAN = {"LANGUAGE": "de"}
FILE, CA, EP11, READERS, HELP = range(5)  # menus


class Scup(s.Scup):
    """Two cards with much on them, and a program whose layout is watched."""

    def __init__(self, environment, screen, scale=1):
        super().__init__()
        self.screen = screen
        watch = os.environ["LAYOUT_WATCH"]
        self.scale = scale
        self.report = os.path.join(self.world.dir, "layout")
        self.environment = dict(environment, GTK_MODULES=watch, LD_PRELOAD=watch, LAYOUT_REPORT=self.report,
                                GDK_SCALE=str(scale),
                                # The module has to come before the sanitizer, which it does without.
                                ASAN_OPTIONS=environment.get("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "")) +
                                ":verify_asan_link_order=0")

        self.catalogue = gettext.translation("opentke", os.environ["LAYOUT_LOCALE"], ["de"]) \
            if environment.get("LANGUAGE") == "de" else gettext.NullTranslations()

    def tr(self, text):
        """A text as this program shows it, without the mark of its mnemonic."""
        return self.catalogue.gettext(text).replace("_", "")

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
        width, height = width or self.screen[0] // self.scale, height or self.screen[1] // self.scale
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
        return self.program.menu_at(self.window, menu, item)

    def close(self, window):
        title = window.name
        gui.close_window(title)
        self.program.no_window(title)

    def see_somewhere(self, text):
        """A text of the main window, scrolled into view or not."""
        def there():
            return any(text in node.text for node in self.window.walk(hidden=True))
        gui.wait(f"“{text}” in the window", there)

    def look_at_windows(self, name, *size):
        """The main window and those beside it, each in its turn."""
        self.make_cards()
        self.see_somewhere(self.tr("%s  ✓ same zone") % "")
        self.see_somewhere("Weber Admin")
        if size:
            self.resize(self.window, *size)
        self.check(*size)
        self.shot(f"scup-layout-{name}")
        for menu, item, title in ((FILE, 0, "information"), (FILE, 2, "inventory"), (READERS, 2, "readers"),
                                  (HELP, 0, "plan"), (HELP, 1, "about"), (CA, 0, "init")):
            window = self.item(menu, item)
            if size and title in ("information", "plan"):
                self.resize(window, *size)
            self.check(*size)
            self.shot(f"scup-layout-{name}-{title}")
            self.close(window)
        assert self.window.find("label", self.tr("✓ Two readers ready"))

    def look_at_pages(self, name):
        """The pages of a procedure, with all the colours that they have."""
        def page(what, *seen):
            for text in seen:
                dialog.see(text)
            self.check()
            self.shot(f"scup-page-{name}-{what}")

        def enroll():
            dialog = self.item(EP11, 0)
            dialog.press(self.tr("_Enroll"))
            return dialog
        self.make_cards()
        self.world.remove(2)
        self.see_somewhere(self.tr("Insert a card in reader %u") % 2)
        dialog = self.item(EP11, 0)
        page("form")
        dialog.press(self.tr("_Enroll"))
        page("pin", self.tr("To stop, press the red key on reader %u.") % 1)
        self.world.pin(1, "999999")
        page("wrong", self.tr("That PIN was wrong."))
        self.world.sim("cancel", 1)
        page("error", self.tr("The PIN was not entered"))
        dialog.press(self.tr("_Try again"))
        self.ca_pins()
        page("insert", self.tr("It joins the zone of the CA card in reader 1."))
        self.world.insert(2, "ep11-1")
        page("reason")
        self.world.remove(2)
        self.world.insert(2, "ep11-1")
        dialog.find("push button", self.tr("_Erase and initialize"))
        page("overwrite")
        title = dialog.name
        dialog.press(self.tr("_Cancel"))
        self.program.no_window(title)
        self.world.remove(2)
        self.world.insert(2, "ep11-2")
        dialog = enroll()
        page("summary", self.tr("The card is enrolled"))
        self.close_page(dialog)
        self.world.remove(2)
        self.world.insert(2, "ep11-1")
        self.see_somewhere("Weber Admin")
        dialog = self.item(EP11, 5)
        self.world.pin(2, "123456")
        dialog.find("check box")
        page("contents")

    def close_page(self, dialog):
        title = dialog.name
        dialog.press(self.tr("_Close"))
        self.program.no_window(title)
