/*
 * The dialog of a procedure: its pages and buttons.
 */
#include "gtk-common/prompt-dialog.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gtk-common/button-row.h"
#include "gtk-common/container.h"
#include "gtk-common/details.h"
#include "gtk-common/focus.h"
#include "gtk-common/form-grid.h"
#include "gtk-common/identifiers.h"
#include "gtk-common/picture.h"
#include "gtk-common/prompt-dialog-private.h"
#include "gtk-common/viewport.h"
#include "gtk-common/window-size.h"

#define PICTURE_WIDTH 150
/* of what is to be read before agreeing, at least, if there is so much of it */
#define LIST_HEIGHT 220

G_DEFINE_FINAL_TYPE(TkeUiPromptDialog, tke_ui_prompt_dialog, GTK_TYPE_WINDOW)

void
tke_ui_prompt_dialog_set_label(GtkWidget *label, const char *text)
{
    tke_ui_identifiers_set_text(GTK_LABEL(label), text != NULL ? text : "");
    gtk_widget_set_visible(label, text != NULL && text[0] != '\0');
}

static void
set_enabled(TkeUiPromptDialog *dialog, const char *name, bool enabled)
{
    GAction *action = g_action_map_lookup_action(G_ACTION_MAP(dialog->actions), name);

    g_simple_action_set_enabled(G_SIMPLE_ACTION(action), enabled);
}

void
tke_ui_prompt_dialog_begin_page(TkeUiPromptDialog *dialog, TkeUiPage page, const char *picture,
                                const char *headline, const char *why)
{
    dialog->page = page;
    dialog->working_shown = page == TKE_UI_PAGE_WORKING;
    g_clear_handle_id(&dialog->patience, g_source_remove);
    if (page == TKE_UI_PAGE_ERROR || page == TKE_UI_PAGE_STOPPED || page == TKE_UI_PAGE_SUMMARY) {
        dialog->stopping = false; /* it has ended: the dialog can be closed */
    }
    tke_ui_prompt_dialog_stop_countdown(dialog);
    tke_ui_container_clear(dialog->content);
    dialog->form_grid = NULL;
    g_clear_pointer(&dialog->texts, tke_ui_form_free);
    dialog->list = NULL;
    tke_ui_picture_set(GTK_IMAGE(dialog->picture), picture, PICTURE_WIDTH);
    tke_ui_prompt_dialog_set_label(dialog->headline, headline);
    tke_ui_prompt_dialog_set_label(dialog->why, why);
    tke_ui_prompt_dialog_set_label(dialog->reason, NULL);
    tke_ui_prompt_dialog_set_label(dialog->consequence, NULL);
    tke_ui_details_set_text(TKE_UI_DETAILS(dialog->details), NULL);
    gtk_label_set_text(GTK_LABEL(dialog->hint), "");
    gtk_widget_hide(dialog->countdown_box);
    gtk_widget_hide(dialog->confirm_box);
    gtk_widget_hide(dialog->middle);
    g_clear_pointer(&dialog->confirm_text, g_free);
    if (page != TKE_UI_PAGE_WORKING && !gtk_widget_get_visible(GTK_WIDGET(dialog))) {
        gtk_window_present(GTK_WINDOW(dialog));
    }
}

/* What is on the page is seen, or its scrollbar is: never a few of many lines without a sign. */
static void
fit_middle(TkeUiPromptDialog *dialog)
{
    int natural = 0;

    gtk_widget_get_preferred_height(dialog->content, NULL, &natural);
    gtk_scrolled_window_set_min_content_height(GTK_SCROLLED_WINDOW(dialog->middle),
                                               MIN(natural, LIST_HEIGHT));
}

void
tke_ui_prompt_dialog_add(TkeUiPromptDialog *dialog, GtkWidget *widget)
{
    gtk_container_add(GTK_CONTAINER(dialog->content), widget);
    gtk_widget_show_all(widget);
    gtk_widget_show(dialog->middle);
    fit_middle(dialog);
}

static void
set_button(GtkWidget *button, const char *label)
{
    if (label != NULL) {
        gtk_button_set_label(GTK_BUTTON(button), label);
    }
    gtk_widget_set_visible(button, label != NULL);
}

void
tke_ui_prompt_dialog_set_other(TkeUiPromptDialog *dialog, const char *action)
{
    g_free(dialog->other_action);
    dialog->other_action = g_strdup(action);
}

