/*
 * Rows of the planner.
 */
#include "scup/plan-row.h"

#include <glib/gi18n.h>
#include <stdbool.h>

#include "gtk-common/copy-button.h"
#include "gtk-common/identifiers.h"

#define LINE_CHARS 75 /* look.md: no line wider than 80 */

/* The card that is there; where there is none, what is to be done. */
static char *
dup_detail(const TkePlanCard *place)
{
    const TkeInventoryCard *card = place->card;
    g_autofree char *id = card != NULL ? tke_card_id_text(card->card_id) : NULL;

    return card == NULL                   ? g_strdup(tke_card_plan_step_text(place))
           : card->description[0] != '\0' ? g_strdup_printf("%s · %s", card->description, id)
                                          : g_steal_pointer(&id);
}

/* NULL: neither is noted. */
static char *
dup_holder(const TkePlanCard *place)
{
    return place->holder != NULL && place->stored != NULL
               ? g_strdup_printf(_("Holder: %s · stored at: %s"), place->holder, place->stored)
           : place->holder != NULL ? g_strdup_printf(_("Holder: %s"), place->holder)
           : place->stored != NULL ? g_strdup_printf(_("Stored at: %s"), place->stored)
                                   : NULL;
}

/* What is to be done with the card, what does not count here, who has it: a line each; empty: nothing. */
static char *
dup_more(const TkePlanCard *place)
{
    const char *step = place->card != NULL ? tke_card_plan_step_text(place) : NULL;
    g_autofree char *unfit = tke_card_plan_unfit_text(place);
    g_autofree char *holder = dup_holder(place);
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    g_auto(GStrv) all = NULL;

    if (step != NULL) {
        g_strv_builder_add(lines, step);
    }
    if (unfit != NULL) {
        g_autofree char *line = g_strdup_printf("✗ %s", unfit);

        g_strv_builder_add(lines, line);
    }
    if (holder != NULL) {
        g_strv_builder_add(lines, holder);
    }
    all = g_strv_builder_end(lines);
    return g_strjoinv("\n", all);
}

static GtkWidget *
make_button(const char *label)
{
    GtkWidget *button =
        gtk_button_new_from_icon_name("document-edit-symbolic", GTK_ICON_SIZE_BUTTON);
    g_autofree char *name = g_strdup_printf(_("Holder and place of %s"), label);

    gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
    gtk_widget_set_can_focus(button, FALSE); /* the keyboard activates the row */
    gtk_button_set_relief(GTK_BUTTON(button), GTK_RELIEF_NONE);
    gtk_widget_set_tooltip_text(button, name);
    atk_object_set_name(gtk_widget_get_accessible(button), name);
    return button;
}

static GtkWidget *
make_text(const char *text)
{
    GtkWidget *label = gtk_label_new(NULL);

    tke_ui_identifiers_set_text(GTK_LABEL(label), text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_max_width_chars(GTK_LABEL(label), LINE_CHARS);
    gtk_label_set_selectable(GTK_LABEL(label), TRUE);
    gtk_widget_set_can_focus(label, FALSE); /* the row has it */
    gtk_widget_set_halign(label, GTK_ALIGN_START);
    return label;
}

/* more: lines below; empty: there are none. */
static GtkWidget *
make_words(const char *place, bool made, const char *head, const char *detail, const char *more)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *below = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *title = gtk_label_new(head);
    GtkWidget *card = make_text(detail);
    g_autofree char *what = g_strdup_printf(_("card identifier of %s"), place);

    gtk_label_set_xalign(GTK_LABEL(title), 0);
    gtk_style_context_add_class(gtk_widget_get_style_context(title), "tke-big");
    gtk_widget_set_margin_start(below, 18);
    gtk_container_add(GTK_CONTAINER(below), card);
    if (made) {
        tke_ui_copy_button_add(card, what);
    }
    if (more[0] != '\0') {
        gtk_container_add(GTK_CONTAINER(below), make_text(more));
    }
    gtk_container_add(GTK_CONTAINER(box), title);
    gtk_container_add(GTK_CONTAINER(box), below);
    gtk_widget_set_hexpand(box, TRUE);
    return box;
}

static GtkWidget *
make_row(const TkePlanCard *place, GtkWidget **button)
{
    g_autofree char *label = tke_card_plan_label(place);
    g_autofree char *head =
        g_strdup_printf("%s %s", place->step == TKE_PLAN_DONE ? "✓" : "○", label);
    g_autofree char *detail = dup_detail(place);
    g_autofree char *more = dup_more(place);
    g_autofree char *name =
        g_strdup_printf("%s, %s%s%s", head, detail, more[0] != '\0' ? "\n" : "", more);
    GtkWidget *row = gtk_list_box_row_new();
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);

    *button = make_button(label);
    gtk_container_set_border_width(GTK_CONTAINER(box), 6);
    gtk_container_add(GTK_CONTAINER(box),
                      make_words(label, place->card != NULL, head, detail, more));
    gtk_container_add(GTK_CONTAINER(box), *button);
    gtk_container_add(GTK_CONTAINER(row), box);
    atk_object_set_name(gtk_widget_get_accessible(row), name);
    return row;
}

static bool
says_the_same(GtkWidget *row, GtkWidget *other)
{
    return g_strcmp0(atk_object_get_name(gtk_widget_get_accessible(row)),
                     atk_object_get_name(gtk_widget_get_accessible(other))) == 0;
}

void
scup_plan_row_put(GtkListBox *list, int index, const TkePlanCard *place, GCallback changed,
                  gpointer data)
{
    GtkListBoxRow *before = gtk_list_box_get_row_at_index(list, index);
    GtkWidget *button = NULL;
    GtkWidget *row = g_object_ref_sink(make_row(place, &button));

    if (before == NULL || !says_the_same(GTK_WIDGET(before), row)) {
        if (before != NULL) {
            gtk_widget_destroy(GTK_WIDGET(before));
        }
        g_signal_connect(button, "clicked", changed, data);
        gtk_list_box_insert(list, row, index);
    }
    g_object_unref(row);
}

void
scup_plan_row_remove_from(GtkListBox *list, int index)
{
    GtkListBoxRow *row = NULL;

    while ((row = gtk_list_box_get_row_at_index(list, index)) != NULL) {
        gtk_widget_destroy(GTK_WIDGET(row));
    }
}
