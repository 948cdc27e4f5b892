/*
 * The planner of card sets (functions 6.3). What is made is seen in the inventory.
 */
#include "scup/card-set-assistant.h"

#include <glib/gi18n.h>

#include "gtk-common/container.h"
#include "gtk-common/grid.h"
#include "gtk-common/rehearsal.h"
#include "gtk-common/viewport.h"
#include "gtk-common/window-size.h"
#include "libceremony/card-plan.h"

struct _ScupCardSetAssistant {
    TkeUiPageWindow parent;
    ScupCards *cards; /* as long as it is open; NULL: not known yet */
    GtkWidget *saved, *banner, *administrators, *parts, *backups, *together, *count, *advice, *list, *next;
};

G_DEFINE_FINAL_TYPE(ScupCardSetAssistant, scup_card_set_assistant, TKE_UI_TYPE_PAGE_WINDOW)

static unsigned
value_of(GtkWidget *spin)
{
    return (unsigned) gtk_spin_button_get_value_as_int(GTK_SPIN_BUTTON(spin));
}

static TkeCardPlanParams
get_params(ScupCardSetAssistant *assistant)
{
    return (TkeCardPlanParams){
        .backups = value_of(assistant->backups),
        .administrators = value_of(assistant->administrators),
        .parts = value_of(assistant->parts),
        .together = gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(assistant->together)),
    };
}

/* The set as it is now; NULL while the inventory is not known. */
static GPtrArray *
get_set(ScupCardSetAssistant *assistant)
{
    const TkeCardPlanParams params = get_params(assistant);
    const GError *error = NULL;
    const TkeInventory *inventory = scup_cards_get_inventory(assistant->cards, &error);

    return inventory != NULL
               ? tke_card_plan_make(&params, inventory, scup_cards_get_zone(assistant->cards))
               : NULL;
}

/* What is weak about this set (functions 6.4). */
static const char *
advice_of(const TkeCardPlanParams *params)
{
    if (tke_card_plan_count(params) == 0) {
        return _("On one card there can be a signature key and a key part only if there are as many "
                 "administrators as key parts.");
    }
    if (params->backups == 0) {
        return _("Without backups a lost or blocked card is lost for good: plan at least one of "
                 "each.");
    }
    if (params->administrators == 1) {
        return _("One administrator alone can change the crypto units: two or more make dual "
                 "control possible.");
    }
    if (params->together) {
        return _("Fewer cards, but each holder signs and keeps a part of the master key: separate "
                 "cards for separate people are safer.");
    }
    return _("Every key part goes to another person, and backups to another safe.");
}

/* The keyboard goes from row to row; a screen reader says what is in each. */
static void
add_list_row(ScupCardSetAssistant *assistant, GtkWidget *box, const char *head, const char *detail)
{
    g_autofree char *name = g_strdup_printf("%s, %s", head, detail);
    GtkWidget *row = gtk_list_box_row_new();

    gtk_container_add(GTK_CONTAINER(row), box);
    gtk_list_box_row_set_activatable(GTK_LIST_BOX_ROW(row), FALSE);
    atk_object_set_name(gtk_widget_get_accessible(row), name);
    gtk_container_add(GTK_CONTAINER(assistant->list), row);
}

static void
add_row(ScupCardSetAssistant *assistant, const TkePlanCard *place)
{
    g_autofree char *name = tke_card_plan_label(place);
    g_autofree char *id = place->card != NULL ? tke_card_id_text(place->card->card_id) : NULL;
    bool done = place->step == TKE_PLAN_DONE;
    g_autofree char *head = g_strdup_printf("%s %s", done ? "✓" : "○", name);
    g_autofree char *detail =
        place->card == NULL ? g_strdup(tke_card_plan_step_text(place))
        : done              ? g_strdup_printf("%s · %s", place->card->description, id)
               : g_strdup_printf("%s · %s: %s", place->card->description, id,
                                 tke_card_plan_step_text(place));
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *title = gtk_label_new(head);
    GtkWidget *text = gtk_label_new(NULL);
    g_autofree char *unfit = tke_card_plan_unfit_text(place);
    g_autofree char *both =
        unfit != NULL ? g_strdup_printf("%s\n✗ %s", detail, unfit) : g_strdup(detail);

    gtk_label_set_text(GTK_LABEL(text), both);
    gtk_label_set_xalign(GTK_LABEL(title), 0);
    gtk_label_set_xalign(GTK_LABEL(text), 0);
    gtk_label_set_line_wrap(GTK_LABEL(text), TRUE);
    gtk_style_context_add_class(gtk_widget_get_style_context(title), "tke-big");
    gtk_widget_set_margin_start(text, 18);
    gtk_container_set_border_width(GTK_CONTAINER(box), 6);
    gtk_container_add(GTK_CONTAINER(box), title);
    gtk_container_add(GTK_CONTAINER(box), text);
    add_list_row(assistant, box, head, detail);
}