void
tke_ui_prompt_dialog_set_buttons(TkeUiPromptDialog *dialog, const char *stop, const char *other,
                                 const char *primary, bool gone)
{
    GtkStyleContext *style = gtk_widget_get_style_context(dialog->primary_button);

    set_button(dialog->stop_button, stop);
    set_button(dialog->other_button, other);
    set_button(dialog->primary_button, primary);
    set_enabled(dialog, "other", other != NULL);
    set_enabled(dialog, "primary", primary != NULL);
    gtk_style_context_remove_class(style, gone ? "suggested-action" : "destructive-action");
    gtk_style_context_add_class(style, gone ? "destructive-action" : "suggested-action");
    if (primary == NULL || gone) {
        gtk_window_set_default(GTK_WINDOW(dialog), NULL);
        gtk_widget_grab_focus(dialog->stop_button);
    } else {
        gtk_window_set_default(GTK_WINDOW(dialog), dialog->primary_button);
        gtk_widget_grab_focus(dialog->primary_button);
    }
}

/* What is to be changed and is not changed yet cannot be sent off. */
static void
on_form_changed(TkeUiPromptDialog *dialog)
{
    set_enabled(dialog, "primary", tke_ui_form_grid_is_ready(TKE_UI_FORM_GRID(dialog->form_grid)));
}

void
tke_ui_prompt_dialog_add_fields(TkeUiPromptDialog *dialog, TkeUiForm *form)
{
    if (form->fields->len > 0) {
        dialog->form_grid = tke_ui_form_grid_new();
        tke_ui_prompt_dialog_add(dialog, dialog->form_grid);
        tke_ui_form_grid_set_form(TKE_UI_FORM_GRID(dialog->form_grid), form);
        g_signal_connect_swapped(dialog->form_grid, "changed", G_CALLBACK(on_form_changed), dialog);
        on_form_changed(dialog);
        fit_middle(dialog);
    }
}

void
tke_ui_prompt_dialog_show_form(TkeUiPromptDialog *dialog, TkeUiForm *form)
{
    tke_ui_prompt_dialog_begin_page(dialog, TKE_UI_PAGE_FORM, "form", form->headline, form->why);
    tke_ui_prompt_dialog_set_buttons(dialog, _("_Cancel"), NULL, form->start, form->gone);
    tke_ui_prompt_dialog_add_fields(dialog, form);
}

void
tke_ui_prompt_dialog_set_reason(TkeUiPromptDialog *dialog, const char *reason)
{
    tke_ui_prompt_dialog_set_label(dialog->reason, reason);
}

unsigned
tke_ui_prompt_dialog_get_pad(TkeUiPromptDialog *dialog)
{
    return dialog->page == TKE_UI_PAGE_PROMPT && dialog->prompt.kind != TKE_PROMPT_INSERT_CARD &&
                   dialog->prompt.kind != TKE_PROMPT_REMOVE_CARD
               ? dialog->prompt.reader
               : 0;
}

void
tke_ui_prompt_dialog_set_stopping(TkeUiPromptDialog *dialog)
{
    unsigned reader = tke_ui_prompt_dialog_get_pad(dialog);

    dialog->stopping = true; /* the button keeps the focus, and does nothing more */
    if (reader != 0) {
        g_autofree char *text =
            g_strdup_printf(_("Stopping as soon as the keypad is free: press the red key on "
                              "reader %u."),
                            reader);

        gtk_label_set_text(GTK_LABEL(dialog->hint), text);
    } else {
        gtk_label_set_text(GTK_LABEL(dialog->hint), _("Stopping…"));
    }
}

void
tke_ui_prompt_dialog_restart(TkeUiPromptDialog *dialog)
{
    dialog->stopping = false;
    tke_ui_prompt_dialog_set_steps(dialog, NULL);
    g_string_truncate(dialog->note_text, 0);
    tke_ui_prompt_dialog_set_label(dialog->notes, NULL);
}

/* ---- steps ---- */

/* A step: its mark and, for those who cannot see it, its state. Lines break between steps only. */
static void
add_step(const TkeUiPromptDialog *dialog, int index, GString *shown, GString *spoken)
{
    const char *name = dialog->step_names->pdata[index];
    g_autoptr(GString) kept = g_string_new(name);
    bool done = index < dialog->step_now;
    bool now = index == dialog->step_now;
    const char *mark = done ? "✓" : now ? "●" : "○";

    g_string_replace(kept, " ", "\u00a0", 0);
    g_string_append(shown, index > 0 ? "   " : "");
    g_string_append_printf(shown, "%s\u00a0", mark);
    if (now) {
        g_autofree char *bold = g_markup_printf_escaped("<b>%s</b>", kept->str);

        g_string_append(shown, bold);
    } else {
        g_autofree char *plain = g_markup_escape_text(kept->str, -1);

        g_string_append(shown, plain);
    }
    g_string_append(spoken, index > 0 ? "; " : "");
    g_string_append_printf(spoken,
                           done  ? _("%s: done")
                           : now ? _("%s: now")
                                 : _("%s: to come"),
                           name);
}

