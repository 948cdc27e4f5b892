#!/usr/bin/python3
"""Every window of a rehearsal says so, in its title and in a banner (functions.md 4.12): scup's and the desk's, both at once."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402

gui.reexec()


def check(window):
    """The word in the title and, first thing in the window, in a banner that is shown."""
    assert window.name.endswith("REHEARSAL"), window.name
    banner = next(node for node in window.all("label") if node.text)
    assert banner.text.startswith("REHEARSAL"), f"{window.name} begins with “{banner.text}”"
    box = banner.accessible.get_component_iface().get_size()
    assert box.x > 100 and box.y > 10, (box.x, box.y)


def check_all(*programs):
    """All that is shown now."""
    windows = [window for program in programs for window in program.windows()
               if window.role in ("frame", "dialog", "alert", "window") and window.name]
    for window in windows:
        check(window)
    return len(windows)


def open_desk(scup):
    desk = gui.Program(os.environ["TKE_DESK"], "--world", scup.world.dir)
    return desk, desk.window("Virtual desk")


def close(program, window):
    name = window.name
    button = window.maybe("push button", "Cancel") or window.find("push button", "Close")
    button.click()
    program.no_window(name)


def both_programs_say_rehearsal_in_one_world():
    with s.Scup() as scup:
        desk, _ = open_desk(scup)
        try:
            assert check_all(scup.program, desk) == 2
            scup.world.insert(1, "ca-1")
            scup.window.see("Blank card for a CA card")
            desk.window("Virtual desk").find("push button", "Reader 1, ca-1, ready", hidden=True)
            assert check_all(scup.program, desk) == 2
        finally:
            desk.end()


def every_dialog_of_the_desk_says_rehearsal():
    with s.Scup() as scup:
        scup.world.insert(1, "ca-1")
        desk, window = open_desk(scup)
        try:
            for item, title in (("Card fault…", "Card fault"), ("Crypto unit fault…", "Crypto unit fault")):
                window.find("menu item", item, hidden=True).click()
                dialog = desk.window(title)
                assert check_all(desk) == 2
                close(desk, dialog)
        finally:
            desk.end()


def every_window_of_scup_says_rehearsal():
    with s.Scup() as scup:
        scup.world.insert(1, "ca-1")
        scup.window.see("Blank card for a CA card")
        for menu, item, title in (("Readers", "Check readers", "Check readers"),
                                  ("Help", "Plan a card set", "Plan a card set"),
                                  ("CA Smart Card", s.INIT, s.INIT)):
            dialog = scup.menu(menu, find_item(scup, menu, item), title)
            assert check_all(scup.program) == 2, title
            close(scup.program, dialog)


def message_of_a_failure_says_rehearsal():
    # GTK's file chooser takes so many names that GLib needs a second table of them, and leaves the first one (gquark.c).
    options = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    with s.Scup(environment={"ASAN_OPTIONS": options}) as scup:
        scup.world.insert(1, "ca-1")
        scup.window.see("Blank card for a CA card")
        scup.program.menu(scup.window, "File", "Display smart card information")
        report = gui.wait("the report", lambda: next(
            (window for window in scup.program.windows() if window.name != scup.window.name), None))
        check(report)
        report.press("Save…")
        chooser = scup.program.window("Save the report")
        chooser.find("text").type("/proc/report.txt")
        chooser.press("Save")
        message = scup.program.window("The file was not saved")
        message.see("/proc")
        check(message)
        message.press("Close")
        scup.program.no_window("The file was not saved")


def find_item(scup, menu, begin):
    """The whole name of the menu's item that begins so."""
    node = scup.window.find("menu bar").find("menu", menu, hidden=True)
    return next(item.name for item in node.all("menu item", hidden=True) if item.name.startswith(begin))


sys.exit(gui.run([both_programs_say_rehearsal_in_one_world, every_dialog_of_the_desk_says_rehearsal,
                  every_window_of_scup_says_rehearsal,
                  message_of_a_failure_says_rehearsal]))
