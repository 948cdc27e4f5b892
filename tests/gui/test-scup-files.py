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
import pdf  # noqa: E402
import scup as s  # noqa: E402

gui.reexec()

NOT_SAVED = "The file was not saved"


def save_as(scup, page, path):
    """Presses Save…, types the path into the file chooser and confirms."""
    page.press("Save…")
    chooser = scup.dialog("Save the report")
    s.choose_file(chooser, path)


def card_of_the_zone(scup):
    scup.close(scup.make_zone())
    scup.make_card("ep11-1", "Alice")
    scup.window.see("Alice")  # it has been looked at, and noted


def test_information_is_shown_of_one_reader_or_of_both():
    with s.Scup() as scup:
        scup.world.insert(2, "ep11-1")
        scup.window.see("Blank card for an EP11 card")
        page = scup.menu("File", "Display smart card information", "Smart card information")
        text = page.find("text")
        gui.wait("both readers", lambda: "READER 1" in text.text and "READER 2" in text.text)
        page.find("radio button", "Reader 2").click()
        gui.wait("reader 2", lambda: "READER 2" in text.text and "READER 1" not in text.text)
        page.find("radio button", "Reader 1").click()
        gui.wait("reader 1", lambda: "READER 1" in text.text and "READER 2" not in text.text)
        page.find("radio button", "Both readers").click()
        gui.wait("both again", lambda: "READER 1" in text.text and "READER 2" in text.text)


def test_the_inventory_is_saved_as_a_table_and_replaced_after_a_question():
    home = tempfile.mkdtemp(prefix="gui-files-")
    path = os.path.join(home, "inventory.csv")
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        card_of_the_zone(scup)
        page = scup.menu("File", "Card inventory…", "Card inventory")
        gui.wait("the cards", lambda: "Alice" in page.find("text").text)
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
        gui.wait(lambda: f"one file; there are {os.listdir(home)}", lambda: os.listdir(home) == ["inventory.csv"])
    shutil.rmtree(home)


def test_a_report_is_saved_as_it_is_shown():
    home = tempfile.mkdtemp(prefix="gui-files-")
    path = os.path.join(home, "cards.txt")
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        card_of_the_zone(scup)
        page = scup.menu("File", "Display smart card information", "Smart card information")
        gui.wait("the card and its proof", lambda: "yes, checked" in page.find("text").text)
        shown = [page.find("text").text]
        save_as(scup, page, path)
        page.see(f"Saved: {path}")
        shown.append(page.find("text").text)  # the cards may have been looked at meanwhile
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert text in shown, f"{text}\nis not one of these:\n{shown}"
    shutil.rmtree(home)


def test_the_inventory_has_pages_with_all_its_text():
    home = tempfile.mkdtemp(prefix="gui-files-")
    path = os.path.join(home, "inventory.pdf")
    parts = ("ZONE", "Zone officers A/B", "Alice", "Proved genuine")
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        card_of_the_zone(scup)
        page = scup.menu("File", "Card inventory…", "Card inventory")
        gui.wait("the cards", lambda: all(part in page.find("text").text for part in parts))
        page.press("Save as PDF…")
        chooser = scup.dialog("Save as PDF")
        s.choose_file(chooser, path)
        page.see(f"Saved: {path}")
        text = "\n".join(pdf.pages(path))
        for part in ("Card inventory — REHEARSAL · page 1", *parts):
            assert part in text, f"{part} is not in:\n{text}"
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
            gui.wait(lambda: f"one file; there are {os.listdir(disk)}", lambda: os.listdir(disk) == ["cards.txt"])
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
        path = os.path.join(home, "cards.pdf")
        gui.wait("both readers", lambda: page.find("text").text.count("no card") == 2)
        s.choose_file(chooser, path)
        page.see(f"Saved: {path}")
        assert os.stat(path).st_mode & 0o777 == 0o600
        shown = page.find("text").text
        text = "\n".join(pdf.pages(path))
        assert "page 1" in text, text
        missing = [line.strip() for line in shown.split("\n") if line.strip() and line.strip() not in text]
        assert not missing, f"{missing} is not in:\n{text}"
        page.press("Save as PDF…")
        chooser = scup.dialog("Save as PDF")
        s.choose_file(chooser, "/proc/cards.pdf")
        scup.dialog(NOT_SAVED).see("/proc/cards.pdf")
    shutil.rmtree(home)


