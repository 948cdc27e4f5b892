/*
 * The dialog of a procedure: what the operation asks and tells.
 */
#include <glib/gi18n.h>
#include <string.h>

#include "gtk-common/announce.h"
#include "gtk-common/details.h"
#include "gtk-common/identifiers.h"
#include "gtk-common/menu-words.h"
#include "gtk-common/prompt-dialog-private.h"
#include "gtk-common/prompt-text.h"

#define TICK_MS 250

/* ---- countdown ---- */

static unsigned
seconds_left(const TkeUiPromptDialog *dialog)
{
    gint64 left = dialog->until - g_get_monotonic_time();

    return left > 0 ? (unsigned) ((left + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC) : 0;
}

static void
draw_countdown(TkeUiPromptDialog *dialog)
{
    unsigned left = seconds_left(dialog);
    g_autofree char *text = tke_ui_prompt_text_time(&dialog->prompt, left);

    gtk_label_set_text(GTK_LABEL(dialog->countdown), text);
    gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(dialog->countdown_bar),
                                  MIN(1.0, (double) left / MAX(1, dialog->prompt.timeout_s)));
    if ((left <= 10 && dialog->told_s > 10) || (left <= 5 && dialog->told_s > 5)) {
        tke_ui_announce_now(dialog->countdown_box);
        dialog->told_s = left;
    }
}

static gboolean
on_tick(gpointer data)
{
    draw_countdown(data);
    return G_SOURCE_CONTINUE;
}

static void
start_countdown(TkeUiPromptDialog *dialog)
{
    dialog->until = g_get_monotonic_time() + (gint64) dialog->prompt.timeout_s * G_USEC_PER_SEC;
    dialog->told_s = dialog->prompt.timeout_s;
    draw_countdown(dialog);
    gtk_widget_show(dialog->countdown_box);
    dialog->tick = g_timeout_add(TICK_MS, on_tick, dialog);
}

void
tke_ui_prompt_dialog_stop_countdown(TkeUiPromptDialog *dialog)
{
    if (dialog->tick != 0) {
        g_source_remove(dialog->tick);
        dialog->tick = 0;
    }
}

/* ---- for screen readers ---- */

void
tke_ui_prompt_dialog_tell_changes(TkeUiPromptDialog *dialog)
{
    tke_ui_announce_add(dialog->told, dialog->headline, true);
    tke_ui_announce_add(dialog->told, dialog->reason, true);
    tke_ui_announce_add(dialog->told, dialog->why, true);
    tke_ui_announce_add(dialog->told, dialog->countdown, false);
    tke_ui_announce_add(dialog->told, dialog->consequence, true);
    tke_ui_announce_add(dialog->countdown_box, dialog->countdown, false);
    tke_ui_announce_add(dialog->told_notes, dialog->notes, true);
    tke_ui_announce_add(gtk_widget_get_parent(dialog->hint), dialog->hint, true);
}

/* ---- what operations tell ---- */

/* The window below shows the reader that a prompt is about, if it has an action for it. */
static void
show_reader_below(TkeUiPromptDialog *dialog, unsigned reader)
{
    GtkWindow *parent = gtk_window_get_transient_for(GTK_WINDOW(dialog));

    if (G_IS_ACTION_GROUP(parent) &&
        g_action_group_has_action(G_ACTION_GROUP(parent), TKE_UI_SHOW_READER)) {
        g_action_group_activate_action(G_ACTION_GROUP(parent), TKE_UI_SHOW_READER,
                                       g_variant_new_uint32(reader));
    }
}

