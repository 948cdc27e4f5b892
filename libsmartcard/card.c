/*
 * One card: transaction, select, whole commands with chaining and collection of long answers, and
 * the limits a host keeps (card-protocol.md, sections 1, 2 and 12).
 */
#include "libsmartcard/card.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/cancel.h"
#include "common/log.h"
#include "common/secret.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/status-word.h"

#define CLA_CHAIN 0x10u /* set in the class of every block but the last */
#define SW1(sw) ((sw) >> 8)
#define SW1_MORE 0x61u
#define SW1_WARNING 0x62u
#define COLLECT_MAX 64u /* more would be pieces of a few bytes: a card that never comes to an end */
#define ANSWER_MS 50000u        /* where the connection does not tell */
#define SW_MORE_OBJECTS 0x6310u /* of GlobalPlatform's GET STATUS */

struct TkeCard {
    TkeCardConnection *connection;
    unsigned reader_number;
    char *reader_name;
    GCancellable *cancellable;
    unsigned apdus;
    gint64 collect_us;
    unsigned transactions; /* begin calls that were not ended */
    TkeCardKind selected;
    bool card_extended; /* the applet selected takes extended length */
    bool extended_allowed;
    TkeSecret *buffer; /* for sensitive commands; NULL until one is sent */
};

TkeCard *
tke_card_new(TkeCardConnection *connection, unsigned reader_number, const char *reader_name)
{
    TkeCard *card = NULL;

    g_return_val_if_fail(connection != NULL && reader_name != NULL, NULL);
    card = g_new0(TkeCard, 1);
    card->connection = connection;
    card->reader_number = reader_number;
    card->reader_name = g_strdup(reader_name);
    card->extended_allowed = true;
    card->collect_us = 2 * G_TIME_SPAN_MILLISECOND *
                       (connection->answer_ms > 0 ? connection->answer_ms : ANSWER_MS);
    return card;
}

/* Transports name a reader by the name that the service has for it; people know it by its
 * number. */
static void
drop_name(GError *error, const char *reader_name)
{
    g_autoptr(GString) text = g_string_new(error->message);
    g_autofree char *quoted = g_strdup_printf(_("reader “%s”: %s"), reader_name, "");
    g_autofree char *plain = g_strdup_printf("%s: ", reader_name);

    if (g_string_replace(text, quoted, "", 1) == 0) {
        g_string_replace(text, plain, "", 1);
    }
    g_free(error->message);
    error->message = g_string_free(g_steal_pointer(&text), FALSE);
}

TkeCard *
tke_card_open(TkeCardSource *source, const char *reader_name, unsigned reader_number,
              GCancellable *cancellable, GError **error)
{
    TkeCardConnection *connection = NULL;
    g_autoptr(GError) inner = NULL;

    connection = source->ops->connect(source, reader_name, cancellable, &inner);
    if (connection == NULL) {
        tke_card_error_set_reader(inner, reader_number, reader_name);
        if (reader_number != 0) {
            drop_name(inner, reader_name);
            g_prefix_error(&inner, _("reader %u: "), reader_number);
        }
        g_propagate_error(error, g_steal_pointer(&inner));
        return NULL;
    }
    return tke_card_new(connection, reader_number, reader_name);
}

void
tke_card_free(TkeCard *card)
{
    if (card == NULL) {
        return;
    }
    if (card->transactions > 0) {
        card->connection->ops->end(card->connection);
    }
    card->connection->ops->close(card->connection);
    g_clear_object(&card->cancellable);
    tke_secret_free(card->buffer);
    g_free(card->reader_name);
    g_free(card);
}

unsigned
tke_card_get_reader_number(const TkeCard *card)
{
    return card->reader_number;
}

const char *
tke_card_get_reader_name(const TkeCard *card)
{
    return card->reader_name;
}

const uint8_t *
tke_card_get_atr(const TkeCard *card, size_t *len)
{
    *len = card->connection->atr_len;
    return card->connection->atr;
}

