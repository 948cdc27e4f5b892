/*
 * Readers and cards on one connection to the socket of tke-sim (rehearsal, 4.12).
 */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/byte-builder.h"
#include "libsmartcard/card-transport.h"
#include "simulator/sim-session-private.h"

#define TEXT_MAX 255u

bool
sim_session_refuse(GError **error, TkeSimStatus status, const char *text)
{
    g_set_error_literal(error, TKE_SIM_ERROR, (int) status, text);
    return false;
}

static void
set_connection(SimSession *self, SimReader *reader, uint32_t connection)
{
    g_mutex_lock(&self->mutex);
    self->reader = reader;
    self->connection = connection;
    g_mutex_unlock(&self->mutex);
}

void
sim_session_disconnect(SimSession *self)
{
    if (self->reader != NULL) {
        sim_reader_disconnect(self->reader, self->connection);
        set_connection(self, NULL, 0);
    }
}

static bool
put_text(TkeByteBuilder *builder, const char *text)
{
    size_t len = strlen(text);

    tke_byte_builder_u8(builder, (uint8_t) MIN(len, TEXT_MAX));
    tke_byte_builder_bytes(builder, (const uint8_t *) text, MIN(len, TEXT_MAX));
    return !builder->failed;
}

static bool
need_service(SimSession *self, GError **error)
{
    if (!sim_world_is_running(self->host.world)) {
        return sim_session_refuse(
            error, TKE_SIM_STATUS_NO_SERVICE,
            _("the smart card service is not running (a fault of the rehearsal)"));
    }
    return true;
}

/* The service of this connection: it does not run, or another one does. */
static bool
is_service_gone(SimSession *self)
{
    return !sim_world_is_running(self->host.world) ||
           self->epoch != sim_world_get_epoch(self->host.world);
}

static bool
need_same_service(SimSession *self, GError **error)
{
    if (!need_service(self, error)) {
        return false;
    }
    if (is_service_gone(self)) {
        return sim_session_refuse(
            error, TKE_SIM_STATUS_NO_SERVICE,
            _("the smart card service was started anew since this connection was made"));
    }
    return true;
}

bool
sim_session_answer_list(SimSession *self, uint8_t number, GError **error)
{
    TkeByteBuilder builder = tke_byte_builder_into(self->answer, TKE_SIM_FRAME_MAX);
    g_autoptr(GPtrArray) infos = NULL;
    uint32_t generation = 0;

    if (!need_service(self, error)) {
        return false;
    }
    infos = sim_world_list_readers(self->host.world, number, &generation);
    tke_byte_builder_u32(&builder, generation);
    tke_byte_builder_u8(&builder, (uint8_t) infos->len);
    for (unsigned i = 0; i < infos->len; i++) {
        const TkeReaderInfo *info = g_ptr_array_index(infos, i);

        tke_byte_builder_u8(&builder, info->card_present ? 1 : 0);
        tke_byte_builder_u32(&builder, info->events);
        put_text(&builder, info->name);
        put_text(&builder, info->model);
        put_text(&builder, info->serial);
        put_text(&builder, info->port);
    }
    g_assert(!builder.failed);
    return true;
}

/* Until the world changes, the client sends something or goes, or the time is over. */
static void
wait_for_change(SimSession *self, uint32_t generation, uint32_t timeout_ms)
{
    struct pollfd fds[2] = { { .fd = self->fd, .events = POLLIN | POLLRDHUP },
                             { .fd = self->change_event, .events = POLLIN } };
    gint64 end = timeout_ms == TKE_SIM_WAIT_FOREVER
                     ? G_MAXINT64
                     : g_get_monotonic_time() + (gint64) timeout_ms * 1000;
    uint64_t count = 0;

    while (sim_world_get_generation(self->host.world) == generation) {
        gint64 left_ms = end == G_MAXINT64 ? -1 : (end - g_get_monotonic_time() + 999) / 1000;

        if (end != G_MAXINT64 && left_ms <= 0) {
            return;
        }
        if (poll(fds, G_N_ELEMENTS(fds), (int) MIN(left_ms, G_MAXINT)) < 0 && errno != EINTR) {
            return;
        }
        if (fds[0].revents != 0) {
            return;
        }
        if ((fds[1].revents & POLLIN) != 0 &&
            read(self->change_event, &count, sizeof count) != (ssize_t) sizeof count) {
            count = 0;
        }
    }
}

bool
sim_session_answer_wait(SimSession *self, const SimSocketRequest *request, GError **error)
{
    TkeByteBuilder builder = tke_byte_builder_into(self->answer, TKE_SIM_FRAME_MAX);

    if (!need_service(self, error)) {
        return false;
    }
    sim_world_add_watch(self->host.world, self->change_event);
    wait_for_change(self, request->generation, request->timeout_ms);
    sim_world_remove_watch(self->host.world, self->change_event);
    tke_byte_builder_u32(&builder, sim_world_get_generation(self->host.world));
    return true;
}

