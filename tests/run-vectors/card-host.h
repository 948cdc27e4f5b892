/*
 * Whole exchanges, the host's side: what the files of handlers share.
 */
#pragma once

#include "common/byte-cursor.h"
#include "libsmartcard/card.h"
#include "libsmartcard/zone-certificate.h"
#include "tests/run-vectors/vectors.h"
#include "tests/support/transcript-card-source.h"

typedef struct HostCard {
    const char *name;
    TranscriptCard *transcript;
    TkeCard *card;
    uint8_t card_id[TKE_CARD_ID_LEN];
} HostCard;

/* One case under way. */
typedef struct HostRun {
    Vector *vector;
    GPtrArray *cards; /* HostCard */
    bool has_zone;
    TkeZoneCertificate zone; /* of the zone that was seen last */
    unsigned imports;
} HostRun;

/* One step: what is sent and what comes back, as the case writes it. */
typedef struct HostStep {
    HostCard *on;
    JsonObject *json;
    uint8_t header[4];
    GByteArray *data;
    GByteArray *answer;
    uint16_t sw;
} HostStep;

/*
 * Makes the call of libsmartcard that sends the command of a step. False with error: what the call
 * said; false without error: there is no such call.
 */
bool card_host_command(HostRun *run, const HostStep *step, GError **error);

/* Offer and import, two steps with one call. */
bool card_host_import(HostRun *run, const HostStep *offer, const HostStep *import, GError **error);

/* The point of the key that signed in a step, as the case tells it. */
bool card_host_signer_point(HostRun *run, const HostStep *step,
                            uint8_t point[static TKE_EC_POINT_LEN]);

/* The data of a step's command. */
TkeByteCursor card_host_data(const HostStep *step);

/* A text object of a command's data; the caller frees. NULL if it is not there. */
char *card_host_text(TkeByteCursor *cursor, uint16_t tag);

/* A call that sends the command of one step, as card_host_command says it. */
typedef bool HostCall(HostRun *run, const HostStep *step, GError **error);

HostCall card_host_call_accept_zone;
HostCall card_host_call_make_identity;
HostCall card_host_call_accept_certificate;
HostCall card_host_call_unblock;
HostCall card_host_call_describe;
HostCall card_host_call_make_key;
HostCall card_host_call_delete;
HostCall card_host_call_make_part;
HostCall card_host_call_wrap;
HostCall card_host_call_sign;
HostCall card_host_call_transfer_offer;
HostCall card_host_call_start;
HostCall card_host_call_send;
HostCall card_host_call_receive;
