#!/usr/bin/python3
"""USB devices that are not there, for a test of readers that are plugged in and out (umockdev).

Prints the directory that UMOCKDEV_DIR has to name, then obeys lines of standard input: "add N" and
"remove N" plug a reader with the product number N in and out. Each is answered with "done".
"""
import sys

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402

VENDOR = "f055"


def add(testbed, number):
    device = testbed.add_device(
        "usb", f"1-{number}", None,
        ["idVendor", VENDOR, "idProduct", f"{number:04x}", "serial", f"USB{number:04d}",
         "busnum", "1", "devnum", str(number + 1)],
        ["DEVTYPE", "usb_device", "DEVNAME", f"/dev/bus/usb/001/{number + 1:03d}",
         "BUSNUM", "001", "DEVNUM", f"{number + 1:03d}", "PRODUCT", f"{VENDOR}/{number:x}/100"])
    interface = testbed.add_device(
        "usb", f"1-{number}:1.0", device,
        ["bInterfaceNumber", "00", "bInterfaceClass", "0b"], ["DEVTYPE", "usb_interface"])
    testbed.uevent(device, "add")
    testbed.uevent(interface, "add")
    return device, interface


def main():
    testbed = UMockdev.Testbed.new()
    devices = {}
    print(testbed.get_root_dir(), flush=True)
    for line in sys.stdin:
        action, number = line.split()
        number = int(number)
        if action == "add":
            devices[number] = add(testbed, number)
        else:
            device, interface = devices.pop(number)
            for path in (interface, device):
                testbed.uevent(path, "remove")
            for path in (interface, device):
                testbed.remove_device(path)
        print("done", flush=True)


main()
