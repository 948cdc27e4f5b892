#!/usr/bin/python3
"""How the dialogs of scup behave: their steps, the end of the program, the keyboard."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402
from keyboard import activate, focused, keys  # noqa: E402

gui.reexec()


def steps_of(dialog):
    """What a screen reader says of the steps, and what is shown of them."""
    label = gui.wait("the steps", lambda: next(
        (node for node in dialog.all("label") if node.name.startswith("Steps: ")), None))
    return label.name[len("Steps: "):].split("; "), label.text.replace("\u00a0", " ")


def see_steps(dialog, *steps):
    """Waits for these: names in their order, each with its state."""
    gui.wait(lambda: f"the steps {steps}; there are {steps_of(dialog)[0]}",
             lambda: steps_of(dialog)[0] == list(steps))
    marks = {"done": "✓", "now": "●", "to come": "○"}
    shown = "   ".join(f"{marks[state]} {name}" for name, state in (step.split(": ") for step in steps))
    gui.wait(lambda: f"“{shown}”, shown is “{steps_of(dialog)[1]}”", lambda: steps_of(dialog)[1] == shown)


def test_all_steps_have_names_and_are_ticked_off():
    with s.Scup() as scup:
        scup.world.insert(1, "ca-1")
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.press("Initialize")
        see_steps(dialog, "Blank card for the CA card: done", "First PIN of the CA card: now",
                  "Second PIN of the CA card: to come", "Descriptions: to come", "The card makes the zone: to come")
        scup.shot("scup-steps")
        scup.world.new_pin(1, "111111")
        see_steps(dialog, "Blank card for the CA card: done", "First PIN of the CA card: done",
                  "Second PIN of the CA card: now", "Descriptions: to come", "The card makes the zone: to come")
        scup.world.new_pin(1, "222222")
        see_steps(dialog, "Blank card for the CA card: done", "First PIN of the CA card: done",
                  "Second PIN of the CA card: done", "Descriptions: now", "The card makes the zone: to come")
        scup.shot("scup-descriptions")
        s.name_zone(dialog)
        dialog.see("The zone is made")
        scup.close(dialog)
        dialog = scup.menu("CA Smart Card", s.BACKUP)
        dialog.press("Back up")
        see_steps(dialog, "CA card to be backed up: now", "Card for the backup: to come",
                  "First PIN of the backup: to come", "Second PIN of the backup: to come",
                  "The zone goes from card to card: to come", "Description of the backup: to come")
        scup.shot("scup-backup-steps")
        scup.world.sim("cancel", 1)
        dialog.see("The PIN was not entered")
        dialog.press("Stop")
        scup.program.no_window(s.BACKUP)
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        dialog.press("Enroll")
        # the backup wanted its PINs fresh, so they were closed before they were asked for
        see_steps(dialog, "CA card and its PINs: now", "Card to be enrolled: to come",
                  "The card joins the zone: to come", "The card proves its key: to come")
        scup.world.pin(1, "111111", "222222")
        see_steps(dialog, "CA card and its PINs: done", "Card to be enrolled: now",
                  "The card joins the zone: to come", "The card proves its key: to come")


def test_the_steps_of_a_procedure_that_looks_first_include_its_question():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Weber")
        dialog = scup.menu("EP11 Smart Card", s.DESCRIBE)
        see_steps(dialog, "Card and its PIN: now", "New description: to come", "The card takes it: to come")
        scup.world.pin(2, "123456")
        see_steps(dialog, "Card and its PIN: done", "New description: now", "The card takes it: to come")


def exit_is_asked(scup):
    scup.program.menu(scup.window, "File", "Exit")
    return scup.program.window("Exit")


def ends(scup):
    gui.wait("the end of scup", lambda: scup.program.process.poll() is not None)
    assert scup.program.process.returncode == 0, scup.program.process.returncode


def start_pin_entry(scup):
    scup.world.insert(1, "ca-1")
    dialog = scup.menu("CA Smart Card", s.INIT)
    dialog.press("Initialize")
    dialog.see("first PIN")
    return dialog


def test_exit_during_a_pin_entry_asks_and_ends_with_the_entry():
    with s.Scup() as scup:
        dialog = start_pin_entry(scup)
        question = exit_is_asked(scup)
        question.see("Stop this step and exit?")
        question.see(s.INIT)
        question.see("Press the red key on reader 1")
        scup.shot("scup-exit-question")
        question.press("Go on working")
        scup.program.no_window("Exit")
        dialog.see("first PIN")
        exit_is_asked(scup).press("Stop and exit")
        dialog.see("press the red key on reader 1")
        assert scup.program.process.poll() is None  # the keypad is not free
        scup.world.sim("cancel", 1)
        ends(scup)


def test_exit_after_something_was_done_tells_it_first():
    with s.Scup() as scup:
        dialog = start_pin_entry(scup)
        scup.world.new_pin(1, "111111")
        dialog.see("second PIN")
        exit_is_asked(scup).press("Stop and exit")
        dialog.see("press the red key on reader 1")
        scup.world.sim("cancel", 1)
        dialog.see("The card has its first PIN now")
        dialog.press("Close")
        ends(scup)


def test_a_cancel_after_something_was_done_tells_it_and_can_be_closed():
    with s.Scup() as scup:
        dialog = start_pin_entry(scup)
        scup.world.new_pin(1, "111111")
        dialog.see("second PIN")
        dialog.press("Cancel")
        dialog.see("press the red key on reader 1")
        scup.world.sim("cancel", 1)
        dialog.see("The card has its first PIN now")
        dialog.see("it goes on there.")  # that somebody stopped is known
        dialog.press("Close")
        scup.program.no_window(s.INIT)
        scup.quit()


def test_a_question_to_exit_goes_away_with_what_it_was_about():
    with s.Scup() as scup:
        dialog = start_pin_entry(scup)
        exit_is_asked(scup)
        scup.world.sim("cancel", 1)
        scup.program.no_window("Exit")
        dialog.see("The PIN was not entered")
        scup.quit()  # nothing runs: no question


def test_exit_while_a_card_is_waited_for_ends_at_once():
    with s.Scup() as scup:
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.press("Initialize")
        dialog.see("Insert a blank card")
        question = exit_is_asked(scup)
        question.see("is stopped where that does no harm")
        question.press("Stop and exit")
        ends(scup)


def test_closing_the_window_is_an_exit():
    with s.Scup() as scup:
        scup.window.see("Two readers ready")
        gui.close_window(s.TITLE)
        ends(scup)


FOCUSABLE = ("push button", "text", "check box", "radio button", "spin button", "toggle button", "table")


def walk_with_tab(window, title):
    """Tab reaches everything that can be used, and never loses the focus."""
    activate(window, title)
    wanted = [n for n in window.all() if n.role in FOCUSABLE and n.has("sensitive") and n.has("focusable")]
    reached = []

    def missing():
        # Of a group of radio buttons Tab reaches the one that is chosen; arrows reach the others.
        return [f"{n.role} {n.name}" for n in wanted if n.role != "radio button" and
                not any(n.accessible == other.accessible for other in reached)]

    def reach():
        node = focused(window)
        if not any(node.accessible == other.accessible for other in reached):
            reached.append(node)
        keys("Tab")
        return not missing()
    gui.wait(lambda: f"{title}: Tab to reach {missing()}; it reached {[n.title() for n in reached]}", reach)


def test_tab_reaches_everything_in_each_window():
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        for menu, item, title in (
                ("CA Smart Card", s.INIT, s.INIT), ("CA Smart Card", s.BACKUP, s.BACKUP),
                ("CA Smart Card", "Change PIN", "Change PIN of a CA"), ("EP11 Smart Card", s.ENROLL, s.ENROLL),
                ("EP11 Smart Card", s.PERSONALIZE, s.PERSONALIZE), ("EP11 Smart Card", s.UNBLOCK, s.UNBLOCK),
                ("File", "Display smart card information", "Smart card information"),
                ("File", "Display smart card key identifiers", "Smart card key identifiers"),
                ("File", "Card inventory…", "Card inventory"), ("Help", "Plan a card set…", "Plan a card set"),
                ("Readers", "Check readers…", "Check readers")):
            window = scup.menu(menu, item, title)
            gui.wait(f"what {title} shows", lambda: len(list(window.all("push button"))) > 0)
            walk_with_tab(window, title)
            keys("Escape")
            scup.program.no_window(title)


def test_the_focus_comes_back_when_a_dialog_closes():
    with s.Scup() as scup:
        scup.world.insert(1, "ca-1")
        scup.window.find("push button", "Make it the CA card of a new zone")
        activate(scup.window, s.TITLE)
        gui.wait("the button", lambda: keys("Tab") or focused(scup.window).name == "Make it the CA card of a new zone")
        keys("space")
        dialog = scup.dialog(s.INIT)
        activate(dialog, s.INIT)
        gui.wait("the focus on what begins", lambda: focused(dialog).name == "Initialize")
        keys("Escape")
        scup.program.no_window(s.INIT)
        activate(scup.window, s.TITLE)
        gui.wait("the focus where it was", lambda: focused(scup.window).name == "Make it the CA card of a new zone")


def test_ctrl_q_in_a_dialog_asks():
    with s.Scup() as scup:
        dialog = start_pin_entry(scup)
        activate(dialog, s.INIT)
        keys("ctrl+q")
        question = scup.program.window("Exit")
        activate(question, "Exit")
        keys("Escape")
        scup.program.no_window("Exit")
        dialog.see("first PIN")


if __name__ == "__main__":
    sys.exit(gui.run([value for name, value in list(globals().items()) if name.startswith("test_")]))
