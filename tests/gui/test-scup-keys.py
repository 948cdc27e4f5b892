#!/usr/bin/python3
"""Every control of scup has a key of its own (Alt and a letter), in English and in German, whatever a window shows.

tools/check-mnemonics checks the texts; this one looks at windows. LAYOUT_WATCH lets translations be found that are not
installed (LAYOUT_LOCALE).
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402
from keyboard import activate, focused, keys, see_keys  # noqa: E402

gui.reexec()

EDIT = ("Holder and place of", "Inhaber und Ort von", "Copy: ", "Kopieren: ")  # in each row
BLANK = ("take a blank card", "eine leere Karte")
READY = ("✓ Two readers ready", "✓ Zwei Leser bereit")
FORMS = ((1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (2, 1), (2, 2))
WINDOWS = ((0, 0), (0, 1), (0, 2), (3, 2), (4, 0))


class Scup(s.Scup):
    """With cards that are ready, found by the places of its menu items: names are another matter in German."""

    def __init__(self, language):
        options = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0:verify_asan_link_order=0"
        super().__init__(environment={"LANGUAGE": language, "LD_PRELOAD": os.environ["LAYOUT_WATCH"],
                                      "ASAN_OPTIONS": options})

    def work(self, *words, pins):
        process = self.tke(*words)
        for reader, pin in pins:
            self.world.pin(reader, pin)
        output = process.communicate(timeout=60)[0]
        assert process.returncode == 0, output

    def make_cards(self):
        self.world.insert(1, "ca-1")
        self.work("zone", "create", "--zone-description", "Zone_1", "--card-description", "Off_icers",
                  pins=[(1, s.CA_PINS[0])] * 2 + [(1, s.CA_PINS[1])] * 2)
        self.world.insert(2, "ep11-1")
        self.work("card", "enroll", pins=[(1, s.CA_PINS[0]), (1, s.CA_PINS[1])])
        self.work("card", "personalize", "--description", "Alice", pins=[(2, "123456")] * 2)

    def item(self, menu, item):
        return self.program.menu_at(self.window, menu, item)

    def leave(self, window):
        title = window.name
        activate(window, title)
        keys("Escape")
        self.program.no_window(title)

    def go_on(self, dialog):
        """The button that goes on is the last one."""
        gui.click(lambda: f"a button that goes on in:\n{dialog.dump()}", lambda: list(dialog.all("push button"))[-1])


def see_buttons(window, n):
    def buttons():
        return [node for node in window.all("push button") if not node.name.startswith(EDIT)]
    gui.wait(lambda: f"{n} buttons in:\n{window.dump()}", lambda: len(buttons()) == n)


def see_ready(scup):
    """Both readers are there and their keypads known."""
    gui.wait(lambda: f"two readers:\n{scup.window.dump()}",
             lambda: any(text.startswith(READY) for text in scup.window.texts()))


def look_at_panes(scup):
    scup.world.sim("fault", "reader", "unplugged")
    see_buttons(scup.window, 2)
    see_keys(scup.window)
    scup.shot("scup-keys-no-readers")
    scup.world.sim("fault", "reader", "plugged")
    see_ready(scup)
    see_buttons(scup.window, 0)
    scup.world.insert(1, "ca-1")
    see_buttons(scup.window, 1)
    see_keys(scup.window, EDIT)
    scup.world.remove(1)
    scup.make_cards()


def look_at_an_error(scup):
    """A PIN entry that was cancelled on the pad, and the prompt for it."""
    dialog = scup.item(1, 3)
    see_keys(dialog)
    scup.go_on(dialog)
    gui.wait(lambda: f"the choice:\n{dialog.dump()}", lambda: dialog.maybe("table"))
    see_keys(dialog)
    scup.go_on(dialog)
    see_buttons(dialog, 1)
    see_keys(dialog)
    scup.world.sim("cancel", 1)
    see_buttons(dialog, 2)
    see_keys(dialog)
    scup.leave(dialog)


def look_at_a_prompt(scup):
    """A card that is waited for, and another one in its place."""
    scup.world.remove(2)
    dialog = scup.item(2, 3)
    see_buttons(dialog, 2)
    see_keys(dialog)
    scup.leave(dialog)
    scup.world.insert(2, "ep11-1")


def look_at_a_question(scup):
    """A card in use that is to be erased; its description has what could be a mark."""
    dialog = scup.item(1, 0)
    scup.go_on(dialog)
    gui.wait("the prompt", lambda: any(word in text for text in dialog.texts() for word in BLANK))
    scup.world.remove(1)
    scup.world.insert(1, "ca-1")
    gui.wait(lambda: f"a field:\n{dialog.dump()}", lambda: dialog.maybe("text"))
    see_keys(dialog)
    gui.wait(lambda: f"the description as it is:\n{dialog.dump()}",
             lambda: dialog.find("text").name in ("To go on, type “Off_icers”:", "Zum Fortfahren „Off_icers“ eingeben:"))
    gui.wait("the same in its label", lambda: dialog.maybe("label", dialog.find("text").name))
    scup.shot("scup-keys-question")
    scup.leave(dialog)


def look_through(language):
    with Scup(language) as scup:
        see_ready(scup)
        look_at_panes(scup)
        for place in FORMS + WINDOWS:
            window = scup.item(*place)
            see_keys(window, EDIT)
            scup.leave(window)
        see_keys(scup.window, EDIT)
        look_at_an_error(scup)
        look_at_a_prompt(scup)
        look_at_a_question(scup)


def test_every_control_has_a_key_of_its_own():
    look_through("en")


def test_every_control_has_a_key_of_its_own_in_german():
    look_through("de")


def test_keys_lead_to_fields_and_choose_nothing():
    with Scup("en") as scup:
        scup.make_cards()
        scup.work("card", "generate-key-part", "--description", "Part", pins=[(2, "123456")])
        dialog = scup.item(1, 3)
        activate(dialog, dialog.name)
        keys("alt+h")  # nothing is asked for before the button is pressed
        dialog.see("Which PIN")
        scup.leave(dialog)
        dialog = scup.item(2, 4)
        scup.world.pin(2, "123456")
        gui.wait(lambda: f"what can be described:\n{dialog.dump()}", lambda: len(list(dialog.all("radio button"))) > 1)
        last = list(dialog.all("radio button"))[-1]
        last.click()
        gui.wait("the choice", lambda: last.has("checked"))
        activate(dialog, dialog.name)
        keys("Tab", "alt+o")
        gui.wait(lambda: f"the focus on the choice; it is on {focused(dialog).name}",
                 lambda: focused(dialog).name == last.name)
        assert last.has("checked")
        scup.leave(dialog)


def look_at_options(language, card, key):
    """Options and check boxes have keys: the first ones a letter, key parts the number of their place."""
    with Scup(language) as scup:
        scup.make_cards()
        scup.work("card", "generate-signature-key", "--name", "Alice", pins=[(2, "123456")])
        for part in ("Part_1", "Part_2"):
            scup.work("card", "generate-key-part", "--description", part, pins=[(2, "123456")])
        for item, role, expected in ((4, "radio button", (("2", "Part_2"), ("1", "Part_1"), (card, "Alice"))),
                                     (5, "check box", (("2", "Part_2"), (key, "Alice"), ("1", "Part_1")))):
            dialog = scup.item(2, item)
            scup.world.pin(2, "123456")
            gui.wait(lambda: f"what is on the card:\n{dialog.dump()}", lambda: len(list(dialog.all(role))) == 3)
            see_keys(dialog)
            for letter, name in expected:
                activate(dialog, dialog.name)
                keys("alt+" + letter)
                gui.wait(lambda: f"“{name}” to be chosen:\n{dialog.dump()}", lambda: any(
                    name in node.name and node.has("checked") for node in dialog.all(role)))
            scup.shot(f"scup-keys-options-{language}-{item}")
            scup.leave(dialog)


def test_keys_choose_options_and_tick_what_is_to_be_deleted():
    look_at_options("en", "t", "s")


def test_keys_choose_options_and_tick_what_is_to_be_deleted_in_german():
    look_at_options("de", "k", "s")


sys.exit(gui.run([value for name, value in sorted(globals().items()) if name.startswith("test_")]))