void
tke_card_set_cancellable(TkeCard *card, GCancellable *cancellable)
{
    g_set_object(&card->cancellable, cancellable);
}

GCancellable *
tke_card_get_cancellable(const TkeCard *card)
{
    return card->cancellable;
}

unsigned
tke_card_get_apdus(const TkeCard *card)
{
    return card->apdus;
}

void
tke_card_set_extended_allowed(TkeCard *card, bool allowed)
{
    card->extended_allowed = allowed;
}

void
tke_card_set_collect_limit(TkeCard *card, gint64 us)
{
    card->collect_us = us;
}

TkeCardKind
tke_card_get_selected(const TkeCard *card)
{
    return card->selected;
}

void
tke_card_set_selected(TkeCard *card, TkeCardKind kind, bool extended_length)
{
    card->selected = kind;
    card->card_extended = extended_length;
}

void
tke_card_tag_error(const TkeCard *card, GError **error)
{
    TkeCardErrorInfo info = { 0 };

    if (error == NULL || !tke_card_error_get_info(*error, &info) ||
        (info.reader_name != NULL && info.reader_number == card->reader_number)) {
        return;
    }
    tke_card_error_set_reader(*error, card->reader_number, card->reader_name);
    if (card->reader_number != 0) {
        drop_name(*error, card->reader_name);
        g_prefix_error(error, _("reader %u: "), card->reader_number);
    } else {
        g_prefix_error(error, "%s: ", card->reader_name);
    }
    /* What was selected and verified is gone with the card. */
    if ((*error)->code == TKE_CARD_ERROR_REMOVED || (*error)->code == TKE_CARD_ERROR_RESET) {
        ((TkeCard *) card)->selected = TKE_CARD_KIND_FOREIGN;
    }
}

bool
tke_card_begin(TkeCard *card, GError **error)
{
    g_autoptr(GError) inner = NULL;

    if (card->transactions == 0 && !card->connection->ops->begin(card->connection, &inner)) {
        tke_card_tag_error(card, &inner);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
    card->transactions++;
    return true;
}

void
tke_card_end(TkeCard *card)
{
    g_return_if_fail(card->transactions > 0);
    card->transactions--;
    if (card->transactions == 0) {
        card->connection->ops->end(card->connection);
    }
}

bool
tke_card_reset(TkeCard *card, GError **error)
{
    g_autoptr(GError) inner = NULL;

    card->selected = TKE_CARD_KIND_FOREIGN;
    card->card_extended = false;
    if (!card->connection->ops->reset(card->connection, &inner)) {
        tke_card_tag_error(card, &inner);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
    return true;
}

static bool
uses_extended(const TkeCard *card)
{
    return card->card_extended && card->extended_allowed && card->connection->extended_length;
}

static bool
exchange_bytes(TkeCard *card, const uint8_t *command, size_t len, const uint8_t **data,
               size_t *data_len, uint16_t *sw, uint8_t response[static TKE_APDU_MAX_ANSWER + 2],
               GError **error)
{
    size_t response_len = 0;

    card->apdus++;
    return card->connection->ops->exchange(card->connection, command, len, response,
                                           TKE_APDU_MAX_ANSWER + 2, &response_len, error) &&
           tke_apdu_decode_response(response, response_len, data, data_len, sw, error);
}

/* Where the command is encoded: on the stack, or, if sensitive, in locked memory. */
static uint8_t *
command_buffer(TkeCard *card, const TkeApdu *apdu, uint8_t *ordinary, GError **error)
{
    if (!apdu->sensitive) {
        return ordinary;
    }
    if (card->buffer == NULL) {
        card->buffer = tke_secret_new(TKE_APDU_MAX_COMMAND, error);
    }
    return card->buffer != NULL ? tke_secret_fill(card->buffer, NULL) : NULL;
}

static void
log_command(const TkeCard *card, const TkeApdu *apdu, const uint8_t *command, size_t len)
{
    if (!tke_log_is_enabled()) {
        return;
    }
    if (apdu->sensitive) {
        tke_log("card", "reader %u > %02x%02x%02x%02x, %zu secret bytes", card->reader_number,
                apdu->cla, apdu->ins, apdu->p1, apdu->p2, apdu->data_len);
    } else {
        g_autofree char *what = g_strdup_printf("reader %u >", card->reader_number);

        tke_log_bytes("card", what, command, len);
    }
}

/* One APDU; the answer is appended. */
static bool
exchange(TkeCard *card, const TkeApdu *apdu, TkeCardAnswer *answer, size_t *new_len, GError **error)
{
    uint8_t ordinary[TKE_APDU_MAX_COMMAND];
    uint8_t response[TKE_APDU_MAX_ANSWER + 2];
    uint8_t *command = command_buffer(card, apdu, ordinary, error);
    const uint8_t *data = NULL;
    size_t len = 0;
    size_t data_len = 0;
    bool ok = false;

    if (command == NULL ||
        !tke_apdu_encode(apdu, uses_extended(card), command, TKE_APDU_MAX_COMMAND, &len, error)) {
        return false;
    }
    log_command(card, apdu, command, len);
    ok = exchange_bytes(card, command, len, &data, &data_len, &answer->sw, response, error);
    if (apdu->sensitive) {
        memset(tke_secret_fill(card->buffer, NULL), 0, TKE_APDU_MAX_COMMAND);
    }
    if (!ok) {
        return false;
    }
    if (tke_log_is_enabled()) {
        tke_log("card", "reader %u < %zu bytes, %04x", card->reader_number, data_len, answer->sw);
    }
    if (data_len > sizeof answer->data - answer->len) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                    _("the card answers with more than %u bytes"), TKE_APDU_MAX_ANSWER);
        return false;
    }
    if (data_len > 0) {
        memcpy(answer->data + answer->len, data, data_len);
    }
    answer->len += data_len;
    *new_len = data_len;
    return true;
}

