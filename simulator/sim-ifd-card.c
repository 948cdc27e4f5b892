/*
 * The card in a virtual reader on the socket of tke-sim, for a driver of pcscd: power, exchanges,
 * PIN entry.
 */
#include <string.h>

#include "common/byte-builder.h"
#include "simulator/sim-ifd-private.h"

#define POWER_TIMEOUT_MS 60000u
#define EXCHANGE_TIMEOUT_MS 300000u /* a card may think for long */
#define CONTROL_TIMEOUT_MS 900000u  /* a person may type three times 255 s */

static bool
refuse(GError **error, TkeSimStatus status)
{
    g_set_error_literal(error, TKE_SIM_ERROR, (gint) status, "no card of this connection");
    return false;
}

static void
set_atr(SimIfdChannel *self, const uint8_t *atr, size_t len)
{
    g_mutex_lock(&self->state);
    memcpy(self->atr, atr, len);
    self->atr_len = len;
    g_mutex_unlock(&self->state);
}

/* One request on the card's connection. What is no refusal ends it: the card is lost. Called with
 * io. */
static bool
call(SimIfdChannel *self, TkeSimMessage type, unsigned timeout_ms, const uint8_t *head,
     size_t head_len, const uint8_t *body, size_t len, uint8_t *out, size_t size, size_t *out_len,
     GError **error)
{
    TkeSimClient *card = sim_ifd_channel_need_client(self, &self->card, error);
    GError *cause = NULL;

    if (card == NULL) {
        return false;
    }
    tke_sim_client_set_timeout(card, timeout_ms);
    if (tke_sim_client_call(card, type, head, head_len, body, len, out, size, out_len, &cause)) {
        return true;
    }
    if (cause->domain != TKE_SIM_ERROR) {
        self->connected = false;
        sim_ifd_channel_drop_client(self, &self->card);
    }
    g_propagate_error(error, cause);
    return false;
}

/* Asks for the reader; on a connection that broke since the last time, a new one. Called with
 * io. */
static bool
ask_slot(SimIfdChannel *self, uint8_t *answer, size_t size, size_t *len, GError **error)
{
    bool fresh = self->card == NULL;
    g_autoptr(GError) cause = NULL;

    if (call(self, TKE_SIM_SLOT, SIM_IFD_ASK_TIMEOUT_MS, NULL, 0, &self->number, 1, answer, size,
             len, &cause)) {
        return true;
    }
    if (!fresh && self->card == NULL) {
        return call(self, TKE_SIM_SLOT, SIM_IFD_ASK_TIMEOUT_MS, NULL, 0, &self->number, 1, answer,
                    size, len, error);
    }
    g_propagate_error(error, g_steal_pointer(&cause));
    return false;
}

/* That the card in the reader is the one that pcscd was told of. Called with io. */
static bool
is_shown_card(SimIfdChannel *self, char **name, GError **error)
{
    g_autoptr(GPtrArray) readers = NULL;
    uint8_t answer[4 + 1 + 1 + 4 + 4 * 256];
    uint32_t generation = 0;
    const TkeReaderInfo *info = NULL;
    size_t len = 0;
    bool same = false;

    if (!ask_slot(self, answer, sizeof answer, &len, error)) {
        return false;
    }
    readers = tke_sim_parse_readers(answer, len, &generation, error);
    if (readers == NULL) {
        return false;
    }
    info = readers->len == 1 ? g_ptr_array_index(readers, 0) : NULL;
    g_mutex_lock(&self->state);
    same = info != NULL && info->card_present && self->shown_present &&
           info->events == self->shown_events;
    g_mutex_unlock(&self->state);
    if (!same) {
        return refuse(error, TKE_SIM_STATUS_REMOVED);
    }
    *name = g_strdup(info->name);
    return true;
}

/* Called with io. */
static bool
power_on(SimIfdChannel *self, GError **error)
{
    uint8_t answer[1 + TKE_CARD_ATR_MAX] = { 0 };
    g_autofree char *name = NULL;
    size_t len = 0;

    set_atr(self, answer, 0);
    self->connected = false;
    if (!is_shown_card(self, &name, error) ||
        !call(self, TKE_SIM_POWER_ON, POWER_TIMEOUT_MS, NULL, 0, (const uint8_t *) name,
              strlen(name), answer, sizeof answer, &len, error)) {
        return false;
    }
    if (len < 1) {
        sim_ifd_channel_drop_client(self, &self->card);
        return refuse(error, TKE_SIM_STATUS_FAILED);
    }
    self->connected = true;
    set_atr(self, answer + 1, len - 1);
    return true;
}

bool
sim_ifd_channel_power_on(SimIfdChannel *self, GError **error)
{
    bool done = false;

    g_mutex_lock(&self->io);
    done = power_on(self, error);
    g_mutex_unlock(&self->io);
    return done;
}

bool
sim_ifd_channel_reset(SimIfdChannel *self, GError **error)
{
    uint8_t atr[TKE_CARD_ATR_MAX];
    size_t len = 0;
    bool done = false;

    g_mutex_lock(&self->io);
    if (!self->connected) {
        done = power_on(self, error);
    } else if (call(self, TKE_SIM_RESET, POWER_TIMEOUT_MS, NULL, 0, NULL, 0, atr, sizeof atr, &len,
                    error)) {
        set_atr(self, atr, len);
        done = true;
    }
    g_mutex_unlock(&self->io);
    return done;
}

void
sim_ifd_channel_power_off(SimIfdChannel *self)
{
    size_t len = 0;

    g_mutex_lock(&self->io);
    if (self->connected &&
        !call(self, TKE_SIM_POWER_OFF, POWER_TIMEOUT_MS, NULL, 0, NULL, 0, NULL, 0, &len, NULL)) {
        /* Refused: the card has gone. Without the connection tke-sim lets go of the reader in any
         * case. */
        sim_ifd_channel_drop_client(self, &self->card);
    }
    self->connected = false;
    set_atr(self, (const uint8_t *) "", 0);
    g_mutex_unlock(&self->io);
}

bool
sim_ifd_channel_exchange(SimIfdChannel *self, const uint8_t *command, size_t len, uint8_t *response,
                         size_t size, size_t *response_len, GError **error)
{
    bool done = false;

    g_mutex_lock(&self->io);
    done = self->connected ? call(self, TKE_SIM_EXCHANGE, EXCHANGE_TIMEOUT_MS, NULL, 0, command,
                                  len, response, size, response_len, error)
                           : refuse(error, TKE_SIM_STATUS_NO_CARD);
    g_mutex_unlock(&self->io);
    return done;
}

bool
sim_ifd_channel_control(SimIfdChannel *self, uint32_t code, const uint8_t *in, size_t in_len,
                        uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    uint8_t head[1 + UINT8_MAX + 4];
    TkeByteBuilder b = { .out = head, .size = sizeof head };
    bool connected = false;
    bool done = false;

    g_mutex_lock(&self->io);
    connected = self->connected;
    if (!connected) {
        g_mutex_lock(&self->state);
        size_t name_len = MIN(strlen(self->name), UINT8_MAX);

        tke_byte_builder_u8(&b, (uint8_t) name_len);
        tke_byte_builder_bytes(&b, (const uint8_t *) self->name, name_len);
        g_mutex_unlock(&self->state);
    }
    tke_byte_builder_u32(&b, code);
    done = call(self, connected ? TKE_SIM_CONTROL : TKE_SIM_READER_CONTROL, CONTROL_TIMEOUT_MS,
                head, b.len, in, in_len, out, size, out_len, error);
    g_mutex_unlock(&self->io);
    return done;
}
