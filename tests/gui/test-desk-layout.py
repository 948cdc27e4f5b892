#!/usr/bin/python3
"""The virtual desk's window in small, at 200 %, dark, in German and with more readers: every text has its room and its
contrast.

TKE, TKE_SIM and TKE_DESK are the programs, LAYOUT_WATCH is the module that looks at the texts (layout-watch.c) and
LAYOUT_LOCALE has the translations; pictures go to the directory of GUI_SCREENSHOTS, if it is set.
"""
import os
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
import desk_case  # noqa: E402
import desk_screen as screen  # noqa: E402
from desk_case import BUTTON, CARD, PICTURES  # noqa: E402


class LayoutTest(unittest.TestCase):
    """Every text has its room, in small windows, at 200 % and in German, with as many readers as there are."""

    def open(self, readers, env):
        self.world = screen.World(readers)
        self.addCleanup(self.world.close)
        self.report = os.path.join(self.world.home, "layout")
        watch = os.environ["LAYOUT_WATCH"]
        more = {"GTK_MODULES": watch, "LD_PRELOAD": watch, "LAYOUT_REPORT": self.report,
                # The module has to come before the sanitizer, which it does without.
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        self.desk = screen.Program(desk_case.ATSPI, [os.environ["TKE_DESK"]], dict(self.world.env, **more, **env))
        self.addCleanup(self.desk.close)
        self.frame = self.desk.find("frame", "")

    def start_entry(self):
        """A card in the last reader, and a program that waits for a new PIN there."""
        self.world.sim("insert", "1", "ca-1")
        self.world.sim("note", "ca-1", "front=Zone officers A and B, 1 of 2", "back=PIN 1 is 111111, PIN 2 222222")
        self.world.sim("fault", "reader", "1", "quick-clock")
        zone = self.world.tke("zone", "create", "--zone-description", "Z", "--card-description", "C")
        self.addCleanup(zone.stdout.close)
        self.addCleanup(zone.wait)
        self.addCleanup(zone.kill)
        screen.until("a pad that asks", lambda: self.world.status()["readers"][0]["pad"]["asking"])

    def resize(self, width, height, scale=1):
        window = self.desk.window()
        subprocess.run(["xdotool", "windowsize", window, str(width * scale), str(height * scale)], check=True)

        def done():
            size = self.frame.get_component_iface().get_size()
            return size.x == width and size.y == height
        screen.until(lambda: f"a window of {width} by {height}: it is "
                     f"{self.frame.get_component_iface().get_size().x} wide", done)

    def check(self):
        # What is shown follows the world, and a new size, within moments: all of it must come to be right.
        screen.until(lambda: f"a layout in order: {self.desk.layout(self.report)}",
                     lambda: self.desk.layout(self.report) == [], 20)

    def shoot(self, name, scale=1):
        if PICTURES:
            self.desk.shoot(os.path.join(PICTURES, f"desk-{name}.png"), scale)

    def test_three_readers_stand_side_by_side_in_1280_by_720_and_below_each_other_in_less(self):
        self.open(3, {})
        self.desk.find(BUTTON, "Reader 3, empty")
        self.start_entry()
        self.resize(1280, 720)
        self.check()
        tops = {self.desk.find(BUTTON, f"Reader {n}, ").get_component_iface().get_extents(
            desk_case.ATSPI.CoordType.SCREEN).y for n in (1, 2, 3)}
        self.assertEqual(len(tops), 1)
        self.shoot("three")
        for size in ((800, 600), (640, 480), (480, 400)):
            self.resize(*size)
            self.check()
        self.shoot("small")
        # A control: a text for which there is no room is found.
        for number in range(1, 11):
            self.world.sim("fault", "card", f"ep11-{number}", "full")
        screen.until("what is too long is found", lambda: any(
            line.startswith("shortened\tFaults in force") for line in self.desk.layout(self.report)))

    def test_reader_that_asks_out_of_view_is_scrolled_to(self):
        self.open(3, {})
        self.desk.find(BUTTON, "Reader 3, empty")
        self.resize(640, 480)
        slot = self.desk.find(BUTTON, "Reader 3, ")
        slot.get_component_iface().grab_focus()
        screen.until("the third reader is in view", lambda: self.is_in_view("Reader 3, "))
        self.assertFalse(self.is_in_view("Confirm, reader 1"))
        self.start_entry()
        screen.until("the pad that asks is in view", lambda: self.is_in_view("Confirm, reader 1"))

    def test_whole_pad_that_asks_is_in_view_in_640_by_360(self):
        self.open(2, {})
        self.desk.find(BUTTON, "Reader 2, empty")
        self.resize(640, 360)
        self.check()
        self.shoot("lowest")
        self.assertTrue(self.is_in_view("CA card ca-1, in the box", CARD))  # a whole row of the box
        for card in ("CA card ca-2, in the box", "EP11 card ep11-1, in the box"):  # each time it asks
            self.desk.find(CARD, card).get_component_iface().grab_focus()
            screen.until("the box is in view", lambda: self.is_in_view(card, CARD))
            self.assertFalse(self.is_in_view("Confirm, reader 1"))
            self.start_entry()
            screen.until("the pad that asks is in view", lambda: all(self.is_in_view(*what) for what in (
                ("1, reader 1",), ("Display of reader 1", "label"), ("Clear, reader 1",), ("Confirm, reader 1",))))
            self.check()
            self.shoot("lowest-pad")
            self.world.sim("cancel", "1")
            self.world.sim("remove", "1")
            self.desk.find(BUTTON, "Reader 1, empty")

    def is_in_view(self, name, role=BUTTON):
        """Between the head of the box of cards and the foot of the window."""
        ends = [node.get_component_iface().get_extents(desk_case.ATSPI.CoordType.WINDOW) for node in (
            self.desk.find(CARD, "+ Card"), self.desk.find(role, name), self.desk.find(CARD, "Faults"))]
        return ends[0].y < ends[1].y and ends[1].y + ends[1].height <= ends[2].y

    def test_german_has_room_too(self):
        self.open(2, {"LANGUAGE": "de"})
        self.desk.find(BUTTON, "Leser 1, leer")
        self.start_entry()
        self.desk.find("label", "Anzeige von Leser 1")
        self.check()
        self.resize(640, 480)
        self.check()
        for item, dialog in (("Kartenstörung…", "Kartenstörung"), ("Störung einer Kryptoeinheit…", "Störung")):
            self.desk.click("menu item", item)
            node = self.desk.find("dialog", dialog)
            self.check()
            next(child for child in self.desk.nodes(node)
                 if child.get_name() == "Abbrechen").get_action_iface().do_action(0)

    def test_at_200_percent_and_dark_the_same_holds(self):
        self.open(2, {"GDK_SCALE": "2", "GTK_THEME": "Adwaita:dark"})
        self.desk.find(BUTTON, "Reader 1, empty")
        self.start_entry()
        self.resize(640, 360, 2)
        self.check()
        self.shoot("scaled", 2)
        self.desk.click("menu item", "Card fault…")
        dialog = self.desk.find("dialog", "Card fault")
        self.check()
        size = dialog.get_component_iface().get_size()
        self.assertLessEqual(size.x, 640)
        self.assertLessEqual(size.y, 360)

    def test_what_cannot_be_used_while_tke_sim_is_away_can_be_read(self):
        for theme in ("Adwaita", "Adwaita:dark"):
            self.open(2, {"GTK_THEME": theme})
            self.desk.find(BUTTON, "Reader 1, empty")
            self.world.sim("insert", "1", "ca-1")
            self.desk.find(BUTTON, "Reader 1, ca-1")
            self.world.sim("stop")
            self.desk.find(BUTTON, "Start tke-sim")
            screen.until("a table that cannot be used", lambda: not self.desk.has_state(
                self.desk.find(BUTTON, "Reader 1, "), "SENSITIVE"))
            self.check()


if __name__ == "__main__":
    desk_case.main()
