/*
 * The planner of card sets (functions 6.3). What is made is seen in the inventory.
 */
#include "scup/card-set-assistant.h"

#include <glib/gi18n.h>

#include "gtk-common/error-dialog.h"
#include "gtk-common/grid.h"
#include "gtk-common/rehearsal.h"
#include "gtk-common/viewport.h"
#include "libceremony/card-plan-notes.h"
#include "scup/holder-dialog.h"
#include "scup/plan-row.h"
#include "scup/plan-unknown.h"

struct _ScupCardSetAssistant {
    TkeUiPageWindow parent;
    ScupCards *cards;        /* as long as it is open */
    TkeCardPlanNotes *notes; /* NULL: not known yet */
    bool keep;               /* changes are saved */
    bool filling;            /* the numbers are set by us */
    GtkWidget *saved, *banner, *administrators, *parts, *backups, *signatures, *revocations,
        *together, *count, *advice, *list, *ticks, *next;
};

G_DEFINE_FINAL_TYPE(ScupCardSetAssistant, scup_card_set_assistant, TKE_UI_TYPE_PAGE_WINDOW)

static unsigned
value_of(GtkWidget *spin)
{
    return (unsigned) gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(spin));
}

static void
set_value(GtkWidget *spin, unsigned value)
{
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(spin), value);
}

/* The set as it is now; NULL while inventory or notes are not known. */
static GPtrArray *
get_set(ScupCardSetAssistant *assistant)
{
    const GError *error = NULL;
    const TkeInventory *inventory = scup_cards_get_inventory(assistant->cards, &error);
    GPtrArray *set = NULL;

    if (inventory == NULL || assistant->notes == NULL) {
        return NULL;
    }
    set = tke_card_plan_make(&assistant->notes->params, inventory,
                             scup_cards_get_zone(assistant->cards));
    tke_card_plan_notes_apply(assistant->notes, set);
    return set;
}

/* ---- the notes and their file ---- */

typedef struct Job {
    ScupCardSetAssistant *assistant;
    TkeCardPlanNotes *notes;
} Job;

static void
job_free(Job *job)
{
    g_object_unref(job->assistant);
    tke_card_plan_notes_free(job->notes);
    g_free(job);
}

static bool
do_load(TkeOperation *op, gpointer data, GError **error)
{
    Job *job = data;

    job->notes = tke_card_plan_notes_load(tke_operation_get_world(op), error);
    return job->notes != NULL;
}

static bool
do_save(TkeOperation *op, gpointer data, GError **error)
{
    return tke_card_plan_notes_save(((Job *) data)->notes, tke_operation_get_world(op), error);
}

static bool
is_open(ScupCardSetAssistant *assistant)
{
    return tke_ui_page_window_is_open(TKE_UI_PAGE_WINDOW(assistant));
}

static void redraw(ScupCardSetAssistant *assistant);

/* What is remembered would overwrite what somebody enters before it is known. */
static void
enable(ScupCardSetAssistant *assistant, bool enabled)
{
    GtkWidget *const controls[] = { assistant->administrators, assistant->parts,
                                    assistant->backups,        assistant->signatures,
                                    assistant->revocations,    assistant->together };

    for (guint i = 0; i < G_N_ELEMENTS(controls); i++) {
        gtk_widget_set_sensitive(controls[i], enabled);
    }
    if (enabled) {
        gtk_widget_grab_focus(assistant->administrators);
    }
}

/* A file that cannot be read is told and left alone: the plan is not kept then. */
static void
on_loaded(const GError *error, gpointer data)
{
    Job *job = data;
    ScupCardSetAssistant *assistant = job->assistant;

    if (is_open(assistant)) {
        assistant->keep = error == NULL;
        if (error != NULL && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
            tke_ui_error_dialog_show(GTK_WINDOW(assistant), _("The plan cannot be read"), error);
        }
        assistant->notes = error == NULL ? g_steal_pointer(&job->notes) : tke_card_plan_notes_new();
        assistant->filling = true;
        set_value(assistant->administrators, assistant->notes->params.administrators);
        set_value(assistant->parts, assistant->notes->params.parts);
        set_value(assistant->backups, assistant->notes->params.backups);
        set_value(assistant->signatures, assistant->notes->signatures);
        set_value(assistant->revocations, assistant->notes->revocations);
        gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(assistant->together),
                                     assistant->notes->params.together);
        assistant->filling = false;
        enable(assistant, true);
        redraw(assistant);
    }
    job_free(job);
}

