/*
 * A card in the box of the virtual desk.
 */
#include "simulator/desk-card.h"

#include <string.h>

struct _SimDeskCardView {
    GtkToggleButton parent_instance;
    GtkWidget *picture;
    const SimDeskCard *card;
    SimDeskSide side;
    char *shown; /* all that the picture depends on */
};

G_DEFINE_TYPE(SimDeskCardView, sim_desk_card_view, GTK_TYPE_TOGGLE_BUTTON)

static const GtkTargetEntry targets[] = {
    { (char *) SIM_DESK_DRAG_TARGET, GTK_TARGET_SAME_APP, 0 },
};

/* ---- dragging, also out of readers ---- */

typedef const SimDeskCard *(*CardOf)(GtkWidget *widget);

#define CARD_OF_KEY "tke-desk-card-of"

static const SimDeskCard *
card_of(GtkWidget *widget)
{
    CardOf card = *(CardOf *) g_object_get_data(G_OBJECT(widget), CARD_OF_KEY);

    return card(widget);
}

static void
on_drag_begin(GtkWidget *widget, GdkDragContext *context, gpointer data)
{
    const SimDeskCard *card = card_of(widget);
    cairo_surface_t *surface = NULL;

    (void) data;
    if (card == NULL) {
        gtk_drag_cancel(context);
        return;
    }
    surface = sim_desk_draw_surface(widget, card, SIM_DESK_FRONT);
    cairo_surface_set_device_offset(surface, -SIM_DESK_CARD_WIDTH / 2.0,
                                    -SIM_DESK_CARD_HEIGHT / 2.0);
    gtk_drag_set_icon_surface(context, surface);
    cairo_surface_destroy(surface);
}

static void
on_drag_data_get(GtkWidget *widget, GdkDragContext *context, GtkSelectionData *selection,
                 guint info, guint when, gpointer data)
{
    const SimDeskCard *card = card_of(widget);

    (void) context;
    (void) info;
    (void) when;
    (void) data;
    if (card != NULL) {
        gtk_selection_data_set(selection, gtk_selection_data_get_target(selection), 8,
                               (const guchar *) card->label, (gint) strlen(card->label));
    }
}

void
sim_desk_card_drag_source(GtkWidget *widget, CardOf card)
{
    CardOf *kept = g_new(CardOf, 1);

    *kept = card;
    g_object_set_data_full(G_OBJECT(widget), CARD_OF_KEY, kept, g_free);
    gtk_drag_source_set(widget, GDK_BUTTON1_MASK, targets, G_N_ELEMENTS(targets), GDK_ACTION_MOVE);
    g_signal_connect(widget, "drag-begin", G_CALLBACK(on_drag_begin), NULL);
    g_signal_connect(widget, "drag-data-get", G_CALLBACK(on_drag_data_get), NULL);
}

static void
on_drag_data_received(GtkWidget *widget, GdkDragContext *context, gint x, gint y,
                      GtkSelectionData *selection, guint info, guint when, gpointer data)
{
    GActionGroup *actions = gtk_widget_get_action_group(gtk_widget_get_toplevel(widget), "desk");
    const guchar *bytes = gtk_selection_data_get_data(selection);
    const gint len = gtk_selection_data_get_length(selection);

    (void) context;
    (void) x;
    (void) y;
    (void) info;
    (void) when;
    if (actions != NULL && bytes != NULL && len > 0) {
        g_autofree char *label = g_strndup((const char *) bytes, (gsize) len);

        g_action_group_activate_action(actions, "put",
                                       g_variant_new("(su)", label, GPOINTER_TO_UINT(data)));
    }
}

void
sim_desk_card_drop_target(GtkWidget *widget, unsigned reader)
{
    gtk_drag_dest_set(widget, GTK_DEST_DEFAULT_ALL, targets, G_N_ELEMENTS(targets),
                      GDK_ACTION_MOVE);
    g_signal_connect(widget, "drag-data-received", G_CALLBACK(on_drag_data_received),
                     GUINT_TO_POINTER(reader));
}

/* ---- the card ---- */

static gboolean
draw_picture(GtkWidget *picture, cairo_t *cr, gpointer data)
{
    const SimDeskCardView *view = data;

    if (view->card != NULL) {
        sim_desk_draw_card(picture, cr, view->card, view->side);
    }
    return TRUE;
}

static const SimDeskCard *
get_card(GtkWidget *widget)
{
    return SIM_DESK_CARD_VIEW(widget)->card;
}

static void
finalize(GObject *object)
{
    g_free(SIM_DESK_CARD_VIEW(object)->shown);
    G_OBJECT_CLASS(sim_desk_card_view_parent_class)->finalize(object);
}

static void
sim_desk_card_view_class_init(SimDeskCardViewClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = finalize;
}

static void
sim_desk_card_view_init(SimDeskCardView *view)
{
    view->picture = gtk_drawing_area_new();
    gtk_widget_set_size_request(view->picture, SIM_DESK_CARD_WIDTH, SIM_DESK_CARD_HEIGHT);
    gtk_widget_set_halign(view->picture, GTK_ALIGN_CENTER);
    gtk_widget_set_valign(view->picture, GTK_ALIGN_CENTER);
    g_signal_connect(view->picture, "draw", G_CALLBACK(draw_picture), view);
    gtk_container_add(GTK_CONTAINER(view), view->picture);
    gtk_widget_show(view->picture);
    gtk_style_context_add_class(gtk_widget_get_style_context(GTK_WIDGET(view)), "desk-card");
    sim_desk_card_drag_source(GTK_WIDGET(view), get_card);
}

GtkWidget *
sim_desk_card_view_new(void)
{
    return g_object_new(SIM_DESK_TYPE_CARD_VIEW, NULL);
}

void
sim_desk_card_view_set(SimDeskCardView *view, const SimDeskCard *card, SimDeskSide side)
{
    g_autofree char *details = sim_desk_card_dup_details(card);
    g_autofree char *shown =
        g_strdup_printf("%d %s %s\n%s", side, card->label, card->front, details);
    AtkObject *accessible = gtk_widget_get_accessible(GTK_WIDGET(view));

    view->card = card;
    view->side = side;
    if (g_strcmp0(shown, view->shown) != 0) {
        g_autofree char *name = sim_desk_card_dup_name(card);

        g_free(view->shown);
        view->shown = g_steal_pointer(&shown);
        gtk_actionable_set_action_target(GTK_ACTIONABLE(view), "s", card->label);
        gtk_actionable_set_action_name(GTK_ACTIONABLE(view), "desk.card");
        gtk_widget_set_tooltip_text(GTK_WIDGET(view), details);
        atk_object_set_name(accessible, name);
        atk_object_set_description(accessible, details);
        gtk_widget_queue_draw(view->picture);
    }
}

const char *
sim_desk_card_view_get_label(const SimDeskCardView *view)
{
    return view->card == NULL ? NULL : view->card->label;
}
