/*
 * The part of an administrative message that is signed: command, unit, counter, payload
 * (crypto-unit-protocol.md, 2.5).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "libep11admin/admin-command.h"

#define TKE_ADMIN_DOMAIN_LEN 8u
#define TKE_ADMIN_MODULE_ID_LEN 16u
#define TKE_ADMIN_SERIAL_LEN 8u
#define TKE_ADMIN_COUNTER_LEN 16u

/* What an answer says about the unit: names it and its place in the sequence of commands. */
typedef struct TkeUnitIdentity {
    uint8_t domain[TKE_ADMIN_DOMAIN_LEN];       /* domain index, domain instance */
    uint8_t module_id[TKE_ADMIN_MODULE_ID_LEN]; /* serial number (8 characters), module instance */
    uint8_t counter[TKE_ADMIN_COUNTER_LEN];     /* transaction counter of the last answer */
} TkeUnitIdentity;

/* Adds one to the big-endian number, all FF becomes all 00 (any length, 0 too). */
TKE_PUBLIC void tke_admin_block_increment_counter(uint8_t *counter, size_t len);

/* The eight bytes by which an unsigned query names its domain. */
TKE_PUBLIC void tke_admin_block_query_domain(uint32_t domain_index,
                                             uint8_t out[static TKE_ADMIN_DOMAIN_LEN]);

/*
 * Block of a query: no module id, no counter. Certificate queries name domain 0, as the protocol
 * wants; the caller passes the real index always. Caller frees.
 */
TKE_PUBLIC GByteArray *tke_admin_block_new_query(TkeAdminCommand query, uint32_t domain_index,
                                                 const uint8_t *payload, size_t payload_len);

/*
 * Block of a command. identity is used as it is: the caller has incremented the counter of the last
 * answer (tke_admin_block_increment_counter). Caller frees.
 */
TKE_PUBLIC GByteArray *tke_admin_block_new_command(TkeAdminCommand command,
                                                   const TkeUnitIdentity *identity,
                                                   const uint8_t *payload, size_t payload_len);
