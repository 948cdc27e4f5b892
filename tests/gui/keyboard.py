"""What people do with the keyboard alone: keys of the X server, and where the focus is then."""
import subprocess

import gui


def keys(*names):
    subprocess.run(["xdotool", "key", "--delay", "40", *names], check=True, timeout=60)


def activate(window, title):
    """What a window manager does with a window that is new."""
    def is_active():
        subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "^" + title, "windowfocus"], timeout=30,
                       capture_output=True)
        return window.has("active")
    gui.wait(f"the focus of {title}", is_active)


def focused(window):
    """The thing with the focus: known to screen readers, shown and named."""
    node = gui.wait(lambda: f"a focus in {window.name}:\n{window.dump()}",
                    lambda: next((n for n in window.walk() if n.has("focused") and n.has("showing")), None))
    assert node.name or node.text, f"a {node.role} without a name has the focus"
    return node


def take_focus(node):
    """Moves the focus there."""
    gui.wait(lambda: f"the focus of {node.role} “{node.name}”",
             lambda: node.has("focused") or node.accessible.get_component_iface().grab_focus() and node.has("focused"))
