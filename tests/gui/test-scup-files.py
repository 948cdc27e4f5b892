#!/usr/bin/python3
"""What scup writes and prints: reports and the inventory, through the real dialogs, and what it tells when it cannot."""
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gui  # noqa: E402
import scup as s  # noqa: E402

gui.reexec()

NOT_SAVED = "The file was not saved"


def save_as(scup, page, path):
    """Presses Save…, types the path into the file chooser and confirms."""
    page.press("Save…")
    chooser = scup.dialog("Save the report")
    name = chooser.find("text")
    name.type(path)
    gui.wait("the path", lambda: name.text == path)
    chooser.press("Save")
    return chooser


def card_of_the_zone(scup):
    scup.close(scup.make_zone())
    scup.make_card("ep11-1", "Alice")


def test_the_inventory_is_saved_as_a_table_and_replaced_after_a_question():
    home = tempfile.mkdtemp(prefix="gui-files-")
    path = os.path.join(home, "inventory.csv")
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        card_of_the_zone(scup)
        page = scup.menu("File", "Card inventory…", "Card inventory")
        save_as(scup, page, path)
        page.see(f"Saved: {path}")
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [(row["kind"], row["description"]) for row in rows] == [
            ("CA", "Zone officers A/B"), ("EP11", "Alice")], rows
        assert os.stat(path).st_mode & 0o777 == 0o600
        with open(path, "w", encoding="utf-8") as file:
            file.write("old")
        save_as(scup, page, path)
        question = scup.dialog("Question")
        question.press("Replace")
        gui.wait("the new file", lambda: os.path.getsize(path) > 100)
        assert os.listdir(home) == ["inventory.csv"]
    shutil.rmtree(home)


def test_a_report_is_saved_as_it_is_shown():
    home = tempfile.mkdtemp(prefix="gui-files-")
    path = os.path.join(home, "cards.txt")
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        card_of_the_zone(scup)
        page = scup.menu("File", "Display smart card information", "Smart card information")
        gui.wait("the card and its proof", lambda: "yes, checked" in page.find("text").text)
        save_as(scup, page, path)
        page.see(f"Saved: {path}")
        with open(path, encoding="utf-8") as file:
            assert file.read() == page.find("text").text
    shutil.rmtree(home)


def test_the_exported_report_has_information_and_inventory():
    home = tempfile.mkdtemp(prefix="gui-files-")
    path = os.path.join(home, "report.txt")
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        card_of_the_zone(scup)
        scup.world.remove(1)  # known from the inventory only
        page = scup.menu("File", "Export report…", "Card report")
        gui.wait("the card and its proof", lambda: "yes, checked" in page.find("text").text)
        gui.wait("the empty reader", lambda: "no card" in page.find("text").text)
        scup.shot("scup-report")
        save_as(scup, page, path)
        page.see(f"Saved: {path}")
        with open(path, encoding="utf-8") as file:
            text = file.read()
    information, inventory = text.split("== Card inventory ==")
    assert text.startswith("REHEARSAL: ") and f"Made on {time.strftime('%m/%d/%y')}" in information, text
    assert "Usage log head" in information and "Alice" in information and "Zone officers A/B" not in information, text
    assert "Zone officers A/B" in inventory and "Alice" in inventory and "none known: copy it" in inventory, text
    shutil.rmtree(home)


def test_a_folder_that_cannot_be_written_is_named():
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        scup.window.see("Two readers ready")
        page = scup.menu("File", "Display smart card information", "Smart card information")
        save_as(scup, page, "/proc/cards.txt")
        told = scup.dialog(NOT_SAVED)
        told.see("/proc/cards.txt")
        scup.shot("scup-not-saved")
        told.press("Close")
        scup.program.no_window(NOT_SAVED)
        page.press("Close")
        scup.quit()


def test_a_full_disk_is_told_and_leaves_the_old_file():
    home = tempfile.mkdtemp(prefix="gui-files-")
    disk = os.path.join(home, "disk")
    os.mkdir(disk)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", disk], capture_output=True).returncode == 0
    if not mounted:
        print("not tried: no file system can be mounted here", flush=True)
        shutil.rmtree(home)
        return
    try:
        path = os.path.join(disk, "cards.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("old")  # the one page that there is
        with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
            card_of_the_zone(scup)
            page = scup.menu("File", "Display smart card information", "Smart card information")
            save_as(scup, page, path)
            scup.dialog("Question").press("Replace")
            told = scup.dialog(NOT_SAVED)
            told.see("No space left on device")
            told.press("Close")
            with open(path, encoding="utf-8") as file:
                assert file.read() == "old"
            assert os.listdir(disk) == ["cards.txt"]
    finally:
        subprocess.run(["umount", disk], check=True)
        shutil.rmtree(home)


def test_a_report_is_printed_into_a_pdf_file():
    home = tempfile.mkdtemp(prefix="gui-files-")
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        scup.window.see("Two readers ready")
        page = scup.menu("File", "Display smart card information", "Smart card information")
        page.press("Save as PDF…")
        chooser = scup.dialog("Save as PDF")
        name = chooser.find("text")
        name.type(os.path.join(home, "cards.pdf"))
        chooser.press("Save")
        path = os.path.join(home, "cards.pdf")
        page.see(f"Saved: {path}")
        with open(path, "rb") as file:
            data = file.read()
        assert data.startswith(b"%PDF-") and b"%%EOF" in data[-1024:], data[:20]
        assert os.stat(path).st_mode & 0o777 == 0o600
        if shutil.which("pdftotext"):
            text = subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True).stdout
            assert "READER 1" in text and "page 1" in text, text
        page.press("Save as PDF…")
        chooser = scup.dialog("Save as PDF")
        chooser.find("text").type("/proc/cards.pdf")
        chooser.press("Save")
        scup.dialog(NOT_SAVED).see("/proc/cards.pdf")
    shutil.rmtree(home)


