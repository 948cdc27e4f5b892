#!/usr/bin/python3
"""A whole set of cards made in the real scup, with the mishaps of a real day."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402

gui.reexec()


def test_a_set_of_six_cards_is_made_one_after_the_other():
    with s.Scup() as scup:
        scup.window.see("Two readers ready")
        scup.window.see("Insert a card in reader 1")
        scup.shot("scup-empty")
        dialog = scup.make_zone()
        scup.shot("scup-zone-made")
        dialog.press("Back up the CA card")

        dialog = scup.dialog(s.BACKUP)
        dialog.press("Back up")
        scup.ca_pins()  # once more, although just set
        dialog.see("Insert a blank card for a CA card")
        scup.shot("scup-backup-insert")
        scup.world.insert(2, "ca-2")
        dialog.see("new first PIN")
        scup.world.new_pin(2, "333333")
        dialog.see("new second PIN")
        scup.world.new_pin(2, "444444")
        s.name_backup(dialog)
        dialog.see("The CA card has a backup")
        scup.world.remove(2)
        dialog.press("Enroll an EP11 card")

        for number, holder in enumerate(("Alice", "Bob", "Custodian Weber", "Custodian Ito"), 1):
            dialog = scup.dialog(s.ENROLL)
            dialog.press("Enroll")
            if number == 1:  # the zone is still unlocked: no PIN is asked for
                dialog.see("Insert a blank card for an EP11 card")
            else:  # the card before is still there: it is seen, and does not do
                dialog.see("take a blank card")
                scup.world.remove(2)
            scup.world.insert(2, f"ep11-{number}")
            dialog.see("The card is enrolled")
            dialog.press("Personalize this card")
            dialog = scup.dialog(s.PERSONALIZE)
            dialog.press("Personalize")
            dialog.see("Type the new PIN")
            scup.world.new_pin(2, f"12345{number}")
            s.name_card(dialog, holder)
            dialog.see("The card is ready")
            if number < 4:
                dialog.press("Enroll the next card")
        scup.shot("scup-card-ready")
        scup.close(dialog)
        scup.window.see("Custodian Ito")
        scup.window.see("same zone")
        scup.shot("scup-two-cards")
        scup.quit()


def test_a_wrong_pin_is_told_with_the_tries_that_are_left():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.program.menu(scup.window, "Help", "About")  # another window does not disturb
        scup.window.press("Lock now")
        scup.world.insert(2, "ep11-1")
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        dialog.press("Enroll")
        dialog.see("Type the first PIN")
        dialog.see("5 tries left")
        dialog.see("To stop, press the red key on reader 1")
        scup.world.pin(1, "999999")
        dialog.see("4 tries left")
        dialog.see("wrong")
        scup.shot("scup-wrong-pin")
        scup.world.pin(1, s.CA_PINS[0])
        dialog.see("second PIN")
        scup.world.pin(1, s.CA_PINS[1])
        dialog.see("The card is enrolled")


def test_a_pin_entry_cancelled_on_the_pad_can_be_repeated():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        dialog = scup.menu("EP11 Smart Card", "Change PIN", "Change PIN of an EP11")
        dialog.see("Type the old PIN")
        scup.world.sim("cancel", 2)
        dialog.see("The PIN was not entered")
        scup.shot("scup-cancelled-on-pad")
        dialog.press("Try again")
        dialog.see("Type the old PIN")
        scup.world.pin(2, "123456", "654321", "654321")
        dialog.see("The PIN is changed")
        scup.close(dialog)


def test_the_last_try_of_a_ca_pin_is_warned_of():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.window.press("Lock now")
        scup.world.insert(2, "ep11-1")
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        dialog.press("Enroll")
        for left in (5, 4, 3, 2):
            dialog.see("1 try left" if left == 1 else f"{left} tries left")
            scup.world.pin(1, "999999")
        dialog.see("Reader 1: one try is left for the first PIN of CA card “Zone officers A/B”.")
        dialog.see("useless for good")
        scup.shot("scup-last-try")
        dialog.press("Cancel")
        scup.program.no_window(s.ENROLL)
        scup.window.see("1 try left")


def test_a_blocked_card_is_unblocked_and_keeps_its_pin():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        dialog = scup.menu("EP11 Smart Card", "Change PIN", "Change PIN of an EP11")
        for left in ("3 tries left", "2 tries left", "1 try left"):
            dialog.see(left)
            scup.world.pin(2, "000000", "111111", "111111")
        dialog.see("The PIN is blocked")
        dialog.see("Unblock EP11 smart card")
        scup.shot("scup-blocked")
        dialog.press("Stop")
        scup.window.see("✗ blocked")
        scup.window.see("Unblock it with a CA card")
        dialog = scup.menu("EP11 Smart Card", s.UNBLOCK)
        dialog.see("A forgotten PIN is not cured by it")
        dialog.press("Unblock")
        dialog.see("The card is unblocked")
        dialog.see("3 tries left")
        dialog.press("Change its PIN")
        dialog = scup.dialog("Change PIN of an EP11")
        dialog.see("Type the old PIN")
        scup.world.pin(2, "123456", "654321", "654321")
        dialog.see("The PIN is changed")


def test_a_card_pulled_in_the_middle_is_told_and_goes_on():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.world.insert(2, "ep11-1")
        scup.window.see("Blank card for an EP11 card")
        scup.world.sim("fault", "card", "ep11-1", "pull-after", "after=6")
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        dialog.press("Enroll")
        dialog.see("The card was lost in the middle")
        dialog.see("start again with the same card and zone")
        scup.shot("scup-pulled")
        dialog.press("Try again")
        dialog.see("Insert a blank card")
        scup.world.insert(2, "ep11-1")
        dialog.see("The card is enrolled")


def test_cancel_in_the_window_leaves_everything_as_it_was():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        dialog.press("Enroll")
        dialog.see("Insert a blank card for an EP11 card")
        dialog.press("Cancel")
        scup.program.no_window(s.ENROLL)
        scup.window.see("Zone officers A/B")


def test_a_right_card_in_the_wrong_reader_is_recognised():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.world.remove(1)
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        dialog.press("Enroll")
        dialog.see("Insert a CA card")
        scup.world.insert(2, "ca-1")
        dialog.see("A card that fits is in reader 2: put it into reader 1")
        scup.shot("scup-wrong-reader")
        scup.world.remove(2)
        scup.world.insert(2, "ep11-1")
        scup.world.insert(1, "ca-1")
        scup.ca_pins()
        dialog.see("The card is enrolled")


def test_contents_are_described_and_deleted_after_a_question():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Weber")
        scup.window.see("Weber")
        tke = scup.tke("card", "generate-key-part", "--description", "MK 2026 part 1")
        scup.world.pin(2, "123456")
        assert tke.wait(60) == 0, tke.stdout.read()
        scup.program.menu(scup.window, "EP11 Smart Card", s.DESCRIBE)
        dialog = scup.dialog(s.DESCRIBE)
        scup.world.pin(2, "123456")
        dialog.see("Key part 1: MK 2026 part 1")
        scup.shot("scup-describe")
        dialog.find("text", "New description").type("Custodian Weber, 1/3")
        dialog.press("Change")
        dialog.see("The description is changed")
        dialog.see("Custodian Weber, 1/3")
        scup.close(dialog)
        scup.window.see("Custodian Weber, 1/3")
        scup.window.see("1 of 85 places used")
        scup.shot("scup-key-part")

        dialog = scup.menu("EP11 Smart Card", s.CONTENTS)
        scup.world.pin(2, "123456")  # it was locked after the step before
        dialog.see("What is to be deleted?")
        dialog.press("Delete…")
        dialog.see("Nothing is chosen")
        dialog.find("check box").click()
        dialog.press("Delete…")
        gui.wait("the question", lambda: dialog.maybe("push button", "Delete"))
        scup.shot("scup-delete-question")
        entry = dialog.maybe("text")
        if entry is not None and entry.name.startswith("To go on, type “"):
            entry.type(entry.name[len("To go on, type “"):-len("”:")])
        dialog.press("Delete")
        dialog.see("Key parts deleted")
        scup.close(dialog)
        scup.window.see("0 of 85 places used")


def test_a_card_in_use_is_overwritten_only_after_its_name_was_typed():
    with s.Scup() as scup:
        scup.close(scup.make_zone(description="Old zone"))
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.press("Initialize")
        dialog.see("take a blank card")
        scup.world.remove(1)
        scup.world.insert(1, "ca-1")  # put in again: it is meant
        dialog.see("Everything on it is erased for good")
        dialog.see("unless a backup CA card exists")
        scup.shot("scup-overwrite")
        button = dialog.find("push button", "Erase and initialize")
        assert not button.has("sensitive")
        entry = dialog.find("text")
        gui.wait(lambda: f"the zone in “{entry.title()}”", lambda: "Old zone" in entry.name)
        entry.type("old zone")
        assert not button.has("sensitive")
        entry.type("Old zone")
        button.click()
        dialog.see("new first PIN")
        scup.world.new_pin(1, "333333")
        dialog.see("new second PIN")
        scup.world.new_pin(1, "444444")
        s.name_zone(dialog, "New zone", "New officers")
        dialog.see("The zone is made")
        dialog.see("New officers")


def test_an_overwrite_that_is_not_confirmed_leaves_the_card_alone():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        dialog.press("Enroll")
        dialog.see("take a blank card")
        scup.world.remove(2)
        scup.world.insert(2, "ep11-1")
        dialog.see("Everything on it is erased for good")
        dialog.press("Cancel")
        scup.program.no_window(s.ENROLL)
        scup.window.see("Alice")
        scup.window.see("3 tries left")


def test_a_card_set_is_planned_and_ticks_itself_off():
    with s.Scup() as scup:
        plan = scup.menu("Help", "Plan a card set…", "Plan a card set")
        plan.see("10 cards, 0 made, 0 checked")
        plan.see("Make the zone on a blank card")
        plan.press("Make the CA card")
        dialog = scup.dialog(s.INIT)
        dialog.press("Cancel")
        scup.close(scup.make_zone())
        plan.see("10 cards, 1 made, 1 checked")  # its PINs have just been set
        plan.see("Zone officers A/B")
        scup.make_card("ep11-1", "Alice")
        plan.see("Generate the signature key")
        scup.shot("scup-plan")
        tke = scup.tke("card", "generate-signature-key", "--name", "Alice")
        scup.world.pin(2, "123456")
        assert tke.wait(60) == 0, tke.stdout.read()
        scup.world.remove(2)
        scup.world.insert(2, "ep11-1")  # inserted again, it ticks itself off
        plan.see("10 cards, 2 made, 2 checked")

        page = scup.menu("File", "Card inventory…", "Card inventory")
        for part in ("ZONE", "Zone officers A/B", "Alice", "none known: copy it"):
            gui.wait(lambda: f"{part} in:\n{page.find('text').text}", lambda: part in page.find("text").text)
        scup.shot("scup-inventory")
        scup.quit()


def test_a_lost_ca_card_has_no_place_in_the_plan_and_it_says_why():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        plan = scup.menu("Help", "Plan a card set…", "Plan a card set")
        plan.see("10 cards, 1 made, 1 checked")
        scup.world.sim("fault", "card", "ca-1", "block-pin", "pin=2")
        scup.world.remove(1)
        scup.world.insert(1, "ca-1")
        plan.see("10 cards, 0 made, 0 checked")
        plan.see("one of its PINs is blocked, the card is lost for good. Insert a backup of it")
        plan.find("push button", "Make the CA card")
        scup.shot("scup-plan-lost")
        page = scup.menu("File", "Card inventory…", "Card inventory")
        text = page.find("text").text
        assert "✗ blocked: the card is lost for good" in text, text
        assert "copy it" not in text, text


def test_the_backup_of_the_ca_card_is_tested_in_the_plan():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        plan = scup.menu("Help", "Plan a card set…", "Plan a card set")
        plan.see("10 cards, 1 made, 1 checked")
        plan.press("Back up the CA card")
        dialog = scup.dialog(s.BACKUP)
        dialog.press("Back up")
        scup.ca_pins()
        dialog.see("Insert a blank card for a CA card")
        scup.world.insert(2, "ca-2")
        dialog.see("new first PIN")
        scup.world.new_pin(2, "333333")
        dialog.see("new second PIN")
        scup.world.new_pin(2, "444444")
        s.name_backup(dialog)
        dialog.see("The CA card has a backup")
        scup.world.remove(2)
        dialog.press("Test the backup")
        dialog = scup.dialog("Test a backup")
        dialog.press("Test")
        dialog.see("Insert the backup of the CA card")
        scup.shot("scup-test-backup")
        scup.world.remove(1)
        scup.world.insert(1, "ca-2")
        dialog.see("Type the first PIN")
        scup.world.pin(1, "333333", "444444")
        dialog.see("The backup works")
        scup.shot("scup-backup-tested")
        scup.close(dialog)
        plan.see("10 cards, 2 made, 2 checked")
        scup.quit()


if __name__ == "__main__":
    sys.exit(gui.run([value for name, value in list(globals().items()) if name.startswith("test_")]))