/* All blocks of a chain but the last; a refusal ends it and is the answer. sent: bytes that are
 * out. */
static bool
send_blocks(TkeCard *card, const TkeApdu *apdu, TkeCardAnswer *answer, size_t *sent, GError **error)
{
    const size_t block = uses_extended(card) ? TKE_APDU_EXTENDED_DATA : TKE_APDU_SHORT_DATA;
    TkeApdu part = *apdu;
    size_t unused = 0;

    part.cla |= CLA_CHAIN;
    part.has_answer = false;
    part.data_len = block;
    answer->sw = TKE_SW_DONE;
    for (*sent = 0; apdu->data_len - *sent > block; *sent += block) {
        part.data = apdu->data + *sent;
        if (!exchange(card, &part, answer, &unused, error)) {
            return false;
        }
        if (answer->len > 0 || SW1(answer->sw) == SW1_MORE) {
            g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                        _("the card answers in the middle of a chain"));
            return false;
        }
        if (answer->sw != TKE_SW_DONE) {
            return true;
        }
    }
    return true;
}

/* Collects what is left. A card under T=0 brings nothing with the first 61xx, but with each later
 * one. */
static bool
collect_pieces(TkeCard *card, TkeCardAnswer *answer, GError **error)
{
    const TkeApdu get_response = { .cla = TKE_CLA_ISO,
                                   .ins = TKE_INS_GET_RESPONSE,
                                   .has_answer = true };
    const gint64 begun = g_get_monotonic_time();
    size_t brought = 0;

    for (unsigned i = 0; SW1(answer->sw) == SW1_MORE; i++) {
        if (i == COLLECT_MAX) {
            g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                        _("the card gives its answer in more than %u pieces"), COLLECT_MAX);
            return false;
        }
        if (g_get_monotonic_time() - begun >= card->collect_us) {
            g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_SILENT,
                        _("the card does not come to the end of its answer in time"));
            return false;
        }
        if (!exchange(card, &get_response, answer, &brought, error)) {
            return false;
        }
        if (brought == 0) {
            g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                        _("the card promises more data and brings none"));
            return false;
        }
    }
    return true;
}

