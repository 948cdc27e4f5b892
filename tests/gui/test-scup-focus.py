#!/usr/bin/python3
"""The focus is never lost: cards come and go, steps begin and end, and it stays on something in the window."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402
from keyboard import activate, focused, keys, take_focus  # noqa: E402

gui.reexec()

CONTROLS = ("push button", "text", "check box", "radio button", "spin button", "toggle button", "table", "list item",
            "scroll pane")


def controls(window):
    """What can have the focus, one of each row of a list."""
    found = [n for n in window.all() if n.role in CONTROLS and n.has("sensitive") and n.has("focusable")]
    rows = [n for n in found if n.role == "list item"]
    return [(n.role, n.name) for n in found if n.role != "list item" or n in rows[:1] + rows[-1:]]


class Cards(s.Scup):
    """A zone with its CA card in reader 1 and a card of it in reader 2, which go out and come in again."""

    def __init__(self):
        super().__init__(environment=s.LEAKS_OF_GTK)

    def make(self):
        self.close(self.make_zone())
        self.make_card("ep11-1", "Alice")

    def out(self, reader):
        self.world.remove(reader)
        self.window.see(f"Insert a card in reader {reader}")

    def back(self, reader):
        self.world.insert(reader, "ca-1" if reader == 1 else "ep11-1")
        self.window.see_not(f"Insert a card in reader {reader}")
        self.window.see_not("Reading the card")


def stays(window, title, what):
    try:
        return focused(window)
    except AssertionError as error:
        raise AssertionError(f"{title}: {what}: {error}") from error


def go_through(scup, window, title):
    """The focus on each control in its turn, while both cards go out and come in."""
    activate(window, title)
    for role, name in controls(window):
        node = window.maybe(role, name)
        if node is None:
            continue  # it went with a card
        take_focus(node)
        for reader in (1, 2):
            scup.out(reader)
            stays(window, title, f"focus on {role} “{name}”, card taken out of reader {reader}")
            scup.back(reader)
            stays(window, title, f"focus on {role} “{name}”, card put into reader {reader}")


def test_the_main_window_keeps_its_focus_when_cards_come_and_go():
    with Cards() as scup:
        scup.make()
        scup.window.find("push button", "Make a backup of this card")
        go_through(scup, scup.window, s.TITLE)


def test_what_takes_the_place_of_a_button_gets_its_focus():
    with Cards() as scup:
        scup.make()
        activate(scup.window, s.TITLE)
        take_focus(scup.window.find("push button", "Make a backup of this card"))
        scup.out(1)
        see_focus(scup.window, "What reader 1 holds")
        scup.back(1)
        see_focus(scup.window, "Enroll an EP11 card")


def test_lock_now_hands_its_focus_on():
    with Cards() as scup:
        scup.make()
        activate(scup.window, s.TITLE)
        take_focus(scup.window.find("push button", "Lock now"))
        keys("space")
        scup.window.see_not("Zone unlocked")
        stays(scup.window, s.TITLE, "Lock now was used")


def test_windows_keep_their_focus_when_cards_come_and_go():
    with Cards() as scup:
        scup.make()
        for menu, item, title in (("File", "Display smart card information", "Smart card information"),
                                  ("File", "Display smart card key identifiers", "Smart card key identifiers"),
                                  ("File", "Card inventory…", "Card inventory"),
                                  ("Help", "Plan a card set…", "Plan a card set"),
                                  ("Readers", "Check readers…", "Check readers")):
            window = scup.menu(menu, item, title)
            window.find("push button", "Close")
            go_through(scup, window, title)
            activate(window, title)
            keys("Escape")
            scup.program.no_window(title)


def test_the_planner_keeps_its_focus_when_its_next_step_is_done():
    with Cards() as scup:
        plan = scup.menu("Help", "Plan a card set…", "Plan a card set")
        button = plan.find("push button", "Make the CA card")
        activate(plan, "Plan a card set")
        take_focus(button)
        dialog = scup.make_zone()
        activate(dialog, s.INIT)
        keys("Escape")
        scup.program.no_window(s.INIT)
        activate(plan, "Plan a card set")
        stays(plan, "the planner", "the CA card is made")


def see_focus(window, name):
    gui.wait(lambda: f"the focus on {name}; it is on {focused(window).name}", lambda: focused(window).name == name)


def begin(scup):
    scup.world.insert(1, "ca-1")
    dialog = scup.menu("CA Smart Card", s.INIT)
    activate(dialog, s.INIT)
    dialog.press("Initialize")
    dialog.see("first PIN")
    return dialog


def test_a_dialog_that_stops_keeps_its_focus_until_the_keypad_is_free():
    with Cards() as scup:
        dialog = begin(scup)
        see_focus(dialog, "Cancel")
        keys("Escape")
        dialog.see("Stopping as soon as the keypad is free")
        see_focus(dialog, "Cancel")
        keys("space", "Escape")  # has been said
        scup.world.sim("cancel", 1)
        scup.program.no_window(s.INIT)


def test_who_stops_is_told_of_a_card_that_was_lost_and_not_asked_to_try_again():
    with Cards() as scup:
        dialog = begin(scup)
        see_focus(dialog, "Cancel")
        keys("Escape")
        dialog.see("Stopping as soon as the keypad is free")
        scup.world.remove(1)
        dialog.see("the card was removed")
        dialog.see("The card was lost in the middle")
        see_focus(dialog, "Close")
        dialog.see("Display card information")
        assert dialog.maybe("push button", "Try again") is None, dialog.dump()
        keys("Escape")
        scup.program.no_window(s.INIT)


def test_a_dialog_keeps_its_focus_from_step_to_step():
    with Cards() as scup:
        dialog = begin(scup)
        stays(dialog, s.INIT, "the first PIN is asked for")
        scup.world.pin(1, "111111", "333333")
        dialog.see("The two new PINs differ")
        stays(dialog, s.INIT, "the PIN is asked for again")
        scup.world.new_pin(1, s.CA_PINS[0])
        dialog.see("second PIN")
        stays(dialog, s.INIT, "the second PIN is asked for")
        scup.world.new_pin(1, s.CA_PINS[1])
        see_focus(dialog, "Zone description")
        s.name_zone(dialog)
        dialog.see("The zone is made")
        see_focus(dialog, "Back up the CA card")
        keys("Return")
        dialog = scup.dialog(s.BACKUP)
        activate(dialog, s.BACKUP)
        see_focus(dialog, "Back up")
        dialog.press("Back up")
        dialog.see("Type the first PIN")
        scup.world.pin(1, s.CA_PINS[0])
        dialog.see("Type the second PIN")
        scup.world.pin(1, s.CA_PINS[1])
        dialog.see("Insert")
        take_focus(dialog.find("push button", "Identify readers"))
        scup.world.sim("fault", "card", "ep11-1", "foreign")
        scup.world.insert(2, "ep11-1")  # no card for a backup: other things are offered
        dialog.see("This is a foreign card")
        stays(dialog, s.BACKUP, "another card was put in")
        scup.world.remove(2)
        dialog.see_not("This is a foreign card")
        stays(dialog, s.BACKUP, "it was taken out")
        keys("Escape")
        scup.program.no_window(s.BACKUP)
        activate(scup.window, s.TITLE)


def choose(scup, menu, item, title):
    """An item of a menu with its mnemonics; the window that it opens has the focus then."""
    activate(scup.window, s.TITLE)
    keys("alt+" + menu)
    keys(item)
    window = scup.program.window(title)
    activate(window, title)
    return window


def test_an_officer_without_a_mouse_makes_a_zone():
    with Cards() as scup:
        scup.window.see("Two readers ready")
        dialog = choose(scup, "c", "i", s.INIT)
        see_focus(dialog, "Initialize")
        keys("Return")
        dialog.see("Insert a blank card")
        scup.world.insert(1, "ca-1")
        for pin, which in zip(s.CA_PINS, ("first PIN", "second PIN")):
            dialog.see(which)
            scup.world.new_pin(1, pin)
        see_focus(dialog, "Zone description")
        keys("Z", "1", "alt+d")
        see_focus(dialog, "CA card description")
        keys("A", "B", "Return")  # the button that goes on is the default
        dialog.see("The zone is made")
        dialog.see("AB")
        see_focus(dialog, "Back up the CA card")
        keys("alt+e")
        dialog = scup.dialog(s.ENROLL)
        activate(dialog, s.ENROLL)
        see_focus(dialog, "Enroll")
        keys("Escape")
        scup.program.no_window(s.ENROLL)
        activate(scup.window, s.TITLE)
        keys("alt+l")  # lock now
        scup.window.see_not("Zone unlocked")
        keys("alt+n")
        activate(scup.dialog(s.ENROLL), s.ENROLL)
        keys("Escape")
        scup.program.no_window(s.ENROLL)


def test_an_officer_without_a_mouse_plans_a_set():
    with Cards() as scup:
        plan = choose(scup, "h", "p", "Plan a card set")
        plan.see("10 cards, 0 made")
        keys("alt+b")
        see_focus(plan, "Backups of every card")
        keys("Up")
        plan.see("15 cards, 0 made")
        row = gui.wait("the last card", lambda: list(plan.all("list item", hidden=True))[-1])
        take_focus(row)
        keys("Return")
        holder = scup.program.window("Holder and place")
        activate(holder, "Holder and place")
        see_focus(holder, "Holder")
        keys("W", "alt+a")
        see_focus(holder, "Stored at")
        keys("S", "Return")
        scup.program.no_window("Holder and place")
        activate(plan, "Plan a card set")
        gui.wait(lambda: f"the focus on the same card; it is on {focused(plan).name}",
                 lambda: "Holder: W · stored at: S" in focused(plan).name)
        keys("alt+m")
        dialog = scup.dialog(s.INIT)
        activate(dialog, s.INIT)
        keys("Escape")
        scup.program.no_window(s.INIT)
        activate(plan, "Plan a card set")
        keys("alt+l")
        scup.program.no_window("Plan a card set")


def test_arrows_lead_to_key_parts_whose_places_have_no_key():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        scup.world.sim("fault", "card", "ep11-1", "fill-up")
        scup.world.remove(2)
        scup.world.insert(2, "ep11-1")
        scup.window.see("85 of 85 places used")
        dialog = scup.menu("EP11 Smart Card", s.CONTENTS)
        scup.world.pin(2, "123456")
        dialog.see("What is to be deleted?")
        activate(dialog, s.CONTENTS)

        def see(focus, *ticked):
            gui.wait(lambda: f"the focus on part {focus}, and {ticked} ticked:\n{dialog.dump()}",
                     lambda: focused(dialog).name.startswith(f"Key part {focus}:") and [
                         n.name.split(":")[0] for n in dialog.all("check box", hidden=True) if n.has("checked")] ==
                     [f"Key part {place}" for place in ticked])
        keys("alt+9")
        see(9, 9)
        keys("Down")
        see(10, 9)
        keys("space", "Down", "Down", "Up")
        see(11, 9, 10)


if __name__ == "__main__":
    sys.exit(gui.run([value for name, value in list(globals().items()) if name.startswith("test_")]))
