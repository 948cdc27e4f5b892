#!/usr/bin/python3
"""The virtual desk in a real window: what people do there, with mouse and keyboard, while tke runs."""
import sys

sys.dont_write_bytecode = True
import desk_case  # noqa: E402
import desk_screen as screen  # noqa: E402
from desk_case import BUTTON, CARD, DeskTest  # noqa: E402


class CeremonyTest(DeskTest):
    def test_zone_is_created_and_a_card_enrolled_and_personalized(self):
        zone = self.tke("zone", "create", "--zone-description", "Demo zone",
                        "--card-description", "Officers A/B")
        self.insert("CA", "ca-1", 1)
        self.wait_for_pad(1, "New PIN")
        self.desk.find(BUTTON, "Reader 1, ca-1, waits for a PIN")
        self.enter_with_mouse(1, "111111")
        self.wait_for_pad(1, "New PIN again (2 of 2)")
        self.desk.type("1111")
        screen.until("four dots", lambda: self.dots(1) == "●●●●○○")
        self.shoot("pin")
        self.desk.keys("1", "1", "KP_Enter")
        for entry in range(2):
            self.wait_for_pad(1, ("New PIN (1 of 2)", "New PIN again")[entry])
            self.enter_with_keyboard("222222")
            screen.until("the next entry", lambda: not self.display(1).startswith(
                ("New PIN (1 of 2)", "New PIN again")[entry]) or not self.is_lit(1))
        self.finish(zone)
        self.assertIn("Officers A/B", self.desk.find(BUTTON, "Reader 1, ca-1").get_name() +
                      self.desk.find(CARD, "CA card ca-1").get_name())

        enroll = self.tke("card", "enroll")
        self.desk.drag((CARD, "EP11 card ep11-1, in the box"), (BUTTON, "Reader 2, "))
        self.wait_for_place("ep11-1", 2)
        self.wait_for_pad(1, "PIN")
        self.enter_with_mouse(1, "111111")
        screen.until("the second PIN", lambda: self.dots(1).startswith("○") and self.is_lit(1))
        self.enter_with_keyboard("222222")
        self.finish(enroll)

        personalize = self.tke("card", "personalize", "--description", "Alice")
        for word in ("New PIN (1 of 2)", "New PIN again (2 of 2)"):
            self.wait_for_pad(2, word)
            self.enter_with_keyboard("314159")
            screen.until("the entry is over", lambda: not self.display(2).startswith(word))
        self.finish(personalize)
        self.assertEqual(self.world.card("ep11-1")["description"], "Alice")
        self.desk.find(CARD, "EP11 card ep11-1, in reader 2, Alice")
        self.shoot("two-cards")

    def start_zone(self):
        zone = self.tke("zone", "create", "--zone-description", "Z", "--card-description", "C")
        self.insert("CA", "ca-1", 1)
        self.wait_for_pad(1, "New PIN")
        return zone

    def start_zone_again(self):
        zone = self.tke("zone", "create", "--zone-description", "Z", "--card-description", "C")
        self.wait_for_pad(1, "New PIN")
        return zone

    def test_cancel_clear_and_a_wrong_second_entry(self):
        zone = self.start_zone()
        self.desk.type("123")
        screen.until("three dots", lambda: self.dots(1).startswith("●●●○"))
        self.desk.keys("BackSpace")
        screen.until("no dot", lambda: self.dots(1).startswith("○"))
        self.desk.type("12")
        self.desk.click_with_mouse(BUTTON, "Clear, reader 1")
        screen.until("no dot", lambda: self.dots(1).startswith("○"))
        self.enter_with_keyboard("111111")
        self.wait_for_pad(1, "New PIN again")
        self.enter_with_keyboard("111112")
        self.wait_for_pad(1, "New PIN (1 of 2)")
        self.desk.keys("Escape")
        self.assertIn("cancelled on the keypad", self.finish(zone, 1))
        screen.until("a dark pad", lambda: not self.is_lit(1))

        again = self.start_zone_again()
        self.desk.click_with_mouse(BUTTON, "Cancel, reader 1")
        self.assertIn("cancelled on the keypad", self.finish(again, 1))

    def pad_number(self):
        pad = self.world.status()["readers"][0]["pad"]
        return pad["number"] if pad["asking"] else None

    def test_pulled_card_darkens_the_pad_and_is_asked_for_again(self):
        zone = self.start_zone()
        self.desk.click_with_mouse(BUTTON, "Reader 1, ca-1")
        self.wait_for_place("ca-1", None)
        screen.until("a dark pad", lambda: not self.is_lit(1))
        self.assertIn("reader 1", self.finish(zone, 4))
        self.insert("CA", "ca-1", 1)
        self.start_zone_again()

    def test_pad_that_nobody_types_on_counts_down_and_goes_dark(self):
        self.start_zone()
        first = self.left(1)
        self.assertLessEqual(first, 20)
        screen.until("the time passes", lambda: 0 < self.left(1) < first - 1)
        number = self.pad_number()
        screen.until("the pad has given up", lambda: self.pad_number() != number, 30)

    def left(self, reader):
        minutes, seconds = self.desk.text("label", f"Time left, reader {reader}").split(":")
        return int(minutes) * 60 + int(seconds)

    def test_two_programs_use_the_desk_at_once(self):
        zone = self.start_zone()
        self.assertIn("OpenTKE Virtual PIN Pad 2", self.finish(self.tke("readers")))
        self.assertTrue(self.is_lit(1))
        self.assertIsNone(zone.poll())
        self.insert("EP11", "ep11-1", 2)
        self.assertTrue(self.is_lit(1))
        self.desk.keys("Escape")
        self.finish(zone, 1)
        self.finish(self.tke("card", "info", "--reader", "2"))


