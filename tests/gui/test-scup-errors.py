#!/usr/bin/python3
"""The rows of the table of card errors (functions 2.2), as scup tells them. error-rows.md names the test of each row."""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402

gui.reexec()


FORGERIES = (
    ("forged-key", "cannot prove that it holds the key of its certificate"),
    ("forged-certificate", "the card's certificate is not signed by the zone's CA"),
    ("forged-id", "names another"),
)


def start_init_without_card(scup):
    dialog = scup.menu("CA Smart Card", s.INIT)
    dialog.press("Initialize")
    dialog.see("Insert a blank card")
    return dialog


def start_init(scup):
    dialog = scup.menu("CA Smart Card", s.INIT)
    dialog.press("Initialize")
    dialog.see("first PIN")
    return dialog


def test_e_c01_an_empty_reader_is_told_with_what_to_do():
    with s.Scup() as scup:
        dialog = scup.menu("Readers", "Check the cards")
        dialog.see("There is no enrolled card or CA card in the readers.")
        dialog.see("Perhaps it is in the other reader")
        dialog.press("Identify readers")
        dialog = scup.dialog("Identify readers")
        dialog.see("Insert any card into the reader that is to be reader 1")


def test_e_c01_a_prompt_stays_until_the_card_is_there():
    with s.Scup() as scup:
        dialog = scup.menu("CA Smart Card", "Change PIN", "Change PIN of a CA")
        dialog.press("Change")
        dialog.see("Insert a CA card")
        scup.world.insert(1, "ca-1")
        dialog.see("This CA card has no zone yet")
        scup.world.remove(1)
        dialog.see_not("This CA card has no zone yet")
        dialog.see("Insert a CA card")


def test_e_c02_a_card_that_always_fails_cannot_be_read():
    with s.Scup() as scup:
        scup.window.see("Two readers ready")
        scup.world.sim("fault", "card", "ca-1", "status", "sw=6F00", "times=99")
        scup.world.insert(1, "ca-1")
        scup.window.see("The card cannot be read")
        scup.window.see("Reader 1: selecting the applet: the card refuses it for a reason that is not known.")
        assert not scup.window.shows("6F00"), scup.window.dump()  # for support, not for officers
        scup.shot("scup-unreadable")
        scup.window.find("toggle button", "Details").click()
        scup.window.see("Status word 6F00, reader “OpenTKE Virtual PIN Pad 1”.")
        scup.shot("scup-unreadable-details")


def test_e_c02_a_card_that_answers_garbage_cannot_be_read():
    with s.Scup() as scup:
        scup.window.see("Two readers ready")
        scup.world.sim("fault", "card", "ca-1", "garbage", "times=9")
        scup.world.insert(1, "ca-1")
        scup.window.see("The card cannot be read")
        scup.window.see("try another card")


def test_e_c02_a_card_that_does_not_answer_cannot_be_read():
    with s.Scup() as scup:
        scup.window.see("Two readers ready")
        scup.world.sim("fault", "card", "ca-1", "silent", "times=99")
        scup.world.insert(1, "ca-1")
        scup.window.see("The card cannot be read")
        scup.window.see("the card does not answer")
        scup.shot("scup-silent")


def test_e_c02_on_a_contactless_reader_the_card_works_through_its_contacts_only():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        scup.world.remove(2)
        scup.world.sim("fault", "reader", "2", "contactless")
        scup.world.insert(2, "ep11-1")
        scup.window.see("The card cannot be read")
        scup.window.see("Reader 2: selecting the applet: the card works through its contacts only.")
        scup.window.see("Put the card into a reader with a slot")
        scup.shot("scup-contactless")
        dialog = scup.menu("EP11 Smart Card", s.DESCRIBE)  # a procedure tells it as well
        dialog.see("the card works through its contacts only")
        dialog.see("Put the card into a reader with a slot")
        scup.shot("scup-contactless-procedure")
        text = scup.tke("card", "info", "--reader", "2").communicate(timeout=60)[0]
        assert "the card works through its contacts only" in text and "Put the card into a reader with a slot" in text, text
        scup.world.sim("fault", "reader", "2", "honest")
        scup.world.remove(2)
        scup.world.insert(2, "ep11-1")
        dialog.see("3 tries left")  # its PIN is asked for
        scup.world.sim("cancel", 2)