/* What scup itself can do about a step; NULL: it is done elsewhere, or by inserting the card. */
static const char *
action_for(const TkePlanCard *place, const char **label)
{
    bool ca = place->kind == TKE_PLAN_CARD_CA;

    switch (place->step) {
    case TKE_PLAN_TO_INIT:
        *label = _("_Make the CA card");
        return "app.ca-init";
    case TKE_PLAN_TO_BACK_UP:
        *label = _("_Back up the CA card");
        return "app.ca-backup";
    case TKE_PLAN_TO_TEST:
        *label = _("_Test the backup");
        return "app.ca-test";
    case TKE_PLAN_TO_ENROLL:
        *label = _("_Enroll the next card");
        return "app.ep11-enroll";
    case TKE_PLAN_TO_PERSONALISE:
        *label = _("Give the card its P_IN");
        return "app.ep11-personalize";
    case TKE_PLAN_TO_UNBLOCK:
        *label = _("_Unblock the card");
        return ca ? NULL : "app.ep11-unblock";
    case TKE_PLAN_TO_CHECK:
        *label = _("Chec_k the CA card");
        return ca ? "app.card-check" : NULL;
    case TKE_PLAN_TO_GENERATE:
    case TKE_PLAN_TO_COPY:
    case TKE_PLAN_NOT_GENUINE:
    case TKE_PLAN_DONE:
    default:
        return NULL;
    }
}

/* The button for the first open place whose step is one of scup's. */
static void
show_next(ScupCardSetAssistant *assistant, const GPtrArray *set)
{
    const char *action = NULL;
    const char *label = NULL;

    for (guint i = 0; action == NULL && i < set->len; i++) {
        action = action_for(set->pdata[i], &label);
    }
    gtk_widget_set_visible(assistant->next, action != NULL);
    if (action != NULL) {
        gtk_button_set_label(GTK_BUTTON(assistant->next), label);
        gtk_actionable_set_action_name(GTK_ACTIONABLE(assistant->next), action);
    }
}

/* Where the numbers are remembered: those of a rehearsal are no plan of real work. */
static const char *
memory(void)
{
    return tke_ui_rehearsal_is() ? "scup-plan-rehearsal" : "scup-plan";
}

static void
recall(ScupCardSetAssistant *assistant)
{
    const TkeCardPlanParams usual = get_params(assistant);

    gtk_spin_button_set_value(
        GTK_SPIN_BUTTON(assistant->administrators),
        tke_ui_window_size_recall(memory(), "administrators", (int) usual.administrators));
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(assistant->parts),
                              tke_ui_window_size_recall(memory(), "parts", (int) usual.parts));
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(assistant->backups),
                              tke_ui_window_size_recall(memory(), "backups", (int) usual.backups));
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(assistant->together),
                                 tke_ui_window_size_recall(memory(), "together", usual.together));
}

static void
remember(const TkeCardPlanParams *params)
{
    tke_ui_window_size_note(memory(), "administrators", (int) params->administrators);
    tke_ui_window_size_note(memory(), "parts", (int) params->parts);
    tke_ui_window_size_note(memory(), "backups", (int) params->backups);
    tke_ui_window_size_note(memory(), "together", params->together);
}

static void
on_changed(ScupCardSetAssistant *assistant)
{
    const TkeCardPlanParams params = get_params(assistant);
    g_autoptr(GPtrArray) set = assistant->cards != NULL ? get_set(assistant) : NULL;
    g_autofree char *text = NULL;
    unsigned made = 0;
    unsigned checked = 0;

    if (assistant->cards != NULL) {
        remember(&params);
    }
    if (set == NULL) {
        return;
    }
    tke_ui_container_clear(assistant->list);
    for (guint i = 0; i < set->len; i++) {
        const TkePlanCard *place = set->pdata[i];

        add_row(assistant, place);
        made += tke_card_plan_is_made(place) ? 1 : 0;
        checked += place->step == TKE_PLAN_DONE ? 1 : 0;
    }
    text = set->len > 0 ? g_strdup_printf(ngettext("%u card, %u made, %u checked",
                                                   "%u cards, %u made, %u checked", set->len),
                                          set->len, made, checked)
                        : g_strdup(_("No such set"));
    gtk_label_set_text(GTK_LABEL(assistant->count), text);
    gtk_label_set_text(GTK_LABEL(assistant->advice), advice_of(&params));
    show_next(assistant, set);
    gtk_widget_show_all(assistant->list);
}

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
update(TkeUiPageWindow *page)
{
    on_changed(SCUP_CARD_SET_ASSISTANT(page));
}

static void
leave(TkeUiPageWindow *page)
{
    scup_cards_prove(SCUP_CARD_SET_ASSISTANT(page)->cards, false);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, ScupCardSetAssistant, name)

static void
scup_card_set_assistant_class_init(ScupCardSetAssistantClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

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
    BIND(together);
    BIND(count);
    BIND(advice);
    BIND(list);
    BIND(next);
    gtk_widget_class_bind_template_callback(widget_class, on_changed);
}

static void
scup_card_set_assistant_init(ScupCardSetAssistant *assistant)
{
    static const GActionEntry entries[] = {
        { .name = "csv", .activate = on_csv },
        { .name = "pdf", .activate = on_pdf },
        { .name = "print", .activate = on_print },
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

    recall(assistant); /* before the cards are known: nothing is shown or noted yet */
    assistant->cards = cards;
    tke_ui_page_window_open(TKE_UI_PAGE_WINDOW(assistant), &page);
    on_changed(assistant);
    scup_cards_prove(cards, true); /* each card is ticked off by inserting it */
    gtk_window_present(GTK_WINDOW(assistant));
}
