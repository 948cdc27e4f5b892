"""What the tests of the virtual desk share: a desk with a world of its own, and the hands of people on it.

TKE, TKE_SIM and TKE_DESK are the programs; pictures go to the directory of GUI_SCREENSHOTS, if it is set.
"""
import os
import time
import unittest

import desk_screen as screen
import gui

PICTURES = os.environ.get("GUI_SCREENSHOTS")
CARD = "toggle button"
BUTTON = "push button"
ATSPI = None  # once main has found a screen


def main():
    """Runs the tests of the program that calls this, on a screen of their own."""
    global ATSPI
    gui.reexec()
    ATSPI = gui.accessibility()
    if PICTURES:
        os.makedirs(PICTURES, exist_ok=True)
    unittest.main(module="__main__", verbosity=2, warnings="ignore")


class DeskTest(unittest.TestCase):
    def setUp(self):
        self.world = screen.World()
        self.addCleanup(self.world.close)
        self.desk = self.open_desk()
        self.desk.find(BUTTON, "Reader 1, empty")

    def open_desk(self, *more, **env):
        desk = screen.Program(ATSPI, [os.environ["TKE_DESK"], *more], dict(self.world.env, **env))
        self.addCleanup(desk.close)
        return desk

    def tke(self, *words):
        process = self.world.tke(*words)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def finish(self, process, status=0):
        output = process.communicate(timeout=60)[0]
        self.assertEqual(process.returncode, status, output)
        return output

    def shoot(self, name):
        if PICTURES:
            self.desk.mouse("mousemove", 600, 290)  # where nothing has a tooltip
            time.sleep(0.7)  # what is being drawn, a tooltip that goes
            self.desk.shoot(os.path.join(PICTURES, f"desk-{name}.png"))

    def place(self, label):
        return self.world.card(label)["reader"]

    def wait_for_place(self, label, reader):
        screen.until(f"{label} in reader {reader}", lambda: self.place(label) == reader)

    def wait_for_pad(self, reader, prompt=""):
        self.desk.find(BUTTON, f"Reader {reader}, ")
        screen.until(lambda: f"pad {reader} asks for {prompt}: {self.display(reader)}",
                     lambda: self.is_lit(reader) and self.display(reader).startswith(prompt))

    def is_lit(self, reader):
        return self.desk.has_state(self.desk.find(BUTTON, f"Confirm, reader {reader}"), "SENSITIVE")

    def display(self, reader):
        return self.desk.text("label", f"Display of reader {reader}")

    def dots(self, reader):
        return self.desk.text("label", f"Digits typed, reader {reader}")

    def message(self):
        return self.desk.text("label", "Message")

    def insert(self, kind, label, reader):
        self.insert_labelled(f"{kind} card {label}", label, reader)

    def insert_labelled(self, name, label, reader):
        """Click a card, then a reader."""
        card = (CARD, f"{name}, in the box")
        self.desk.click_with_mouse(*card)
        screen.until(f"{name} in the hand", lambda: self.desk.has_state(self.desk.find(*card), "CHECKED"))
        self.desk.click_with_mouse(BUTTON, f"Reader {reader}, ")
        self.wait_for_place(label, reader)

    def enter_with_mouse(self, reader, digits):
        # Looked for once each: the 20 seconds of the pad are running.
        places = {digit: self.desk.place(BUTTON, f"{digit}, reader {reader}") for digit in set(digits)}
        for digit in digits:
            self.desk.mouse("mousemove", *places[digit], "click", 1)
        screen.until(f"six dots on reader {reader}", lambda: self.dots(reader) == "●" * 6)
        self.desk.click_with_mouse(BUTTON, f"Confirm, reader {reader}")

    def enter_with_keyboard(self, digits):
        self.desk.keys(*digits, "Return")
