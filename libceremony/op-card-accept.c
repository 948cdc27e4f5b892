/*
 * Acceptance test of a card (functions 4.11; F-041).
 */
#include "libceremony/op-card-accept.h"

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/hex.h"
#include "libceremony/card-session-private.h"
#include "libceremony/card-tries.h"
#include "libceremony/op-card-probe.h"
#include "libceremony/op-card.h"
#include "libceremony/record.h"
#include "libsmartcard/atr.h"
#include "libsmartcard/gp-loader.h"

void
tke_card_acceptance_free(TkeCardAcceptance *acceptance)
{
    if (acceptance != NULL) {
        g_free(acceptance->reader_name);
        g_free(acceptance->atr);
        g_free(acceptance->protocols);
        g_free(acceptance->historical);
        g_free(acceptance->maker);
        g_free(acceptance->keys);
        g_clear_error(&acceptance->refused);
        g_clear_pointer(&acceptance->faults, g_ptr_array_unref);
        g_free(acceptance);
    }
}

static bool
is_ours(const TkeCardStatus *status)
{
    return status->kind == TKE_CARD_KIND_CA || status->kind == TKE_CARD_KIND_EP11;
}

static void
fault(TkeCardAcceptance *report, char *text)
{
    g_ptr_array_add(report->faults, text);
}

/* The next step where a card says nothing, and nobody has named one yet. */
static void
advise_on_silence(GError *why)
{
    TkeCardErrorInfo info = { .remedy = NULL };

    if (!tke_card_error_get_info(why, &info) || info.remedy != NULL) {
        return;
    }
    if (why->code == TKE_CARD_ERROR_SILENT) {
        tke_card_error_set_remedy(
            why, _("Take the card out, or unplug the reader, to end the wait. Then test another "
                   "card in this reader: if that one answers, it is the card; if not, try both in "
                   "the other reader."));
    } else if (why->code == TKE_CARD_ERROR_UNRESPONSIVE) {
        tke_card_error_set_remedy(
            why, _("Take the card out and put it in again, chip first; if it stays so, try another "
                   "card: it has to be one with contacts that speaks T=0 or T=1."));
    }
}

/* Why the test ends here, in the report. Takes the error. */
static void
end_with(TkeCardAcceptance *report, GError *why)
{
    advise_on_silence(why);
    fault(report, tke_record_text(why));
    g_clear_error(&report->refused);
    report->refused = why;
}

/*
 * The card has refused something, which belongs into the report; false for everything else, which
 * ends the test (card pulled, keys' file unreadable).
 */
static bool
take_refusal(TkeCardAcceptance *report, GError *why, GError **error)
{
    if (!tke_card_session_is_about_card(why)) {
        g_propagate_error(error, why);
        return false;
    }
    end_with(report, why);
    return true;
}

/* The same for a question that is not about the channel: the test goes on, unless the card has
 * fallen silent. */
static bool
note_answer(TkeCardAcceptance *report, GError *why, GError **error)
{
    if (!tke_card_session_is_about_card(why)) {
        g_propagate_error(error, why);
        return false;
    }
    if (tke_card_error_code(why) == TKE_CARD_ERROR_SILENT) {
        end_with(report, why);
        return true;
    }
    fault(report, tke_record_text(why));
    g_error_free(why);
    return true;
}

static bool
has_ended(const TkeCardAcceptance *report)
{
    return report->refused != NULL;
}

/* A card whose answer to reset is malformed works in some readers and not in others. */
static void
judge_atr(TkeCardAcceptance *report, const uint8_t *bytes, size_t len)
{
    TkeAtr atr = { .first = 0 };

    report->atr = tke_hex_encode_upper(bytes, len);
    if (!tke_atr_parse(bytes, len, &atr)) {
        fault(report, g_strdup(_("its answer to reset makes no sense (ISO 7816-3): it is cut off, "
                                 "or its check byte is "
                                 "wrong")));
        return;
    }
    report->protocols = tke_atr_dup_protocols(&atr);
    report->historical = tke_atr_dup_historical(&atr);
    if ((atr.protocols & 3u) == 0) {
        fault(report, g_strdup(_("it offers neither T=0 nor T=1")));
    }
}

/* What the applet found when it was installed; while it is selected still. */
static bool
read_probe(TkeCardAcceptance *report, TkeCard *card, GError **error)
{
    g_autofree char *missing = NULL;
    GError *why = NULL;

    if (!is_ours(&report->status)) {
        return true;
    }
    if (!tke_card_query_probe(card, report->marks, &why)) {
        return note_answer(report, why, error);
    }
    report->probed = true;
    missing = tke_op_card_probe_missing(report->marks);
    if (missing != NULL) {
        fault(report, g_strdup_printf(_("the card lacks %s"), missing));
    }
    return true;
}

static bool
list(TkeCardAcceptance *report, TkeGpScp *scp, GError **error)
{
    g_autoptr(TkeGpRegistry) registry = tke_gp_registry_query(scp, error);

    if (registry == NULL) {
        return false;
    }
    report->life_cycle = registry->card_life_cycle;
    report->n_applications = registry->applications->len;
    report->n_packages = registry->packages->len;
    report->has_free = report->data.has_free;
    report->free_bytes = report->data.free_bytes;
    return report->has_free ||
           tke_gp_registry_query_free(scp, &report->has_free, &report->free_bytes, error);
}