def test_e_c04_the_kind_that_is_there_and_the_one_that_is_wanted_are_told():
    with s.Scup() as scup:
        dialog = scup.menu("CA Smart Card", "Change PIN", "Change PIN of a CA")
        dialog.press("Change")
        dialog.see("Insert a CA card")
        scup.world.insert(1, "ep11-1")
        dialog.see("This is an EP11 card; a CA card is wanted.")
        scup.shot("scup-wrong-kind")
        scup.world.remove(1)
        dialog.see_not("This is an EP11 card")
        scup.world.sim("fault", "card", "ep11-2", "foreign")
        scup.world.insert(1, "ep11-2")
        dialog.see("This is a foreign card; a CA card is wanted.")
        scup.world.remove(1)
        scup.world.sim("add-card", "bare", "applet=none")
        scup.world.insert(1, "bare")
        dialog.see("This is a blank card without applet; a CA card is wanted.")
        dialog.press("Cancel")
        scup.program.no_window("Change PIN of a CA")
        dialog = scup.menu("EP11 Smart Card", "Change PIN", "Change PIN of an EP11")
        scup.world.insert(2, "ca-1")
        dialog.see("This is a CA card; an EP11 card is wanted.")
        scup.world.remove(2)
        scup.world.insert(2, "ep11-2")
        dialog.see("This is a foreign card; an EP11 card is wanted.")


def test_e_c04_a_card_without_manager_takes_no_applet():
    with s.Scup() as scup:
        scup.world.sim("fault", "card", "ep11-1", "foreign")
        dialog = start_init_without_card(scup)
        scup.world.insert(1, "ep11-1")
        dialog.see("This is a foreign card without a card manager: no applet can be loaded onto it.")


def test_e_c05_a_card_that_is_not_enrolled_gets_no_pin():
    with s.Scup() as scup:
        scup.world.insert(2, "ep11-1")
        dialog = scup.menu("EP11 Smart Card", s.PERSONALIZE)
        dialog.press("Personalize")
        dialog.see("not enrolled")
        dialog.see("Initialize and enroll EP11 smart card")


def test_e_c05_a_card_without_pin_changes_none():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.world.insert(2, "ep11-1")
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        dialog.press("Enroll")
        dialog.see("The card is enrolled")
        scup.close(dialog)
        dialog = scup.menu("EP11 Smart Card", "Change PIN", "Change PIN of an EP11")
        dialog.see("This EP11 card has no PIN")
        dialog.see(s.PERSONALIZE)


def test_e_c06_a_card_of_another_zone_is_named_with_both_zones():
    with s.Scup() as scup:
        scup.close(scup.make_zone(zone="Zone A"))
        scup.make_card("ep11-1", "Alice")
        scup.world.remove(1)
        scup.close(scup.make_zone(card="ca-2", zone="Zone B"))
        scup.window.see("another zone than the CA card")
        scup.world.sim("fault", "card", "ep11-1", "block-pin")
        dialog = scup.menu("EP11 Smart Card", s.UNBLOCK)
        dialog.press("Unblock")
        dialog.see("This card belongs to zone")
        assert re.search(r"belongs to zone (\w{4}-){3}\w{4} \(Zone A\); zone (\w{4}-){3}\w{4} \(Zone B\) is wanted",
                         "\n".join(dialog.texts())), dialog.texts()


def test_e_c07_a_card_pulled_at_its_pin_is_told_and_asked_for_again():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        dialog = scup.menu("EP11 Smart Card", "Change PIN", "Change PIN of an EP11")
        dialog.see("Type the old PIN")
        scup.world.remove(2)
        dialog.see("The card was lost in the middle")
        dialog.see("try first with the new PIN which of the two is set")
        dialog.press("Try again")
        dialog.see("Insert a personalized EP11 card")
        scup.world.insert(2, "ep11-1")
        dialog.see("3 tries left")
        scup.world.pin(2, "123456", "654321", "654321")
        dialog.see("The PIN is changed")