def test_labels_of_a_card_set_are_saved_as_pdf():
    home = tempfile.mkdtemp(prefix="gui-files-")
    path = os.path.join(home, "labels.pdf")
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        plan = scup.menu("Help", "Plan a card set…", "Plan a card set")
        plan.see("10 cards, 0 made")
        plan.press("Save labels as PDF…")
        chooser = scup.dialog("Save as PDF")
        chooser.find("text").type(path)
        chooser.press("Save")
        plan.see(f"Saved: {path}")
        with open(path, "rb") as file:
            assert file.read(5) == b"%PDF-"
    shutil.rmtree(home)


def test_labels_of_a_card_set_are_saved_as_a_table():
    home = tempfile.mkdtemp(prefix="gui-files-")
    path = os.path.join(home, "labels.csv")
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        scup.close(scup.make_zone())
        plan = scup.menu("Help", "Plan a card set…", "Plan a card set")
        plan.see("10 cards, 1 made")
        plan.press("Save labels as CSV…")
        chooser = scup.dialog("Save the labels")
        name = chooser.find("text")
        name.type(path)
        gui.wait("the path", lambda: name.text == path)
        chooser.press("Save")
        plan.see(f"Saved: {path}")
        scup.shot("scup-plan-labels")
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    assert len(rows) == 10 and all(row["REHEARSAL"] == "REHEARSAL" for row in rows), rows
    assert [row["label"] for row in rows[:3]] == ["CA card", "CA card, backup 1", "Administrator 1"], rows
    assert rows[0]["description"] == "Zone officers A/B" and rows[0]["made"] == "yes", rows[0]
    assert rows[1]["card"] == "" and rows[1]["made"] == "no" and rows[1]["holder"] == "", rows[1]
    shutil.rmtree(home)


def test_a_plan_is_remembered():
    world = gui.World(os.environ["TKE_SIM"])
    numbers = (3, 3, 2)  # administrators, parts, backups

    try:
        for changed in (False, True):
            program = gui.Program(os.environ["SCUP"], "--rehearsal", "--no-desk", "--world", world.dir)
            window = program.window(s.TITLE)
            program.menu(window, "Help", "Plan a card set…")
            plan = program.window("Plan a card set")
            if changed:
                plan.see("21 cards, 0 made")
            else:
                plan.see("10 cards, 0 made")
                for spin, number in zip(list(plan.all("spin button")), numbers):
                    spin.accessible.get_value_iface().set_current_value(number)
                plan.see("21 cards, 0 made")
            assert program.end() == 0
    finally:
        world.end()
    path = os.path.join(os.environ["XDG_STATE_HOME"], "opentke", "windows.ini")
    with open(path, encoding="ascii") as file:
        text = file.read()
    assert "[scup-plan-rehearsal]" in text and "[scup-plan]\nadmin" not in text, text
    os.remove(path)


def test_print_opens_the_desktops_dialog_and_cancel_leaves_it():
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        scup.window.see("Two readers ready")
        page = scup.menu("File", "Display smart card information", "Smart card information")
        page.press("Print…")
        dialog = scup.dialog("Print")
        dialog.press("Cancel")
        scup.program.no_window("Print")
        page.see("Close")
        page.press("Close")
        scup.quit()


def test_dates_are_in_the_form_of_the_place():
    today = time.strftime("%m/%d/%y")
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        page = scup.menu("File", "Card inventory…", "Card inventory")
        gui.wait(f"{today}", lambda: today in page.find("text").text)
    locales = gui.make_locale("de_DE.UTF-8")
    if locales is None:
        print("not tried in German: the sources of locales are not installed", flush=True)
        return
    with s.Scup(environment={"LC_ALL": "", "LANG": "C.UTF-8", "LC_TIME": "de_DE.UTF-8", "LOCPATH": locales}) as scup:
        scup.close(scup.make_zone())
        page = scup.menu("File", "Card inventory…", "Card inventory")
        gui.wait("a German date", lambda: re.search(r"\b\d\d\.\d\d\.\d{4}\b", page.find("text").text))
    shutil.rmtree(locales)


if __name__ == "__main__":
    sys.exit(gui.run([value for name, value in list(globals().items()) if name.startswith("test_")]))
