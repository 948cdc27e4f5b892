#!/usr/bin/python3
"""What a screen reader makes of scup's windows: the order in which it reads, what it is told of pictures and fields."""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402
from keyboard import activate, focused, keys, take_focus  # noqa: E402

gui.reexec()

PLAN = "Plan a card set"
SPINS = ["Administrators, who sign commands", "Key parts of a master key", "Backups of every card",
         "Signatures needed for a command", "Signatures needed to remove an administrator"]


def place(node):
    """Left, top, right, bottom on the screen."""
    extents = node.accessible.get_component_iface().get_extents(0)
    return extents.x, extents.y, extents.x + extents.width, extents.y + extents.height


def out_of_order(window):
    """What is read after something that lies below it, or beside it to the right. GTK puts the menu bar last."""
    for parent in window.walk():
        before = None
        for child in parent.children():
            if not child.has("showing") or child.role == "menu bar" or child.accessible.get_component_iface() is None:
                continue
            left, top, right, bottom = here = place(child)
            if left < 0 or right == left:
                continue
            if before is not None:
                above = bottom <= before[1]
                beside = top < before[3] and before[1] < bottom and right <= before[0]
                if above or beside:
                    yield f"{child.role} “{child.text}” in {parent.role} “{parent.name}”"
            before = here


def see_order(window, title):
    """Waits for a window that is laid out and read as it is seen."""
    gui.wait(lambda: f"the order of {title}; wrong: {list(out_of_order(window))}",
             lambda: len(list(window.all())) > 3 and not list(out_of_order(window)))


def pictures(window):
    return [node.name for node in window.all() if node.role in ("icon", "image") and place(node)[2] - place(node)[0] > 60]


def see_pictures(window, *names):
    gui.wait(lambda: f"the pictures {names}; there are {pictures(window)}", lambda: pictures(window) == list(names))


def test_panes_are_read_from_top_to_bottom_and_their_pictures_have_names():
    with s.Scup() as scup:
        scup.window.see("Two readers ready")
        see_pictures(scup.window, "Picture of an empty reader", "Picture of an empty reader")
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        scup.window.see("Alice")
        see_pictures(scup.window, "Picture of a CA card", "Picture of an EP11 card")
        see_order(scup.window, s.TITLE)
        rows = ["Reader 1", "CA smart card", "Zone", "PIN 1", "PIN 2", "Reader 2", "Alice", "Zone", "PIN",
                "Administrator", "Key identifier", "Key parts"]

        def are_read():
            rest = iter(scup.window.texts())
            return all(row in rest for row in rows)  # each after the one before
        gui.wait(lambda: f"{rows} in this order in {scup.window.texts()}", are_read)


def test_windows_and_dialogs_are_read_from_top_to_bottom():
    with s.Scup() as scup:
        dialog = scup.make_zone()
        see_order(dialog, "the summary")
        scup.close(dialog)
        scup.make_card("ep11-1", "Alice")
        for menu, item, title in (("File", "Display smart card information", "Smart card information"),
                                  ("File", "Card inventory…", "Card inventory"),
                                  ("Help", "Plan a card set…", PLAN), ("Readers", "Check readers…", "Check readers"),
                                  ("EP11 Smart Card", s.ENROLL, s.ENROLL), ("CA Smart Card", s.BACKUP, s.BACKUP)):
            window = scup.menu(menu, item, title)
            window.find("push button")
            see_order(window, title)
            gui.click("a button that closes", lambda: (
                window.maybe("push button", "Close") or window.maybe("push button", "Cancel")))
            scup.program.no_window(title)


def test_pictures_of_a_prompt_say_what_the_hand_does():
    with s.Scup() as scup:
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.press("Initialize")
        see_pictures(dialog, "Picture of a card going into reader 1")
        see_order(dialog, s.INIT)
        scup.world.insert(1, "ca-1")
        see_pictures(dialog, "Picture of the keypad of reader 1, lit")
        scup.world.sim("cancel", 1)
        dialog.see("cancelled on the keypad")
        see_pictures(dialog, "")  # only repeats the headline


def test_the_numbers_of_a_plan_have_names():
    with s.Scup() as scup:
        plan = scup.menu("Help", "Plan a card set…", PLAN)
        plan.see("10 cards, 0 made")
        def names():
            return [node.name for node in plan.all("spin button")]
        gui.wait(lambda: f"{SPINS}; there are {names()}", lambda: names() == SPINS)


def test_a_long_list_stays_shown_when_it_is_scrolled_to_its_end():
    with s.Scup() as scup:
        plan = scup.menu("Help", "Plan a card set…", PLAN)
        plan.see("10 cards, 0 made")  # what was remembered is there
        plan.find("spin button", SPINS[2]).accessible.get_value_iface().set_current_value(3)
        plan.see("20 cards, 0 made")
        last = gui.wait("the last card", lambda: next(
            (node for node in plan.walk(hidden=True) if "Key part 2, backup 3" in node.title() and
             node.role == "list item"), None))
        last.accessible.get_component_iface().grab_focus()
        gui.wait(lambda: f"the last card to be shown:\n{plan.dump()}",
                 lambda: any("Key part 2, backup 3" in node.name for node in plan.all("list item")))


