/*
 * Published sessions of the secure channel as a table, and a card that plays one.
 */
#pragma once

#include "libsmartcard/card-error.h"
#include "libsmartcard/gp-scp-private.h"
#include "tests/support/key-set-text.h"
#include "tests/support/test-bytes.h"
#include "tests/support/transcript-card-source.h"

typedef struct Row {
    enum { ROW_SESSION, ROW_EXCHANGE, ROW_END } kind;
    const char *name, *enc, *mac, *dek;
    unsigned version, level;
    /* SESSION: initialize, answer, authenticate; EXCHANGE: plain, plain answer, sent, answer */
    const char *a, *b, *c, *d;
} Row;

#define SESSION(name_, enc_, mac_, dek_, version_, level_, initialize_, answer_, authenticate_)    \
    { .kind = ROW_SESSION,                                                                         \
      .name = (name_),                                                                             \
      .enc = (enc_),                                                                               \
      .mac = (mac_),                                                                               \
      .dek = (dek_),                                                                               \
      .version = (version_),                                                                       \
      .level = (level_),                                                                           \
      .a = (initialize_),                                                                          \
      .b = (answer_),                                                                              \
      .c = (authenticate_) },
#define EXCHANGE(plain, plain_answer, sent, answer)                                                \
    { .kind = ROW_EXCHANGE, .a = (plain), .b = (plain_answer), .c = (sent), .d = (answer) },
#define END() { .kind = ROW_END },
static const Row rows[] = {
#include "tests/libsmartcard/gp-sessions.inc"
};

#define CPLC "80CA9F7F00"

static inline TkeGpKeySet *
keys_of(const Row *row)
{
    g_autofree char *more =
        g_strdup_printf("version = %02X\nlevel = %02X", row->version, row->level);

    return key_set_of(row->enc, row->mac, row->dek, more);
}

/* The host's challenge is in INITIALIZE UPDATE. */
static inline void
challenge_of(const Row *row, uint8_t out[static TKE_GP_CHALLENGE])
{
    g_autoptr(GByteArray) command = test_bytes(row->a);

    memcpy(out, command->data + 5, TKE_GP_CHALLENGE);
}

static inline const Row *
find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].kind == ROW_SESSION && strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    ck_abort_msg("no session “%s”", name);
    return NULL;
}

static inline void
expect(TranscriptCard *transcript, const char *command, const char *data, const char *sw)
{
    g_autofree char *answer = g_strconcat(data, sw, NULL);

    transcript_card_expect(transcript, command, answer);
}

static inline TkeCard *
card_of(TranscriptCard *transcript)
{
    return tke_card_new(transcript_card_connect(transcript), 2, "Reader 2");
}

static inline TkeGpScp *
open_session(TkeCard *card, const Row *row, GError **error)
{
    g_autoptr(TkeGpKeySet) keys = keys_of(row);
    uint8_t challenge[TKE_GP_CHALLENGE];

    challenge_of(row, challenge);
    return tke_gp_scp_open_with(card, keys, NULL, challenge, error);
}

/* A plain command as hex to an APDU; data are in bytes. */
static inline TkeApdu
apdu_of(const GByteArray *bytes)
{
    const size_t data_len = bytes->len > 5 ? bytes->data[4] : 0;

    return (TkeApdu){ .cla = bytes->data[0],
                      .ins = bytes->data[1],
                      .p1 = bytes->data[2],
                      .p2 = bytes->data[3],
                      .data = data_len > 0 ? bytes->data + 5 : NULL,
                      .data_len = data_len,
                      .has_answer = bytes->len == 5 || bytes->len == 6 + data_len };
}
