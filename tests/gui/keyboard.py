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
    def named():
        node = next(n for n in window.walk() if n.has("focused") and n.has("showing"))
        return node if node.name or node.text else None
    return gui.wait(lambda: f"something with a name that has the focus in {window.title()}:\n{window.dump()}", named)


def take_focus(node):
    """Moves the focus there."""
    gui.wait(lambda: f"the focus of {node.role} “{node.name}”",
             lambda: node.has("focused") or node.accessible.get_component_iface().grab_focus() and node.has("focused"))


WITH_KEYS = ("push button", "menu", "check box", "radio button", "toggle button", "spin button", "text", "combo box")


def keys_of(node):
    """The mnemonics that lead to it."""
    action = node.accessible.get_action_iface()
    bindings = [action.get_key_binding(i) for i in range(action.get_n_actions())] if action else []
    return {part for text in bindings for part in (text or "").split(";") if part.startswith("<Alt>")}


def wrong_keys(window, rows=()):
    """What has no mnemonic, and what shares one: also with a thing of the same name. Of what a list has in each of
    its rows (names that begin so), and of a text that fills a window, none is asked."""
    seen = {}
    for node in window.all():
        if node.role not in WITH_KEYS or node.name.startswith(tuple(rows)) or node.has("multi_line"):
            continue
        found = keys_of(node)
        if not found:
            yield f"{node.role} “{node.name}” has no mnemonic"
        for key in found:
            if key in seen:
                yield f"{key} is “{seen[key]}” and “{node.name}”"
            seen[key] = node.name


def see_keys(window, rows=()):
    """Waits for a window with something in it, in which every control has a key of its own."""
    gui.wait(lambda: f"keys of {window.name}: {list(wrong_keys(window, rows))}; it shows:\n{window.dump()}",
             lambda: any(True for _ in window.all("push button")) and not list(wrong_keys(window, rows)), 20)
