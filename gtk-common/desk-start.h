/*
 * Opens the virtual desk of a rehearsal beside a program with windows.
 */
#pragma once

/*
 * Starts tke-desk: beside this program, in the build tree, in PATH. world: directory of the
 * rehearsal; NULL: the usual one. Where a desk shows that world already it comes to the front.
 * That there is none is no error: everything at the desk can be done with tke-sim too. Not on the
 * main thread.
 */
void tke_ui_desk_start(const char *world);