static void
view_show(void *view, const TkePrompt *prompt)
{
    TkeUiPromptDialog *dialog = view;
    g_autofree char *picture = tke_ui_prompt_text_picture(prompt);
    g_autofree char *where = NULL;
    g_autofree char *stop = tke_ui_prompt_text_stop(prompt);
    g_autofree char *title = g_strdup_printf(_("Reader %u: %s"), prompt->reader, prompt->title);
    g_autofree char *reason = tke_ui_prompt_text_reason(prompt);
    const TkeUiRemedy remedy = tke_ui_remedy_for_prompt(prompt);

    where = prompt->reader_name != NULL && prompt->reader_name[0] != '\0'
                ? g_strdup_printf(_("%s\nReader %u is the %s."), tke_ui_prompt_text_why(prompt),
                                  prompt->reader, prompt->reader_name)
                : g_strdup(tke_ui_prompt_text_why(prompt));
    tke_ui_prompt_dialog_begin_page(dialog, TKE_UI_PAGE_PROMPT, picture, title, where);
    tke_ui_prompt_dialog_set_label(dialog->reason, reason);
    tke_ui_details_set_text(TKE_UI_DETAILS(dialog->details), prompt->details);
    tke_ui_prompt_dialog_set_other(dialog, remedy.action);
    tke_ui_prompt_dialog_set_buttons(dialog, _("_Cancel"), remedy.label, NULL, false);
    gtk_label_set_text(GTK_LABEL(dialog->hint), stop);
    dialog->prompt = *prompt;
    show_reader_below(dialog, prompt->reader);
    if (prompt->timeout_s > 0) {
        start_countdown(dialog);
    }
    if (dialog->stopping) {
        tke_ui_prompt_dialog_set_stopping(dialog);
    }
}

/* What is being done now. */
static const char *
step_text(const TkeUiPromptDialog *dialog)
{
    return dialog->step_part != NULL ? dialog->step_part
           : dialog->step_now >= 0   ? dialog->step_names->pdata[dialog->step_now]
                                     : _("Working…");
}

static void
view_hide(void *view)
{
    TkeUiPromptDialog *dialog = view;

    if (dialog->page == TKE_UI_PAGE_PROMPT) {
        tke_ui_prompt_dialog_show_working(dialog, step_text(dialog));
    }
}

static void
view_steps(void *view, const char *const *names)
{
    tke_ui_prompt_dialog_set_steps(view, names);
}

/* Its place among the steps; -1: it is a part of one. */
static int
find_step(const TkeUiPromptDialog *dialog, const char *name)
{
    for (guint i = 0; i < dialog->step_names->len; i++) {
        if (strcmp(dialog->step_names->pdata[i], name) == 0) {
            return (int) i;
        }
    }
    return -1;
}

static void
view_step(void *view, unsigned done, unsigned total, const char *what)
{
    TkeUiPromptDialog *dialog = view;
    int found = find_step(dialog, what);

    (void) done;
    (void) total;
    g_clear_pointer(&dialog->step_part, g_free);
    if (found >= 0) {
        tke_ui_prompt_dialog_reach_step(dialog, found);
    } else {
        dialog->step_part = g_strdup(what);
    }
    if (dialog->page == TKE_UI_PAGE_WORKING && !dialog->stopping) {
        tke_ui_prompt_dialog_set_working(dialog, what);
    }
}

static void
view_note(void *view, const char *text)
{
    TkeUiPromptDialog *dialog = view;
    g_autofree char *words = tke_ui_menu_words(text);

    g_string_append_printf(dialog->note_text, "%s%s", dialog->note_text->len > 0 ? "\n" : "",
                           words);
    tke_ui_prompt_dialog_set_label(dialog->notes, dialog->note_text->str);
}

static void
view_card(void *view, unsigned reader, bool inserted)
{
    TkeUiPromptDialog *dialog = view;

    (void) reader;
    if (!inserted && dialog->page == TKE_UI_PAGE_PROMPT &&
        dialog->prompt.kind == TKE_PROMPT_INSERT_CARD) {
        tke_ui_prompt_dialog_set_label(dialog->reason, NULL); /* the card it was about is gone */
        tke_ui_details_set_text(TKE_UI_DETAILS(dialog->details), NULL);
    }
}

/* ---- what operations ask ---- */

static void
add_line(TkeUiPromptDialog *dialog, const char *text)
{
    GtkWidget *label = gtk_label_new(NULL);

    tke_ui_identifiers_set_text(GTK_LABEL(label), text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 60);
    tke_ui_prompt_dialog_add(dialog, label);
}

