#!/usr/bin/python3
"""All of scup on a screen of 1280 by 720: at 200 %, which leaves 640 by 360, and with letters of twice the size."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import layout_case as layout  # noqa: E402
import scup as s  # noqa: E402

SCREEN = (1280, 720)
gui.reexec("x".join(map(str, SCREEN)))


def Scup(environment, scale=1):
    return layout.Scup(environment, SCREEN, scale)


def test_windows_at_200_percent():
    with Scup({}, scale=2) as scup:
        scup.look_at_windows("small")


def test_german_windows_at_200_percent():
    with Scup(layout.GERMAN, scale=2) as scup:
        scup.look_at_windows("small-german")


def test_german_pages_at_200_percent():
    with Scup(layout.GERMAN, scale=2) as scup:
        scup.look_at_pages("small-german")


def test_german_pages_with_letters_of_twice_the_size():
    with Scup(dict(layout.GERMAN, GDK_DPI_SCALE="2")) as scup:
        scup.look_at_pages("large-german")


def in_view(scup, text):
    """A label of a pane, between the head and the foot of the window."""
    def place(node):
        area = node.accessible.get_component_iface().get_extents(scup.program.atspi.CoordType.WINDOW)
        return area.y, area.y + area.height
    top = place(scup.window.find("menu bar"))[1]
    foot = place(scup.window.find("label", "✓ Two readers ready"))[0]
    label = place(scup.window.find("label", text, hidden=True))
    return top <= label[0] and label[1] <= foot


def test_pane_of_the_reader_whose_card_changes_comes_into_view():
    with Scup({}, scale=2) as scup:
        scup.see_somewhere("✓ Two readers ready")
        gui.wait("reader 1 at the start", lambda: in_view(scup, "Reader 1") and not in_view(scup, "Reader 2"))
        scup.world.insert(2, "ep11-1")
        gui.wait("reader 2 with its card", lambda: in_view(scup, "Reader 2") and
                 in_view(scup, "Blank card for an EP11 card"))
        scup.shot("scup-small-reader-2")
        scup.world.insert(1, "ca-1")
        gui.wait("reader 1 with its card", lambda: in_view(scup, "Reader 1") and
                 in_view(scup, "Blank card for a CA card"))
        assert not in_view(scup, "Reader 2")
        scup.world.remove(2)
        gui.wait("reader 2, empty", lambda: in_view(scup, "Reader 2"))
        scup.see_somewhere("Insert a card in reader 2")
        scup.shot("scup-small-reader-2-empty")


def test_pane_of_the_reader_that_a_prompt_is_about_comes_into_view():
    with Scup({}, scale=2) as scup:
        scup.see_somewhere("✓ Two readers ready")
        gui.wait("reader 1 at the start", lambda: in_view(scup, "Reader 1") and not in_view(scup, "Reader 2"))
        dialog = scup.menu("EP11 Smart Card", "Change PIN", "Change PIN of an EP11")
        dialog.see("Insert a personalized EP11 card")
        gui.wait("reader 2", lambda: in_view(scup, "Reader 2"))
        dialog.press("Cancel")
        scup.program.no_window("Change PIN of an EP11")
        dialog = scup.menu("CA Smart Card", "Change PIN", "Change PIN of a CA")
        dialog.press("Change")
        dialog.see("Insert a CA card")
        gui.wait("reader 1", lambda: in_view(scup, "Reader 1"))


def check_on_screen(scup, window, *buttons):
    """The window is on the screen, whole, and so are its buttons."""
    def area(node):
        place = node.accessible.get_component_iface().get_extents(scup.program.atspi.CoordType.SCREEN)
        return place.x, place.y, place.x + place.width, place.y + place.height

    def fits(node):
        left, top, right, bottom = area(node)
        return 0 <= left < right <= SCREEN[0] // 2 and 0 <= top < bottom <= SCREEN[1] // 2
    for node in (window, *(window.find("push button", name) for name in buttons)):
        gui.wait(lambda: f"“{node.name}” on the screen; it is at {area(node)}", lambda: fits(node))


def test_dialogs_of_the_desktop_and_small_ones_of_our_own_fit():
    with Scup(s.LEAKS_OF_GTK, scale=2) as scup:
        scup.see_somewhere("✓ Two readers ready")
        plan = scup.menu("Help", "Plan a card set…", "Plan a card set")
        for button, title, buttons in (("Holder and place of CA card", "Holder and place", ("Cancel", "Save")),
                                       ("Print labels…", "Print", ("Cancel", "Preview")),
                                       ("Save labels as PDF…", "Save as PDF", ("Cancel", "Save"))):
            plan.find("push button", button, hidden=True).click()
            dialog = scup.dialog(title)
            check_on_screen(scup, dialog, *buttons)
            scup.shot("scup-small-" + title.lower().replace(" ", "-"))
            assert gui.wait("a control with the focus", lambda: any(node.has("focused") for node in dialog.walk()))
            dialog.press("Cancel")
            scup.program.no_window(title)
        scup.close(plan)
        dialog = scup.menu("CA Smart Card", "Change PIN", "Change PIN of a CA")
        dialog.press("Change")
        dialog.see("Insert a CA card")
        scup.program.menu(scup.window, "File", "Exit")
        check_on_screen(scup, scup.dialog("Exit"), "Go on working", "Stop and exit")


sys.exit(gui.run([value for name, value in sorted(globals().items()) if name.startswith("test_")]))