static void
on_saved(const GError *error, gpointer data)
{
    Job *job = data;

    if (error != NULL && is_open(job->assistant) &&
        !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        job->assistant->keep = false; /* told once */
        tke_ui_error_dialog_show(GTK_WINDOW(job->assistant), _("The plan was not saved"), error);
    }
    job_free(job);
}

static Job *
job_new(ScupCardSetAssistant *assistant)
{
    Job *job = g_new0(Job, 1);

    job->assistant = g_object_ref(assistant);
    return job;
}

static TkeUiRunner *
runner_of(ScupCardSetAssistant *assistant)
{
    return tke_ui_page_window_get_runner(TKE_UI_PAGE_WINDOW(assistant));
}

static void
keep(ScupCardSetAssistant *assistant)
{
    Job *job;

    if (assistant->keep) {
        job = job_new(assistant);
        job->notes = tke_card_plan_notes_copy(assistant->notes);
        tke_ui_runner_look(runner_of(assistant), do_save, on_saved, job);
    }
}

/* ---- rows ---- */

static void
on_holder(const TkePlanCard *place, const char *holder, const char *stored, gpointer data)
{
    ScupCardSetAssistant *assistant = data;

    tke_card_plan_notes_set(assistant->notes, place, holder, stored);
    keep(assistant);
    redraw(assistant);
}

static void
edit(ScupCardSetAssistant *assistant, GtkWidget *row)
{
    g_autoptr(GPtrArray) set = get_set(assistant);
    int index = gtk_list_box_row_get_index(GTK_LIST_BOX_ROW(row));

    if (set != NULL && index >= 0 && (guint) index < set->len) {
        scup_holder_dialog_show(GTK_WINDOW(assistant), set->pdata[index], on_holder, assistant);
    }
}

static void
on_edit(GtkButton *button, gpointer data)
{
    edit(data, gtk_widget_get_ancestor(GTK_WIDGET(button), GTK_TYPE_LIST_BOX_ROW));
}

static void
on_row_activated(ScupCardSetAssistant *assistant, GtkListBoxRow *row)
{
    edit(assistant, GTK_WIDGET(row));
}

/* The row that has the focus; -1: it is elsewhere. */
static int
find_focus(ScupCardSetAssistant *assistant)
{
    GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(assistant));

    return focus != NULL && GTK_IS_LIST_BOX_ROW(focus)
               ? gtk_list_box_row_get_index(GTK_LIST_BOX_ROW(focus))
               : -1;
}

/* A new row in the place of the one with the focus gets it. A button that went away has lost it
 * too. */
static void
restore_focus(ScupCardSetAssistant *assistant, int index)
{
    GtkListBoxRow *row =
        index >= 0 ? gtk_list_box_get_row_at_index(GTK_LIST_BOX(assistant->list), index) : NULL;

    if (row != NULL) {
        gtk_widget_grab_focus(GTK_WIDGET(row));
    } else if (gtk_window_get_focus(GTK_WINDOW(assistant)) == NULL &&
               gtk_widget_get_mapped(GTK_WIDGET(assistant))) {
        gtk_widget_child_focus(GTK_WIDGET(assistant), GTK_DIR_TAB_FORWARD);
    }
}

/* The item of the menus that does a step, and its words on the button. */
static const struct {
    TkePlanStep step;
    const char *label, *action;
} items[] = {
    { TKE_PLAN_TO_INIT, N_("_Make the CA card"), "app.ca-init" },
    { TKE_PLAN_TO_BACK_UP, N_("Back _up the CA card"), "app.ca-backup" },
    { TKE_PLAN_TO_TEST, N_("_Test the backup"), "app.ca-test" },
    { TKE_PLAN_TO_ENROLL, N_("_Enroll the next card"), "app.ep11-enroll" },
    { TKE_PLAN_TO_PERSONALISE, N_("Give the card its P_IN"), "app.ep11-personalize" },
    { TKE_PLAN_TO_UNBLOCK, N_("_Unblock the card"), "app.ep11-unblock" },
    { TKE_PLAN_TO_CHECK, N_("C_heck the CA card"), "app.card-check" },
};

