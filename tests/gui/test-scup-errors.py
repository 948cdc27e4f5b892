#!/usr/bin/python3
"""The rows of the table of card errors (functions 2.2) that other tests of scup do not meet."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402

gui.reexec()


def start_init(scup):
    dialog = scup.menu("CA Smart Card", s.INIT)
    dialog.find("text", "Zone description").type("Zone")
    dialog.find("text", "CA card description").type("Officers")
    dialog.press("Initialize")
    dialog.see("first PIN")
    return dialog


def test_e_c02_a_card_that_answers_garbage_cannot_be_read():
    with s.Scup() as scup:
        scup.window.see("Two readers ready")
        scup.world.sim("fault", "card", "ca-1", "garbage", "times=9")
        scup.world.insert(1, "ca-1")
        scup.window.see("The card cannot be read")
        scup.window.see("try another card")


def test_e_c05_a_card_that_is_not_enrolled_gets_no_pin():
    with s.Scup() as scup:
        scup.world.insert(2, "ep11-1")
        dialog = scup.menu("EP11 Smart Card", s.PERSONALIZE)
        dialog.find("text", "EP11 card description").type("Alice")
        dialog.press("Personalize")
        dialog.see("not enrolled")
        dialog.see("Initialize and enroll EP11 smart card")


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
        dialog.see("Zone A")


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
        dialog.see("The PIN is blocked")
        dialog.see("for good")
        dialog.see("Use the backup CA card")
        scup.shot("scup-ca-blocked")


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
        dialog.see("The zone is made")


def test_e_c14_a_pin_has_six_digits():
    with s.Scup() as scup:
        scup.world.insert(1, "ca-1")
        dialog = start_init(scup)
        scup.world.sim("keys", "1", "1", "2", "3", "enter")
        dialog.see("exactly six digits")


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


def test_e_c18_a_reader_without_keypad_takes_no_pin():
    with s.Scup() as scup:
        scup.world.sim("fault", "reader", "1", "zero-codes")
        scup.world.insert(1, "ca-1")
        scup.window.see("Blank card for a CA card")  # cards can still be looked at
        dialog = scup.menu("CA Smart Card", s.INIT)
        dialog.find("text", "Zone description").type("Zone")
        dialog.find("text", "CA card description").type("Officers")
        dialog.press("Initialize")
        dialog.see("PINs are only typed on a reader's own keypad")
        dialog.press("Stop")
        page = scup.menu("Readers", "Check readers…", "Check readers")
        page.see("Something is missing")
        page.see("PINs are only typed on a reader's own keypad")


def test_e_c21_a_card_of_another_version_is_not_used():
    with s.Scup() as scup:
        scup.world.sim("fault", "card", "ep11-1", "version", "version=2.0.0")
        scup.world.insert(2, "ep11-1")
        scup.window.see("Card of another version")
        scup.window.see("loses what it holds")


def test_a_foreign_card_is_named_and_left_alone():
    with s.Scup() as scup:
        scup.world.sim("fault", "card", "ep11-1", "foreign")
        scup.world.insert(2, "ep11-1")
        scup.window.see("Foreign card")
        scup.window.see("nothing is done to it")


if __name__ == "__main__":
    sys.exit(gui.run([value for name, value in list(globals().items()) if name.startswith("test_")]))