/* Whatever comes of it: the card has accepted the command. */
static bool
collect(TkeCard *card, TkeCardAnswer *answer, GError **error)
{
    GError *inner = NULL;

    if (collect_pieces(card, answer, &inner)) {
        return true;
    }
    tke_card_error_set_outcome_unknown(inner);
    g_propagate_error(error, inner);
    return false;
}

/* Of all that is not "done" only warnings come with data (ISO 7816-4, 5.6; GlobalPlatform 2.3,
 * 11.4.3.2). */
static bool
may_have_data(uint16_t sw)
{
    return sw == TKE_SW_DONE || SW1(sw) == SW1_WARNING || sw == SW_MORE_OBJECTS;
}

static bool
transmit_untagged(TkeCard *card, const TkeApdu *apdu, TkeCardAnswer *answer, GError **error)
{
    TkeApdu last = *apdu;
    GError *made = NULL;
    size_t sent = 0;
    size_t unused = 0;

    answer->len = 0;
    answer->sw = 0;
    if (!send_blocks(card, apdu, answer, &sent, error)) {
        return false;
    }
    if (answer->sw != TKE_SW_DONE) {
        return true; /* a block was refused */
    }
    last.data = apdu->data != NULL ? apdu->data + sent : NULL;
    last.data_len = apdu->data_len - sent;
    if (!exchange(card, &last, answer, &unused, error) || !collect(card, answer, error)) {
        return false;
    }
    if (answer->len > 0 && (!apdu->has_answer || !may_have_data(answer->sw))) {
        made = g_error_new_literal(TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                                   _("the card answers with data where none belong"));
        tke_card_error_set_sw(made, answer->sw);
        g_propagate_error(error, made);
        return false;
    }
    return true;
}

bool
tke_card_transmit(TkeCard *card, const TkeApdu *apdu, TkeCardAnswer *answer, GError **error)
{
    g_autoptr(GError) inner = NULL;

    g_return_val_if_fail(apdu->data_len <= TKE_APDU_SHORT_DATA || apdu->cla == TKE_CLA_OWN, false);

    if (tke_cancel_is_asked(card->cancellable, error)) {
        return false;
    }
    if (!transmit_untagged(card, apdu, answer, &inner)) {
        tke_card_tag_error(card, &inner);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
    return true;
}

bool
tke_card_command(TkeCard *card, const TkeApdu *apdu, const char *what, TkeCardAnswer *answer,
                 GError **error)
{
    TkeCardAnswer none;
    g_autoptr(GError) inner = NULL;

    g_return_val_if_fail((answer != NULL) == apdu->has_answer, false);
    if (answer == NULL) {
        answer = &none;
    }
    if (tke_cancel_is_asked(card->cancellable, error)) {
        return false;
    }
    if (!transmit_untagged(card, apdu, answer, &inner)) {
        g_prefix_error(&inner, "%s: ", what);
    } else if (answer->sw != TKE_SW_DONE) {
        tke_status_word_set_error(&inner, answer->sw, what);
    }
    if (inner != NULL) {
        tke_card_tag_error(card, &inner);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
    return true;
}

bool
tke_card_control(TkeCard *card, uint32_t code, const uint8_t *in, size_t in_len, uint8_t *out,
                 size_t size, size_t *out_len, GError **error)
{
    g_autoptr(GError) inner = NULL;

    if (tke_cancel_is_asked(card->cancellable, error)) {
        return false;
    }
    if (in_len > 0) {
        card->apdus++; /* a PIN entry: the reader sends one in our place */
    }
    if (!card->connection->ops->control(card->connection, code, in, in_len, out, size, out_len,
                                        &inner)) {
        tke_card_tag_error(card, &inner);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
    return true;
}
