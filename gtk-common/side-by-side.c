/*
 * Panes that make do with little width.
 */
#include "gtk-common/side-by-side.h"

#include <stdbool.h>

#define LEAST_WIDTH 360 /* of a child beside another one */

struct _TkeUiSideBySide {
    GtkBox parent;
    bool below; /* each other */
};

G_DEFINE_FINAL_TYPE(TkeUiSideBySide, tke_ui_side_by_side, GTK_TYPE_BOX)

typedef struct Needs {
    int width; /* the greatest least one of a child */
    int n;
} Needs;

static void
add_needs(GtkWidget *child, gpointer data)
{
    Needs *needs = data;
    int least = 0;

    if (gtk_widget_get_visible(child)) {
        gtk_widget_get_preferred_width(child, &least, NULL);
        needs->width = MAX(needs->width, least);
        needs->n++;
    }
}

static Needs
get_needs(GtkWidget *box)
{
    Needs needs = { 0 };

    gtk_container_foreach(GTK_CONTAINER(box), add_needs, &needs);
    return needs;
}

static bool
fits(GtkWidget *box, int width)
{
    const Needs needs = get_needs(box);

    return width >= needs.n * MAX(needs.width, LEAST_WIDTH);
}

static GtkSizeRequestMode
get_request_mode(GtkWidget *widget)
{
    (void) widget;
    return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
get_preferred_width(GtkWidget *widget, int *least, int *natural)
{
    GTK_WIDGET_CLASS(tke_ui_side_by_side_parent_class)->get_preferred_width(widget, least, natural);
    *least = get_needs(widget).width;
}

static void
get_preferred_width_for_height(GtkWidget *widget, int height, int *least, int *natural)
{
    (void) height;
    get_preferred_width(widget, least, natural);
}

static void
get_preferred_height_for_width(GtkWidget *widget, int width, int *least, int *natural)
{
    g_autoptr(GList) children = gtk_container_get_children(GTK_CONTAINER(widget));

    if (fits(widget, width)) {
        GTK_WIDGET_CLASS(tke_ui_side_by_side_parent_class)
            ->get_preferred_height_for_width(widget, width, least, natural);
        return;
    }
    *natural = 0;
    for (GList *item = children; item != NULL; item = item->next) {
        int height = 0;

        gtk_widget_get_preferred_height_for_width(item->data, width, NULL, &height);
        *natural += height;
    }
    *least = *natural;
}

static void
get_preferred_height(GtkWidget *widget, int *least, int *natural)
{
    GTK_WIDGET_CLASS(tke_ui_side_by_side_parent_class)
        ->get_preferred_height(widget, least, natural);
}

static void
size_allocate(GtkWidget *widget, GtkAllocation *allocation)
{
    g_autoptr(GList) children = gtk_container_get_children(GTK_CONTAINER(widget));
    GtkAllocation place = *allocation;

    GTK_WIDGET_CLASS(tke_ui_side_by_side_parent_class)->size_allocate(widget, allocation);
    TKE_UI_SIDE_BY_SIDE(widget)->below = !fits(widget, allocation->width);
    for (GList *item = TKE_UI_SIDE_BY_SIDE(widget)->below ? children : NULL; item != NULL;
         item = item->next) {
        gtk_widget_get_preferred_height_for_width(item->data, place.width, NULL, &place.height);
        gtk_widget_size_allocate(item->data, &place);
        place.y += place.height;
    }
}

/* A line between one child and the next. */
static gboolean
draw(GtkWidget *widget, cairo_t *cr)
{
    g_autoptr(GList) children = gtk_container_get_children(GTK_CONTAINER(widget));
    GtkAllocation own;
    GdkRGBA colour = { 0 };

    gtk_style_context_lookup_color(gtk_widget_get_style_context(widget), "borders", &colour);
    gdk_cairo_set_source_rgba(cr, &colour);
    gtk_widget_get_allocation(widget, &own);
    for (GList *item = children != NULL ? children->next : NULL; item != NULL; item = item->next) {
        const bool below = TKE_UI_SIDE_BY_SIDE(widget)->below;
        GtkAllocation place;

        gtk_widget_get_allocation(item->data, &place);
        cairo_rectangle(cr, place.x - own.x, place.y - own.y, below ? place.width : 1,
                        below ? 1 : place.height);
        cairo_fill(cr);
    }
    return GTK_WIDGET_CLASS(tke_ui_side_by_side_parent_class)->draw(widget, cr);
}

static void
tke_ui_side_by_side_class_init(TkeUiSideBySideClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    widget_class->get_request_mode = get_request_mode;
    widget_class->get_preferred_width = get_preferred_width;
    widget_class->get_preferred_width_for_height = get_preferred_width_for_height;
    widget_class->get_preferred_height = get_preferred_height;
    widget_class->get_preferred_height_for_width = get_preferred_height_for_width;
    widget_class->size_allocate = size_allocate;
    widget_class->draw = draw;
}

static void
tke_ui_side_by_side_init(TkeUiSideBySide *box)
{
    (void) box;
}
