/*
 * One query to one unit: made, sent together with others, verified later. Internal.
 *
 * Verification is a step of its own, because the module's key is not known before its certificates
 * have been read by such queries too.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libep11admin/admin-command.h"
#include "libep11admin/admin-response.h"
#include "libep11admin/info-response.h"
#include "libep11admin/unit-transport.h"
#include "libep11admin/unit.h"

typedef struct TkeUnitAsk {
    TkeUnit *unit;           /* borrowed */
    TkeAdminCommand command; /* not of the information query */
    bool is_info;
    uint8_t payload[TKE_SKI_LEN];
    size_t payload_len;
    TkeUnitRequest *request; /* NULL until it is sent */
    /* once it was sent: */
    TkeAdminResponse *response; /* not verified; NULL with error, and for the information query */
    TkeDomainInfo info;
    GError *error; /* no answer, or one without the right form */
} TkeUnitAsk;

TkeUnitAsk *tke_unit_ask_new(TkeUnit *unit, TkeAdminCommand query, const uint8_t *payload,
                             size_t len);
/* Certificate number index of the module. */
TkeUnitAsk *tke_unit_ask_new_certificate(TkeUnit *unit, uint32_t index);
/* The unsigned domain information. */
TkeUnitAsk *tke_unit_ask_new_info(TkeUnit *unit);
void tke_unit_ask_free(TkeUnitAsk *ask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUnitAsk, tke_unit_ask_free)

/*
 * Sends those of the queries that were not sent before, all at once. False only when nothing could
 * be sent, or when it was cancelled.
 */
bool tke_unit_ask_run(TkeUnitTransport *transport, GPtrArray *asks, GCancellable *cancellable,
                      GError **error);

/* Accepts the answer (tke_unit_accept). False also when there is none; the unit said no: see
 * tke_admin_response_check_done. Domain information has nothing to verify. */
bool tke_unit_ask_verify(TkeUnitAsk *ask, GError **error);

/* The same, and the unit did as it was asked. */
bool tke_unit_ask_verify_done(TkeUnitAsk *ask, GError **error);

/*
 * An accepted answer, refusals too, bears this instance and counter; information and certificates
 * bear none. Each answer for itself could be an old one: what never stood together is no state.
 * TKE_UNIT_ERROR_IDENTITY.
 */
bool tke_unit_ask_check_moment(const TkeUnitAsk *ask, const TkeUnitIdentity *moment,
                               GError **error);

/*
 * Pattern of a register; zeros: empty, which some modules tell by refusing for want of a key. Any
 * other refusal is an error, as anybody can have the unit refuse a query that is malformed.
 */
bool tke_unit_ask_get_register(const TkeUnitAsk *ask, uint8_t vp[static 32], GError **error);

/* Output of an answer. */
const uint8_t *tke_unit_ask_get_output(const TkeUnitAsk *ask, size_t *len);
