/*
 * Requests on the socket of tke-sim, taken apart (libsmartcard/sim-protocol.h).
 */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsmartcard/sim-protocol.h"

typedef struct SimSocketRequest {
    TkeSimMessage type;
    uint16_t version;    /* HELLO */
    uint32_t generation; /* WAIT */
    uint32_t timeout_ms; /* WAIT */
    char *reader;        /* CONNECT, POWER_ON, READER_CONTROL */
    uint8_t number;      /* SLOT */
    uint32_t code;       /* CONTROL, READER_CONTROL */
    const uint8_t *data; /* EXCHANGE, CONTROL, READER_CONTROL: borrowed from the body */
    size_t len;
    JsonNode *command; /* COMMAND: an object */
} SimSocketRequest;

/* Fills request, which is zero before. Unknown or malformed: TKE_ERROR_INVALID_DATA. */
bool sim_socket_request_parse(SimSocketRequest *request, uint8_t type, const uint8_t *body,
                              size_t len, GError **error);

/* Frees what parse put in; the request may be used again. */
void sim_socket_request_clear(SimSocketRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimSocketRequest, sim_socket_request_clear)
