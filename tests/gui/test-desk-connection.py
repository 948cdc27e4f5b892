#!/usr/bin/python3
"""The virtual desk and tke-sim: one that hangs, is killed, comes back; two desks; a world that cannot be written."""
import os
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
import desk_case  # noqa: E402
import desk_screen as screen  # noqa: E402
from desk_case import BUTTON, CARD, DeskTest  # noqa: E402


class ConnectionTest(DeskTest):
    def pid(self):
        return self.world.status()["pid"]

    def test_killed_tke_sim_is_shown_and_survived(self):
        self.insert("CA", "ca-1", 1)
        os.kill(self.pid(), signal.SIGKILL)
        self.desk.find(BUTTON, "Start tke-sim")
        screen.until("the reason", lambda: "no tke-sim answers" in self.desk.text("label", "State of tke-sim")
                     or "tke-sim" in self.desk.text("label", "State of tke-sim"))
        self.assertFalse(self.desk.has_state(self.desk.find(CARD, "EP11 card ep11-1"), "SENSITIVE"))
        self.shoot("lost")
        self.desk.click(BUTTON, "Start tke-sim")
        self.desk.find(BUTTON, "Reader 1, ca-1")
        screen.until("a desk that works", lambda: self.desk.has_state(
            self.desk.find(CARD, "EP11 card ep11-1"), "SENSITIVE"))
        self.insert("EP11", "ep11-1", 2)

    def wait_for_focus(self, role, name):
        def focus():
            return [(node.get_role_name(), node.get_name()) for node in self.desk.nodes()
                    if self.desk.has_state(node, "FOCUSED")]
        screen.until(lambda: f"the focus on {name}; it is on {focus()}",
                     lambda: any(found == role and text.startswith(name) for found, text in focus()))

    def test_focus_goes_to_the_button_that_helps_and_comes_back(self):
        self.desk.find(CARD, "EP11 card ep11-3, in the box").get_component_iface().grab_focus()
        self.wait_for_focus(CARD, "EP11 card ep11-3")
        self.world.sim("insert", "2", "ep11-3")  # it takes the focus along
        self.wait_for_focus(CARD, "EP11 card ep11-3, in reader 2")
        self.world.sim("remove", "2")
        self.wait_for_focus(CARD, "EP11 card ep11-3, in the box")
        self.world.sim("stop")
        self.wait_for_focus(BUTTON, "Start tke-sim")
        self.desk.keys("space")
        self.wait_for_focus(CARD, "EP11 card ep11-3, in the box")

    def test_tke_sim_that_hangs_is_told_and_the_window_still_answers(self):
        pid = self.pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            screen.until("it is told", lambda: "has not answered" in self.desk.text(
                "label", "State of tke-sim"))
        finally:
            os.kill(pid, signal.SIGCONT)
        screen.until("a desk that works", lambda: self.desk.has_state(
            self.desk.find(CARD, "EP11 card ep11-1"), "SENSITIVE"))

    def test_tke_sim_that_hangs_and_is_killed_is_started_anew_by_hand(self):
        self.insert("CA", "ca-1", 1)
        pid = self.pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            screen.until("it is told", lambda: "has not answered" in self.state())
            # Nothing to start: there is one, and it keeps the world.
            self.assertFalse(self.desk.has_state(self.desk.find(BUTTON, "Start tke-sim"), "SENSITIVE"))
        finally:
            os.kill(pid, signal.SIGKILL)
        screen.until("the end is told", lambda: "has not answered" not in self.state())
        self.desk.click(BUTTON, "Start tke-sim")
        screen.until("a desk that works", lambda: self.desk.has_state(
            self.desk.find(CARD, "EP11 card ep11-1"), "SENSITIVE"))
        self.desk.find(BUTTON, "Reader 1, ca-1")
        self.assertNotEqual(self.pid(), pid)
        self.insert("EP11", "ep11-1", 2)

    def state(self):
        return self.desk.text("label", "State of tke-sim")

    def test_world_that_cannot_be_written_is_told_and_no_card_moves(self):
        readers = os.path.join(self.world.path, "readers.json")
        if os.path.exists(readers):
            os.unlink(readers)
        os.makedirs(os.path.join(readers, "in-the-way"))
        self.desk.click_with_mouse(CARD, "EP11 card ep11-1, in the box")
        self.desk.click_with_mouse(BUTTON, "Reader 2, ")
        screen.until("the reason", lambda: "readers.json: cannot be written" in self.message())
        self.assertIsNone(self.place("ep11-1"))
        self.desk.find(BUTTON, "Reader 2, empty, ready")
        os.rmdir(os.path.join(readers, "in-the-way"))
        os.rmdir(readers)
        # The card is in the hand still.
        self.desk.click_with_mouse(BUTTON, "Reader 2, ")
        self.wait_for_place("ep11-1", 2)

    def test_world_that_cannot_be_made_is_told(self):
        desk = self.open_desk(OPENTKE_WORLD="/proc/no-world")
        screen.until(lambda: f"the reason: {desk.text('label', 'State of tke-sim')}",
                     lambda: "/proc/no-world" in desk.text("label", "State of tke-sim"))

    def test_second_desk_calls_the_first_and_ends(self):
        second = self.open_desk()
        self.assertEqual(second.process.wait(60), 0)
        self.assertEqual(self.world.status()["desks"], 1)
        third = self.open_desk("--another")
        third.find(BUTTON, "Reader 1, empty")
        self.assertEqual(self.world.status()["desks"], 2)
        third.process.kill()
        screen.until("one desk", lambda: self.world.status()["desks"] == 1)

    def test_size_is_remembered(self):
        frame = self.desk.find("frame", "Virtual desk — REHEARSAL")
        size = frame.get_component_iface().get_size()
        self.assertLessEqual(size.x, 1280)
        self.assertLessEqual(size.y, 720)
        window = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "Virtual desk"], text=True,
                                check=True, stdout=subprocess.PIPE).stdout.split()[0]
        subprocess.run(["xdotool", "windowsize", window, "1100", "660"], check=True)
        screen.until("the new size", lambda: frame.get_component_iface().get_size().x == 1100)
        self.desk.keys("ctrl+q")
        self.assertEqual(self.desk.process.wait(60), 0)
        again = self.open_desk()
        frame = again.find("frame", "Virtual desk — REHEARSAL")
        screen.until("the size of before", lambda: frame.get_component_iface().get_size().x == 1100)
        self.assertEqual(frame.get_component_iface().get_size().y, 660)


if __name__ == "__main__":
    desk_case.main()