def test_labels_of_a_card_set_are_saved_as_pdf():
    home = tempfile.mkdtemp(prefix="gui-files-")
    path = os.path.join(home, "labels.pdf")
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        plan = scup.menu("Help", "Plan a card set…", "Plan a card set")
        plan.see("10 cards, 0 made")
        plan.press("Save labels as PDF…")
        s.choose_file(scup.dialog("Save as PDF"), path)
        plan.see(f"Saved: {path}")
        assert "Key part 2, backup 1" in "\n".join(pdf.pages(path))
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
        s.choose_file(chooser, path)
        plan.see(f"Saved: {path}")
        scup.shot("scup-plan-labels")
        with open(path, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    assert len(rows) == 10 and all(row["REHEARSAL"] == "REHEARSAL" for row in rows), rows
    assert [row["label"] for row in rows[:3]] == ["CA card", "CA card, backup 1", "Administrator 1"], rows
    assert rows[0]["description"] == "Zone officers A/B" and rows[0]["made"] == "yes", rows[0]
    assert rows[1]["card"] == "" and rows[1]["made"] == "no" and rows[1]["holder"] == "", rows[1]
    shutil.rmtree(home)


def spin(plan, name):
    return plan.find("spin button", name, hidden=True).accessible.get_value_iface()


def test_a_plan_is_remembered_with_its_holders():
    world = gui.World(os.environ["TKE_SIM"])
    kept = os.path.join(world.dir, "workstation")

    def notes():
        for folder, _, files in os.walk(kept):
            if "card-plan.json" in files:
                with open(os.path.join(folder, "card-plan.json"), encoding="utf-8") as file:
                    return file.read()
        return ""
    try:
        for changed in (False, True):
            program = gui.Program(os.environ["SCUP"], "--rehearsal", "--no-desk", "--world", world.dir)
            window = program.window(s.TITLE)
            program.menu(window, "Help", "Plan a card set…")
            plan = program.window("Plan a card set")
            if changed:
                plan.see("21 cards, 0 made")
                gui.wait("one signature", lambda: spin(plan, "Signatures needed for a command").get_current_value() == 1)
            else:
                plan.see("10 cards, 0 made")
                spin(plan, "Administrators, who sign commands").set_current_value(3)
                spin(plan, "Key parts of a master key").set_current_value(3)
                spin(plan, "Backups of every card").set_current_value(2)
                spin(plan, "Signatures needed for a command").set_current_value(1)
                plan.see("21 cards, 0 made")
                plan.see("One signature is enough for a command")
                plan.find("push button", "Holder and place of Administrator 1", hidden=True).click()
                dialog = program.window("Holder and place")
                dialog.find("text", "Holder").type("Ada Weber")
                dialog.find("text", "Stored at").type("Safe A")
                dialog.press("Save")
                program.no_window("Holder and place")
                gui.wait("the plan on the disk", lambda: "Ada Weber" in notes() and '"signatures"' in notes())
            gui.wait(lambda: f"the holder:\n{plan.dump()}", lambda: any(
                "Holder: Ada Weber · stored at: Safe A" in node.title() for node in plan.all("list item", hidden=True)))
            assert program.end(gui.DEADLINE) == 0
    finally:
        world.end()


def test_the_record_and_the_labels_have_pages_with_all_their_text():
    home = tempfile.mkdtemp(prefix="gui-files-")
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        scup.close(scup.make_zone())
        plan = scup.menu("Help", "Plan a card set…", "Plan a card set")
        plan.see("10 cards, 1 made")
        for button, words in (("Save labels as PDF…", ("CA card, backup 1", "Key part 2, backup 1", "REHEARSAL")),
                              ("Save the record as PDF…", ("Record of the card set", "Key part 2, backup 1",
                                                           "Witness", "REHEARSAL", "page 2"))):
            path = os.path.join(home, "labels.pdf" if "labels" in button else "record.pdf")
            plan.press(button)
            chooser = scup.dialog("Save as PDF")
            s.choose_file(chooser, path)
            plan.see(f"Saved: {path}")
            pages = pdf.pages(path)
            for word in words:
                assert word in "\n".join(pages), f"{word} is not in:\n{pages}"
            assert all("REHEARSAL" in page for page in pages), pages
    shutil.rmtree(home)


def pasted():
    """What can be pasted."""
    import gi
    gi.require_version("Gdk", "3.0")
    gi.require_version("Gtk", "3.0")
    from gi.repository import Gdk, Gtk
    return Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).wait_for_text()


def test_the_identifier_of_a_planned_card_is_copied_with_a_button():
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        scup.close(scup.make_zone())
        plan = scup.menu("Help", "Plan a card set…", "Plan a card set")
        plan.see("10 cards, 1 made")
        card = gui.wait("the CA card", lambda: next(
            text for text in plan.texts() if text.startswith("Zone officers A/B · ")))
        plan.find("push button", "Copy: card identifier of CA card", hidden=True).click()
        gui.wait("the identifier", lambda: pasted() == card.split(" · ")[1])
        shown = gui.wait("buttons that copy", lambda: [node.name for node in plan.all("push button", hidden=True)
                                                       if node.name.startswith("Copy: ")])
        assert len(shown) == 1, shown  # cards that are not made have none