static void
judge(TkeCardAcceptance *report)
{
    if (report->life_cycle == TKE_GP_CARD_LOCKED || report->life_cycle == TKE_GP_TERMINATED) {
        fault(report, g_strdup_printf(_("the card is locked (%s)"),
                                      tke_gp_registry_life_cycle_text(report->life_cycle)));
    }
    if (!is_ours(&report->status) && report->has_free &&
        report->free_bytes < report->wanted_bytes) {
        fault(report, g_strdup_printf(_("%u bytes of memory are free, %zu are wanted"),
                                      report->free_bytes, report->wanted_bytes));
    }
}

/* Opens the card manager with the keys that the settings name, once. */
static bool
open_and_list(TkeOperation *op, TkeCardAcceptance *report, TkeCard *card, bool retry_cut_off,
              GError **error)
{
    g_autoptr(TkeGpKeySet) keys = tke_card_tries_keys(op, card, error);
    g_autoptr(TkeGpScp) scp = NULL;
    GError *why = NULL;

    if (keys == NULL) {
        return false;
    }
    report->keys = g_strdup(tke_gp_key_set_get_name(keys));
    report->test_keys = tke_gp_key_set_is_default(keys);
    scp = tke_card_tries_open(op, card, keys, retry_cut_off, &why);
    if (scp == NULL) {
        return take_refusal(report, why, error);
    }
    report->opened = true;
    report->channel = *tke_gp_scp_get_info(scp);
    if (!list(report, scp, &why)) {
        return take_refusal(report, why, error);
    }
    judge(report);
    return true;
}

static bool
test_card(TkeOperation *op, TkeCardAcceptance *report, TkeCard *card, bool retry_cut_off,
          GError **error)
{
    GError *why = NULL;

    tke_operation_step(op, 0, 2, _("What the card is"));
    if (!read_probe(report, card, error)) {
        return false;
    }
    if (has_ended(report)) {
        return true;
    }
    if (!tke_gp_registry_select(card, &report->data, &why)) {
        return take_refusal(report, why, error);
    }
    report->has_manager = true;
    if (!tke_gp_registry_query_data(card, &report->data, &why) &&
        !note_answer(report, why, error)) {
        return false;
    }
    if (has_ended(report)) {
        return true;
    }
    if (report->data.has_cplc) {
        report->maker = tke_hex_encode_upper(report->data.cplc, TKE_GP_CPLC_LEN);
    }
    tke_operation_step(op, 1, 2, _("The card manager"));
    return open_and_list(op, report, card, retry_cut_off, error);
}

static size_t
wanted_memory(TkeOperation *op)
{
    const TkeCapFile *cap = tke_world_get_applet(tke_operation_get_world(op), NULL);

    return cap != NULL ? tke_gp_loader_memory(cap) : TKE_CARD_ACCEPT_MEMORY;
}

/* A card that cannot even be told what it is: nothing but its answer to reset is looked at. */
static void
note_trouble(TkeCardAcceptance *report, const TkeCardSlot *slot)
{
    report->reader_name = g_strdup(slot->reader_name);
    if (slot->atr_len > 0) {
        judge_atr(report, slot->atr, slot->atr_len);
    }
    end_with(report, g_error_copy(slot->trouble));
}

/* False: the test was broken off, with or without an error. */
static bool
run_test(TkeOperation *op, TkeCardAcceptance *report, TkeCard *card, const TkeCardStatus *status,
         bool retry_cut_off, GError **error)
{
    size_t len = 0;
    const uint8_t *atr = tke_card_get_atr(card, &len);
    bool ok = false;

    if (!tke_card_begin(card, error)) {
        return false;
    }
    report->reader_name = g_strdup(tke_card_get_reader_name(card));
    judge_atr(report, atr, len);
    report->status = *status;
    report->wanted_bytes = wanted_memory(op);
    ok = test_card(op, report, card, retry_cut_off, error);
    tke_card_end(card);
    /* Another application is selected now, and no PIN is verified any more. */
    tke_card_session_drop(tke_operation_get_card_session(op), report->reader);
    return ok;
}

TkeCardAcceptance *
tke_op_card_accept(TkeOperation *op, const TkeCardAcceptParams *params, GError **error)
{
    const TkeCardNeed need = { .reader = params->reader,
                               .wanted = TKE_WANTED_ANY,
                               .purpose = "acceptance-test",
                               .odd_too = true };
    g_autoptr(TkeCardAcceptance) report = g_new0(TkeCardAcceptance, 1);
    g_autoptr(GError) inner = NULL;
    const TkeCardStatus *status = NULL;
    TkeCard *card = NULL;

    if (params->reader < 1 || params->reader > TKE_READERS) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("readers have the numbers 1 and 2"));
        return NULL;
    }
    report->faults = g_ptr_array_new_with_free_func(g_free);
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op, _("Would test the card in reader %u; nothing on it is changed."),
                           params->reader);
        (void) tke_card_session_need(op, &need, &status, &inner);
        if (inner != NULL && !tke_op_card_end_dry_run(op, &inner)) {
            g_propagate_error(error, g_steal_pointer(&inner));
            return NULL;
        }
        return g_steal_pointer(&report);
    }
    card = tke_card_session_need(op, &need, &status, &inner);
    if (inner != NULL) {
        g_propagate_error(error, g_steal_pointer(&inner));
        return NULL;
    }
    report->tested = g_get_real_time() / G_USEC_PER_SEC;
    report->reader = params->reader;
    if (card == NULL) {
        note_trouble(report,
                     tke_card_session_slot(tke_operation_get_card_session(op), params->reader));
        return g_steal_pointer(&report);
    }
    return run_test(op, report, card, status, params->retry_cut_off, error)
               ? g_steal_pointer(&report)
               : NULL;
}