bool
sim_session_answer_connect(SimSession *self, const SimSocketRequest *request, GError **error)
{
    TkeByteBuilder builder = tke_byte_builder_into(self->answer, TKE_SIM_FRAME_MAX);
    uint8_t atr[SIM_CARD_ATR_MAX];
    SimReader *reader = NULL;
    g_autoptr(GError) gone = NULL;
    uint32_t connection = 0;
    size_t atr_len = 0;

    self->epoch = self->reader == NULL ? sim_world_get_epoch(self->host.world) : self->epoch;
    if (!need_service(self, error)) {
        return false;
    }
    if (self->reader != NULL) {
        return sim_session_refuse(error, TKE_SIM_STATUS_MALFORMED,
                                  _("this connection to tke-sim has a card connection already"));
    }
    reader = sim_world_find_reader(self->host.world, request->reader);
    if (reader == NULL) {
        return sim_session_refuse(error, TKE_SIM_STATUS_NO_READER, _("there is no such reader"));
    }
    connection = request->type == TKE_SIM_POWER_ON
                     ? sim_reader_power_on(reader, atr, &atr_len, error)
                     : sim_reader_connect(reader, atr, &atr_len, error);
    if (!need_same_service(self, &gone)) { /* it went meanwhile, and the card's power with it */
        sim_reader_disconnect(reader, connection);
        g_clear_error(error);
        g_propagate_error(error, g_steal_pointer(&gone));
        return false;
    }
    if (connection == 0) {
        /* No answer to the reset that comes with connecting: the card is dead, nothing was sent. */
        if (error != NULL && g_error_matches(*error, SIM_READER_ERROR, SIM_READER_ERROR_SILENT)) {
            g_autofree char *text = g_strdup((*error)->message);

            g_clear_error(error);
            return sim_session_refuse(error, TKE_SIM_STATUS_MUTE, text);
        }
        return false;
    }
    set_connection(self, reader, connection);
    tke_byte_builder_u8(&builder, sim_reader_get_options(reader)->short_only ? 0 : 1);
    tke_byte_builder_bytes(&builder, atr, atr_len);
    return true;
}

static bool
check_plugged(SimSession *self, GError **error)
{
    if (sim_world_find_reader(self->host.world, sim_reader_get_options(self->reader)->name) ==
        NULL) {
        return sim_session_refuse(error, TKE_SIM_STATUS_NO_READER, _("the reader was unplugged"));
    }
    return true;
}

bool
sim_session_need_connection(SimSession *self, GError **error)
{
    if (self->reader == NULL) {
        return sim_session_refuse(error, TKE_SIM_STATUS_NOT_CONNECTED,
                                  _("there is no connection to a card here"));
    }
    return need_same_service(self, error) && check_plugged(self, error);
}

/*
 * What was under way when the service stopped or the reader was unplugged has failed because of
 * that. Unlike a command that finds them gone it may have reached the card, and the answer says so:
 * the codes are those that PC/SC's become (libsmartcard/pcsc-transport-error.inc).
 */
static bool
fail_under_way(SimSession *self, GError **error)
{
    g_autoptr(GError) unplugged = NULL;

    if (is_service_gone(self)) {
        g_clear_error(error);
        return sim_session_refuse(error, TKE_SIM_STATUS_FAILED,
                                  _("the smart card service has stopped in the middle of the "
                                    "command (a fault of the rehearsal)"));
    }
    if (!check_plugged(self, &unplugged)) {
        g_clear_error(error);
        return sim_session_refuse(error, TKE_SIM_STATUS_REMOVED, unplugged->message);
    }
    return false;
}

bool
sim_session_answer_exchange(SimSession *self, const SimSocketRequest *request, GError **error)
{
    size_t len = 0;

    if (!sim_session_need_connection(self, error)) {
        return false;
    }
    if (!sim_reader_exchange(self->reader, self->connection, request->data, request->len,
                             self->response, TKE_CARD_RESPONSE_MAX, &len, error)) {
        return fail_under_way(self, error);
    }
    g_byte_array_append(self->answer, self->response, (guint) len);
    return true;
}

bool
sim_session_answer_control(SimSession *self, const SimSocketRequest *request, GError **error)
{
    size_t len = 0;

    if (!sim_session_need_connection(self, error)) {
        return false;
    }
    if (!sim_reader_control(self->reader, self->connection, request->code, request->data,
                            request->len, self->response, TKE_CARD_RESPONSE_MAX, &len, error)) {
        return fail_under_way(self, error);
    }
    g_byte_array_append(self->answer, self->response, (guint) len);
    return true;
}

/* Needs no connection, and leaves one that this socket has to the card as it is. */
bool
sim_session_answer_reader_control(SimSession *self, const SimSocketRequest *request, GError **error)
{
    SimReader *reader = NULL;
    size_t len = 0;

    if (!need_service(self, error)) {
        return false;
    }
    reader = sim_world_find_reader(self->host.world, request->reader);
    if (reader == NULL) {
        return sim_session_refuse(error, TKE_SIM_STATUS_NO_READER, _("there is no such reader"));
    }
    if (!sim_reader_control_direct(reader, request->code, request->data, request->len,
                                   self->response, TKE_CARD_RESPONSE_MAX, &len, error)) {
        return false;
    }
    g_byte_array_append(self->answer, self->response, (guint) len);
    return true;
}

bool
sim_session_answer_reset(SimSession *self, GError **error)
{
    uint8_t atr[SIM_CARD_ATR_MAX];
    size_t len = 0;

    if (!sim_session_need_connection(self, error)) {
        return false;
    }
    if (!sim_reader_reset(self->reader, self->connection, atr, &len, error)) {
        return fail_under_way(self, error);
    }
    g_byte_array_append(self->answer, atr, (guint) len);
    return true;
}

bool
sim_session_answer_power_off(SimSession *self, GError **error)
{
    if (!sim_session_need_connection(self, error)) {
        return false;
    }
    sim_reader_power_off(self->reader, self->connection);
    set_connection(self, NULL, 0);
    return true;
}

bool
sim_session_answer_close(SimSession *self, GError **error)
{
    if (self->reader == NULL) {
        return sim_session_refuse(error, TKE_SIM_STATUS_NOT_CONNECTED,
                                  _("there is no connection to a card here"));
    }
    sim_session_disconnect(self);
    return true;
}
