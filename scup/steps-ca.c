/*
 * The procedures of the menu CA Smart Card (functions 2.3 to 2.5).
 */
#include <glib/gi18n.h>
#include <string.h>

#include "libceremony/card-plan.h"
#include "libceremony/op-card-pin.h"
#include "scup/card-text.h"
#include "scup/steps.h"

static void
add_card(TkeUiSummary *summary, const TkeCardStatus *card)
{
    g_autofree char *id = tke_card_id_text(card->card_id);
    g_autofree char *zone = card->has_zone ? tke_card_id_text(card->zone_id) : NULL;

    tke_ui_summary_add(summary, _("Description"), scup_card_text_description(card));
    tke_ui_summary_add(summary, _("Card identifier"), id);
    tke_ui_summary_add(summary, _("Zone identifier"), zone);
    tke_ui_summary_add(summary, _("Zone description"),
                       card->zone_description[0] != '\0' ? card->zone_description : NULL);
}

/* ---- Initialize and personalize CA smart card ---- */

static TkeUiForm *
form_init(gpointer data)
{
    (void) data;
    return tke_ui_form_new(
        _("Make a zone and its CA card"),
        _("The card in reader 1 becomes the CA card of a new zone. Two people are needed: each "
          "chooses one of its two PINs and types it on the pad. Then zone and card get their "
          "descriptions."),
        _("_Initialize"));
}

static bool
run_init(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;
    const TkeZoneCreateParams params = { .ask = &step->texts };

    return tke_op_zone_create(op, &params, &step->zone, error);
}

static void
summarise_init(gpointer data, TkeUiSummary *summary)
{
    ScupStep *step = data;

    tke_ui_summary_set(summary, _("The zone is made"),
                       _("Make the backup of the CA card now: if this card is lost or blocked and "
                         "there is no backup, no card of the zone can be enrolled or unblocked "
                         "any more."));
    add_card(summary, &step->zone.card);
    tke_ui_summary_set_next(summary, _("_Back up the CA card"), "app.ca-backup");
    tke_ui_summary_set_other(summary, _("_Enroll an EP11 card"), "app.ep11-enroll");
}

const TkeUiProcedureKind scup_steps_ca_init = {
    .title = N_("Initialize and personalize CA smart card"),
    .data_size = sizeof(ScupStep),
    .form = form_init,
    .run = run_init,
    .summarise = summarise_init,
    .clear = scup_steps_clear,
};

/* ---- Backup CA smart card ---- */

static TkeUiForm *
form_backup(gpointer data)
{
    (void) data;
    return tke_ui_form_new(
        _("Back up the CA card"),
        _("The CA card in reader 1 hands its zone on to a blank card in reader 2, which gets two "
          "PINs of its own. Both PINs of the CA card are asked for, even if they were just "
          "entered."),
        _("_Back up"));
}

static bool
run_backup(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;
    const TkeZoneBackupParams params = { .ask = &step->texts };

    return tke_op_zone_backup(op, &params, &step->zone, error);
}

static void
summarise_backup(gpointer data, TkeUiSummary *summary)
{
    ScupStep *step = data;
    g_autofree char *source = tke_card_id_text(step->zone.source.card_id);

    tke_ui_summary_set(summary, _("The CA card has a backup"),
                       _("Keep the two cards in different places, and their PINs with different "
                         "people. Either card does the same work."));
    tke_ui_summary_add(summary, _("Made from card"), source);
    add_card(summary, &step->zone.card);
    tke_ui_summary_set_next(summary, _("_Test the backup"), "app.ca-test");
    tke_ui_summary_set_other(summary, _("_Enroll an EP11 card"), "app.ep11-enroll");
}

const TkeUiProcedureKind scup_steps_ca_backup = {
    .title = N_("Backup CA smart card"),
    .data_size = sizeof(ScupStep),
    .form = form_backup,
    .run = run_backup,
    .summarise = summarise_backup,
    .clear = scup_steps_clear,
};

/* ---- Test a backup (6.3, step 2) ---- */

/* Which card: of the zone whose CA card is in reader 1, and not that one, if there is another that
 * is not tested. */
static TkeUiForm *
form_test(gpointer data)
{
    ScupStep *step = data;
    const GError *error = NULL;
    const TkeInventory *inventory = scup_cards_get_inventory(step->cards, &error);
    const TkeCardInfo *there = scup_cards_get_card(step->cards, 1);
    const TkeInventoryCard *backup =
        inventory != NULL ? tke_card_plan_find_backup(inventory, scup_cards_get_zone(step->cards),
                                                      there != NULL ? there->status.card_id : NULL)
                          : NULL;

    step->has_zone_id = backup != NULL;
    step->has_other_than = there != NULL && backup != NULL &&
                           memcmp(there->status.card_id, backup->card_id, TKE_CARD_ID_LEN) != 0;
    if (step->has_zone_id) {
        memcpy(step->zone_id, backup->zone_id, sizeof step->zone_id);
        g_strlcpy(step->zone_description, backup->zone_description, sizeof step->zone_description);
    }
    if (step->has_other_than) {
        memcpy(step->other_than, there->status.card_id, sizeof step->other_than);
    }
    return tke_ui_form_new(
        _("Test a backup of the CA card"),
        _("The backup goes into reader 1, as if the other CA card were lost: its holders type "
          "their PINs, and the card proves that it is genuine and of the zone. Nothing is "
          "changed."),
        _("_Test"));
}

static bool
run_test(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;
    const TkeZoneTestParams params = { .zone_id = step->has_zone_id ? step->zone_id : NULL,
                                       .zone_description =
                                           step->has_zone_id ? step->zone_description : NULL,
                                       .other_than =
                                           step->has_other_than ? step->other_than : NULL };

    return tke_op_zone_test(op, &params, &step->zone, error);
}

