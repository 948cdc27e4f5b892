/*
 * Fields of a form. Only the form knows what they mean.
 */
#include "gtk-common/form-grid.h"

#include <glib/gi18n.h>

#include "gtk-common/container.h"
#include "gtk-common/identifiers.h"
#include "libsmartcard/card-identity.h"

struct _TkeUiFormGrid {
    TkeUiGrid parent;
    TkeUiForm *form;
    GPtrArray *controls; /* GtkWidget of each field; the first button of a choice */
    bool asked_again;    /* an empty description was pointed out */
};

G_DEFINE_FINAL_TYPE(TkeUiFormGrid, tke_ui_form_grid, TKE_UI_TYPE_GRID)

static guint changed_signal;

static void
tell(TkeUiFormGrid *grid)
{
    g_signal_emit(grid, changed_signal, 0);
}

static unsigned
chosen_of(GtkWidget *first)
{
    GSList *group = gtk_radio_button_get_group(GTK_RADIO_BUTTON(first)); /* last one first */
    unsigned n = g_slist_length(group);

    for (unsigned i = 0; i < n; i++) {
        if (gtk_toggle_button_get_active(g_slist_nth_data(group, i))) {
            return n - 1 - i;
        }
    }
    return 0;
}

/* The control of a field; NULL: the grid has none. */
static GtkWidget *
control_of(TkeUiFormGrid *grid, const char *id)
{
    for (guint i = 0; i < grid->controls->len; i++) {
        const TkeUiField *field = g_ptr_array_index(grid->form->fields, i);

        if (g_strcmp0(field->id, id) == 0) {
            return g_ptr_array_index(grid->controls, i);
        }
    }
    return NULL;
}

/* What the description that belongs to a choice is now, of the option that is chosen. */
static const char *
text_now(TkeUiFormGrid *grid, const TkeUiField *field)
{
    GtkWidget *choice = control_of(grid, field->of);

    return tke_ui_form_get_text_of(grid->form, field->id, choice != NULL ? chosen_of(choice) : 0);
}

/* Another option is chosen: descriptions that belong to it show its own. */
static void
on_chosen(GtkToggleButton *button, gpointer data)
{
    TkeUiFormGrid *grid = data;

    if (!gtk_toggle_button_get_active(button) || grid->form == NULL) {
        return;
    }
    for (guint i = 0; i < grid->controls->len; i++) {
        const TkeUiField *field = g_ptr_array_index(grid->form->fields, i);

        if (field->of != NULL) {
            gtk_entry_set_text(g_ptr_array_index(grid->controls, i), text_now(grid, field));
        }
    }
    tell(grid);
}

static GtkWidget *
make_entry(TkeUiField *field)
{
    GtkWidget *entry = gtk_entry_new();

    gtk_entry_set_text(GTK_ENTRY(entry), field->text);
    gtk_entry_set_width_chars(GTK_ENTRY(entry), TKE_CARD_TEXT_MAX / 2); /* in a small window */
    gtk_entry_set_max_width_chars(GTK_ENTRY(entry), TKE_CARD_TEXT_MAX);
    gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
    gtk_widget_set_hexpand(entry, TRUE);
    return entry;
}

/* Its words, identifiers among them. */
static void
wrap(GtkWidget *button)
{
    GtkLabel *label = GTK_LABEL(gtk_bin_get_child(GTK_BIN(button)));
    g_autoptr(PangoAttrList) marks = tke_ui_identifiers_attributes(gtk_label_get_text(label));

    gtk_label_set_attributes(label, marks); /* a new text would end its key */
    gtk_label_set_line_wrap(label, TRUE);
}

/* The first button; the others are in its group and stand below it. */
static GtkWidget *
make_choice(TkeUiFormGrid *grid, TkeUiField *field, GtkWidget *box)
{
    GtkWidget *first = NULL;

    for (unsigned i = 0; field->options[i] != NULL; i++) {
        GtkWidget *button = gtk_radio_button_new_with_mnemonic_from_widget(GTK_RADIO_BUTTON(first),
                                                                           field->options[i]);

        wrap(button);
        gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(button), i == field->chosen);
        g_signal_connect(button, "toggled", G_CALLBACK(on_chosen), grid);
        gtk_container_add(GTK_CONTAINER(box), button);
        first = first != NULL ? first : button;
    }
    return first;
}

/* The key of a choice leads to what is chosen, and chooses nothing else. */
static gboolean
on_choice_key(GtkWidget *label, gboolean again, gpointer data)
{
    GSList *group = gtk_radio_button_get_group(GTK_RADIO_BUTTON(data));

    (void) label;
    (void) again;
    for (; group != NULL; group = group->next) {
        if (gtk_toggle_button_get_active(group->data)) {
            gtk_widget_grab_focus(group->data);
        }
    }
    return TRUE;
}

