#!/usr/bin/python3
"""What scup does to keep people from mistakes: names, swapped cards, lost cards, cards that are not genuine."""
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402

gui.reexec()
CHANGE_PIN = "Change PIN of an EP11"
CHANGE_CA = "Change PIN of a CA"
WHOLE = "(?:[0-9A-F]{4}[ \\n]){15}[0-9A-F]{4}"  # all 32 bytes of a pattern


def script(scup, *lines):
    """Several commands of tke on the card in reader 2, whose PIN is typed once."""
    with tempfile.NamedTemporaryFile("w", suffix=".tke", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        tke = subprocess.Popen([os.environ["TKE"], "--rehearsal", "--world", scup.world.dir, "shell"],
                               stdin=open(file.name, encoding="ascii"), stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
        scup.world.pin(2, "123456")
        text, _ = tke.communicate(timeout=120)
        assert tke.returncode == 0, text


def ready(scup, *lines, card="ep11-1", name="Alice"):
    """A zone, and one card with what these commands make on it."""
    scup.close(scup.make_zone())
    scup.make_card(card, name)
    scup.window.see(name)
    if lines:
        script(scup, *lines)
        scup.world.remove(2)  # others have used it: it is read anew
        scup.world.insert(2, card)
        scup.window.see(name)


def back_up(scup):
    """The CA card in reader 1 gets a backup with PINs of its own."""
    dialog = scup.menu("CA Smart Card", s.BACKUP)
    dialog.press("Back up")
    dialog.see("Type the first PIN")
    scup.ca_pins()
    dialog.see("Insert a blank card")
    scup.world.insert(2, "ca-2")
    dialog.see("new first PIN")
    scup.world.new_pin(2, "333333")
    dialog.see("new second PIN")
    scup.world.new_pin(2, "444444")
    s.name_backup(dialog)
    dialog.see("The CA card has a backup")
    scup.close(dialog)
    scup.world.remove(2)


def choose_second(dialog, title="Which PIN of the CA card is to be changed?"):
    dialog.see(title)
    table = dialog.find("table", title).accessible.get_table_iface()
    gui.wait("the second row", lambda: table.add_row_selection(1) or table.is_row_selected(1))
    dialog.press("Choose")


def buttons(dialog):
    return [node.name for node in dialog.all("push button")]


def test_a_key_part_gets_its_own_description_and_nothing_else():
    with s.Scup() as scup:
        ready(scup, 'card generate-key-part --description "First third"')
        dialog = scup.menu("EP11 Smart Card", s.DESCRIBE)
        scup.world.pin(2, "123456")
        dialog.see("Key part 1: First third")
        entry = dialog.find("text", "New description")
        change = dialog.find("push button", "Change")
        entry.see_text("Alice")
        assert not change.has("sensitive")
        gui.click("the part to be chosen", lambda: next(
            node for node in dialog.all("radio button") if "First third" in node.name))
        gui.wait("the description of the part", lambda: entry.text == "First third")
        assert not change.has("sensitive")  # nothing is changed yet
        entry.type("Custodian Weber, 1/3")
        gui.wait("the button", lambda: change.has("sensitive"))
        entry.type("First third")
        gui.wait("the button", lambda: not change.has("sensitive"))
        entry.type("Custodian Weber, 1/3")
        scup.shot("scup-describe-part")
        dialog.press("Change")
        dialog.see("The description is changed")
        dialog.see("First third")
        scup.close(dialog)
        scup.window.see("Custodian Weber, 1/3")
        scup.window.see("Alice")  # the card has kept its own


def test_cards_that_were_swapped_are_recognised_and_said():
    with s.Scup() as scup:
        ready(scup)
        scup.world.remove(1)
        scup.world.remove(2)
        scup.world.insert(1, "ep11-1")
        scup.world.insert(2, "ca-1")
        scup.window.see("CA cards belong in reader 1")
        scup.window.see("EP11 cards belong in reader 2")
        dialog = scup.menu("EP11 Smart Card", s.UNBLOCK)
        dialog.press("Unblock")
        dialog.see("The CA card is in reader 2: swap the two cards.")
        scup.shot("scup-swapped")


def test_a_card_proves_unasked_that_it_is_genuine_where_information_is_shown():
    with s.Scup() as scup:
        ready(scup)
        page = scup.menu("File", "Display smart card information", "Smart card information")
        gui.wait("the verdict on the EP11 card", lambda: "yes, checked" in page.find("text").text)
        page.press("Close")
        scup.world.sim("fault", "card", "ep11-1", "forged-key")
        scup.world.remove(2)
        scup.world.insert(2, "ep11-1")
        scup.window.see("Alice")
        page = scup.menu("File", "Display smart card information", "Smart card information")
        gui.wait("the verdict", lambda: "NO: do not use this card" in page.find("text").text)
        gui.wait("the reason", lambda: "cannot prove" in page.find("text").text)
        scup.window.see("✗ This card is not genuine: do not use it.")
        scup.shot("scup-pane-not-genuine")
        page.press("Close")
        scup.world.remove(2)
        scup.window.see_not("not genuine")


def test_what_was_checked_is_still_known_in_the_information():
    with s.Scup() as scup:
        ready(scup)
        dialog = scup.menu("Readers", "Check the cards")
        dialog.see("The cards are genuine")
        scup.close(dialog)
        page = scup.menu("File", "Display smart card information", "Smart card information")
        gui.wait("both verdicts", lambda: page.find("text").text.count("yes, checked") == 2)
        scup.world.sim("fault", "card", "ep11-1", "forged-key")
        page.press("Close")
        dialog = scup.menu("Readers", "Check the cards")
        dialog.see("Do not use this card")
        assert "Try again" not in buttons(dialog), buttons(dialog)
        scup.window.see("✗ This card is not genuine: do not use it.")


def test_many_key_parts_are_counted_and_the_key_is_asked_for_by_itself():
    with s.Scup() as scup:
        ready(scup, "card generate-signature-key --name Alice",
              *[f'card generate-key-part --description "Part {i}"' for i in range(1, 17)])
        scup.window.see("16 of 85 places used")
        dialog = scup.menu("EP11 Smart Card", s.CONTENTS)
        scup.world.pin(2, "123456")
        dialog.see("What is to be deleted?")
        def all_boxes():
            found = list(dialog.all("check box", hidden=True))
            return found if len(found) == 17 else None
        boxes = gui.wait(lambda: f"17 boxes in:\n{dialog.dump()}", all_boxes)
        scup.shot("scup-contents")
        assert re.fullmatch(r"Signature key of administrator Alice\n" + WHOLE, boxes[0].name), boxes[0].name
        assert re.fullmatch(r"Key part 1: Part 1 · generated on card\n" + WHOLE, boxes[1].name), boxes[1].name
        for box in boxes:
            box.click()
        dialog.press("Delete…")
        dialog.see("16 key parts will be deleted")
        assert not dialog.shows("signature key of"), dialog.dump()
        gui.wait("a scrollbar", lambda: dialog.maybe("scroll bar"))
        scup.shot("scup-delete-parts")
        dialog.find("text", "To go on, type “Alice”:").type("Alice")
        dialog.press("Delete")
        dialog.see("The signature key will be deleted")
        dialog.see("may become unmanageable")
        scup.shot("scup-delete-key")
        assert not dialog.find("push button", "Delete").has("sensitive")  # the word is wanted again
        dialog.press("Cancel")
        scup.program.no_window(s.CONTENTS)
        scup.window.see("16 of 85 places used")  # without the second yes nothing is done


def test_a_card_that_holds_nothing_has_nothing_to_be_deleted():
    with s.Scup() as scup:
        ready(scup)
        dialog = scup.menu("EP11 Smart Card", s.CONTENTS)
        scup.world.pin(2, "123456")
        dialog.see("This card holds nothing that could be deleted")
        assert "Delete…" not in buttons(dialog), buttons(dialog)
        scup.shot("scup-contents-empty")
        scup.close(dialog)


def test_a_begun_ca_card_whose_pin_is_forgotten_starts_anew():
    with s.Scup() as scup:
        scup.world.insert(1, "ca-1")
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.press("Initialize")
        dialog.see("new first PIN")
        scup.world.new_pin(1, "111111")
        dialog.see("new second PIN")
        scup.world.sim("cancel", 1)
        dialog.see("The card has its first PIN now")
        dialog.press("Stop")
        scup.program.no_window(s.INIT)
        scup.world.remove(1)
        scup.world.insert(1, "ca-1")
        scup.window.see("the same step goes on where it stopped, or starts anew.")
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.press("Initialize")
        dialog.see("Type the first PIN")  # nobody knows it
        scup.world.sim("cancel", 1)
        dialog.see("The PIN was not entered")
        dialog.press("Try again")
        dialog.see("What is to be done with it?")
        scup.shot("scup-ca-begun")
        choose_second(dialog, "The card in reader 1 was begun as a CA card before, and has a PIN. "
                              "What is to be done with it?")
        dialog.see("new first PIN")
        scup.world.new_pin(1, "111111")
        dialog.see("new second PIN")
        scup.world.new_pin(1, "222222")
        s.name_zone(dialog)
        dialog.see("The zone is made")


def is_open(scup):
    """A PIN of a card in a reader is verified."""
    return '"verified":true' in scup.world.sim("--json", "status").replace(" ", "")


def test_a_ca_card_that_was_checked_in_reader_2_is_locked_afterwards():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.world.remove(1)
        scup.world.insert(2, "ca-1")
        scup.window.see("CA cards belong in reader 1")
        dialog = scup.menu("Readers", "Check the cards")
        dialog.see("Type the first PIN")
        scup.world.pin(2, s.CA_PINS[0])
        dialog.see("Type the second PIN")
        scup.world.pin(2, s.CA_PINS[1])
        dialog.see("The cards are genuine")
        scup.close(dialog)
        gui.wait("the card is locked", lambda: not is_open(scup))


def test_a_lost_ca_card_is_told_and_nobody_types_a_pin_for_it():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.window.see("Enroll an EP11 card")
        scup.window.press("Lock now")
        scup.world.sim("fault", "card", "ca-1", "block-pin", "pin=2")
        scup.world.remove(1)
        scup.world.insert(1, "ca-1")
        scup.window.see("✗ This CA card is lost for good: its second PIN is blocked.")
        assert scup.window.maybe("push button", "Enroll an EP11 card") is None
        assert scup.window.maybe("push button", "Make a backup of this card") is None
        scup.shot("scup-ca-lost")
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        dialog.press("Enroll")
        dialog.see("Insert a CA card")
        dialog.see("The second PIN of this CA card is blocked: the card is lost for good.")
        dialog.see("Insert the backup CA card")
        assert not dialog.shows("Type the first PIN"), dialog.texts()


def test_a_blocked_card_leads_to_unblocking_and_one_that_is_not_to_nothing():
    with s.Scup() as scup:
        ready(scup)
        dialog = scup.menu("EP11 Smart Card", s.UNBLOCK)
        dialog.press("Unblock")
        dialog.see("this card is not blocked: 3 tries are left")
        dialog.see("There is nothing to unblock")
        assert not dialog.shows("another card"), dialog.texts()
        assert "Try again" not in buttons(dialog), buttons(dialog)
        dialog.press("Stop")
        scup.program.no_window(s.UNBLOCK)
        scup.world.sim("fault", "card", "ep11-1", "block-pin")
        scup.world.remove(2)
        scup.world.insert(2, "ep11-1")
        scup.window.see("✗ blocked")
        dialog = scup.menu("EP11 Smart Card", "Change PIN", CHANGE_PIN)
        dialog.see("The PIN is blocked")
        assert "Try again" not in buttons(dialog), buttons(dialog)
        dialog.press("Unblock the card")
        scup.dialog(s.UNBLOCK).see("A forgotten PIN is not cured by it")


def test_a_prompt_that_waits_has_the_next_step_as_a_button():
    with s.Scup() as scup:
        dialog = scup.menu("EP11 Smart Card", "Change PIN", CHANGE_PIN)
        dialog.see("Nothing happens? Insert the card once more, or identify the readers")
        scup.shot("scup-empty-reader")
        scup.world.insert(2, "ep11-1")
        dialog.see("This EP11 card is not enrolled")
        dialog.press("Enroll the card")
        scup.program.no_window(CHANGE_PIN)
        dialog = scup.dialog(s.ENROLL)
        dialog.press("Enroll")
        dialog.see("Insert a CA card")
        dialog.press("Identify readers")
        scup.dialog("Identify readers").see("Insert any card into the reader that is to be reader 1")


def test_after_a_card_was_lost_its_information_can_be_reached():
    with s.Scup() as scup:
        ready(scup)
        dialog = scup.menu("EP11 Smart Card", "Change PIN", CHANGE_PIN)
        dialog.see("Type the old PIN")
        scup.world.remove(2)
        dialog.see("The card was lost in the middle")
        dialog.see("if the new PIN was typed already")
        dialog.see("Insert the card again, then go on as it says here.")
        scup.shot("scup-lost-at-pin-change")
        scup.world.insert(2, "ep11-1")
        dialog.press("Display card information")
        scup.program.no_window(CHANGE_PIN)
        page = scup.dialog("Smart card information")
        gui.wait("the card", lambda: "3 tries left" in page.find("text").text)


def enrolled(scup):
    """A card without PIN, and the dialog that asks for it."""
    scup.close(scup.make_zone())
    scup.world.insert(2, "ep11-1")
    dialog = scup.menu("EP11 Smart Card", s.ENROLL)
    dialog.press("Enroll")
    dialog.see("The card is enrolled")
    dialog.press("Personalize this card")
    dialog = scup.dialog(s.PERSONALIZE)
    dialog.press("Personalize")
    dialog.see("Type the new PIN")
    return dialog


def test_e_c07_a_card_whose_pin_was_set_before_it_was_lost_gets_its_description():
    with s.Scup() as scup:
        dialog = enrolled(scup)
        scup.world.sim("fault", "card", "ep11-1", "pull-after", "after=1")  # the PIN is set, the answer is lost
        scup.world.new_pin(2, "123456")
        dialog.see("the program reads from it whether its PIN is set")
        scup.world.insert(2, "ep11-1")
        dialog.press("Try again")
        dialog.see("The PIN of this card is set: only its description is missing.")
        scup.shot("scup-personalize-again")
        scup.world.pin(2, "123456")
        s.name_card(dialog, "Alice")
        dialog.see("The card is ready")
        scup.close(dialog)
        scup.window.see("Alice")


def test_e_c07_a_card_that_was_lost_before_its_pin_was_set_is_asked_for_it_again():
    with s.Scup() as scup:
        dialog = enrolled(scup)
        scup.world.sim("fault", "card", "ep11-1", "pull-before", "after=1")
        scup.world.new_pin(2, "123456")
        dialog.see("The card was lost in the middle")
        scup.world.insert(2, "ep11-1")
        dialog.press("Try again")
        dialog.see("Type the new PIN")
        scup.world.new_pin(2, "123456")
        s.name_card(dialog, "Alice")
        dialog.see("The card is ready")


def test_e_c07_only_the_description_is_missing_where_the_card_was_lost_at_it():
    with s.Scup() as scup:
        dialog = enrolled(scup)
        scup.world.sim("fault", "card", "ep11-1", "pull-before", "after=3")
        scup.world.new_pin(2, "123456")
        s.name_card(dialog, "Alice")
        dialog.see("The PIN is set, the description is not")
        dialog.see("only the description is missing (Change description)")
        assert not dialog.shows("whether its PIN is set"), dialog.texts()
        dialog.press("Try again")  # the card is not in yet
        dialog.see("Insert an enrolled EP11 card that has no PIN.")
        scup.world.insert(2, "ep11-1")
        dialog.see("The PIN of this card is set: only its description is missing.")
        scup.world.pin(2, "123456")
        s.name_card(dialog, "Alice")
        dialog.see("The card is ready")


def test_e_c07_a_card_that_got_its_tries_back_before_it_was_lost_is_recognised():
    with s.Scup() as scup:
        ready(scup)
        scup.world.remove(2)
        scup.world.sim("fault", "card", "ep11-1", "block-pin")
        scup.world.insert(2, "ep11-1")
        scup.window.see("✗ blocked")
        dialog = scup.menu("EP11 Smart Card", s.UNBLOCK)
        scup.world.sim("fault", "card", "ep11-1", "pull-after", "after=4")  # select, status, challenge, unblock
        dialog.press("Unblock")
        dialog.see("the program reads from the card whether it is still blocked")
        scup.world.insert(2, "ep11-1")
        dialog.press("Try again")
        dialog.see("The card is unblocked")
        dialog.see("The card is not blocked any more")  # nothing was done a second time
        dialog.see("3 tries left")


def test_after_a_change_of_pin_comes_the_copy():
    with s.Scup() as scup:
        ready(scup)
        dialog = scup.menu("EP11 Smart Card", "Change PIN", CHANGE_PIN)
        dialog.see("Type the old PIN")
        scup.world.pin(2, "123456", "654321", "654321")
        dialog.see("The PIN is changed")
        dialog.press("Change the PIN of a copy")
        dialog = scup.dialog("Change PIN of a copy")
        dialog.see("insert another one")  # the card of before is still in
        scup.world.remove(2)
        scup.world.insert(2, "ep11-2")
        dialog.see("This EP11 card is not enrolled")


def test_the_pin_of_a_backup_is_changed_on_the_backup():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        back_up(scup)
        dialog = scup.menu("CA Smart Card", "Change PIN", CHANGE_CA)
        dialog.press("Change")
        choose_second(dialog)
        dialog.see("Type the old second PIN")
        scup.world.pin(1, "222222", "555555", "555555")
        dialog.see("The second PIN is changed")
        dialog.press("Change a PIN of a backup")
        dialog = scup.dialog("Change PIN of a backup")
        dialog.press("Change")
        dialog.see("Insert the backup of the CA card.")
        dialog.see("insert another one")  # the card of before is still in, and loses no try
        scup.shot("scup-change-backup")
        scup.world.remove(1)
        scup.world.insert(1, "ca-2")
        dialog.see("Which PIN of the CA card is to be changed?")
        dialog.press("Choose")  # the same one as before
        dialog.see("Type the old second PIN of CA card Zone officers A/B backup")
        scup.world.pin(1, "444444", "555555", "555555")
        dialog.see("The second PIN is changed")


def test_the_other_pin_is_entered_on_the_card_whose_pin_was_changed():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        back_up(scup)
        scup.world.insert(2, "ca-2")
        dialog = scup.menu("CA Smart Card", "Change PIN", CHANGE_CA)
        dialog.press("Change")
        dialog.see("Which PIN of the CA card is to be changed?")
        dialog.press("Choose")
        dialog.see("Type the old first PIN")
        scup.world.pin(1, "111111", "555555", "555555")
        dialog.see("The first PIN is changed")
        dialog.press("Enter the other PIN now")
        dialog = scup.dialog("Enter the PINs of the CA card")
        dialog.see("Reader 1: Type the second PIN")
        scup.world.pin(1, "222222")
        dialog.see("Both PINs of the CA card are entered")  # nobody is asked for those of the backup in reader 2
        gui.wait(lambda: f"both PINs with all their tries in {dialog.texts()}",
                 lambda: sum(text.endswith("5 tries left") for text in dialog.texts() if text) == 2)
        scup.shot("scup-other-pin")
        scup.window.see("Zone unlocked")


def test_a_card_of_another_zone_is_no_backup():
    with s.Scup() as scup:
        scup.close(scup.make_zone("ca-2", zone="Other", description="Others"))
        scup.world.remove(1)
        scup.close(scup.make_zone())
        dialog = scup.menu("CA Smart Card", "Change PIN", CHANGE_CA)
        dialog.press("Change")
        dialog.see("Which PIN of the CA card is to be changed?")
        dialog.press("Choose")
        dialog.see("Type the old first PIN")
        scup.world.pin(1, "111111", "555555", "555555")
        dialog.see("The first PIN is changed")
        dialog.press("Change a PIN of a backup")
        dialog = scup.dialog("Change PIN of a backup")
        dialog.press("Change")
        dialog.see("insert another one")
        scup.world.remove(1)
        scup.world.insert(1, "ca-2")
        dialog.see("This card belongs to zone")
        dialog.press("Cancel")
        scup.program.no_window("Change PIN of a backup")
        scup.window.see("Others")
        assert not scup.window.shows("4 tries left"), scup.window.texts()


if __name__ == "__main__":
    sys.exit(gui.run([value for name, value in list(globals().items()) if name.startswith("test_")]))
