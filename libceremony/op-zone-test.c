/*
 * Test a backup of a zone's CA card (functions 6.3, step 2).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/card-session-private.h"
#include "libceremony/known-copies.h"
#include "libceremony/op-zone.h"
#include "libceremony/record.h"

static const char *const test_steps[] = { N_("Backup of the CA card"), N_("The PINs of the backup"),
                                          N_("The card proves that it is genuine"), NULL };

/* The verdict on the card in reader 1, whose PINs are verified. */
static bool
check_backup(TkeOperation *op, GError **error)
{
    const TkeCardInfoParams params = { .reader = 1, .check = true };
    g_autoptr(GPtrArray) infos = NULL;
    const TkeCardInfo *info;

    if (!tke_op_card_info(op, &params, &infos, error)) {
        return false;
    }
    info = infos->pdata[0];
    if (info->genuine == TKE_GENUINE_YES) {
        return true;
    }
    if (info->genuine == TKE_GENUINE_NO) {
        g_propagate_error(error, g_error_copy(info->not_genuine));
    } else {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED,
                    _("reader %u: the card was taken out"), 1u);
    }
    return false;
}

/* Finding the backup (TkeZoneTestParams, find). */
typedef struct Wanted {
    TkeActivityLog *log;
    TkeCardStatus original; /* of the card that was refused last */
    bool refused;
} Wanted;

static bool
is_original(const Wanted *wanted, const TkeCardStatus *status)
{
    g_autoptr(TkeKnownCopies) copies = tke_known_copies_read(wanted->log, status->card_id);

    return copies->to->len > 0 && copies->from->len == 0;
}

/* A card that others were made from, and that was made from none, is not the backup; after it only
 * one of its zone is. */
static bool
backup_fits(TkeCard *card, const TkeCardStatus *status, void *data, const char **reason_word,
            char **reason)
{
    Wanted *wanted = data;

    (void) card;
    if (is_original(wanted, status)) {
        wanted->original = *status;
        wanted->refused = true;
        *reason_word = "original";
        *reason = g_strdup(_("This is the CA card that the backup was made from: insert the "
                             "backup."));
        return false;
    }
    if (wanted->refused &&
        memcmp(status->zone_id, wanted->original.zone_id, TKE_ZONE_ID_LEN) != 0) {
        g_autofree char *found = tke_card_id_text(status->zone_id);
        g_autofree char *zone = tke_card_id_text(wanted->original.zone_id);

        *reason_word = "wrong-zone";
        *reason =
            g_strdup_printf(_("This card belongs to zone %s (%s); zone %s (%s) is wanted."), found,
                            status->zone_description, zone, wanted->original.zone_description);
        return false;
    }
    return true;
}

static bool
test_backup(TkeOperation *op, const TkeZoneTestParams *params, const TkeCardStatus **status,
            GError **error)
{
    Wanted wanted = { .log = tke_operation_get_log(op) };
    const TkeCardNeed need = { .reader = 1,
                               .wanted = TKE_WANTED_CA,
                               .title = _("Insert the backup of the CA card."),
                               .purpose = "backup-test",
                               .zone_id = params->zone_id,
                               .zone_description = params->zone_description,
                               .other_than = params->other_than,
                               .fits = params->find ? backup_fits : NULL,
                               .fits_data = &wanted };

    tke_operation_set_steps(op, test_steps);
    tke_operation_reach(op, 0);
    if (tke_card_session_need(op, &need, status, error) == NULL) {
        return false;
    }
    tke_operation_reach(op, 1);
    if (!tke_card_session_need_ca_pins(op, 1, true, error)) {
        return false;
    }
    tke_operation_reach(op, 2);
    return tke_operation_may_change(op, error) && check_backup(op, error) &&
           tke_card_session_query_status(op, 1, status, error);
}

bool
tke_op_zone_test(TkeOperation *op, const TkeZoneTestParams *params, TkeZoneResult *result,
                 GError **error)
{
    const TkeCardStatus *status = NULL;
    JsonObject *values;

    if (!tke_record_check(op, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op, _("Would test the backup of the CA card in reader 1."));
        return test_backup(op, params, &status, error) || tke_op_card_end_dry_run(op, error);
    }
    if (!test_backup(op, params, &status, error)) {
        return tke_op_card_fail(op, "opentke-zone.test", 1,
                                _("nothing was changed; start the test again"), error);
    }
    values = json_object_new();
    tke_record_card(values, "card", status);
    if (result != NULL) {
        result->card = *status;
    }
    return tke_record_done(op, "opentke-zone.test", values, error);
}
