#!/usr/bin/python3
"""What scup tells when something is wrong with readers and cards, and what it offers."""
import json
import os
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402

gui.reexec()
EQUAL_READERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../cli/equal-readers.json")


def test_panes_follow_cards_without_a_click():
    with s.Scup() as scup:
        scup.window.see("Insert a card in reader 1")
        scup.time_panes(rounds=2)


def test_without_readers_the_window_says_what_to_check():
    with s.Scup() as scup:
        scup.window.see("Two readers ready")
        scup.world.sim("fault", "reader", "unplugged")
        scup.window.see("No readers found")
        scup.window.see("0 readers found, two are needed")
        scup.shot("scup-no-readers")
        scup.window.press("Check readers…")
        page = scup.dialog("Check readers")
        page.see("Something is missing")
        page.see("libccid")
        scup.shot("scup-self-check")
        scup.world.sim("fault", "reader", "plugged")
        page.see("Everything is ready")
        scup.window.see("Two readers ready")


def test_with_one_reader_the_other_pane_says_so():
    with s.Scup() as scup:
        scup.window.see("Two readers ready")
        scup.world.sim("fault", "reader", "2", "unplugged")
        scup.window.see("No second reader found")
        scup.window.see("Insert a card in reader 1")
        scup.world.insert(1, "ca-1")
        scup.window.see("Blank card for a CA card")  # cards can still be looked at


def test_readers_that_cannot_be_told_apart_are_identified_by_a_card():
    with s.Scup("--scenario", EQUAL_READERS) as scup:
        scup.window.see("Which reader is it?")
        scup.window.see("✗ The readers cannot be told apart")
        page = scup.menu("Readers", "Check readers…", "Check readers")
        page.see("these readers cannot be told apart")
        scup.close(page)
        scup.shot("scup-equal-readers")
        scup.window.press("Identify the readers")
        dialog = scup.dialog("Identify readers")
        dialog.see("Insert any card into the reader that is to be reader 1.")
        dialog.see("neither serial number nor port is known of them")
        scup.world.insert(2, "ca-1")
        dialog.see("They hold until a reader is unplugged or the program ends")
        scup.close(dialog)
        scup.window.see("✓ Two readers ready")
        scup.window.see("Blank card for a CA card")  # the reader on the right is reader 1
        scup.world.sim("fault", "reader", "1", "unplugged")
        scup.window.see("No second reader found")
        scup.world.sim("fault", "reader", "1", "plugged")
        scup.window.see("Which reader is it?")
        dialog = scup.menu("CA Smart Card", s.INIT)  # a procedure asks by itself
        dialog.press("Initialize")
        dialog.see("Insert any card into the reader that is to be reader 1.")
        scup.world.remove(2)
        scup.world.insert(2, "ca-1")
        dialog.see("first PIN")
        scup.world.sim("cancel", 2)
        assert not os.path.exists(os.path.join(scup.world.dir, "workstation", "settings.json"))


def test_a_stopped_service_is_named_and_comes_back_by_itself():
    with s.Scup() as scup:
        scup.window.see("Two readers ready")
        scup.world.sim("fault", "daemon", "stopped")
        scup.window.see("The readers cannot be reached")
        scup.window.see("Start the smart card service")
        scup.shot("scup-no-service")
        scup.world.sim("fault", "daemon", "running")
        scup.window.see("Two readers ready")


def pid_of(world):
    return json.loads(world.sim("--json", "status"))["pid"]


def test_a_tke_sim_that_hangs_is_told_and_the_window_still_answers():
    with s.Scup() as scup:
        scup.window.see("Two readers ready")
        pid = pid_of(scup.world)
        os.kill(pid, signal.SIGSTOP)
        try:
            scup.window.see(f"tke-sim (process {pid}) does not answer")
            scup.window.see("Let it go on, or end it")
            scup.window.see_not("Start the smart card service")
            scup.shot("scup-sim-hangs")
            plan = scup.menu("Help", "Plan a card set…", "Plan a card set")
            plan.press("Close")
            scup.program.no_window("Plan a card set")
        finally:
            os.kill(pid, signal.SIGCONT)
        scup.window.see("Two readers ready")
        scup.world.insert(1, "ca-1")
        scup.window.see("Blank card for a CA card")