static void
view_confirm(void *view, const TkePlan *plan)
{
    TkeUiPromptDialog *dialog = view;
    bool gone = plan->confirm_text != NULL || plan->consequence != NULL;

    tke_ui_prompt_dialog_begin_page(dialog, TKE_UI_PAGE_CONFIRM, "question", plan->title, NULL);
    for (const char *const *line = plan->lines; line != NULL && *line != NULL; line++) {
        add_line(dialog, *line);
    }
    tke_ui_prompt_dialog_set_label(dialog->consequence, plan->consequence);
    tke_ui_prompt_dialog_set_buttons(dialog, _("_Cancel"), NULL, tke_ui_prompt_text_verb(plan),
                                     gone || plan->default_no);
    if (plan->confirm_text != NULL) {
        g_autofree char *label = g_strdup_printf(_("To go on, type “%s”:"), plan->confirm_text);
        g_auto(GStrv) parts = g_strsplit(plan->confirm_text, "_", -1);
        g_autofree char *kept = g_strjoinv("__", parts); /* no mnemonic of its own */
        g_autofree char *marked = g_strdup_printf(_("To go on, _type “%s”:"), kept);

        gtk_label_set_text_with_mnemonic(GTK_LABEL(dialog->confirm_label), marked);
        atk_object_set_name(gtk_widget_get_accessible(dialog->confirm_entry), label);
        dialog->confirm_text = g_strdup(plan->confirm_text);
        gtk_entry_set_text(GTK_ENTRY(dialog->confirm_entry), "");
        gtk_widget_show(dialog->confirm_box);
        g_signal_emit_by_name(dialog->confirm_entry, "changed");
        gtk_widget_grab_focus(dialog->confirm_entry);
    }
}

static GtkListStore *
fill_list(const TkeChoice *choice, guint n_columns)
{
    g_autofree GType *types = g_new(GType, n_columns);
    GtkListStore *store = NULL;

    for (guint i = 0; i < n_columns; i++) {
        types[i] = G_TYPE_STRING;
    }
    store = gtk_list_store_newv((int) n_columns, types);
    for (unsigned row = 0; row < choice->n_rows; row++) {
        GtkTreeIter iter;

        gtk_list_store_append(store, &iter);
        for (guint i = 0; i < n_columns; i++) {
            gtk_list_store_set(store, &iter, (int) i, choice->rows[row][i], -1);
        }
    }
    return store;
}

static void
view_choose(void *view, const TkeChoice *choice)
{
    TkeUiPromptDialog *dialog = view;
    guint n_columns = g_strv_length((char **) choice->columns);
    g_autoptr(GtkListStore) store = fill_list(choice, n_columns);
    GtkTreePath *first = gtk_tree_path_new_from_indices((int) MAX(1, choice->default_row) - 1, -1);
    GtkWidget *list = gtk_tree_view_new_with_model(GTK_TREE_MODEL(store));

    tke_ui_prompt_dialog_begin_page(dialog, TKE_UI_PAGE_CHOOSE, "question", choice->title, NULL);
    for (guint i = 0; i < n_columns; i++) {
        gtk_tree_view_insert_column_with_attributes(GTK_TREE_VIEW(list), -1, choice->columns[i],
                                                    gtk_cell_renderer_text_new(), "text", i, NULL);
    }
    atk_object_set_name(gtk_widget_get_accessible(list), choice->title);
    tke_ui_prompt_dialog_add(dialog, list);
    dialog->list = list;
    tke_ui_prompt_dialog_set_buttons(dialog, _("_Cancel"), NULL, _("C_hoose"), false);
    gtk_tree_view_set_cursor(GTK_TREE_VIEW(list), first, NULL, FALSE);
    gtk_tree_path_free(first);
    gtk_widget_grab_focus(list);
}

static void
view_withdraw(void *view)
{
    TkeUiPromptDialog *dialog = view;

    if (tke_ui_prompt_dialog_is_question(dialog)) {
        tke_ui_prompt_dialog_show_working(dialog, _("Stopping…"));
    }
}

const TkeUiPromptView tke_ui_prompt_dialog_view = {
    .show = view_show,
    .hide = view_hide,
    .steps = view_steps,
    .step = view_step,
    .note = view_note,
    .card = view_card,
    .confirm = view_confirm,
    .choose = view_choose,
    .ask_texts = tke_ui_prompt_dialog_ask_texts,
    .withdraw = view_withdraw,
};
