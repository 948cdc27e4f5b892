/*
 * Reading entries of the activity log (docs/activity-log.md). Not installed.
 *
 * What an entry lacks, or has in another form, is not there: NULL. Texts are borrowed from the entry.
 */
#pragma once

#include <json-glib/json-glib.h>

/* A line of the log; NULL: it is no object. Owned by the caller (json_object_unref). */
JsonObject *tke_log_entry_parse(const char *line);

const char *tke_log_entry_text(JsonObject *entry, const char *name);

/* The id of the card that the member describes. */
const char *tke_log_entry_card(JsonObject *entry, const char *name);

/* An array of texts, as verification patterns of key parts: how many, and one of them. */
guint tke_log_entry_n_texts(JsonObject *entry, const char *name);
const char *tke_log_entry_nth_text(JsonObject *entry, const char *name, guint i);
