/*
 * What sim-session.c and sim-session-card.c share. The functions named answer fill the body of the
 * answer, or fail with the reason of the refusal.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-session.h"
#include "simulator/sim-socket-request.h"

struct SimSession {
    SimSessionHost host;
    int fd;
    int change_event; /* a counter of the world's changes */
    bool greeted;
    bool stop_wanted;  /* once the answer is sent */
    bool is_desk;      /* a virtual desk, counted by the world */
    SimReader *reader; /* of the card connection; NULL: none */
    uint32_t connection;
    uint32_t epoch;     /* of the world when it was made */
    GMutex mutex;       /* of reader and connection, which shut_down reads */
    uint8_t *response;  /* room for the longest answer of a card */
    GByteArray *answer; /* body that goes out */
};

/* Sets TKE_SIM_ERROR; always false. */
bool sim_session_refuse(GError **error, TkeSimStatus status, const char *text);

/* Ends the card connection, if there is one. */
void sim_session_disconnect(SimSession *self);

/* A card connection that still works; else a refusal. */
bool sim_session_need_connection(SimSession *self, GError **error);

/* number 0: all readers. */
bool sim_session_answer_list(SimSession *self, uint8_t number, GError **error);
bool sim_session_answer_wait(SimSession *self, const SimSocketRequest *request, GError **error);
bool sim_session_answer_connect(SimSession *self, const SimSocketRequest *request, GError **error);
bool sim_session_answer_exchange(SimSession *self, const SimSocketRequest *request, GError **error);
bool sim_session_answer_control(SimSession *self, const SimSocketRequest *request, GError **error);
bool sim_session_answer_reader_control(SimSession *self, const SimSocketRequest *request,
                                       GError **error);
bool sim_session_answer_reset(SimSession *self, GError **error);
bool sim_session_answer_power_off(SimSession *self, GError **error);
bool sim_session_answer_close(SimSession *self, GError **error);