static void
show_next(ScupCardSetAssistant *assistant, const GPtrArray *set)
{
    const TkePlanCard *next = tke_card_plan_find_next(set);

    for (guint i = 0; next != NULL && i < G_N_ELEMENTS(items); i++) {
        if (items[i].step == next->step) {
            gtk_button_set_label(GTK_BUTTON(assistant->next), _(items[i].label));
            gtk_actionable_set_action_name(GTK_ACTIONABLE(assistant->next), items[i].action);
        }
    }
    gtk_widget_set_visible(assistant->next, next != NULL);
}

static void
show_advice(ScupCardSetAssistant *assistant, const GPtrArray *set)
{
    g_auto(GStrv) advice = tke_card_plan_notes_advice(assistant->notes, set);
    g_autofree char *lines = g_strjoinv("\n", advice);

    gtk_label_set_text(GTK_LABEL(assistant->advice),
                       advice[0] != NULL ? lines
                                         : _("Every key part goes to another person, and backups "
                                             "to another safe."));
}

/* What is to be done with the set as a whole, ticked off as far as cards tell it. */
static void
show_ticks(ScupCardSetAssistant *assistant, const GPtrArray *set)
{
    g_autofree char *text = tke_card_plan_notes_ticks_text(assistant->notes, set);

    gtk_label_set_text(GTK_LABEL(assistant->ticks), text);
}

static void
redraw(ScupCardSetAssistant *assistant)
{
    g_autoptr(GPtrArray) set = get_set(assistant);
    const GError *error = NULL;
    g_autofree char *text = NULL;
    unsigned made = 0;
    unsigned checked = 0;
    int focus = -1;

    (void) scup_cards_get_inventory(assistant->cards, &error);
    scup_plan_unknown_show(GTK_WIDGET(assistant), gtk_widget_get_parent(assistant->list),
                           set == NULL ? error : NULL);
    if (set == NULL && error != NULL) {
        text = scup_plan_unknown_text(error);
        gtk_label_set_text(GTK_LABEL(assistant->count), _("The card inventory cannot be read"));
        gtk_label_set_text(GTK_LABEL(assistant->advice), text);
        gtk_label_set_text(GTK_LABEL(assistant->ticks), ""); /* what they rested on is not known */
        gtk_widget_hide(assistant->next);
    }
    if (set == NULL) {
        return;
    }
    focus = find_focus(assistant);
    for (guint i = 0; i < set->len; i++) {
        const TkePlanCard *place = set->pdata[i];

        scup_plan_row_put(GTK_LIST_BOX(assistant->list), (int) i, place, G_CALLBACK(on_edit),
                          assistant);
        made += tke_card_plan_is_made(place) ? 1 : 0;
        checked += place->step == TKE_PLAN_DONE ? 1 : 0;
    }
    scup_plan_row_remove_from(GTK_LIST_BOX(assistant->list), (int) set->len);
    text = set->len > 0 ? g_strdup_printf(ngettext("%u card, %u made, %u checked",
                                                   "%u cards, %u made, %u checked", set->len),
                                          set->len, made, checked)
                        : g_strdup(_("No such set"));
    gtk_label_set_text(GTK_LABEL(assistant->count), text);
    show_advice(assistant, set);
    show_ticks(assistant, set);
    show_next(assistant, set);
    gtk_widget_show_all(assistant->list);
    restore_focus(assistant, focus);
}

/* A number was changed by somebody. */
static void
on_changed(ScupCardSetAssistant *assistant)
{
    if (assistant->notes == NULL || assistant->filling) {
        return;
    }
    assistant->notes->params = (TkeCardPlanParams){
        .backups = value_of(assistant->backups),
        .administrators = value_of(assistant->administrators),
        .parts = value_of(assistant->parts),
        .together = gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(assistant->together)),
    };
    assistant->notes->signatures = value_of(assistant->signatures);
    assistant->notes->revocations = value_of(assistant->revocations);
    keep(assistant);
    redraw(assistant);
}

/* ---- labels and record ---- */

static char *
dup_labels(ScupCardSetAssistant *assistant)
{
    g_autoptr(GPtrArray) set = get_set(assistant);

    return set != NULL ? tke_card_plan_labels_text(set, tke_ui_rehearsal_is()) : g_strdup("");
}

static void
on_print(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    g_autofree char *labels = dup_labels(data);

    (void) action;
    (void) parameter;
    tke_ui_page_window_print(data, labels);
}

