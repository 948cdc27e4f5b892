/*
 * What is on an EP11 card: descriptions, deleting (functions 2.10 and 2.13).
 */
#include <glib/gi18n.h>
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "scup/card-text.h"
#include "scup/steps.h"

/* First the card with its PIN: then people can see and name what is on it. */
static bool
prepare(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;

    g_clear_pointer(&step->opened, tke_card_info_free);
    step->deletion = (TkeDeleteParams){ 0 };
    return tke_op_card_open(op, "contents", &step->opened, error);
}

#define GROUPS_PER_LINE 8u

/* As the table of 2.11 has it: place, description, origin, and the whole pattern. As an option its
 * key is the number of its place, as far as that is one digit. */
static char *
part_text(const TkeKeyPart *part)
{
    g_autofree char *pattern = scup_card_text_groups(part->vp, sizeof part->vp, GROUPS_PER_LINE);
    g_autofree char *place = g_strdup_printf(part->place < 10 ? "_%u" : "%u", part->place);
    g_autofree char *description =
        tke_ui_form_escape(part->description[0] != '\0' ? part->description : _("no description"));

    return g_strdup_printf(_("Key part %s: %s · %s\n%s"), place, description,
                           tke_ep11_card_origin_text(part->origin), pattern);
}

/* ---- Change description ---- */

static const char *const describe_steps[] = { N_("Card and its PIN"), N_("New description"),
                                              N_("The card takes it"), NULL };

static TkeUiForm *
form_describe(gpointer data)
{
    ScupStep *step = data;
    const TkeKeyPartList *parts = &step->opened->parts;
    g_autofree char *card = tke_ui_form_escape(scup_card_text_description(&step->opened->status));
    g_auto(GStrv) options = g_new0(char *, parts->n + 2);
    g_autoptr(GPtrArray) texts = g_ptr_array_new();
    TkeUiForm *form = tke_ui_form_new(_("Change a description"),
                                      _("Descriptions tell cards and key parts apart; they have "
                                        "no other meaning."),
                                      _("C_hange"));

    options[0] = g_strdup_printf(_("_The card: %s"), card);
    g_ptr_array_add(texts, step->opened->status.description);
    for (unsigned i = 0; i < parts->n; i++) {
        options[i + 1] = part_text(&parts->parts[i]);
        g_ptr_array_add(texts, (gpointer) parts->parts[i].description);
    }
    g_ptr_array_add(texts, NULL);
    tke_ui_form_add_choice(form, "what", _("_Of"), (const char *const *) options, 0);
    tke_ui_form_add_description_of(form, "text", _("_New description"), "what",
                                   (const char *const *) texts->pdata);
    return form;
}

static char *
take_describe(gpointer data, const TkeUiForm *form)
{
    ScupStep *step = data;
    unsigned chosen = tke_ui_form_get_chosen(form, "what");

    step->place = chosen == 0 ? 0 : step->opened->parts.parts[chosen - 1].place;
    g_free(step->description);
    step->description = g_strdup(tke_ui_form_get_text(form, "text"));
    return NULL;
}

static bool
run_describe(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;
    const TkeCardDescribeParams params = { .card_id = step->opened->status.card_id,
                                           .place = step->place,
                                           .description = step->description };
    TkeCardDescribeResult result = { 0 };

    if (!tke_op_card_describe(op, &params, &result, error)) {
        return false;
    }
    step->card = result.card;
    memcpy(step->old, result.old, sizeof step->old);
    return true;
}

static void
summarise_describe(gpointer data, TkeUiSummary *summary)
{
    ScupStep *step = data;
    g_autofree char *id = tke_card_id_text(step->card.card_id);

    tke_ui_summary_set(summary, _("The description is changed"), NULL);
    tke_ui_summary_add(summary, _("Card identifier"), id);
    tke_ui_summary_add(summary, _("Before"), step->old[0] != '\0' ? step->old : _("empty"));
    tke_ui_summary_add(summary, _("Now"),
                       step->description[0] != '\0' ? step->description : _("empty"));
    tke_ui_summary_set_next(summary, _("Change a_nother"), "app.ep11-describe");
}

const TkeUiProcedureKind scup_steps_ep11_describe = {
    .title = N_("Change description"),
    .data_size = sizeof(ScupStep),
    .steps = describe_steps,
    .prepare = prepare,
    .form = form_describe,
    .take = take_describe,
    .run = run_describe,
    .summarise = summarise_describe,
    .clear = scup_steps_clear,
};

/* ---- Manage smart card contents ---- */

