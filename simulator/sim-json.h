/*
 * Reading members of JSON objects that people or other programs wrote: absent and of another type
 * are told apart from what is right, nothing is guessed.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Borrowed; NULL without error if the member is absent, with TKE_ERROR_INVALID_DATA if no text. */
const char *sim_json_get_text(JsonObject *object, const char *member, GError **error);

/* The same for one that must be there. */
const char *sim_json_need_text(JsonObject *object, const char *member, GError **error);

/* What a text says that decides nothing: standard where there is none, or something else. */
const char *sim_json_find_text(JsonObject *object, const char *member, const char *standard);

/* A whole number within the bounds; standard if absent. False with TKE_ERROR_INVALID_DATA. */
bool sim_json_get_number(JsonObject *object, const char *member, int64_t min, int64_t max,
                         int64_t standard, int64_t *value, GError **error);

/* The same for one that must be there. */
bool sim_json_need_number(JsonObject *object, const char *member, int64_t min, int64_t max,
                          int64_t *value, GError **error);

bool sim_json_get_flag(JsonObject *object, const char *member, bool standard, bool *value,
                       GError **error);

/* Borrowed array or object that must be there; NULL with TKE_ERROR_INVALID_DATA. */
JsonArray *sim_json_need_array(JsonObject *object, const char *member, GError **error);
JsonObject *sim_json_need_object(JsonObject *object, const char *member, GError **error);

/* Element of an array that must be an object. what names the array in the error. */
JsonObject *sim_json_need_element(JsonArray *array, unsigned index, const char *what,
                                  GError **error);

/* The object a text is; TKE_ERROR_INVALID_DATA. The caller unrefs. */
JsonObject *sim_json_parse(const char *text, gssize len, GError **error);

/* An object as text, one line or indented; the caller frees. */
char *sim_json_to_text(JsonObject *object, bool pretty);