static void
on_pdf(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    g_autofree char *labels = dup_labels(data);

    (void) action;
    (void) parameter;
    tke_ui_page_window_save_pages(data, "card-labels.pdf", labels);
}

static void
on_csv(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    g_autoptr(GPtrArray) set = get_set(data);
    g_autofree char *labels =
        set != NULL ? tke_card_plan_labels_to_csv(set, tke_ui_rehearsal_is()) : g_strdup("");

    (void) action;
    (void) parameter;
    tke_ui_page_window_save(data, _("Save the labels"), "card-labels.csv", labels);
}

static void
on_record(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    ScupCardSetAssistant *assistant = data;
    g_autoptr(GPtrArray) set = get_set(assistant);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *day = g_date_time_format(now, "%x");
    g_autofree char *text =
        set != NULL ? tke_card_plan_notes_record(assistant->notes, set, day, tke_ui_rehearsal_is())
                    : g_strdup("");

    (void) action;
    (void) parameter;
    tke_ui_page_window_save_pages(data, "card-set-record.pdf", text);
}

static void
update(TkeUiPageWindow *page)
{
    redraw(SCUP_CARD_SET_ASSISTANT(page));
}

static void
leave(TkeUiPageWindow *page)
{
    scup_cards_prove(SCUP_CARD_SET_ASSISTANT(page)->cards, false);
}

static void
finalize(GObject *object)
{
    tke_card_plan_notes_free(SCUP_CARD_SET_ASSISTANT(object)->notes);
    G_OBJECT_CLASS(scup_card_set_assistant_parent_class)->finalize(object);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, ScupCardSetAssistant, name)

static void
scup_card_set_assistant_class_init(ScupCardSetAssistantClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    G_OBJECT_CLASS(class)->finalize = finalize;
    TKE_UI_PAGE_WINDOW_CLASS(class)->update = update;
    TKE_UI_PAGE_WINDOW_CLASS(class)->leave = leave;
    g_type_ensure(TKE_UI_TYPE_GRID);
    g_type_ensure(TKE_UI_TYPE_VIEWPORT);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/opentke/scup/card-set-assistant.ui");
    BIND(saved);
    BIND(banner);
    BIND(administrators);
    BIND(parts);
    BIND(backups);
    BIND(signatures);
    BIND(revocations);
    BIND(together);
    BIND(count);
    BIND(advice);
    BIND(ticks);
    BIND(list);
    BIND(next);
    gtk_widget_class_bind_template_callback(widget_class, on_changed);
    gtk_widget_class_bind_template_callback(widget_class, on_row_activated);
}

static void
scup_card_set_assistant_init(ScupCardSetAssistant *assistant)
{
    static const GActionEntry entries[] = {
        { .name = "csv", .activate = on_csv },
        { .name = "pdf", .activate = on_pdf },
        { .name = "print", .activate = on_print },
        { .name = "record", .activate = on_record },
    };
    g_autoptr(GSimpleActionGroup) actions = g_simple_action_group_new();

    g_action_map_add_action_entries(G_ACTION_MAP(actions), entries, G_N_ELEMENTS(entries),
                                    assistant);
    gtk_widget_init_template(GTK_WIDGET(assistant));
    gtk_widget_insert_action_group(GTK_WIDGET(assistant), "plan", G_ACTION_GROUP(actions));
}

void
scup_card_set_assistant_show(GtkWindow *parent, TkeUiRunner *runner, ScupCards *cards,
                             bool rehearsal)
{
    ScupCardSetAssistant *assistant = g_object_new(SCUP_TYPE_CARD_SET_ASSISTANT, NULL);
    const TkeUiPage page = { .parent = parent,
                             .runner = runner,
                             .model = G_OBJECT(cards),
                             .title = _("Plan a card set"),
                             .size_name = "scup-plan",
                             .rehearsal = rehearsal,
                             .banner = assistant->banner,
                             .saved = assistant->saved };

    assistant->cards = cards;
    enable(assistant, false);
    tke_ui_page_window_open(TKE_UI_PAGE_WINDOW(assistant), &page);
    tke_ui_runner_look(runner, do_load, on_loaded, job_new(assistant));
    scup_cards_prove(cards, true); /* each card is ticked off by inserting it */
    gtk_window_present(GTK_WINDOW(assistant));
}