def test_e_c09_a_blocked_ep11_pin_is_one_button_from_its_unblocking():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        scup.world.sim("fault", "card", "ep11-1", "block-pin")
        scup.world.remove(2)
        scup.world.insert(2, "ep11-1")
        dialog = scup.menu("EP11 Smart Card", "Change PIN", "Change PIN of an EP11")
        dialog.see("The PIN is blocked")
        dialog.see("A CA card of the zone gives the tries back")
        dialog.press("Unblock the card")
        dialog = scup.dialog(s.UNBLOCK)
        dialog.press("Unblock")
        dialog.see("The card is unblocked")


def test_e_c10_a_blocked_ca_pin_means_the_backup():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.window.press("Lock now")
        scup.world.sim("fault", "card", "ca-1", "block-pin", "pin=2")
        scup.world.remove(1)
        scup.world.insert(1, "ca-1")
        scup.window.see("✗ blocked")
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        dialog.press("Enroll")  # nobody types the first PIN of a card that the second has made useless
        dialog.see("The second PIN of this CA card is blocked: the card is lost for good.")
        dialog.see("Insert the backup CA card, and make a new backup from it at once.")
        scup.shot("scup-ca-blocked")


def test_e_c10_a_ca_pin_blocked_at_the_pad_leads_to_the_backup():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.window.press("Lock now")
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        dialog.press("Enroll")
        dialog.see("Type the first PIN")
        scup.world.sim("fault", "card", "ca-1", "block-pin")
        scup.world.pin(1, s.CA_PINS[0])
        dialog.see("The PIN is blocked")
        dialog.see("for good")
        dialog.see("Use the backup CA card")
        dialog.press("Go on with the backup")  # the lost card is still in: it is not taken again
        dialog.see("The first PIN of this CA card is blocked: the card is lost for good.")
        dialog.see("Insert the backup CA card")


def test_e_c11_an_entry_that_took_too_long_costs_no_try():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.window.press("Lock now")
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        scup.world.sim("fault", "reader", "1", "pad-status", "sw=6400")
        dialog.press("Enroll")
        dialog.see("took longer than 20 seconds")
        dialog.see("5 tries left")


def test_e_c13_new_pins_that_differ_are_typed_again():
    with s.Scup() as scup:
        scup.world.insert(1, "ca-1")
        dialog = start_init(scup)
        scup.world.pin(1, "111111", "111112")
        dialog.see("The two new PINs differ")
        scup.world.new_pin(1, "111111")
        dialog.see("second PIN")
        scup.world.new_pin(1, "111111")  # equal to the first: the card refuses it
        dialog.see("must be different")
        scup.world.new_pin(1, "222222")
        s.name_zone(dialog)
        dialog.see("The zone is made")


def test_e_c14_a_pin_has_six_digits():
    with s.Scup() as scup:
        scup.world.insert(1, "ca-1")
        dialog = start_init(scup)
        scup.world.sim("keys", "1", "1", "2", "3", "enter")
        dialog.see("exactly six digits")


def test_e_c15_tke_says_that_a_card_is_full():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        scup.world.sim("fault", "card", "ep11-1", "fill-up")
        text = scup.tke("card", "generate-key-part", "--description", "part").communicate(timeout=60)[0]
        assert "reader 2" in text and "Delete a key part, or use another card" in text, text
        scup.world.remove(2)
        scup.world.insert(2, "ep11-1")
        scup.window.see("85 of 85")


def test_e_c16_tke_refuses_a_second_signature_key():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        tke = scup.tke("card", "generate-signature-key", "--name", "Alice Admin")
        scup.world.pin(2, "123456")
        assert tke.wait(60) == 0, tke.stdout.read()
        text = scup.tke("card", "generate-signature-key", "--name", "Bob").communicate(timeout=60)[0]
        assert "reader 2" in text and "Take another card, or delete what is there first" in text, text


