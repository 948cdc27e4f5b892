"""scup in a rehearsal of its own, and what officers do with it."""
import os
import time

import gui

CA_PINS = ("111111", "222222")
TITLE = "Smart Card Utility"
INIT = "Initialize and personalize CA smart card"
BACKUP = "Backup CA smart card"
ENROLL = "Initialize and enroll EP11 smart card"
PERSONALIZE = "Personalize EP11 smart card"
UNBLOCK = "Unblock EP11 smart card"
CONTENTS = "Manage smart card contents"
DESCRIBE = "Change description"


# For what leaks in GTK and GLib and not here: the file chooser makes so many quarks that GLib leaves its first table
# of them, and key bindings that are asked for through AT-SPI are never freed.
LEAKS_OF_GTK = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


def name_zone(dialog, zone="Zone", card="Officers"):
    """What is asked for once both PINs are set."""
    dialog.see("What are the zone and its CA card called?")
    dialog.find("text", "Zone description").type(zone)
    dialog.find("text", "CA card description").type(card)
    dialog.press("Continue")


def name_backup(dialog, proposed="Zone officers A/B backup"):
    """What is asked for once the backup has the zone."""
    dialog.see("What is the backup called?")
    dialog.find("text", "Description of the backup").see_text(proposed)
    dialog.press("Continue")


def name_card(dialog, description):
    """What is asked for once the PIN is set."""
    dialog.see("Whose card is it?")
    dialog.find("text", "EP11 card description").type(description)
    dialog.press("Continue")


def choose_file(chooser, path):
    """Types the path into a file chooser and saves there; it shows the path before it is confirmed."""
    chooser.find("text").type(path)
    chooser.press("Save")


class Scup:
    """with Scup() as scup: the program, its window and its world."""

    def __init__(self, *options, environment=None):
        self.world = gui.World(os.environ["TKE_SIM"], *options)
        self.environment = environment
        self.program = None
        self.window = None

    def start(self):
        self.program = gui.Program(os.environ["SCUP"], "--rehearsal", "--no-desk", "--world", self.world.dir,
                                   environment=self.environment)
        self.window = self.program.window(TITLE)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind=None, *_):
        code = self.program.end()
        self.world.end()
        # Ended from outside it ends in order; where a pad still waits it may have been killed.
        assert kind is not None or code in (0, -9), f"scup ended with {code}"

    def quit(self):
        """As people do; the program's exit code tells of leaks too where a sanitizer looks."""
        self.program.menu(self.window, "File", "Exit")
        gui.wait("the end of scup", lambda: self.program.process.poll() is not None)
        assert self.program.process.returncode == 0, self.program.process.returncode

    def tke(self, *words):
        """The command line in the same world: for what scup does not do."""
        import subprocess
        return subprocess.Popen([os.environ["TKE"], "--rehearsal", "--world", self.world.dir, *words],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def time_panes(self, rounds):
        """Puts cards in and takes them out; seconds until the window shows it, in order of size."""
        times = []
        for _ in range(rounds):
            for reader, card, text in ((1, "ca-1", "Blank card for a CA card"),
                                       (2, "ep11-1", "Blank card for an EP11 card")):
                self.world.insert(reader, card)
                begun = time.monotonic()
                self.window.see(text)
                times.append(time.monotonic() - begun)
                self.world.remove(reader)
                begun = time.monotonic()
                self.window.see_not(text)
                times.append(time.monotonic() - begun)
        return sorted(times)

    def time_insertions(self, rounds):
        """Puts a card into reader 2, in order of size: seconds until the pane tells of it, and until it shows it."""
        told, shown = [], []
        for _ in range(rounds):
            begun = time.monotonic()
            self.world.insert(2, "ep11-1")
            for text, times in (("Card inserted", told), ("Blank card for an EP11 card", shown)):
                self.window.see(text)
                times.append(time.monotonic() - begun)
            self.world.remove(2)
            self.window.see("Insert a card in reader 2")
        return sorted(told), sorted(shown)

    def shot(self, name):
        directory = os.environ.get("GUI_SCREENSHOTS")
        gui.screenshot(os.path.join(directory, name + ".png") if directory else None)

    def menu(self, menu, item, title=None):
        """Chooses the item; returns the dialog that it opens."""
        self.program.menu(self.window, menu, item)
        return self.program.window(title or item)

    def dialog(self, title):
        return self.program.window(title)

    def ca_pins(self, pins=CA_PINS):
        self.world.pin(1, *pins)

    def make_zone(self, card="ca-1", zone="Production 2026", description="Zone officers A/B"):
        self.world.insert(1, card)
        dialog = self.menu("CA Smart Card", INIT)
        dialog.press("Initialize")
        dialog.see("first PIN")
        self.world.new_pin(1, CA_PINS[0])
        dialog.see("second PIN")
        self.world.new_pin(1, CA_PINS[1])
        name_zone(dialog, zone, description)
        dialog.see("The zone is made")
        return dialog

    def close(self, dialog):
        title = dialog.name
        dialog.press("Close")
        self.program.no_window(title)

    def make_card(self, card, description, pin="123456"):
        """A card that is ready: enrolled in the open zone and personalised."""
        self.world.insert(2, card)
        dialog = self.menu("EP11 Smart Card", ENROLL)
        dialog.press("Enroll")
        dialog.see("The card is enrolled")
        dialog.press("Personalize this card")
        self.personalize(description, pin)

    def personalize(self, description, pin="123456"):
        dialog = self.dialog(PERSONALIZE)
        dialog.press("Personalize")
        dialog.see("Type the new PIN")
        self.world.new_pin(2, pin)
        name_card(dialog, description)
        dialog.see("The card is ready")
        self.close(dialog)
