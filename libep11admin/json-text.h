/*
 * JSON that comes from outside: checked strictly (common/json-scan) before json-glib sees it.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/public.h"

typedef enum {
    TKE_JSON_WHOLE,       /* the text is one value and white space */
    TKE_JSON_FIRST_VALUE, /* what follows the first value is ignored, as the service's own client
                             does */
} TkeJsonMode;

/* Owned by the caller (json_node_unref). Not valid JSON in UTF-8: TKE_ERROR_INVALID_DATA. */
TKE_PUBLIC JsonNode *tke_json_text_parse(const char *text, size_t len, TkeJsonMode mode,
                                         GError **error);

/* A member that must be a string; NULL (no error) otherwise. Borrowed. */
TKE_PUBLIC const char *tke_json_text_get_string(JsonObject *object, const char *name);