def test_a_tke_sim_that_hangs_in_a_procedure_is_told_and_the_step_can_be_done_afterwards():
    with s.Scup() as scup:
        scup.world.insert(1, "ca-1")
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.press("Initialize")
        dialog.see("first PIN")
        pid = pid_of(scup.world)
        os.kill(pid, signal.SIGSTOP)
        try:
            dialog.press("Cancel")  # the keypad cannot be reached
            dialog.see("does not answer")
            dialog.see("Let it go on, or end it")
            scup.shot("scup-sim-hangs-in-a-step")
        finally:
            os.kill(pid, signal.SIGCONT)
        dialog.press("Close")  # it was stopped
        scup.program.no_window(s.INIT)
        scup.window.see("Two readers ready")
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.press("Initialize")
        dialog.see("first PIN")
        scup.world.sim("cancel", 1)
        dialog.see("cancelled on the keypad")
        dialog.press("Stop")
        scup.program.no_window(s.INIT)
        scup.window.see("Two readers ready")


def test_a_reader_held_by_another_program_is_named_and_tried_again():
    with s.Scup() as scup:
        scup.window.see("Two readers ready")
        scup.world.sim("fault", "reader", "1", "held")
        scup.world.insert(1, "ca-1")
        scup.window.see("The card cannot be read")
        scup.window.see("Reader 1: another program holds the reader.")
        scup.window.see("OpenSC")
        scup.shot("scup-held")
        scup.world.sim("fault", "reader", "1", "free")
        scup.window.see("Blank card for a CA card")


def test_a_card_that_is_not_genuine_is_refused():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        dialog = scup.menu("Readers", "Check the cards")
        dialog.see("The cards are genuine")
        scup.close(dialog)
        scup.world.sim("fault", "card", "ep11-1", "forged-key")
        dialog = scup.menu("Readers", "Check the cards")
        dialog.see("Do not use this card")
        scup.shot("scup-not-genuine")


def test_information_and_key_identifiers_are_shown_as_text():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        scup.window.see("Alice")
        page = scup.menu("File", "Display smart card information", "Smart card information")
        for part in ("READER 1  OpenTKE virtual PIN pad · left\n", "CA smart card", "Production 2026", "5 tries left", "READER 2",
                     "EP11 smart card", "Alice", "3 tries left", "Usage log head"):
            gui.wait(lambda: f"{part} in:\n{page.find('text').text}", lambda: part in page.find("text").text)
        gui.wait("the proof of the EP11 card", lambda: "yes, checked" in page.find("text").text)
        scup.shot("scup-information")
        page.press("Close")
        tke = scup.tke("card", "generate-signature-key", "--name", "Alice Admin")
        scup.world.pin(2, "123456")
        assert tke.wait(60) == 0, tke.stdout.read()
        scup.program.menu(scup.window, "File", "Display smart card key identifiers")
        page = scup.dialog("Smart card key identifiers")
        gui.wait("the key", lambda: "Alice Admin" in page.find("text").text)
        scup.shot("scup-key-identifiers")


def test_readers_are_swapped_and_identified():
    with s.Scup() as scup:
        scup.window.see("OpenTKE virtual PIN pad · left")
        scup.world.insert(1, "ca-1")
        scup.window.see("Make it the CA card of a new zone")
        dialog = scup.menu("Readers", "Swap reader 1 and 2")
        dialog.see("The readers have their numbers")
        scup.close(dialog)
        scup.window.see_not("Make it the CA card of a new zone")  # it is in reader 2 now
        dialog = scup.menu("Readers", "Identify readers")
        dialog.see("Insert any card into the reader that is to be reader 1")
        scup.world.remove(1)
        scup.world.insert(1, "ca-1")
        dialog.see("The readers have their numbers")
        scup.close(dialog)
        scup.window.see("Make it the CA card of a new zone")


