#!/usr/bin/python3
"""All of scup on a screen of 1280 by 720: at 200 %, which leaves 640 by 360, and with letters of twice the size."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import layout_case as layout  # noqa: E402

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


sys.exit(gui.run([value for name, value in sorted(globals().items()) if name.startswith("test_")]))
