#!/usr/bin/python3
"""Every window of a rehearsal says so, in its title and in a banner (functions.md 4.12): scup's and the desk's, both at once."""
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402

gui.reexec()


def check(window):
    """The word in the title and, first thing in the window, in a banner that is shown."""
    assert window.name.endswith("REHEARSAL"), window.name
    def first():
        return next((node for node in window.all("label") if node.text), None)
    banner = gui.wait(lambda: f"the banner of {window.name}, which begins with “{first() and first().text}”",
                      lambda: first() is not None and first().text.startswith("REHEARSAL") and first())
    box = banner.accessible.get_component_iface().get_size()
    assert box.x > 100 and box.y > 10, (box.x, box.y)


def check_all(n, *programs):
    """All that is shown: so many windows."""
    def found():
        return [window for program in programs for window in program.windows()
                if window.role in ("frame", "dialog", "alert", "window") and window.name]
    gui.wait(lambda: f"{n} windows; there are {[window.title() for window in found()]}", lambda: len(found()) == n)
    for window in found():
        check(window)


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
            check_all(2, scup.program, desk)
            scup.world.insert(1, "ca-1")
            scup.window.see("Blank card for a CA card")
            desk.window("Virtual desk").find("push button", "Reader 1, ca-1, ready", hidden=True)
            check_all(2, scup.program, desk)
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
                check_all(2, desk)
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
            check_all(2, scup.program)
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
        check(chooser)
        s.choose_file(chooser, "/proc/report.txt")
        message = scup.program.window("The file was not saved")
        message.see("/proc")
        check(message)
        message.press("Close")
        scup.program.no_window("The file was not saved")


def dialogs_that_gtk_makes_say_rehearsal():
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        for _ in range(2):  # the second time as well, and once
            about = scup.menu("Help", "About", "About")
            check(about)
            assert about.name.count("REHEARSAL") == 1, about.name
            close(scup.program, about)
        report = scup.menu("File", "Display smart card information", "Smart card information")
        report.press("Print…")
        dialog = scup.program.window("Print")
        check(dialog)
        dialog.press("Cancel")
        scup.program.no_window("Print")
        close(scup.program, report)
        scup.menu("CA Smart Card", s.INIT)
        question = leave(scup)
        check(question)
        question.press("Stop and exit")
        gui.wait("the end of scup", lambda: scup.program.process.poll() is not None)


def leave(scup):
    """The question whether to stop what runs."""
    dialog = scup.dialog(s.INIT)
    dialog.press("Initialize")
    dialog.see("Insert a blank card")
    scup.program.menu(scup.window, "File", "Exit")
    return scup.program.window("Exit")


def save(scup, window, button, path):
    window.press(button)
    chooser = gui.wait("where to save", lambda: next(
        (found for found in scup.program.windows() if found.title().startswith("Save")), None))
    s.choose_file(chooser, path)
    window.see(f"Saved: {path}")
    with open(path, encoding="utf-8") as file:
        return file.read()


def what_is_saved_says_rehearsal():
    home = tempfile.mkdtemp(prefix="gui-rehearsal-")
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        scup.close(scup.make_zone())
        for item, title in (("Display smart card information", "Smart card information"),
                            ("Display smart card key identifiers", "Smart card key identifiers")):
            window = scup.menu("File", item, title)
            gui.wait("the word", lambda: window.find("text").text.startswith("REHEARSAL: "))
            text = save(scup, window, "Save…", os.path.join(home, "report.txt" if "info" in item else "keys.txt"))
            assert text.startswith("REHEARSAL: "), text
            close(scup.program, window)
        window = scup.menu("File", "Card inventory…", "Card inventory")
        gui.wait("the word", lambda: window.find("text").text.startswith("REHEARSAL: "))
        lines = save(scup, window, "Save…", os.path.join(home, "inventory.csv")).splitlines()
        assert lines[0].startswith("REHEARSAL,kind,"), lines
        assert len(lines) == 2 and lines[1].startswith('"REHEARSAL","CA",'), lines
    shutil.rmtree(home)


def find_item(scup, menu, begin):
    """The whole name of the menu's item that begins so."""
    node = scup.window.find("menu bar").find("menu", menu, hidden=True)
    return gui.wait(f"an item {begin}", lambda: next(
        item.name for item in node.all("menu item", hidden=True) if item.name.startswith(begin)))


sys.exit(gui.run([both_programs_say_rehearsal_in_one_world, every_dialog_of_the_desk_says_rehearsal,
                  every_window_of_scup_says_rehearsal,
                  message_of_a_failure_says_rehearsal, dialogs_that_gtk_makes_say_rehearsal,
                  what_is_saved_says_rehearsal]))