def test_an_inventory_that_is_damaged_is_told_in_its_place():
    scup = s.Scup()
    kept = os.path.join(scup.world.dir, "workstation")
    os.makedirs(kept, mode=0o700, exist_ok=True)
    with open(os.path.join(kept, "inventory.json"), "w", encoding="ascii",
              opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write("{garbage")
    with scup:
        plan = scup.menu("Help", "Plan a card set…", "Plan a card set")
        plan.see("The card inventory cannot be read")
        plan.see("inventory.json is damaged: mend it or move it away. Until then")
        labels = plan.find("push button", "Save labels as PDF…")
        gui.wait("the labels to be refused", lambda: not labels.has("sensitive"))
        scup.shot("scup-plan-unknown")
        inventory = scup.menu("File", "Card inventory…", "Card inventory")
        gui.wait("the inventory", lambda: "is damaged" in inventory.find("text").text)
        assert "No card of a zone was seen yet" not in inventory.find("text").text


def test_a_label_that_is_too_long_for_the_page_goes_on_below():
    home = tempfile.mkdtemp(prefix="gui-files-")
    holder = "Maria-Magdalena von Hohenzollern-Sigmaringen, deputy Ursula"  # 60 characters are allowed
    stored = "Safe 3, room 4.117 behind the second door, shelf 2, key 7"
    with s.Scup(environment=s.LEAKS_OF_GTK) as scup:
        plan = scup.menu("Help", "Plan a card set…", "Plan a card set")
        plan.see("10 cards, 0 made")
        plan.find("push button", "Holder and place of Administrator 1", hidden=True).click()
        dialog = scup.dialog("Holder and place")
        dialog.find("text", "Holder").type(holder)
        dialog.find("text", "Stored at").type(stored)
        dialog.press("Save")
        scup.program.no_window("Holder and place")
        for button, name in (("Save labels as PDF…", "labels.pdf"), ("Save the record as PDF…", "record.pdf")):
            path = os.path.join(home, name)
            plan.press(button)
            chooser = scup.dialog("Save as PDF")
            s.choose_file(chooser, path)
            plan.see(f"Saved: {path}")
            lines = "\n".join(pdf.pages(path)).split("\n")
            # a monospaced line of an A4 page has room for 90 characters
            assert max(len(line) for line in lines) <= 90, lines
            for words in (holder, stored):
                assert words.replace(" ", "") in "".join(lines).replace(" ", ""), lines
    shutil.rmtree(home)


def work(scup, *words, pins=()):
    """A command of tke, with who types its PINs."""
    process = scup.tke("--yes", *words)
    for reader in pins:
        scup.world.pin(reader, "123456")
    text = process.communicate(timeout=60)[0]
    assert process.returncode == 0, text


def test_a_plan_ticks_off_what_its_cards_have_done():
    tried = "A backup of a signature key tried for signing"
    with s.Scup() as scup:
        scup.close(scup.make_zone())
        for card in ("ep11-1", "ep11-2"):
            scup.make_card(card, card)
            scup.world.remove(2)
        scup.world.remove(1)
        scup.world.insert(2, "ep11-1")
        scup.window.see("ep11-1")
        work(scup, "card", "generate-signature-key", "--name", "Alice", pins=[2])
        scup.world.remove(2)
        scup.world.insert(1, "ep11-1")
        scup.world.insert(2, "ep11-2")
        scup.window.see("EP11 cards belong in reader 2")
        work(scup, "card", "copy", pins=[1, 2])
        scup.world.remove(1)
        scup.world.remove(2)
        plan = scup.menu("Help", "Plan a card set…", "Plan a card set")

        def see(mark, text):
            gui.wait(lambda: f"“{mark} {text}” in {[node.text for node in plan.all('label', hidden=True)]}", lambda: any(
                f"{mark} {text}" in node.text for node in plan.all("label", hidden=True)))
        see("○", tried)
        scup.world.insert(2, "ep11-1")
        gui.wait("the original", lambda: any("Administrator 1" in node.title() and "ep11-1" in node.title()
                                             for node in plan.all("list item", hidden=True)))
        scup.world.remove(2)
        scup.world.insert(1, "ep11-2")  # the backup signs
        work(scup, "cryptounit-add", "1")
        work(scup, "cryptounit-admin-add", pins=[1])
        work(scup, "cryptounit-thrhld-set", "--signature", "1", "--revocation", "1", pins=[1])
        scup.world.remove(1)
        scup.world.insert(2, "ep11-2")
        see("✓", tried)
        see("○", "Crypto units initialised")  # no key part was loaded
        see("○", "Cards, PINs and readers put into different safes")
        scup.shot("scup-plan-ticks")


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
