/*
 * On which other cards a signature key or a key part is, as far as this workstation's activity log
 * proves it. Not installed.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdint.h>

#include "libceremony/activity-log.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/ep11-card-keys.h"

/* ---- What entries say of keys ---- */

/* Members "ski" (NULL: none) and "patterns" (always) of a copy or of a deletion. */
void tke_key_copies_record(JsonObject *values, const uint8_t *ski, const TkeKeyPart *const *parts,
                           unsigned n_parts);

/* Member "replaced": the signature key that the card had before. */
void tke_key_copies_record_replaced(JsonObject *values, const uint8_t ski[static 32]);

/* ---- What they prove ---- */

typedef struct TkeKeyCopies TkeKeyCopies;

/* A log that cannot be read proves nothing. */
TkeKeyCopies *tke_key_copies_read(TkeActivityLog *log);
void tke_key_copies_free(TkeKeyCopies *copies);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeKeyCopies, tke_key_copies_free)

/* Ids (tke_card_id_text) of the cards that have the signature key, or the key part; the caller
 * frees. */
GPtrArray *tke_key_copies_of_key(const TkeKeyCopies *copies, const uint8_t ski[static 32]);
GPtrArray *tke_key_copies_of_part(const TkeKeyCopies *copies, const uint8_t vp[static TKE_VP_LEN]);
