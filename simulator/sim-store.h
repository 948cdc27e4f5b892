/*
 * Files of a world: bytes and keys as members of JSON objects.
 *
 * All errors are TKE_ERROR_INVALID_DATA (files: also TKE_ERROR_FILE) and name the member.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/openssl.h"
#include "common/secret.h"

#define SIM_STORE_FILE_MAX 4194304u
/* First member of every file with keys in it. */
#define SIM_STORE_NOTE "rehearsal material: virtual units, worthless keys"

/* A number from 0 to max; if it is missing: fallback, or an error when there is none (NULL). */
bool sim_store_get_number(JsonObject *object, const char *name, const uint32_t *fallback,
                          uint32_t max, uint32_t *value, GError **error);

/* Hex text of exactly len bytes; of any length. */
bool sim_store_get_hex(JsonObject *object, const char *name, uint8_t *out, size_t len,
                       GError **error);
GByteArray *sim_store_get_bytes(JsonObject *object, const char *name, GError **error);
void sim_store_add_hex(JsonBuilder *builder, const char *name, const uint8_t *bytes, size_t len);
void sim_store_add_text(JsonBuilder *builder, const char *name, const char *text);
void sim_store_add_number(JsonBuilder *builder, const char *name, uint32_t value);

/* Secrets and private keys as hex text; NULL for a member that is missing or empty. */
void sim_store_add_secret(JsonBuilder *builder, const char *name, const TkeSecret *secret);
bool sim_store_get_secret(JsonObject *object, const char *name, TkeSecret **secret, GError **error);
bool sim_store_add_key(JsonBuilder *builder, const char *name, EVP_PKEY *key, GError **error);
bool sim_store_get_key(JsonObject *object, const char *name, EVP_PKEY **key, GError **error);

/* Writes the value in the builder to a file, atomically, and wipes the text. */
bool sim_store_save(JsonBuilder *builder, const char *path, GError **error);

/* Reads a file whose text is one object. The caller unrefs. */
JsonObject *sim_store_load(const char *path, GError **error);
