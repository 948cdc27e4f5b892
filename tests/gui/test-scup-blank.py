#!/usr/bin/python3
"""Cards as they are bought, without an applet (F-041; functions 2.3, 2.4 and 2.6): scup loads it onto them."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402

gui.reexec()

BOUGHT = "Blank card without applet"
TO_CA = "Make it the CA card of a new zone"
TO_BACKUP = "Make it a backup of the CA card"
TO_ENROLL = "Enroll it in the zone"


def scup_with_bought_cards(*options):
    return s.Scup("--scenario", "rehearsal", *options)


def set_pins_and_end(scup, dialog):
    dialog.see("first PIN")
    scup.world.new_pin(1, s.CA_PINS[0])
    dialog.see("second PIN")
    scup.world.new_pin(1, s.CA_PINS[1])
    s.name_zone(dialog, "Production 2026", "Zone officers A/B")
    dialog.see("The zone is made")


def start_init(scup):
    """From what the pane of reader 1 offers."""
    scup.window.press(TO_CA)
    dialog = scup.dialog(s.INIT)
    dialog.press("Initialize")
    return dialog


def test_bought_cards_become_what_the_panes_offer():
    with scup_with_bought_cards() as scup:
        scup.world.insert(2, "ep11-1")
        scup.window.see(BOUGHT)
        scup.window.press("Enroll it with a CA card")  # in which zone, is not known yet
        dialog = scup.dialog(s.ENROLL)
        dialog.press("Enroll")
        dialog.see("Reader 1: Insert a CA card.")
        dialog.press("Cancel")
        scup.program.no_window(s.ENROLL)
        assert not scup.window.shows(TO_BACKUP)  # of which card?
        scup.world.remove(2)
        scup.window.see_not(BOUGHT)
        scup.world.insert(1, "ca-1")
        scup.window.see(BOUGHT)
        scup.shot("scup-bought-card")
        dialog = start_init(scup)
        set_pins_and_end(scup, dialog)
        scup.close(dialog)
        scup.world.insert(2, "ca-2")
        scup.window.see(BOUGHT)
        scup.window.find("push button", TO_ENROLL)
        scup.window.press(TO_BACKUP)
        dialog = scup.dialog(s.BACKUP)
        dialog.press("Back up")
        dialog.see("first PIN")
        scup.ca_pins()
        dialog.see("Type the new first PIN of CA card")
        scup.world.new_pin(2, "333333")
        dialog.see("Type the new second PIN of CA card")
        scup.world.new_pin(2, "444444")
        s.name_backup(dialog)
        dialog.see("The CA card has a backup")
        scup.close(dialog)
        scup.world.remove(2)
        scup.world.insert(2, "ep11-1")
        scup.window.press(TO_ENROLL)
        dialog = scup.dialog(s.ENROLL)
        dialog.press("Enroll")
        dialog.see("The card is enrolled")
        dialog.press("Personalize this card")
        scup.personalize("Alice")
        scup.window.see("Alice")
        scup.quit()


def test_loading_says_how_far_it_is():
    with scup_with_bought_cards("--profile", "J3R180") as scup:  # as slow as a real card
        scup.world.insert(1, "ca-1")
        scup.window.see(BOUGHT)
        dialog = start_init(scup)
        dialog.see("Loading the applet")
        dialog.see(" KB")
        scup.shot("scup-loading")
        dialog.see("first PIN")


def test_a_card_pulled_while_it_is_loaded_is_told_and_taken_again():
    with scup_with_bought_cards() as scup:
        scup.world.insert(1, "ca-1")
        scup.window.see(BOUGHT)
        scup.world.sim("fault", "card", "ca-1", "pull-after", "after=20")
        dialog = start_init(scup)
        dialog.see("The card was lost in the middle")
        assert not dialog.shows("first PIN")
        scup.shot("scup-loading-pulled")
        dialog.press("Try again")
        dialog.see("Insert a blank card")
        scup.world.insert(1, "ca-1")
        set_pins_and_end(scup, dialog)
        scup.close(dialog)
        scup.window.see("Zone officers A/B")


def test_a_card_pulled_while_it_is_loaded_is_offered_its_step_again():
    with scup_with_bought_cards() as scup:
        scup.world.insert(1, "ca-1")
        scup.window.see(BOUGHT)
        scup.world.sim("fault", "card", "ca-1", "pull-after", "after=20")
        dialog = start_init(scup)
        dialog.see("The card was lost in the middle")
        dialog.see("start again with the same card")
        dialog.press("Stop")
        scup.program.no_window(s.INIT)
        scup.world.insert(1, "ca-1")
        dialog = start_init(scup)
        set_pins_and_end(scup, dialog)


def test_cards_that_cannot_take_the_applet_are_told_why():
    found = ("cannot take the applet", "made for NXP JCOP4 J3R180", "type that is known to work")
    for fault, told in ((("full",), (*found, "it has 1000 bytes of memory free, and", "The card is as it was")),
                        (("lacks", "mark=1"), (*found, "it lacks P-521 key generation", "The applet was taken off the card again")),
                        (("other-keys",), ("the issuer keys of this card are others", "Do not try again")),
                        (("locked-keys",), ("the issuer keys of the card are blocked", "The card is as it was"))):
        with scup_with_bought_cards() as scup:
            scup.world.sim("fault", "card", "ca-1", *fault)
            scup.world.insert(1, "ca-1")
            scup.window.see(BOUGHT)
            dialog = start_init(scup)
            for text in told:
                dialog.see(text)
            scup.shot("scup-cannot-take-" + fault[0])
            dialog.press("Stop")
            scup.program.no_window(s.INIT)
            scup.window.see(BOUGHT)  # the applet is not on it, or not any more
            scup.window.find("push button", TO_CA)


def test_refused_issuer_keys_are_not_tried_again_and_the_ways_on_are_named():
    with scup_with_bought_cards() as scup:
        scup.world.sim("fault", "card", "ca-1", "other-keys")
        scup.world.insert(1, "ca-1")
        scup.window.see(BOUGHT)
        for told in (("the issuer keys of this card are others", "name it in the settings (card_keys)"),
                     ("has refused the key set (default test keys) before", "Name the card's own key set in the settings (card_keys), or take another card.")):
            dialog = start_init(scup)
            for text in told:
                dialog.see(text)
            dialog.press("Stop")
            scup.program.no_window(s.INIT)
            scup.window.see(BOUGHT)


if __name__ == "__main__":
    sys.exit(gui.run([value for name, value in list(globals().items()) if name.startswith("test_")]))
