/*
 * The status of a world as text for people.
 */
#pragma once

#include <json-glib/json-glib.h>

/* status: the answer to the control command of that name. Lines; the caller frees. */
char *sim_command_status_dup_text(JsonObject *status);
