/*
 * The transport interface to crypto units straight into a SimService, without TLS: for fast tests.
 *
 * One call of run is one round. Dropped connections are G_IO_ERROR_CONNECTION_CLOSED, held ones
 * G_IO_ERROR_TIMED_OUT (at once); both set outcome_unknown. The delay of the service is not waited
 * for.
 */
#pragma once

#include <glib.h>

#include "common/secret.h"
#include "libep11admin/unit-transport.h"
#include "simulator/sim-service.h"

/* The service is borrowed; the token (value of the Authorization header, or NULL) is copied. */
TkeUnitTransport *sim_unit_transport_new(SimService *service, const TkeSecret *token,
                                         GError **error);
