/*
 * Faults of the service and its units that can be ordered at run time.
 *
 * An order is a JSON object:
 *
 *   "fault"   name, see below
 *   "unit"    hsm id, or number in listing order from 1; absent: every unit and, for faults of the
 *             connection, the listing too
 *   "list"    true: only the listing (GET); not together with "unit"
 *   "count"   how many requests it strikes (default 1, 0: until cleared)
 *   "skip"    how many matching requests pass before it strikes (default 0)
 *   "command" only requests with this command or query (number, e.g. 13; queries with 65536 added)
 * or "info" for information queries
 *
 * Faults of the connection (any request):
 *   drop-before   closes the connection, nothing was executed
 *   drop-after    executes and saves, then closes the connection
 *   silence       executes nothing and holds the connection; silence-after: executes, then holds it
 *   http          answers with "status" (default 500) and an error text; nothing was executed
 *   garbage       200 with bytes that are no JSON
 *   bad-json      200 with JSON that is cut short
 *   oversized     200 with an answer of "size" bytes (default 1048576), valid JSON
 *   cut           executes, then announces the answer and sends half of it
 *
 * Faults of the answer of a unit (POST):
 *   truncated     the HTPResponse ends in the middle of its hex digits
 *   htp-error     an HTPResponse error: "type" (9), "return_code" (40), "reason_code" (0), "text"
 *   cprb-code     CPRB return code "code"
 *   outer-code    return value "code" of the outer response
 *   code          signed answer with "return_code" and "reason_code"; nothing was executed
 *   bad-signature the signature of the answer does not verify
 *   no-signature  the answer carries none
 *   stale-counter the answer reports a counter that has passed
 *   wrong-serial, wrong-module, wrong-domain, wrong-command
 *                 the signed answer names another serial number, module instance, domain instance,
 * command forged-chain  certificates of a chain below another root key, which names itself
 *   forged-root   certificates of a chain whose last one names the right root but was signed by
 * another key
 *
 * At once:
 *   expire-tokens ends all tokens
 *   clear         ends all faults
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    SIM_FAULT_NONE,
    SIM_FAULT_DROP_BEFORE,
    SIM_FAULT_DROP_AFTER,
    SIM_FAULT_SILENCE,
    SIM_FAULT_SILENCE_AFTER,
    SIM_FAULT_HTTP,
    SIM_FAULT_GARBAGE,
    SIM_FAULT_BAD_JSON,
    SIM_FAULT_OVERSIZED,
    SIM_FAULT_CUT,
    SIM_FAULT_TRUNCATED,
    SIM_FAULT_HTP_ERROR,
    SIM_FAULT_CPRB_CODE,
    SIM_FAULT_OUTER_CODE,
    SIM_FAULT_CODE,
    SIM_FAULT_BAD_SIGNATURE,
    SIM_FAULT_NO_SIGNATURE,
    SIM_FAULT_STALE_COUNTER,
    SIM_FAULT_WRONG_SERIAL,
    SIM_FAULT_WRONG_MODULE,
    SIM_FAULT_WRONG_DOMAIN,
    SIM_FAULT_WRONG_COMMAND,
    SIM_FAULT_FORGED_CHAIN,
    SIM_FAULT_FORGED_ROOT,
} SimFaultKind;

#define SIM_FAULT_COMMAND_ANY 0u
#define SIM_FAULT_COMMAND_INFO UINT32_MAX

typedef struct SimFault {
    SimFaultKind kind;
    char *hsm_id; /* NULL: any */
    bool list_only;
    unsigned skip, count; /* still to pass; still to strike, 0 with for_ever */
    bool for_ever;
    uint32_t command; /* SIM_FAULT_COMMAND_ANY, _INFO or a command */
    uint32_t status, size;
    uint32_t type, return_code, reason_code;
    char *text;
} SimFault;

typedef struct SimFaults SimFaults;

SimFaults *sim_faults_new(void);
void sim_faults_free(SimFaults *faults);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimFaults, sim_faults_free)

/* Makes a fault from its order; hsm ids are not checked here. "expire-tokens" is the caller's. */
bool sim_faults_add(SimFaults *faults, JsonObject *order, const char *hsm_id, GError **error);
void sim_faults_clear(SimFaults *faults);

/*
 * The fault that strikes a request, counted down, as a copy the caller clears; kind is
 * SIM_FAULT_NONE if none does. hsm_id NULL: the listing. The first ordered one that matches wins.
 */
SimFault sim_faults_take(SimFaults *faults, const char *hsm_id, uint32_t command);
void sim_fault_clear(SimFault *fault);

/* An array of what is ordered and has not yet struck. */
void sim_faults_describe(SimFaults *faults, JsonBuilder *builder);
