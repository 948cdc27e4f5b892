/*
 * A recorded session while it is read: what is known of its units, modules and administrators.
 */
#pragma once

#include "common/openssl.h"
#include "libep11admin/admin-block.h"
#include "libep11admin/attribute.h"
#include "libep11admin/info-response.h"
#include "libep11admin/module-chain.h"
#include "libep11admin/signer.h"
#include "libep11admin/unit-list.h"
#include "tests/run-vectors/vectors.h"

typedef struct TranscriptUnit {
    TkeUnitListEntry *entry; /* borrowed from the list */
    TkeModuleChain *chain;   /* borrowed; NULL before certificate 0 was read */
    bool has_identity;
    TkeUnitIdentity identity; /* of the last signed answer */
    TkeAttributes attributes;
    TkeDomainInfo info;
    GByteArray *skis;      /* of its administrators */
    GHashTable *names;     /* hex SKI to name */
    uint8_t importer[133]; /* point of its importer key */
} TranscriptUnit;

/* A key that signs, as far as it is known. */
typedef struct TranscriptKey {
    uint8_t ski[TKE_SKI_LEN];
    EVP_PKEY *key;     /* public */
    TkeSigner *signer; /* NULL: held by a signing service, or only known by its certificate */
} TranscriptKey;

typedef struct Transcript {
    Vector *vector;
    GPtrArray *entries; /* of TkeUnitListEntry, last list */
    GPtrArray *units;   /* of TranscriptUnit */
    GHashTable *chains; /* module part to TkeModuleChain, of the pass since the last list */
    GPtrArray *keys;    /* of TranscriptKey */
    unsigned n_wrong;   /* chains, serial numbers, plans that are not in order */
} Transcript;

/* One request taken apart. Cursors are views of message. */
typedef struct TranscriptRequest {
    TranscriptUnit *unit;
    GByteArray *message; /* EP11 request */
    bool is_info;
    uint32_t command; /* or type of the information query */
    TkeUnitIdentity identity;
    TkeByteCursor payload;
    TkeByteCursor block; /* whole */
    TkeByteCursor signer_infos;
} TranscriptRequest;

/*
 * Takes the body of a POST to the unit apart, builds every part anew and compares. False (and the
 * case failed) if it is no request.
 */
bool transcript_check_request(Transcript *transcript, TranscriptUnit *unit, const char *body,
                              TranscriptRequest *request);
void transcript_request_clear(TranscriptRequest *request);

/* The key with this identifier; NULL: not known. */
const TranscriptKey *transcript_find_key(const Transcript *transcript, const uint8_t *ski);
/* Notes a key; the key is referenced. */
void transcript_add_key(Transcript *transcript, const uint8_t *ski, EVP_PKEY *key,
                        TkeSigner *signer);

/* Requests to the signing service: built anew, and its signatures verified with its keys. */
void transcript_check_service(Transcript *transcript, JsonArray *exchanges, const char *url);
