"""What the checks of tools/ share: the files of the source tree and their areas."""
import os
import re
import sys

LIBRARIES = ("common", "libsmartcard", "libep11admin", "libceremony")
PROGRAMS = ("gtk-common", "scup", "tke-gui", "tke", "simulator")

# A definition: the name begins its line, the return type is above (.clang-format), the body below.
DEFINITION = re.compile(
    r"^(?P<type>[A-Za-z_][^\n;{}()#]*)\n(?P<name>[a-z_][a-z0-9_]*)\((?P<rest>[^;{}]*)\)[^;{}()]*\n\{\n",
    re.MULTILINE)


def files(root, *endings):
    """Paths relative to the root, with / between folders, sorted."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders
                      if not name.startswith(("build", ".")) and name != "__pycache__" and
                      not os.path.exists(os.path.join(folder, name, "build.ninja"))]
        for name in names:
            if name.endswith(endings):
                found.append(os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/"))
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def area(path):
    return path.split("/")[0]


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def main(check):
    """Runs check(root), which yields complaints, on the tree named on the command line."""
    complaints = list(check(sys.argv[1]))
    for complaint in complaints:
        print(complaint)
    if not complaints:
        print("nothing to complain about")
    sys.exit(1 if complaints else 0)