static const char *const contents_steps[] = { N_("Card and its PIN"), N_("What is deleted"),
                                              N_("The card deletes it"), NULL };

static char *
part_id(const TkeKeyPart *part)
{
    return g_strdup_printf("part-%u", part->place);
}

static TkeUiForm *
form_contents(gpointer data)
{
    ScupStep *step = data;
    const TkeCardStatus *card = &step->opened->status;
    TkeUiForm *form;

    if (!card->has_signature_key && step->opened->parts.n == 0) {
        return NULL; /* nothing to ask */
    }
    form = tke_ui_form_new(
        _("What is to be deleted?"),
        _("What is deleted is gone for good. Never delete the signature key of an administrator "
          "who is still installed in a crypto unit, nor a key part of which there is no copy."),
        _("_Delete…"));

    form->gone = true;
    if (card->has_signature_key) {
        g_autofree char *ski = scup_card_text_groups(card->ski, sizeof card->ski, GROUPS_PER_LINE);
        g_autofree char *name = tke_ui_form_escape(card->admin_name);
        g_autofree char *label =
            g_strdup_printf(_("_Signature key of administrator %s\n%s"), name, ski);

        tke_ui_form_add_check(form, "key", label);
    }
    for (unsigned i = 0; i < step->opened->parts.n; i++) {
        const TkeKeyPart *part = &step->opened->parts.parts[i];
        g_autofree char *label = part_text(part);
        g_autofree char *id = part_id(part);

        tke_ui_form_add_check(form, id, label);
    }
    return form;
}

static char *
take_contents(gpointer data, const TkeUiForm *form)
{
    ScupStep *step = data;
    const TkeCardStatus *card = &step->opened->status;
    bool key = card->has_signature_key && tke_ui_form_get_checked(form, "key");

    step->deletion = (TkeDeleteParams){ .card_id = card->card_id };
    for (unsigned i = 0; i < step->opened->parts.n; i++) {
        const TkeKeyPart *part = &step->opened->parts.parts[i];
        g_autofree char *id = part_id(part);

        if (tke_ui_form_get_checked(form, id)) {
            step->deletion.places[step->deletion.n_places++] = part->place;
        }
    }
    if (key) {
        g_autofree char *ski = tke_hex_encode(card->ski, sizeof card->ski);

        g_strlcpy(step->ski, ski, sizeof step->ski);
        step->deletion.ski = step->ski;
    }
    return key || step->deletion.n_places > 0
               ? NULL
               : g_strdup(_("Nothing is chosen: tick what is to be deleted."));
}

static bool
run_contents(TkeOperation *op, gpointer data, GError **error)
{
    ScupStep *step = data;

    if (step->deletion.card_id == NULL) {
        return true; /* there was nothing to choose from */
    }
    return tke_op_delete_keys(op, &step->deletion, &step->deleted, error);
}

static void
summarise_deleted(const ScupStep *step, TkeUiSummary *summary)
{
    g_autofree char *id = tke_card_id_text(step->deleted.card.card_id);
    g_autofree char *parts = g_strdup_printf("%u", step->deleted.n_deleted);

    tke_ui_summary_set(summary, _("Deleted"), NULL);
    tke_ui_summary_add(summary, _("Card identifier"), id);
    tke_ui_summary_add(summary, _("Signature key"),
                       step->deleted.key_deleted ? _("deleted") : _("left as it was"));
    tke_ui_summary_add(summary, _("Key parts deleted"), parts);
}

static void
summarise_empty(const TkeCardStatus *card, TkeUiSummary *summary)
{
    g_autofree char *id = tke_card_id_text(card->card_id);

    tke_ui_summary_set(summary, _("This card holds nothing that could be deleted"),
                       _("There is no signature key and no key part on it."));
    tke_ui_summary_add(summary, _("Description"), scup_card_text_description(card));
    tke_ui_summary_add(summary, _("Card identifier"), id);
}

static void
summarise_contents(gpointer data, TkeUiSummary *summary)
{
    ScupStep *step = data;

    if (step->deletion.card_id == NULL) {
        summarise_empty(&step->opened->status, summary);
        return;
    }
    summarise_deleted(step, summary);
}

const TkeUiProcedureKind scup_steps_ep11_contents = {
    .title = N_("Manage smart card contents"),
    .data_size = sizeof(ScupStep),
    .steps = contents_steps,
    .prepare = prepare,
    .form = form_contents,
    .take = take_contents,
    .run = run_contents,
    .summarise = summarise_contents,
    .clear = scup_steps_clear,
};