def test_e_c17_a_card_is_no_backup_of_itself():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        dialog = scup.menu("CA Smart Card", s.BACKUP)
        dialog.press("Back up")
        scup.ca_pins()
        dialog.see("Insert a blank card for a CA card")
        scup.world.remove(1)
        scup.world.insert(2, "ca-1")
        dialog.see("insert another one")


def without_keypad(kind, reader=1):
    """scup, started where this reader cannot take PINs."""
    scup = s.Scup()
    scup.world.sim("fault", "reader", str(reader), kind)
    return scup


def test_e_c03_a_reader_without_keypad_is_told_at_the_start():
    for kind in ("no-keypad", "zero-codes"):
        with without_keypad(kind) as scup:
            scup.window.see("✗ No PIN can be typed on reader 1: its cards can only be viewed")
            scup.window.see("✗ No PIN can be typed on this reader")
            assert not scup.window.shows("Two readers ready")
            scup.shot("scup-no-keypad")
            scup.world.insert(1, "ca-1")
            scup.window.see("Blank card for a CA card")  # cards can still be looked at
            assert not scup.window.shows("Make it the CA card of a new zone"), scup.window.texts()


def test_e_c03_a_reader_that_gets_its_keypad_back_is_ready():
    with without_keypad("no-keypad", 2) as scup:
        scup.window.see("✗ No PIN can be typed on reader 2")
        scup.world.sim("fault", "reader", "2", "honest")
        scup.menu("Readers", "Check readers…", "Check readers")
        scup.window.see("✓ Two readers ready")


def test_e_c19_a_reader_held_at_the_start_is_told_until_it_is_free():
    with without_keypad("held") as scup:
        scup.window.see("✗ Another program holds reader 1")
        scup.world.sim("fault", "reader", "1", "free")
        scup.window.see("✓ Two readers ready")


def test_rows_of_the_check_that_say_the_same_stay_what_they_are():
    with s.Scup() as scup:
        page = scup.menu("Readers", "Check readers…", "Check readers")
        page.see("Everything is ready")
        kept = page.find("label", "✓ The smart card service answers")
        scup.world.sim("fault", "reader", "1", "unplugged")
        page.see("Something is missing")
        scup.world.sim("fault", "reader", "1", "plugged")
        page.see("Everything is ready")
        again = page.find("label", "✓ The smart card service answers")
        assert again.accessible == kept.accessible, "the row was made anew"
        assert kept.has("showing")


def test_e_c18_nothing_is_erased_where_no_pin_can_be_set():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.world.sim("fault", "reader", "1", "no-keypad")
        dialog = scup.menu("CA Smart Card", s.INIT)
        scup.world.remove(1)
        scup.world.insert(1, "ca-1")
        dialog.press("Initialize")
        dialog.see("PINs are only typed on a reader's own keypad")
        dialog.press("Stop")
        scup.window.see("Zone officers A/B")


def test_e_c18_a_reader_without_keypad_takes_no_pin():
    with s.Scup() as scup:
        scup.world.sim("fault", "reader", "1", "zero-codes")
        scup.world.insert(1, "ca-1")
        scup.window.see("Blank card for a CA card")  # cards can still be looked at
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.press("Initialize")
        dialog.see("PINs are only typed on a reader's own keypad")
        dialog.see("the reader “OpenTKE Virtual PIN Pad 1” cannot take PINs")
        dialog.see("with the driver libccid")
        dialog.press("Stop")
        page = scup.menu("Readers", "Check readers…", "Check readers")
        page.see("Something is missing")
        page.see("PINs are only typed on a reader's own keypad")