static void
add_check(TkeUiFormGrid *grid, TkeUiField *field, int row)
{
    GtkWidget *control = gtk_check_button_new_with_mnemonic(field->label);

    wrap(control);
    gtk_grid_attach(GTK_GRID(grid), control, 0, row, 2, 1);
    g_ptr_array_add(grid->controls, control);
}

static void
add_field(TkeUiFormGrid *grid, TkeUiField *field, int row)
{
    GtkWidget *label = gtk_label_new_with_mnemonic(field->mnemonic);
    GtkWidget *control;
    GtkWidget *shown;

    if (field->kind == TKE_UI_FIELD_CHOICE) {
        shown = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
        control = make_choice(grid, field, shown);
        gtk_widget_set_valign(label, GTK_ALIGN_START);
        g_signal_connect(label, "mnemonic-activate", G_CALLBACK(on_choice_key), control);
    } else {
        shown = control = make_entry(field);
        g_signal_connect_swapped(control, "changed", G_CALLBACK(tell), grid);
    }
    gtk_label_set_mnemonic_widget(GTK_LABEL(label), control);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    atk_object_set_name(gtk_widget_get_accessible(shown), field->label);
    gtk_grid_attach(GTK_GRID(grid), label, 0, row, 1, 1);
    gtk_grid_attach(GTK_GRID(grid), shown, 1, row, 1, 1);
    g_ptr_array_add(grid->controls, control);
}

void
tke_ui_form_grid_set_form(TkeUiFormGrid *grid, TkeUiForm *form)
{
    tke_ui_container_clear(GTK_WIDGET(grid));
    g_ptr_array_set_size(grid->controls, 0);
    grid->form = form;
    grid->asked_again = false;
    for (guint i = 0; form != NULL && i < form->fields->len; i++) {
        TkeUiField *field = g_ptr_array_index(form->fields, i);

        (field->kind == TKE_UI_FIELD_CHECK ? add_check : add_field)(grid, field, (int) i);
    }
    gtk_widget_show_all(GTK_WIDGET(grid));
    if (grid->controls->len > 0) {
        gtk_widget_grab_focus(g_ptr_array_index(grid->controls, 0));
    }
}

bool
tke_ui_form_grid_is_ready(TkeUiFormGrid *grid)
{
    bool ready = grid->form == NULL || !grid->form->change;

    for (guint i = 0; !ready && i < grid->controls->len; i++) {
        const TkeUiField *field = g_ptr_array_index(grid->form->fields, i);

        ready =
            field->of != NULL && g_strcmp0(gtk_entry_get_text(g_ptr_array_index(grid->controls, i)),
                                           text_now(grid, field)) != 0;
    }
    return ready;
}

static bool
take_description(TkeUiFormGrid *grid, TkeUiField *field, GtkEntry *entry, bool *empty, char **wrong)
{
    g_free(field->text);
    field->text = g_strdup(gtk_entry_get_text(entry));
    *empty = *empty || field->text[0] == '\0';
    if (tke_card_text_is_description(field->text)) {
        return true;
    }
    *wrong = tke_ui_form_wrong_description(field->label, field->text);
    gtk_widget_grab_focus(GTK_WIDGET(entry));
    (void) grid;
    return false;
}

bool
tke_ui_form_grid_take(TkeUiFormGrid *grid, char **wrong)
{
    bool empty = false;

    for (guint i = 0; i < grid->controls->len; i++) {
        TkeUiField *field = g_ptr_array_index(grid->form->fields, i);
        GtkWidget *control = g_ptr_array_index(grid->controls, i);

        if (field->kind == TKE_UI_FIELD_CHECK) {
            field->checked = gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(control));
        } else if (field->kind == TKE_UI_FIELD_CHOICE) {
            field->chosen = chosen_of(control);
        } else if (!take_description(grid, field, GTK_ENTRY(control), &empty, wrong)) {
            return false;
        }
    }
    if (empty && !grid->asked_again) {
        grid->asked_again = true;
        *wrong = g_strdup(_("A description is empty. People tell cards apart by it; go on once "
                            "more to leave it empty."));
        return false;
    }
    return true;
}

static void
finalize(GObject *object)
{
    g_ptr_array_unref(TKE_UI_FORM_GRID(object)->controls);
    G_OBJECT_CLASS(tke_ui_form_grid_parent_class)->finalize(object);
}

static void
tke_ui_form_grid_class_init(TkeUiFormGridClass *class)
{
    G_OBJECT_CLASS(class)->finalize = finalize;
    changed_signal = g_signal_new("changed", TKE_UI_TYPE_FORM_GRID, G_SIGNAL_RUN_LAST, 0, NULL,
                                  NULL, NULL, G_TYPE_NONE, 0);
}

static void
tke_ui_form_grid_init(TkeUiFormGrid *grid)
{
    grid->controls = g_ptr_array_new();
    gtk_grid_set_row_spacing(GTK_GRID(grid), 6);
    gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
}

GtkWidget *
tke_ui_form_grid_new(void)
{
    return g_object_new(TKE_UI_TYPE_FORM_GRID, NULL);
}
