#!/usr/bin/python3
"""Every text of scup has its room and its contrast: in German, dark, at 200 %, with letters of twice the size; windows fit
the screen.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import layout_case as layout  # noqa: E402
import scup as s  # noqa: E402

SCREEN = (1920, 1080)
TITLE_BAR = 40  # what gtk-common/window-size leaves for it
gui.reexec("x".join(map(str, SCREEN)))
GERMAN = layout.GERMAN


def Scup(environment, scale=1):
    return layout.Scup(environment, SCREEN, scale)


def test_light():
    with Scup({}) as scup:
        scup.look_at_windows("light", 1280, 720)


def test_german():
    with Scup(GERMAN) as scup:
        scup.look_at_windows("german")


def test_german_dark_at_200_percent_on_1920_by_1080():
    with Scup(dict(GERMAN, GTK_THEME="Adwaita:dark"), scale=2) as scup:
        scup.look_at_windows("german-200")


def test_german_letters_of_twice_the_size_in_1280_by_720():
    with Scup(dict(GERMAN, GDK_DPI_SCALE="2")) as scup:
        scup.look_at_windows("german-large", 1280, 720)


def test_pages_of_a_procedure_light():
    with Scup({}) as scup:
        scup.look_at_pages("light")


def test_pages_of_a_procedure_dark():
    with Scup({"GTK_THEME": "Adwaita:dark"}) as scup:
        scup.look_at_pages("dark")


def test_the_dialog_of_a_procedure_leaves_room_for_its_title_bar_at_200_percent():
    with Scup({}, scale=2) as scup:
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.find("push button", "Initialize")
        scup.check(height=SCREEN[1] // 2 - TITLE_BAR)
        scup.shot("scup-layout-dialog-200")


def test_the_foot_stays_as_it_is_when_lock_now_comes():
    with Scup({}) as scup:
        def height():
            return scup.window.find("label", "✓ Two readers ready").accessible.get_component_iface().get_size().y
        scup.check()  # the window is laid out
        before = height()
        scup.close(scup.make_zone())
        scup.window.find("push button", "Lock now")
        scup.check()
        gui.wait(lambda: f"the height; it was {before}, with the button it is {height()}", lambda: height() == before)


def test_letters_of_twice_the_size_in_1280_by_720():
    with Scup(dict(GDK_DPI_SCALE="2")) as scup:
        scup.look_at_windows("large", 1280, 720)


sys.exit(gui.run([value for name, value in sorted(globals().items()) if name.startswith("test_")]))