def test_e_c21_a_card_of_another_version_is_not_used_but_may_be_initialized_anew():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.world.sim("fault", "card", "ep11-1", "version", "version=2.0.0")
        scup.world.insert(2, "ep11-1")
        scup.window.see("Card of another version")
        scup.window.see("Applet version 2.0.0, newer than this program")
        scup.shot("scup-newer-version")
        page = scup.menu("File", "Display smart card information", "Smart card information")
        gui.wait("its version", lambda: "2.0.0, newer than this program" in page.find("text").text)
        scup.close(page)
        scup.window.see("loses what it holds")
        for item, title in (("Change PIN", "Change PIN of an EP11"), (s.DESCRIBE, s.DESCRIBE), (s.CONTENTS, s.CONTENTS)):
            dialog = scup.menu("EP11 Smart Card", item, title)
            dialog.see("has version 2.0.0, which this program does not know")
            dialog.see("Initializing it anew updates it and loses what it holds")
            dialog.press("Cancel")
            scup.program.no_window(title)
        dialog = scup.menu("EP11 Smart Card", s.ENROLL)
        dialog.press("Enroll")
        dialog.see("holds an OpenTKE applet of another version")
        scup.world.remove(2)
        scup.world.insert(2, "ep11-1")
        dialog.see("erased for good")
        scup.shot("scup-other-version")


def test_e_c21_a_card_of_an_older_version_is_told_as_such():
    with s.Scup() as scup:
        scup.world.sim("fault", "card", "ep11-1", "version", "version=0.9.0")
        scup.world.insert(2, "ep11-1")
        scup.window.see("Card of another version")
        scup.window.see("Applet version 0.9.0, older than this program")
        scup.window.see("loses what it holds")


def test_e_c21_a_card_of_a_newer_version_with_the_same_first_number_works():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.world.sim("fault", "card", "ep11-1", "version", "version=1.7.3")
        scup.make_card("ep11-1", "Alice")
        scup.window.see("Alice")
        page = scup.menu("File", "Display smart card information", "Smart card information")
        gui.wait(lambda: f"its version in:\n{page.find('text').text}", lambda: "1.7.3" in page.find("text").text)


def forged(scup, forgery):
    """A card with this forgery, and what the check tells of it."""
    scup.world.sim("fault", "card", "ep11-1", forgery)
    scup.world.remove(2)
    scup.world.insert(2, "ep11-1")
    scup.window.see("Alice")
    dialog = scup.menu("Readers", "Check the cards")
    dialog.see("Do not use this card")
    dialog.see("Reader 2")
    return dialog


def test_e_c22_each_forgery_is_told_by_the_check_that_found_it():
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        scup.make_card("ep11-1", "Alice")
        for forgery, told in FORGERIES:
            dialog = forged(scup, forgery)
            dialog.see(told)
            scup.shot("scup-" + forgery)
            dialog.press("Stop")
            scup.program.no_window("Check the cards")
            page = scup.menu("File", "Display smart card information", "Smart card information")
            page.press("Close")
            scup.world.sim("fault", "card", "ep11-1", "genuine")
        scup.world.remove(2)
        scup.world.insert(2, "ep11-1")
        dialog = scup.menu("Readers", "Check the cards")
        dialog.see("The cards are genuine")


def test_every_row_of_the_table_has_its_tests():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "error-rows.md"), encoding="utf-8") as file:
        rows = [line for line in file if line.startswith("| E-C")]
    assert [row[2:7] for row in rows] == [f"E-C{number:02}" for number in range(1, 23)], rows
    for row in rows:
        named = [part for part in re.findall(r"`([^` ]+)`", row.rsplit("|", 2)[1])]
        assert any(name.startswith("test_") for name in named), row
        for name in named:
            if not name.startswith("test_"):
                with open(os.path.join(here, name), encoding="utf-8") as file:
                    text = file.read()
            else:
                assert f"def {name}(" in text or f"START_TEST({name})" in text, name


def test_a_foreign_card_is_named_and_left_alone():
    with s.Scup() as scup:
        scup.world.sim("fault", "card", "ep11-1", "foreign")
        scup.world.insert(2, "ep11-1")
        scup.window.see("Foreign card")
        scup.window.see("nothing is done to it")


if __name__ == "__main__":
    sys.exit(gui.run([value for name, value in list(globals().items()) if name.startswith("test_")]))