class HandTest(DeskTest):
    def test_keyboard_alone_puts_a_card_in_and_takes_it_out(self):
        card = self.desk.find(CARD, "EP11 card ep11-3, in the box")
        card.get_component_iface().grab_focus()
        screen.until("the focus", lambda: self.desk.has_state(card, "FOCUSED"))
        self.desk.keys("space")
        screen.until("a card in hand", lambda: "ep11-3 is in your hand" in self.message())
        self.assertTrue(self.desk.has_state(card, "CHECKED"))
        self.desk.keys("Escape")
        screen.until("an empty hand", lambda: self.message() == "")
        self.desk.keys("space")
        screen.until("a card in hand", lambda: "ep11-3 is in your hand" in self.message())
        self.desk.keys("alt+2")
        self.wait_for_place("ep11-3", 2)
        self.desk.find(CARD, "EP11 card ep11-3, in reader 2")
        self.desk.keys("alt+2")
        self.wait_for_place("ep11-3", None)

    def test_every_control_is_reached_with_the_tab_key_and_has_a_name(self):
        wanted = {"Show backs", "+ Card", "CA card ca-1, in the box", "EP11 card ep11-10, in the box",
                  "Reader 1, empty, ready", "Reader 2, empty, ready", "Faults ▾"}
        seen = set()

        def reach():
            self.desk.keys("Tab")
            for node in self.desk.nodes():
                if self.desk.has_state(node, "FOCUSED"):
                    self.assertNotEqual(node.get_name(), "")
                    seen.add(node.get_name())
            return wanted <= seen
        screen.until(lambda: f"the focus on {wanted - seen}; it was on {seen}", reach)
        for role in (BUTTON, CARD, "check box", "menu item", "check menu item"):
            for node in self.desk.look(role, ""):
                if self.desk.has_state(node, "SHOWING"):
                    self.assertNotEqual(node.get_name(), "", role)

    def test_card_is_dragged_in_to_the_other_reader_and_back_to_the_box(self):
        self.desk.drag((CARD, "CA card ca-2"), (BUTTON, "Reader 1, "))
        self.wait_for_place("ca-2", 1)
        self.desk.drag((BUTTON, "Reader 1, "), (BUTTON, "Reader 2, "))
        self.wait_for_place("ca-2", 2)
        self.desk.drag((BUTTON, "Reader 2, "), (CARD, "EP11 card ep11-9"))
        self.wait_for_place("ca-2", None)

    def test_card_in_hand_takes_the_place_of_the_one_in_the_reader(self):
        self.insert("CA", "ca-1", 1)
        self.insert("EP11", "ep11-2", 1)
        self.assertIsNone(self.place("ca-1"))

    def test_gap_of_a_card_takes_it_out(self):
        self.insert("CA", "ca-1", 1)
        self.desk.click_with_mouse(CARD, "CA card ca-1, in reader 1")
        self.wait_for_place("ca-1", None)

    def test_empty_reader_and_digit_without_pad_are_explained(self):
        self.desk.click_with_mouse(BUTTON, "Reader 2, ")
        screen.until("a hint", lambda: "take a card from the box first" in self.message())
        self.desk.type("7")
        screen.until("a hint", lambda: "no reader waits for a PIN" in self.message())

    def test_card_is_added_labelled_and_turned_over(self):
        self.desk.click("menu item", "Blank card")
        self.desk.find(CARD, "Blank card blank-1, in the box")
        card = self.desk.find(CARD, "EP11 card ep11-1")
        card.get_component_iface().grab_focus()
        self.desk.keys("shift+F10")
        self.desk.find("menu item", "Write on the card…")
        self.desk.click("menu item", "Write on the card…")
        self.desk.find("dialog", "Write on the card")
        self.desk.find("text", "Sticker").get_editable_text_iface().set_text_contents("Weber 1/3")
        self.desk.find("text", "Back").get_editable_text_iface().set_text_contents("PIN 314159")
        self.desk.click(BUTTON, "Write")
        self.desk.find(CARD, "EP11 card Weber 1/3, in the box")
        self.assertEqual(self.world.card("ep11-1")["back"], "PIN 314159")
        self.desk.click("check box", "Show backs")
        self.insert_labelled("EP11 card Weber 1/3", "ep11-1", 1)
        screen.until("the note beside the pad", lambda: "PIN 314159" in self.desk.text(
            "label", "Hint, reader 1"))
        self.shoot("backs")


