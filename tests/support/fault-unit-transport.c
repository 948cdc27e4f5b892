/*
 * Faults of the connection to crypto units, request by request.
 */
#include "tests/support/fault-unit-transport.h"

#include <string.h>

#include "libep11admin/unit-error.h"

#define ERROR_TEXT "{\"errors\":[{\"message\":\"made by the test\"}]}"

typedef struct Fault {
    char *lane;
    unsigned n;
    TestUnitFault fault;
    unsigned status;
} Fault;

typedef struct FaultTransport {
    TkeUnitTransport base;
    TkeUnitTransport *inner;
    GPtrArray *faults;   /* of Fault */
    GHashTable *counted; /* lane to number of requests */
    unsigned struck;
    TestUnitHook hook;
    void *hook_data;
} FaultTransport;

static void
fault_free(gpointer data)
{
    Fault *fault = data;

    g_free(fault->lane);
    g_free(fault);
}

static const char *
lane_name(const char *lane)
{
    return lane != NULL ? lane : "";
}

/* Counts the request; the fault that strikes it, or NULL. */
static const Fault *
count(FaultTransport *transport, const TkeUnitRequest *request)
{
    const char *lane = lane_name(request->lane);
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(transport->counted, lane)) + 1;

    g_hash_table_insert(transport->counted, g_strdup(lane), GUINT_TO_POINTER(n));
    for (guint i = 0; i < transport->faults->len; i++) {
        const Fault *fault = g_ptr_array_index(transport->faults, i);

        if (strcmp(fault->lane, lane) == 0 && fault->n == n) {
            transport->struck++;
            return fault;
        }
    }
    return NULL;
}

static void
lose(TkeUnitRequest *request, bool delivered, const char *text)
{
    g_clear_pointer(&request->answer, g_byte_array_unref);
    g_clear_error(&request->error);
    request->status = 0;
    request->outcome_unknown = delivered && request->changes_state;
    tke_unit_error_set(&request->error,
                       request->outcome_unknown ? TKE_UNIT_ERROR_OUTCOME_UNKNOWN
                                                : TKE_UNIT_ERROR_CONNECTION,
                       NULL, "%s", text);
}

static void
set_answer(TkeUnitRequest *request, unsigned status, const char *text)
{
    size_t len = strlen(text);

    g_clear_pointer(&request->answer, g_byte_array_unref);
    request->status = status;
    request->answer =
        g_byte_array_append(g_byte_array_new(), (const guint8 *) text, (guint) len + 1);
    g_byte_array_set_size(request->answer, (guint) len);
}

/* Changes a digit near the end of the hex text: in the signature, or in what is signed. */
static void
flip(TkeUnitRequest *request)
{
    if (request->answer != NULL && request->answer->len > 40) {
        guint8 *digit = request->answer->data + request->answer->len - 20;

        *digit = *digit == '0' ? '1' : '0';
    }
}

/* What is done instead of sending; true if the request is not to be sent. */
static bool
spoil_before(FaultTransport *transport, const Fault *fault, TkeUnitRequest *request,
             GCancellable *cancellable)
{
    if (transport->hook != NULL) {
        transport->hook(transport->hook_data, request->lane, request->changes_state);
    }
    switch (fault->fault) {
    case TEST_UNIT_FAULT_CUT_BEFORE:
        lose(request, false, "the connection was cut before delivery");
        return true;
    case TEST_UNIT_FAULT_SILENCE:
        lose(request, true, "no answer in time");
        return true;
    case TEST_UNIT_FAULT_STATUS:
        set_answer(request, fault->status, ERROR_TEXT);
        return true;
    case TEST_UNIT_FAULT_CANCEL:
        g_cancellable_cancel(cancellable);
        request->outcome_unknown = false;
        g_cancellable_set_error_if_cancelled(cancellable, &request->error);
        return cancellable != NULL;
    case TEST_UNIT_FAULT_HOOK:
    case TEST_UNIT_FAULT_CUT_AFTER:
    case TEST_UNIT_FAULT_STATUS_AFTER:
    case TEST_UNIT_FAULT_GARBAGE:
    case TEST_UNIT_FAULT_FLIP:
    default:
        return false;
    }
}

