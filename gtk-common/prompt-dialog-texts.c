/*
 * The dialog of a procedure: descriptions that an operation asks for in the middle of a step.
 */
#include <glib/gi18n.h>
#include <string.h>

#include "gtk-common/form-grid.h"
#include "gtk-common/prompt-dialog-private.h"

bool
tke_ui_prompt_dialog_is_question(const TkeUiPromptDialog *dialog)
{
    return dialog->page == TKE_UI_PAGE_CONFIRM || dialog->page == TKE_UI_PAGE_CHOOSE ||
           dialog->page == TKE_UI_PAGE_TEXTS;
}

/* Operations say what a text is; in a window it has a key, too. */
static const char *
with_key(const char *label)
{
    static const char *const known[] = { N_("_Zone description"), N_("CA card _description"),
                                         N_("EP11 card _description"),
                                         N_("_Description of the backup") };

    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        g_auto(GStrv) parts = g_strsplit(_(known[i]), "_", -1);
        g_autofree char *plain = g_strjoinv("", parts);

        if (strcmp(plain, label) == 0) {
            return _(known[i]);
        }
    }
    return label;
}

void
tke_ui_prompt_dialog_ask_texts(void *view, const TkeTextPrompt *prompt)
{
    TkeUiPromptDialog *dialog = view;
    TkeUiForm *form = tke_ui_form_new(prompt->title, prompt->why, _("C_ontinue"));

    for (unsigned i = 0; i < prompt->n_fields; i++) {
        tke_ui_form_add_description(form, prompt->fields[i].word, with_key(prompt->fields[i].label),
                                    prompt->fields[i].proposal);
    }
    tke_ui_prompt_dialog_begin_page(dialog, TKE_UI_PAGE_TEXTS, "form", form->headline, form->why);
    dialog->texts = form;
    tke_ui_prompt_dialog_set_buttons(dialog, _("_Cancel"), NULL, form->start, false);
    tke_ui_prompt_dialog_add_fields(dialog, form);
}

void
tke_ui_prompt_dialog_submit_texts(TkeUiPromptDialog *dialog)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) texts = NULL;
    g_autofree char *wrong = NULL;

    if (!tke_ui_form_grid_take(TKE_UI_FORM_GRID(dialog->form_grid), &wrong)) {
        tke_ui_prompt_dialog_set_label(dialog->reason, wrong);
        return;
    }
    for (guint i = 0; i < dialog->texts->fields->len; i++) {
        const TkeUiField *field = dialog->texts->fields->pdata[i];

        g_strv_builder_add(builder, field->text);
    }
    texts = g_strv_builder_end(builder);
    tke_ui_prompt_dialog_show_working(dialog, _("Working…"));
    dialog->funcs->answer_texts(dialog->owner, (const char *const *) texts);
}
