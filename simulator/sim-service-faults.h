/*
 * Faults of the service and its units that can be ordered at run time.
 *
 * An order is a JSON object:
 *
 *   "fault"   name, see below
 *   "unit"    hsm id, or number in listing order from 1; absent: every unit and, for faults of
 *             the connection, the listing too
 *   "list"    true: only the listing (GET); not together with "unit"
 *   "count"   how many requests it strikes (default 1; 0: until cleared)
 *   "skip"    how many matching requests pass before it strikes (default 0)
 *   "command" only requests with this command or query, by its name (sim-command-name.h) or its
 *             code (13 is COMMIT_WK; queries have 65536 added), or "info": only information queries
 *
 * Faults of the connection (any request):
 *
 *   drop-before    closes the connection, nothing was executed
 *   drop-after     executes and saves, then closes the connection
 *   silence        executes nothing and holds the connection
 *   silence-after  executes and saves, then holds the connection
 *   http           answers with "status" (default 500) and a text; nothing was executed
 *   garbage        executes, then answers with bytes that are no JSON
 *   bad-json       executes, then answers with JSON that ends too early
 *   oversized      executes, then answers with "size" bytes of JSON (default 1048576)
 *   cut            executes, announces the answer, sends half of it, closes the connection
 *
 * Faults of the listing (with "list"):
 *
 *   listed-nowhere its first unit is in a domain that cannot be
 *   listed-twice   its first unit is in it twice
 *
 * Faults of the answer of a unit (POST):
 *
 *   truncated      the HTPResponse ends in the middle of its hex digits
 *   htp-error      an HTPResponse error with "type" (default 9), "return_code" (40),
 *                  "reason_code" (0) and "text"; nothing was executed
 *   cprb-code      CPRB with "return_code" (default 8); nothing was executed
 *   outer-code     outer "return_code" (default 32), unsigned; nothing was executed
 *   code           signed answer with "return_code" (default 32) and "reason_code" (0: none);
 *                  nothing was executed
 *   bad-signature  the signature of the answer does not verify
 *   no-signature   the answer carries none
 *   stale-counter  the counter in the answer has passed already
 *   wrong-serial   the signed answer names another serial number
 *   wrong-module   … another module instance
 *   wrong-domain   … another domain instance
 *   wrong-command  … another command
 *   wrong-pattern  the unsigned information shows another pattern of the current master key
 *   forged-chain   certificates below another root key, which the last one names
 *   forged-root    certificates of which the last one names the right root key, signed by another
 *
 * Orders that are carried out at once:
 *
 *   expire-tokens  ends all bearer tokens
 *   clear          ends all faults
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    SIM_FAULT_NONE,
#define SIM_FAULT(constant, name, list, before) SIM_FAULT_##constant,
#include "simulator/sim-service-faults.inc"
#undef SIM_FAULT
} SimFaultKind;

#define SIM_FAULT_COMMAND_ANY 0u
#define SIM_FAULT_COMMAND_INFO UINT32_MAX

typedef struct SimFault {
    SimFaultKind kind;
    char *hsm_id; /* NULL: any */
    bool list_only;
    uint32_t skip, count; /* still to pass, still to strike */
    bool for_ever;        /* count does not matter */
    uint32_t command;     /* SIM_FAULT_COMMAND_ANY, _INFO or a command */
    uint32_t status, size;
    uint32_t type, return_code, reason_code;
    char *text;
} SimFault;

/* Whether a fault strikes before anything is executed. */
bool sim_fault_is_before(SimFaultKind kind);

typedef struct SimFaults SimFaults;

SimFaults *sim_faults_new(void);
void sim_faults_free(SimFaults *faults);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimFaults, sim_faults_free)

/*
 * Orders a fault for a unit (NULL: as the order says). The members "unit", and the orders that are
 * carried out at once, are the caller's. Not understood: TKE_ERROR_USAGE.
 */
bool sim_faults_add(SimFaults *faults, JsonObject *order, const char *hsm_id, GError **error);
void sim_faults_clear(SimFaults *faults);

/*
 * The fault that strikes a request, counted down, as a copy the caller clears; kind is
 * SIM_FAULT_NONE if none does. hsm_id NULL: the listing. The first ordered one that matches wins;
 * the others do not count this request.
 */
SimFault sim_faults_take(SimFaults *faults, const char *hsm_id, uint32_t command);
void sim_fault_clear(SimFault *fault);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimFault, sim_fault_clear)

/* An array of what is ordered and has not yet struck. */
void sim_faults_describe(SimFaults *faults, JsonBuilder *builder);
