#!/usr/bin/python3
"""What a screen reader makes of scup's windows: the order in which it reads, what it is told of pictures and fields."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402

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
        texts = scup.window.texts()
        rows = ["Reader 1", "CA smart card", "Zone", "PIN 1", "PIN 2", "Reader 2", "Alice", "Zone", "PIN",
                "Administrator", "Key identifier", "Key parts"]
        at = -1
        for row in rows:
            assert row in texts[at + 1:], f"“{row}” is not read after “{texts[at]}”: {texts}"
            at = texts.index(row, at + 1)


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
            window.press(next(name for name in ("Close", "Cancel") if window.maybe("push button", name)))
            scup.program.no_window(title)


def test_pictures_of_a_prompt_say_what_the_hand_does():
    with s.Scup() as scup:
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.find("text", "Zone description").type("Zone")
        dialog.find("text", "CA card description").type("Officers")
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
        assert [node.name for node in plan.all("spin button")]== SPINS


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


if __name__ == "__main__":
    sys.exit(gui.run([value for name, value in list(globals().items()) if name.startswith("test_")]))