static void
spoil_after(const Fault *fault, TkeUnitRequest *request)
{
    if (fault->fault == TEST_UNIT_FAULT_CUT_AFTER) {
        lose(request, true, "the connection was cut after delivery");
    } else if (fault->fault == TEST_UNIT_FAULT_STATUS_AFTER) {
        set_answer(request, fault->status, ERROR_TEXT);
    } else if (fault->fault == TEST_UNIT_FAULT_GARBAGE) {
        set_answer(request, 200, "{\"response\":\"\xff;;\"}");
    } else if (fault->fault == TEST_UNIT_FAULT_FLIP) {
        flip(request);
    }
}

static bool
fault_run(TkeUnitTransport *base, TkeUnitRequest *const *requests, size_t n,
          GCancellable *cancellable, GError **error)
{
    FaultTransport *transport = (FaultTransport *) base;
    g_autoptr(GPtrArray) sent = g_ptr_array_new();
    g_autofree const Fault **faults = g_new0(const Fault *, n);

    if (g_cancellable_set_error_if_cancelled(cancellable, error) ||
        !tke_unit_transport_check(requests, n, error)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        faults[i] = count(transport, requests[i]);
        if (faults[i] == NULL || !spoil_before(transport, faults[i], requests[i], cancellable)) {
            g_ptr_array_add(sent, requests[i]);
        }
    }
    if (g_cancellable_is_cancelled(cancellable)) { /* by a fault: nothing was sent */
        return !g_cancellable_set_error_if_cancelled(cancellable, error);
    }
    if (sent->len > 0 &&
        !tke_unit_transport_run(transport->inner, (TkeUnitRequest *const *) sent->pdata, sent->len,
                                cancellable, error)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (faults[i] != NULL) {
            spoil_after(faults[i], requests[i]);
        }
    }
    return true;
}

static void
fault_get_counts(TkeUnitTransport *base, TkeUnitTransportCounts *counts)
{
    tke_unit_transport_get_counts(((FaultTransport *) base)->inner, counts);
}

static void
fault_free_transport(TkeUnitTransport *base)
{
    FaultTransport *transport = (FaultTransport *) base;

    tke_unit_transport_free(transport->inner);
    g_ptr_array_unref(transport->faults);
    g_hash_table_unref(transport->counted);
    g_free(transport);
}

TkeUnitTransport *
test_fault_unit_transport_new(TkeUnitTransport *inner)
{
    static const TkeUnitTransportOps ops = {
        .run = fault_run,
        .get_counts = fault_get_counts,
        .free = fault_free_transport,
    };
    FaultTransport *transport = g_new0(FaultTransport, 1);

    transport->base.ops = &ops;
    transport->inner = inner;
    transport->faults = g_ptr_array_new_with_free_func(fault_free);
    transport->counted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return &transport->base;
}

void
test_fault_unit_transport_set(TkeUnitTransport *base, const char *lane, unsigned n,
                              TestUnitFault fault, unsigned status)
{
    FaultTransport *transport = (FaultTransport *) base;
    Fault *entry = g_new0(Fault, 1);

    entry->lane = g_strdup(lane_name(lane));
    entry->n = n + test_fault_unit_transport_get_requests(base, lane);
    entry->fault = fault;
    entry->status = status;
    g_ptr_array_add(transport->faults, entry);
}

void
test_fault_unit_transport_clear(TkeUnitTransport *base)
{
    FaultTransport *transport = (FaultTransport *) base;

    g_ptr_array_set_size(transport->faults, 0);
    g_hash_table_remove_all(transport->counted);
    transport->struck = 0;
}

void
test_fault_unit_transport_set_hook(TkeUnitTransport *base, TestUnitHook hook, void *data)
{
    FaultTransport *transport = (FaultTransport *) base;

    transport->hook = hook;
    transport->hook_data = data;
}

unsigned
test_fault_unit_transport_get_requests(TkeUnitTransport *base, const char *lane)
{
    const FaultTransport *transport = (const FaultTransport *) base;

    return GPOINTER_TO_UINT(g_hash_table_lookup(transport->counted, lane_name(lane)));
}

unsigned
test_fault_unit_transport_get_struck(TkeUnitTransport *base)
{
    return ((const FaultTransport *) base)->struck;
}
