/*
 * Making and mending EP11 cards (functions 2.6 to 2.9).
 */
#include <glib/gi18n.h>
#include <string.h>

#include "libceremony/op-card-enroll.h"
#include "libceremony/op-card-pin.h"
#include "scup/card-text.h"
#include "scup/steps.h"

static void
add_card(TkeUiSummary *summary, const TkeCardStatus *card)
{
    g_autofree char *id = tke_card_id_text(card->card_id);
    g_autofree char *zone = scup_card_text_zone(card);

    tke_ui_summary_add(summary, _("Description"),
                       card->description[0] != '\0' ? card->description : NULL);
    tke_ui_summary_add(summary, _("Card identifier"), id);
    tke_ui_summary_add(summary, _("Zone"), zone);
}

/* ---- Initialize and enroll EP11 smart card ---- */

static TkeUiForm *
form_enroll(gpointer data)
{
    (void) data;
    return tke_ui_form_new(
        _("Enroll an EP11 card"),
        _("The card in reader 2 joins the zone of the CA card in reader 1. Both PINs of the CA "
          "card are needed, unless they were entered within the last ten minutes."),
        _("_Enroll"));
}

static bool
run_enroll(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;

    return tke_op_card_enroll(op, &step->card, error);
}

static void
summarise_enroll(gpointer data, TkeUiSummary *summary)
{
    ScupStep *step = data;

    tke_ui_summary_set(summary, _("The card is enrolled"),
                       _("It needs its PIN before it can be used. Its holder types it now, while "
                         "the card is in reader 2."));
    add_card(summary, &step->card);
    tke_ui_summary_set_next(summary, _("_Personalize this card"), "app.ep11-personalize");
}

const TkeUiProcedureKind scup_steps_ep11_enroll = {
    .title = N_("Initialize and enroll EP11 smart card"),
    .data_size = sizeof(ScupStep),
    .form = form_enroll,
    .run = run_enroll,
    .summarise = summarise_enroll,
    .clear = scup_steps_clear,
};

/* ---- Personalize EP11 smart card ---- */

static TkeUiForm *
form_personalize(gpointer data)
{
    (void) data;
    return tke_ui_form_new(
        _("Personalize an EP11 card"),
        _("The holder of the card in reader 2 chooses its PIN and types it twice on the pad. Then "
          "the card gets its description, which tells people whose card it is."),
        _("_Personalize"));
}

static bool
run_personalize(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;
    const TkeCardPersonalizeParams params = { .ask = &step->texts };

    return tke_op_card_personalize(op, &params, &step->card, error);
}

static void
summarise_personalize(gpointer data, TkeUiSummary *summary)
{
    ScupStep *step = data;

    tke_ui_summary_set(summary, _("The card is ready"),
                       _("Write its description on it and give it to its holder. Signature keys "
                         "and key parts are made on it later."));
    add_card(summary, &step->card);
    tke_ui_summary_set_next(summary, _("_Enroll the next card"), "app.ep11-enroll");
}

const TkeUiProcedureKind scup_steps_ep11_personalize = {
    .title = N_("Personalize EP11 smart card"),
    .data_size = sizeof(ScupStep),
    .form = form_personalize,
    .run = run_personalize,
    .summarise = summarise_personalize,
    .clear = scup_steps_clear,
};

/* ---- Unblock EP11 smart card ---- */

static TkeUiForm *
form_unblock(gpointer data)
{
    (void) data;
    return tke_ui_form_new(
        _("Unblock an EP11 card"),
        _("The CA card in reader 1 gives the card in reader 2 its three tries back; its PIN and "
          "what it holds stay as they are. A forgotten PIN is not cured by it: such a card must "
          "be initialized again and loses what it holds."),
        _("_Unblock"));
}

static bool
run_unblock(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;

    return tke_op_card_unblock(op, &step->card, error);
}

static void
summarise_unblock(gpointer data, TkeUiSummary *summary)
{
    ScupStep *step = data;
    g_autofree char *pin = scup_card_text_pin(&step->card, 0);

    tke_ui_summary_set(summary, _("The card is unblocked"),
                       _("Its PIN is the same as before. Its holder should try it now."));
    add_card(summary, &step->card);
    tke_ui_summary_add(summary, _("PIN"), pin);
    tke_ui_summary_set_next(summary, _("Change its _PIN"), "app.ep11-change-pin");
}

const TkeUiProcedureKind scup_steps_ep11_unblock = {
    .title = N_("Unblock EP11 smart card"),
    .data_size = sizeof(ScupStep),
    .form = form_unblock,
    .run = run_unblock,
    .summarise = summarise_unblock,
    .clear = scup_steps_clear,
};

/* ---- Change PIN ---- */

static bool
run_change(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;
    const TkeCardChangePinParams params = { .reader = 2,
                                            .other_than =
                                                step->n_changed > 0 ? step->changed : NULL,
                                            .n_other_than = step->n_changed };

    return tke_op_card_change_pin(op, &params, &step->card, error);
}

static void
summarise_change(gpointer data, TkeUiSummary *summary)
{
    ScupStep *step = data;

    tke_ui_summary_set(summary, _("The PIN is changed"),
                       _("Copies of this card keep their own PIN."));
    add_card(summary, &step->card);
    scup_cards_set_changed(step->cards, &step->card, 0);
    tke_ui_summary_set_other(summary, _("Change the PIN of a c_opy"), "app.ep11-change-copy");
}

/* The copy is another card: those whose PINs were changed before do not do, and it stays asked
 * for. */
static TkeUiForm *
form_change_copy(gpointer data)
{
    scup_steps_take_changed(data);
    return NULL;
}

const TkeUiProcedureKind scup_steps_ep11_change_copy = {
    .title = N_("Change PIN of a copy"),
    .data_size = sizeof(ScupStep),
    .form = form_change_copy,
    .run = run_change,
    .summarise = summarise_change,
    .clear = scup_steps_clear,
};

const TkeUiProcedureKind scup_steps_ep11_change_pin = {
    .title = N_("Change PIN of an EP11 smart card"),
    .data_size = sizeof(ScupStep),
    .run = run_change,
    .summarise = summarise_change,
    .clear = scup_steps_clear,
};
