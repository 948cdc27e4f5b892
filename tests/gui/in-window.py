#!/usr/bin/python3
"""in-window.py PROGRAM: runs a test program that needs a display, on one of its own."""
import ctypes
import os
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402

gui.reexec()
# The program may come and go in parts: the screen lasts while somebody looks at it.
x11 = ctypes.CDLL("libX11.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p
assert x11.XOpenDisplay(None)
sys.exit(subprocess.run(sys.argv[1:], env=dict(os.environ, NO_AT_BRIDGE="1")).returncode)
