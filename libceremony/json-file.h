/*
 * Small JSON files in the world's directory: read strictly, written whole. Not installed.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>

/* The object in a file; absent: an empty one. NULL: it cannot be read, or is damaged (see
 * below). */
JsonObject *tke_json_file_read(const char *path, const char *lost, GError **error);
bool tke_json_file_write(const char *path, JsonObject *object, GError **error);

/*
 * The file does not have the form it should have (why may be NULL): puts it aside, so that the
 * next start does without it, and tells where it is and what is lost (translated). lost NULL: it
 * stays where it is, for the caller must not go on without it before somebody has decided so.
 * Returns false.
 */
bool tke_json_file_damaged(const char *path, const GError *why, const char *lost, GError **error);

/* Members of that kind; NULL: there is none. Borrowed. */
JsonObject *tke_json_file_object(JsonObject *object, const char *name);
JsonArray *tke_json_file_array(JsonObject *object, const char *name);