static void
draw_steps(TkeUiPromptDialog *dialog)
{
    g_autoptr(GString) shown = g_string_new(NULL);
    g_autoptr(GString) spoken = g_string_new(NULL);
    g_autofree char *name = NULL;

    for (guint i = 0; i < dialog->step_names->len; i++) {
        add_step(dialog, (int) i, shown, spoken);
    }
    name = g_strdup_printf(_("Steps: %s"), spoken->str);
    gtk_label_set_markup(GTK_LABEL(dialog->steps), shown->str);
    gtk_widget_set_visible(dialog->steps, shown->len > 0);
    atk_object_set_name(gtk_widget_get_accessible(dialog->steps), name);
}

void
tke_ui_prompt_dialog_set_steps(TkeUiPromptDialog *dialog, const char *const *names)
{
    g_ptr_array_set_size(dialog->step_names, 0);
    for (unsigned i = 0; names != NULL && names[i] != NULL; i++) {
        g_ptr_array_add(dialog->step_names, g_strdup(names[i]));
    }
    dialog->step_now = -1;
    g_clear_pointer(&dialog->step_part, g_free);
    draw_steps(dialog);
}

void
tke_ui_prompt_dialog_reach_step(TkeUiPromptDialog *dialog, int index)
{
    dialog->step_now = index;
    draw_steps(dialog);
}

/* ---- what is pressed ---- */

static void
on_stop(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    TkeUiPromptDialog *dialog = data;

    (void) action;
    (void) parameter;
    if (dialog->stopping) {
        return;
    }
    if (tke_ui_prompt_dialog_is_question(dialog)) {
        tke_ui_prompt_dialog_show_working(dialog, _("Stopping…"));
        dialog->funcs->answer(dialog->owner, false, 0);
    } else {
        dialog->funcs->stop(dialog->owner);
    }
}

static void
submit_form(TkeUiPromptDialog *dialog)
{
    g_autofree char *wrong = NULL;

    if (dialog->form_grid == NULL ||
        tke_ui_form_grid_take(TKE_UI_FORM_GRID(dialog->form_grid), &wrong)) {
        dialog->funcs->start(dialog->owner);
    } else {
        tke_ui_prompt_dialog_set_label(dialog->reason, wrong);
    }
}

static unsigned
chosen_row(TkeUiPromptDialog *dialog)
{
    GtkTreeSelection *selection = gtk_tree_view_get_selection(GTK_TREE_VIEW(dialog->list));
    g_autoptr(GList) rows = gtk_tree_selection_get_selected_rows(selection, NULL);
    unsigned index = rows != NULL ? (unsigned) gtk_tree_path_get_indices(rows->data)[0] : 0;

    for (GList *row = rows; row != NULL; row = row->next) {
        gtk_tree_path_free(row->data);
    }
    return index;
}

static void
on_primary(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    TkeUiPromptDialog *dialog = data;
    unsigned index;

    (void) action;
    (void) parameter;
    switch (dialog->page) {
    case TKE_UI_PAGE_FORM:
        submit_form(dialog);
        break;
    case TKE_UI_PAGE_CONFIRM:
    case TKE_UI_PAGE_CHOOSE:
        index = dialog->list != NULL ? chosen_row(dialog) : 0;
        tke_ui_prompt_dialog_show_working(dialog, _("Working…"));
        dialog->funcs->answer(dialog->owner, true, index);
        break;
    case TKE_UI_PAGE_TEXTS:
        tke_ui_prompt_dialog_submit_texts(dialog);
        break;
    case TKE_UI_PAGE_ERROR:
        dialog->funcs->again(dialog->owner);
        break;
    case TKE_UI_PAGE_SUMMARY:
        dialog->funcs->next(dialog->owner, dialog->next_action);
        break;
    case TKE_UI_PAGE_WORKING:
    case TKE_UI_PAGE_PROMPT:
    case TKE_UI_PAGE_STOPPED:
        break;
    }
}

static void
on_other(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    TkeUiPromptDialog *dialog = data;

    (void) action;
    (void) parameter;
    if (dialog->page != TKE_UI_PAGE_WORKING) {
        dialog->funcs->next(dialog->owner, dialog->other_action);
    }
}

static void
on_confirm_changed(GtkEditable *editable, gpointer data)
{
    TkeUiPromptDialog *dialog = data;

    set_enabled(dialog, "primary",
                dialog->confirm_text == NULL ||
                    strcmp(gtk_entry_get_text(GTK_ENTRY(editable)), dialog->confirm_text) == 0);
}

static gboolean
on_delete(GtkWidget *widget, GdkEvent *event, gpointer data)
{
    (void) event;
    (void) data;
    g_action_group_activate_action(G_ACTION_GROUP(TKE_UI_PROMPT_DIALOG(widget)->actions), "stop",
                                   NULL);
    return TRUE; /* the procedure closes its dialog */
}