class Told:
    """What a screen reader is told wherever the focus is: notifications that show."""

    def __init__(self, scup):
        import gi
        gi.require_version("Atspi", "2.0")
        from gi.repository import Atspi, GLib
        self.context = GLib.MainContext.default()
        self.pid = scup.program.process.pid
        self.words = []
        self.listener = Atspi.EventListener.new(self.on_event)
        assert self.listener.register("object:state-changed:showing")

    def on_event(self, event):
        from gi.repository import GLib
        try:
            if event.source.get_role_name() == "notification" and event.detail1 and \
                    event.source.get_process_id() == self.pid:
                self.words.append(event.source.get_name())
        except GLib.Error:
            pass  # it has gone

    def see(self, *patterns):
        """Waits until all of them were told at once."""
        def told():
            while self.context.iteration(False):
                pass
            return any(all(re.search(pattern, words) for pattern in patterns) for words in self.words)
        gui.wait(lambda: f"{patterns} to be told; told was {self.words}", told)
        self.words.clear()

    def end(self):
        self.listener.deregister("object:state-changed:showing")


def test_what_a_dialog_asks_next_is_told_wherever_the_focus_is():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        told = Told(scup)
        dialog = scup.menu("CA Smart Card", "Change PIN", "Change PIN of a CA")
        dialog.press("Change")
        told.see("Which PIN of the CA card is to be changed?")
        dialog.press("Choose")
        told.see("Reader 1: ", "Old PIN, new PIN, new PIN", "5 tries left", "0:")
        scup.world.pin(1, "999999", "333333", "333333")
        told.see("That PIN was wrong.", "4 tries left")
        scup.world.pin(1, s.CA_PINS[0], "333333", "444444")
        told.see("The two new PINs differ")
        dialog.press("Cancel")
        told.see("Stopping as soon as the keypad is free: press the red key on reader 1.")
        scup.world.sim("cancel", 1)
        scup.program.no_window("Change PIN")
        told.end()


def test_what_is_wrong_in_a_form_and_how_a_step_ended_is_told():
    with s.Scup() as scup:
        told = Told(scup)
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.press("Initialize")
        told.see("Insert a blank card")
        scup.world.insert(1, "ca-1")
        told.see("first PIN")
        scup.world.new_pin(1, s.CA_PINS[0])
        told.see("second PIN")
        scup.world.sim("cancel", 1)
        told.see("The PIN was not entered")
        dialog.press("Try again")
        told.see("second PIN")
        scup.world.new_pin(1, s.CA_PINS[1])
        dialog.press("Continue")
        told.see("A description is empty.")
        dialog.press("Continue")
        told.see("The zone is made")
        told.end()


def make_card_to_be_asked(scup):
    """A card that was out: the PIN that was typed for it is not enough any more."""
    scup.make_card("ep11-1", "Alice")
    scup.world.remove(2)
    scup.window.see("Insert a card in reader 2")
    scup.world.insert(2, "ep11-1")
    scup.window.see("Alice")


def test_the_time_that_is_left_is_told_twice():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        make_card_to_be_asked(scup)
        told = Told(scup)
        dialog = scup.menu("EP11 Smart Card", s.DESCRIBE)
        told.see("Type the PIN")
        told.see("^0:(10|0[6-9]) left · 3 tries left$")
        told.see("^0:0[0-5] left · 3 tries left$")
        told.see("The entry took longer than 20 seconds")
        activate(dialog, s.DESCRIBE)
        gui.wait("the focus where it was all the time", lambda: focused(dialog).name == "Cancel")
        told.end()


def test_the_last_try_is_told():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        make_card_to_be_asked(scup)
        told = Told(scup)
        dialog = scup.menu("EP11 Smart Card", s.DESCRIBE)
        told.see("Type the PIN", "3 tries left")
        for left in ("2 tries left", "1 try left"):
            scup.world.pin(2, "999999")
            told.see("That PIN was wrong.", left)
        scup.world.pin(2, "999999")
        told.see("blocked")
        dialog.see("blocked")
        told.end()


def clipboard():
    """What can be pasted."""
    import gi
    gi.require_version("Gdk", "3.0")
    gi.require_version("Gtk", "3.0")
    from gi.repository import Gdk, Gtk
    return Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).wait_for_text()


def copy(window, told, name):
    """With the keyboard: what is told, and what can be pasted then."""
    take_focus(window.find("push button", "Copy: " + name))
    keys("space")
    told.see("^Copied$")
    gui.wait("the focus where it was", lambda: focused(window).name == "Copy: " + name)
    return clipboard()


def test_identifiers_are_copied_with_the_keyboard_and_that_is_told():
    with s.Scup() as scup:
        told = Told(scup)
        dialog = scup.make_zone()
        activate(dialog, s.INIT)
        card = re.search("[0-9A-F-]{19}", "\n".join(dialog.texts())).group()
        assert copy(dialog, told, "Card identifier") == card
        zone = copy(dialog, told, "Zone identifier")
        assert re.fullmatch("([0-9A-F]{4}-){3}[0-9A-F]{4}", zone) and zone != card, zone
        scup.shot("scup-copy-summary")
        scup.close(dialog)
        activate(scup.window, s.TITLE)
        assert copy(scup.window, told, "Card identifier") == card
        assert copy(scup.window, told, "Zone identifier") == zone  # and not the description before it
        scup.make_card("ep11-1", "Alice")
        process = scup.tke("card", "generate-signature-key", "--name", "Alice")
        scup.world.pin(2, "123456")
        assert process.wait(60) == 0
        process.stdout.close()
        scup.world.remove(2)
        scup.world.insert(2, "ep11-1")
        activate(scup.window, s.TITLE)
        key = copy(scup.window, told, "Key identifier")
        assert re.fullmatch("([0-9A-F]{4} ){15}[0-9A-F]{4}", key), key
        scup.shot("scup-copy")
        told.end()


if __name__ == "__main__":
    sys.exit(gui.run([value for name, value in list(globals().items()) if name.startswith("test_")]))
