/*
 * The status of a world as text for people.
 */
#pragma once

#include <json-glib/json-glib.h>

/* status: the answer to the control command of that name. */
void sim_command_print_status(JsonObject *status);