static gboolean
key_press(GtkWidget *widget, GdkEventKey *event)
{
    if (event->keyval == GDK_KEY_Escape) {
        return on_delete(widget, NULL, NULL);
    }
    if (event->keyval == GDK_KEY_q && (event->state & GDK_CONTROL_MASK) != 0) {
        g_action_group_activate_action(G_ACTION_GROUP(g_application_get_default()), "quit", NULL);
        return TRUE;
    }
    return GTK_WIDGET_CLASS(tke_ui_prompt_dialog_parent_class)->key_press_event(widget, event);
}

static void
finalize(GObject *object)
{
    TkeUiPromptDialog *dialog = TKE_UI_PROMPT_DIALOG(object);

    g_clear_object(&dialog->actions);
    g_free(dialog->confirm_text);
    g_free(dialog->next_action);
    g_free(dialog->other_action);
    g_free(dialog->step_part);
    tke_ui_form_free(dialog->texts);
    g_free(dialog->what);
    g_ptr_array_unref(dialog->step_names);
    g_string_free(dialog->note_text, TRUE);
    G_OBJECT_CLASS(tke_ui_prompt_dialog_parent_class)->finalize(object);
}

static void
destroy(GtkWidget *widget)
{
    TkeUiPromptDialog *dialog = TKE_UI_PROMPT_DIALOG(widget);

    g_clear_handle_id(&dialog->patience, g_source_remove);
    tke_ui_prompt_dialog_stop_countdown(dialog);
    GTK_WIDGET_CLASS(tke_ui_prompt_dialog_parent_class)->destroy(widget);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, TkeUiPromptDialog, name)

static void
tke_ui_prompt_dialog_class_init(TkeUiPromptDialogClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    G_OBJECT_CLASS(class)->finalize = finalize;
    widget_class->destroy = destroy;
    widget_class->key_press_event = key_press;
    g_type_ensure(TKE_UI_TYPE_BUTTON_ROW);
    g_type_ensure(TKE_UI_TYPE_DETAILS);
    g_type_ensure(TKE_UI_TYPE_VIEWPORT);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/opentke/common/prompt-dialog.ui");
    BIND(banner);
    BIND(picture);
    BIND(headline);
    BIND(reason);
    BIND(why);
    BIND(details);
    BIND(countdown_box);
    BIND(countdown_bar);
    BIND(countdown);
    BIND(middle);
    BIND(content);
    BIND(consequence);
    BIND(confirm_box);
    BIND(confirm_label);
    BIND(confirm_entry);
    BIND(notes);
    BIND(told);
    BIND(told_notes);
    BIND(steps);
    BIND(hint);
    BIND(stop_button);
    BIND(other_button);
    BIND(primary_button);
    gtk_widget_class_bind_template_callback(widget_class, on_confirm_changed);
}

static void
tke_ui_prompt_dialog_init(TkeUiPromptDialog *dialog)
{
    static const GActionEntry entries[] = {
        { .name = "stop", .activate = on_stop },
        { .name = "primary", .activate = on_primary },
        { .name = "other", .activate = on_other },
    };

    tke_ui_picture_load_style();
    dialog->step_names = g_ptr_array_new_with_free_func(g_free);
    dialog->step_now = -1;
    dialog->note_text = g_string_new(NULL);
    dialog->actions = g_simple_action_group_new();
    g_action_map_add_action_entries(G_ACTION_MAP(dialog->actions), entries, G_N_ELEMENTS(entries),
                                    dialog);
    gtk_widget_init_template(GTK_WIDGET(dialog));
    gtk_expander_set_label(GTK_EXPANDER(dialog->details), _("Det_ails"));
    gtk_widget_insert_action_group(GTK_WIDGET(dialog), "procedure",
                                   G_ACTION_GROUP(dialog->actions));
    tke_ui_prompt_dialog_tell_changes(dialog);
    g_signal_connect(dialog, "delete-event", G_CALLBACK(on_delete), NULL);
}

TkeUiPromptDialog *
tke_ui_prompt_dialog_new(GtkWindow *parent, const char *title, bool rehearsal,
                         const TkeUiPromptDialogFuncs *funcs, void *owner)
{
    g_autofree char *marked =
        rehearsal ? g_strdup_printf(_("%s — REHEARSAL"), title) : g_strdup(title);
    TkeUiPromptDialog *dialog =
        g_object_new(TKE_UI_TYPE_PROMPT_DIALOG, "title", marked, "transient-for", parent, NULL);

    dialog->funcs = funcs;
    dialog->owner = owner;
    gtk_widget_set_visible(dialog->banner, rehearsal);
    tke_ui_focus_keep(GTK_WINDOW(dialog));
    tke_ui_window_size_follow(GTK_WINDOW(dialog), "procedure");
    return dialog;
}