class FaultTest(DeskTest):
    def test_faults_of_readers_and_service_are_set_shown_and_ended(self):
        held = self.desk.look("check menu item", "Held by another program")
        held[1].get_action_iface().do_action(0)
        self.desk.find(BUTTON, "Reader 2, empty, held by another program")
        unplugged = self.desk.look("check menu item", "Unplugged")
        unplugged[0].get_action_iface().do_action(0)
        self.desk.find(BUTTON, "Reader 1, empty, unplugged")
        for fault in ("another program holds reader 2", "reader 1 is unplugged"):
            screen.until(fault, lambda: fault in self.desk.text("label", "Faults in force"))
        self.desk.click("check menu item", "Smart card service stopped")
        self.desk.find(BUTTON, "Reader 2, empty, no smart card service")
        self.assertFalse(self.world.status()["running"])
        self.shoot("faults")
        self.desk.click("menu item", "Everything works again")
        self.desk.find(BUTTON, "Reader 1, empty, ready")
        self.desk.find(BUTTON, "Reader 2, empty, ready")
        screen.until("no faults", lambda: self.desk.text("label", "Faults in force") == "")

    def test_reader_that_reads_without_contacts_is_ordered_shown_and_told_by_tke(self):
        contactless = self.desk.look("check menu item", "Reads cards without contacts")
        self.assertEqual(len(contactless), 2)
        contactless[1].get_action_iface().do_action(0)
        self.desk.find(BUTTON, "Reader 2, empty, ready, contactless")
        screen.until("it is told beside the pad", lambda: "contactless" in self.desk.text("label", "Hint, reader 2"))
        screen.until("it is among the faults",
                     lambda: self.desk.text("label", "Faults in force") == "⚠ Faults: reader 2: contactless")
        self.insert("EP11", "ep11-1", 2)
        self.shoot("contactless")
        said = self.finish(self.tke("card", "info", "--reader", "2"))
        self.assertIn("the card works through its contacts only", said)
        self.desk.click("menu item", "Everything works again")
        self.desk.find(BUTTON, "Reader 2, ep11-1, ready")
        screen.until("no faults", lambda: self.desk.text("label", "Faults in force") == "")

    def test_card_that_a_fault_pulls_at_the_second_command_is_told_by_tke(self):
        self.insert("EP11", "ep11-1", 2)
        self.desk.click("menu item", "Card fault…")
        self.desk.find("dialog", "Card fault")
        spin = self.desk.find("spin button", "At command number")
        spin.get_value_iface().set_current_value(2)
        self.shoot("card-fault")
        self.desk.click(BUTTON, "Order the fault")
        self.desk.find(CARD, "EP11 card ep11-1, in reader 2, ⚠ will be pulled")
        info = self.tke("card", "info", "--reader", "2")
        self.wait_for_place("ep11-1", None)
        info.kill()
        self.desk.find(CARD, "EP11 card ep11-1, in the box")

    def test_crypto_unit_fault_is_ordered_and_ended(self):
        self.desk.click("menu item", "Crypto unit fault…")
        self.desk.find("dialog", "Crypto unit fault")
        self.shoot("unit-fault")
        self.desk.click(BUTTON, "Order the fault")
        screen.until("the fault is told", lambda: "1 fault of the crypto units" in self.desk.text(
            "label", "Faults in force"))
        self.assertEqual(self.world.status()["service"]["faults"][0]["fault"], "drop-before")
        self.desk.click("menu item", "Everything works again")
        screen.until("no faults", lambda: self.desk.text("label", "Faults in force") == "")

    def test_card_is_made_somebody_elses_and_its_own_again(self):
        self.insert("EP11", "ep11-2", 2)
        for word, foreign in (("Somebody else's card", True), ("As it should be again", False)):
            self.desk.click_with_mouse(CARD, "EP11 card ep11-2", button=3)
            self.desk.click("menu", "Make it unusual")
            item = screen.until("the submenu", lambda: [
                item for item in self.desk.look("menu item", word) if self.desk.has_state(item, "SHOWING")])
            x, y = self.desk.middle(item[0])
            self.desk.mouse("mousemove", x, y, "click", 1)
            screen.until("the order is carried out", lambda: self.is_foreign() == foreign)

    def test_keypad_that_is_missing_is_ordered_shown_told_by_tke_and_back_again(self):
        item = self.desk.look("check menu item", "Has no keypad")[1]
        item.get_action_iface().do_action(0)
        self.desk.find(BUTTON, "Reader 2, empty, ready, no keypad")
        screen.until("a mark", lambda: self.desk.has_state(item, "CHECKED"))
        screen.until("a hint", lambda: "no PIN pad" in self.desk.text("label", "Hint, reader 2"))
        screen.until("the fault", lambda: "reader 2: no keypad" in self.desk.text("label", "Faults in force"))
        self.assertFalse(self.world.status()["readers"][1]["pin_pad"])
        self.insert("EP11", "ep11-1", 2)
        self.assertIn("it offers none", self.finish(self.tke("readers"), 4))
        item.get_action_iface().do_action(0)
        self.desk.find(BUTTON, "Reader 2, ep11-1, ready")
        screen.until("no mark", lambda: not self.desk.has_state(item, "CHECKED"))
        screen.until("no faults", lambda: self.desk.text("label", "Faults in force") == "")

    def test_what_is_unusual_of_cards_stands_on_them_and_is_read_aloud(self):
        for label, order, face, more in (
                ("ep11-1", ("version", "version=99.0.0"), "⚠ applet 99.0.0", "PIN: none yet"),
                ("ep11-2", ("silent", "times=1000"), "⚠ will be mute", "No answer, nothing was carried out"),
                ("ep11-3", ("full",), "✗ memory full", "Its memory is full"),
                ("ep11-4", ("foreign",), "✗ foreign card", "Somebody else's card"),
                ("ep11-5", ("locked-keys",), "✗ keys locked", "Keys of the card manager are locked")):
            self.world.sim("fault", "card", label, *order)
            card = self.desk.find(CARD, f"EP11 card {label}, in the box, {face}")
            screen.until(more, lambda: more in card.get_description())
        self.world.sim("fault", "card", "ep11-5", "pull-before")
        self.desk.find(CARD, "EP11 card ep11-5, in the box, ✗ keys locked +1")
        screen.until("ep11-4 to be told", lambda: "ep11-4 is unusual" in self.desk.text("label", "Faults in force"))
        self.shoot("unusual")
        self.desk.click("menu item", "Everything works again")
        screen.until("cards as they should be", lambda: self.desk.text("label", "Faults in force") == "")
        self.desk.find(CARD, "EP11 card ep11-5, in the box")

    def is_foreign(self):
        info = self.tke("card", "info", "--reader", "2")
        return "EP11" not in info.communicate(timeout=60)[0]

    def test_what_others_do_to_the_world_is_shown(self):
        self.world.sim("insert", "1", "ca-1")
        self.desk.find(BUTTON, "Reader 1, ca-1, ready")
        self.world.sim("note", "ca-1", "front=Zone officers")
        self.desk.find(CARD, "CA card Zone officers, in reader 1")
        self.world.sim("remove", "1")
        self.desk.find(CARD, "CA card Zone officers, in the box")

    def test_order_that_is_refused_says_why(self):
        self.insert("CA", "ca-1", 1)
        card = self.desk.find(CARD, "CA card ca-1")
        card.get_component_iface().grab_focus()
        self.desk.keys("shift+F10")
        self.desk.click("menu item", "Write on the card…")
        self.desk.find("text", "Sticker").get_editable_text_iface().set_text_contents("a\u0007b")
        self.desk.click(BUTTON, "Write")
        screen.until("the reason", lambda: "printable characters" in self.message())


if __name__ == "__main__":
    desk_case.main()
