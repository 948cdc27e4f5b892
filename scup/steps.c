/*
 * Which procedure belongs to which action, and those that concern readers and cards of any kind.
 */
#include "scup/steps.h"

#include <glib/gi18n.h>
#include <string.h>

#include "libceremony/op-reader.h"

static const struct {
    const char *action;
    const TkeUiProcedureKind *kind;
} table[] = {
    { "ca-init", &scup_steps_ca_init },
    { "ca-backup", &scup_steps_ca_backup },
    { "ca-test", &scup_steps_ca_test },
    { "ca-change-pin", &scup_steps_ca_change_pin },
    { "ca-change-copy", &scup_steps_ca_change_copy },
    { "ca-enter", &scup_steps_ca_enter },
    { "ep11-enroll", &scup_steps_ep11_enroll },
    { "ep11-personalize", &scup_steps_ep11_personalize },
    { "ep11-unblock", &scup_steps_ep11_unblock },
    { "ep11-change-pin", &scup_steps_ep11_change_pin },
    { "ep11-change-copy", &scup_steps_ep11_change_copy },
    { "ep11-describe", &scup_steps_ep11_describe },
    { "ep11-contents", &scup_steps_ep11_contents },
    { "card-check", &scup_steps_card_check },
    { "readers-identify", &scup_steps_readers_identify },
    { "readers-swap", &scup_steps_readers_swap },
};

const TkeUiProcedureKind *
scup_steps_find(const char *action)
{
    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        if (strcmp(table[i].action, action) == 0) {
            return table[i].kind;
        }
    }
    return NULL;
}

const char *const *
scup_steps_names(void)
{
    static const char *names[G_N_ELEMENTS(table) + 1];

    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        names[i] = table[i].action;
    }
    return names;
}

void
scup_steps_take_changed(ScupStep *step)
{
    const uint8_t *ids = scup_cards_get_changed_ids(step->cards, &step->n_changed);

    g_free(step->changed);
    step->changed = g_memdup2(ids, (gsize) step->n_changed * TKE_CARD_ID_LEN);
}

void
scup_steps_clear(gpointer data)
{
    ScupStep *step = data;

    g_clear_pointer(&step->description, g_free);
    g_clear_pointer(&step->changed, g_free);
    g_clear_pointer(&step->opened, tke_card_info_free);
    g_clear_pointer(&step->infos, g_ptr_array_unref);
}

/* ---- is it genuine? (F-036) ---- */

static bool
run_check(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;

    g_clear_pointer(&step->infos, g_ptr_array_unref);
    return tke_op_card_check(op, 0, &step->infos, error);
}

static void
summarise_check(gpointer data, TkeUiSummary *summary)
{
    ScupStep *step = data;

    tke_ui_summary_set(summary, _("The cards are genuine"),
                       _("Their certificates are of their zone, and they have proved that they "
                         "hold the certified keys."));
    for (guint i = 0; i < step->infos->len; i++) {
        const TkeCardInfo *info = step->infos->pdata[i];
        g_autofree char *label = g_strdup_printf(_("Reader %u"), info->reader);
        g_autofree char *id = tke_card_id_text(info->status.card_id);

        tke_ui_summary_add(summary, label,
                           info->genuine == TKE_GENUINE_YES ? id : _("nothing to check"));
    }
}

const TkeUiProcedureKind scup_steps_card_check = {
    .title = N_("Check the cards"),
    .data_size = sizeof(ScupStep),
    .run = run_check,
    .summarise = summarise_check,
    .clear = scup_steps_clear,
};

/* ---- readers (F-003) ---- */

static bool
run_identify(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;

    return tke_op_reader_identify(op, tke_ui_workplace_get_settings(step->workplace),
                                  &step->lasting, error);
}

static bool
run_swap(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;

    return tke_op_reader_swap(op, tke_ui_workplace_get_settings(step->workplace), &step->lasting,
                              error);
}

static void
summarise_readers(gpointer data, TkeUiSummary *summary)
{
    const ScupStep *step = data;

    tke_ui_summary_set(
        summary, _("The readers have their numbers"),
        step->lasting
            ? _("They are remembered for the next time. The pane on the left is reader 1: "
                "put a label on it.")
            : _("They hold until a reader is unplugged or the program ends, because the "
                "readers cannot be told apart. The pane on the left is reader 1."));
}

const TkeUiProcedureKind scup_steps_readers_identify = {
    .title = N_("Identify readers"),
    .data_size = sizeof(ScupStep),
    .run = run_identify,
    .summarise = summarise_readers,
    .clear = scup_steps_clear,
};

const TkeUiProcedureKind scup_steps_readers_swap = {
    .title = N_("Swap reader 1 and 2"),
    .data_size = sizeof(ScupStep),
    .run = run_swap,
    .summarise = summarise_readers,
    .clear = scup_steps_clear,
};