def start_to_describe(scup):
    """A card with both its PINs, and the question what it is called."""
    scup.world.insert(1, "ca-1")
    dialog = scup.menu("CA Smart Card", s.INIT)
    dialog.press("Initialize")
    dialog.see("first PIN")
    scup.world.new_pin(1, "111111")
    dialog.see("second PIN")
    scup.world.new_pin(1, "222222")
    dialog.see("What are the zone and its CA card called?")
    return dialog


def test_a_description_that_no_card_takes_is_refused_before_anything_is_written():
    with s.Scup() as scup:
        dialog = start_to_describe(scup)
        dialog.find("text", "Zone description").type("Österreich")
        dialog.press("Continue")
        dialog.see("Zone description: “Ö” cannot stand there")
        dialog.find("text", "Zone description").type("Production of the year 2026, site A and B")
        dialog.press("Continue")
        dialog.see("Zone description: 41 characters are too many, 30 fit on the card.")
        dialog.find("text", "Zone description").type("")
        dialog.press("Continue")
        dialog.see("A description is empty")
        dialog.press("Continue")  # once more: it may be empty
        dialog.see("The zone is made")


def test_who_stops_at_the_descriptions_is_told_what_is_done_and_goes_on_there():
    with s.Scup() as scup:
        dialog = start_to_describe(scup)
        dialog.find("text", "Zone description").type("Zone")
        dialog.press("Cancel")
        dialog.see("The card has its two PINs now; start again with the same card, it goes on there.")
        dialog.press("Close")
        scup.program.no_window(s.INIT)
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.press("Initialize")
        s.name_zone(dialog)  # the card is still in, its PINs are entered
        dialog.see("The zone is made")
        scup.close(dialog)
        scup.window.see("Officers")


def test_a_card_pulled_while_it_is_described_is_told_and_goes_on_there():
    with s.Scup() as scup:
        dialog = start_to_describe(scup)
        scup.world.remove(1)
        s.name_zone(dialog)
        dialog.see("The card has its two PINs now; start again with the same card, it goes on there")
        scup.world.insert(1, "ca-1")
        dialog.press("Try again")
        dialog.see("Type the first PIN")
        scup.ca_pins(("111111", "222222"))
        dialog.see("What are the zone and its CA card called?")
        dialog.find("text", "Zone description").see_text("Zone")  # as it was typed before
        dialog.press("Continue")
        dialog.see("The zone is made")


def test_who_stops_at_the_description_of_a_backup_has_one():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        dialog = scup.menu("CA Smart Card", s.BACKUP)
        dialog.press("Back up")
        scup.ca_pins()
        dialog.see("Insert a blank card")
        scup.world.insert(2, "ca-2")
        dialog.see("new first PIN")
        scup.world.new_pin(2, "333333")
        dialog.see("new second PIN")
        scup.world.new_pin(2, "444444")
        dialog.see("What is the backup called?")
        dialog.press("Cancel")
        dialog.see("The backup has the zone, but no description yet")
        dialog.press("Close")
        scup.program.no_window(s.BACKUP)
        scup.window.see("no description")
        gui.wait(lambda: f"the zone of both cards in {scup.window.texts()}", lambda: len(
            [text for text in scup.window.texts() if text.startswith("Production 2026 · ")]) == 2)


def test_who_stops_at_the_description_of_an_ep11_card_is_told_that_it_has_its_pin():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.world.insert(2, "ep11-1")
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        dialog.press("Enroll")
        dialog.see("The card is enrolled")
        dialog.press("Personalize this card")
        dialog = scup.dialog(s.PERSONALIZE)
        dialog.press("Personalize")
        dialog.see("Type the new PIN")
        scup.world.new_pin(2, "123456")
        dialog.see("Whose card is it?")
        dialog.press("Cancel")
        dialog.see("The PIN is set, the description is not.")
        dialog.press("Close")
        scup.program.no_window(s.PERSONALIZE)
        scup.window.see("3 tries left")