static void
summarise_test(gpointer data, TkeUiSummary *summary)
{
    ScupStep *step = data;

    tke_ui_summary_set(summary, _("The backup works"),
                       _("It is genuine, of the zone, and its PINs are known. Put it where it is "
                         "kept, in another place than the first one."));
    add_card(summary, &step->zone.card);
    tke_ui_summary_set_next(summary, _("_Enroll an EP11 card"), "app.ep11-enroll");
    tke_ui_summary_set_other(summary, _("_Plan the card set"), "app.plan");
}

const TkeUiProcedureKind scup_steps_ca_test = {
    .title = N_("Test a backup of the CA smart card"),
    .data_size = sizeof(ScupStep),
    .form = form_test,
    .run = run_test,
    .summarise = summarise_test,
    .clear = scup_steps_clear,
};

/* ---- Change PIN ---- */

static TkeUiForm *
form_change(gpointer data)
{
    ScupStep *step = data;

    step->pin = 1;
    return tke_ui_form_new(
        _("Change a PIN of the CA card"),
        _("The old PIN and twice the new one are typed on reader 1. The change ends what the PINs "
          "of this card have opened, and costs the other PIN one try until it is entered: best "
          "done right after. The other PIN needs at least two tries left for that. Backups of the "
          "card keep their own PINs."),
        _("C_hange"));
}

/* The backup is another card of the zone: those whose PINs were changed before do not do, and it
 * stays asked for. */
static TkeUiForm *
form_change_copy(gpointer data)
{
    ScupStep *step = data;
    const ScupChanged *changed = scup_cards_get_changed(step->cards);

    scup_steps_take_changed(step);
    step->has_zone_id = changed != NULL;
    step->pin = changed != NULL ? changed->pin : 1;
    if (changed != NULL) {
        memcpy(step->zone_id, changed->zone_id, sizeof step->zone_id);
    }
    return tke_ui_form_new(
        _("Change a PIN of a backup"),
        _("The backup goes into reader 1 instead of the CA card whose PIN was changed just now. "
          "Its old PIN and twice the new one are typed there. The change costs its other PIN one "
          "try until it is entered: best done right after. The other PIN needs at least two tries "
          "left for that."),
        _("C_hange"));
}

static bool
run_change(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;
    const TkeCardChangePinParams params = { .reader = 1, .ask_pin = &step->pin };

    return tke_op_card_change_pin(op, &params, &step->card, error);
}

static bool
run_change_copy(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;
    const TkeCardChangePinParams params = {
        .reader = 1,
        .ask_pin = &step->pin,
        .title = _("Insert the backup of the CA card."),
        .zone_id = step->has_zone_id ? step->zone_id : NULL,
        .other_than = step->n_changed > 0 ? step->changed : NULL,
        .n_other_than = step->n_changed,
    };

    return tke_op_card_change_pin(op, &params, &step->card, error);
}

static void
summarise_change(gpointer data, TkeUiSummary *summary)
{
    ScupStep *step = data;

    tke_ui_summary_set(
        summary, step->pin == 2 ? _("The second PIN is changed") : _("The first PIN is changed"),
        _("The CA card is locked again, and the other PIN has one try less: enter it "
          "now, so that it has all its tries again. Backups of this card keep their "
          "own PINs; change them too if they were the same."));
    add_card(summary, &step->card);
    scup_cards_set_changed(step->cards, &step->card, step->pin);
    tke_ui_summary_set_next(summary, _("_Enter the other PIN now"), "app.ca-enter");
    tke_ui_summary_set_other(summary, _("Change a PIN of a _backup"), "app.ca-change-copy");
}

const TkeUiProcedureKind scup_steps_ca_change_pin = {
    .title = N_("Change PIN of a CA smart card"),
    .data_size = sizeof(ScupStep),
    .form = form_change,
    .run = run_change,
    .summarise = summarise_change,
    .clear = scup_steps_clear,
};

const TkeUiProcedureKind scup_steps_ca_change_copy = {
    .title = N_("Change PIN of a backup"),
    .data_size = sizeof(ScupStep),
    .form = form_change_copy,
    .run = run_change_copy,
    .summarise = summarise_change,
    .clear = scup_steps_clear,
};

/* ---- the PINs of the CA card, after a change of one (2.5, step 5) ---- */

/* Those that are open are not asked for again. */
static bool
run_enter(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;

    g_clear_pointer(&step->infos, g_ptr_array_unref);
    return tke_op_card_check(op, 1, &step->infos, error);
}

static void
summarise_enter(gpointer data, TkeUiSummary *summary)
{
    ScupStep *step = data;
    const TkeCardInfo *info = step->infos->pdata[0];

    tke_ui_summary_set(summary, _("Both PINs of the CA card are entered"),
                       _("The card is genuine, and its zone is unlocked. Backups of the card keep "
                         "their own PINs."));
    for (unsigned i = 0; i < info->status.n_pins; i++) {
        g_autofree char *pin = scup_card_text_pin(&info->status, i);

        tke_ui_summary_add(summary, i == 0 ? _("First PIN") : _("Second PIN"), pin);
    }
    add_card(summary, &info->status);
    tke_ui_summary_set_other(summary, _("Change a PIN of a _backup"), "app.ca-change-copy");
}

const TkeUiProcedureKind scup_steps_ca_enter = {
    .title = N_("Enter the PINs of the CA card"),
    .data_size = sizeof(ScupStep),
    .run = run_enter,
    .summarise = summarise_enter,
    .clear = scup_steps_clear,
};