def test_a_rehearsal_opens_the_virtual_desk_and_both_work_together():
    world = gui.World(os.environ["TKE_SIM"])
    program = gui.Program(os.environ["SCUP"], "--rehearsal", "--world", world.dir)
    try:
        program.window("Smart Card Utility — REHEARSAL").see("Two readers ready")
        gui.wait("the desk", lambda: '"desks" : 1' in world.sim("status", "--json") or
                 '"desks":1' in world.sim("status", "--json"))
    finally:
        program.end()
        world.end()


def test_the_keyboard_alone_is_enough():
    import subprocess

    def keys(*names):
        subprocess.run(["xdotool", "key", "--delay", "60", *names], check=True, timeout=30)

    def focus(window, title):  # what a window manager does
        def is_active():
            subprocess.run(["xdotool", "search", "--name", title, "windowfocus"], timeout=30,
                           capture_output=True)
            return window.has("active")
        gui.wait(f"the focus of {title}", is_active)

    with s.Scup() as scup:
        scup.world.insert(1, "ca-1")
        scup.window.see("Blank card for a CA card")
        focus(scup.window, s.TITLE)
        keys("ctrl+n")
        dialog = scup.dialog(s.INIT)
        dialog.find("push button", "Initialize")
        focus(dialog, s.INIT)
        keys("Return")
        dialog.see("first PIN")
        scup.world.new_pin(1, "111111")
        dialog.see("second PIN")
        scup.world.new_pin(1, "222222")
        dialog.find("text", "Zone description")
        focus(dialog, s.INIT)
        keys("z", "o", "n", "e", "Tab", "c", "a")
        dialog.find("text", "CA card description").see_text("ca")
        dialog.find("text", "Zone description").see_text("zone")
        keys("Return")
        dialog.see("The zone is made")
        keys("Escape")
        scup.program.no_window(s.INIT)


def resize(title, width, height):
    """As somebody does who drags a corner."""
    subprocess.run(["xdotool", "search", "--sync", "--onlyvisible", "--name", "^" + title, "windowsize", "--sync",
                    str(width), str(height)], check=True, capture_output=True, timeout=60)


def size_of(window):
    size = window.accessible.get_size()
    return size.x, size.y


def test_windows_remember_their_size():
    with s.Scup() as scup:
        resize(s.TITLE, 1010, 630)
        gui.wait(lambda: f"the new size; it is {size_of(scup.window)}", lambda: size_of(scup.window) == (1010, 630))
        scup.quit()
        assert os.path.exists(os.path.join(scup.world.dir, "windows.ini"))
        assert not os.path.exists(os.path.join(os.environ["XDG_STATE_HOME"], "opentke", "windows.ini"))
        scup.start()
        gui.wait(lambda: f"the size of before; it is {size_of(scup.window)}",
                 lambda: size_of(scup.window) == (1010, 630))


def test_a_window_that_is_open_is_not_opened_twice():
    with s.Scup() as scup:
        for menu, item, title in (("Help", "Plan a card set…", "Plan a card set"),
                                  ("File", "Display smart card information", "Smart card information"),
                                  ("Readers", "Check readers…", "Check readers")):
            scup.menu(menu, item, title)
            scup.menu(menu, item, title)
        scup.menu("File", "Card inventory…", "Card inventory")  # a further one is there: the menus have been obeyed
        titles = [title.partition(" — ")[0] for title in scup.program.titles()]
        assert len(titles) == len(set(titles)), titles


if __name__ == "__main__":
    sys.exit(gui.run([value for name, value in list(globals().items()) if name.startswith("test_")]))
