/*
 * Buttons that never need more width than there is.
 */
#include "gtk-common/button-row.h"

#include <stdbool.h>

struct _TkeUiButtonRow {
    GtkBox parent;
};

G_DEFINE_FINAL_TYPE(TkeUiButtonRow, tke_ui_button_row, GTK_TYPE_BOX)

/* The children that are shown, from left to right: what is packed at the end comes last. */
static GPtrArray *
list_children(TkeUiButtonRow *row)
{
    g_autoptr(GList) all = gtk_container_get_children(GTK_CONTAINER(row));
    GPtrArray *shown = g_ptr_array_new();
    guint n_start = 0;

    for (GList *item = all; item != NULL; item = item->next) {
        GtkPackType type = GTK_PACK_START;

        gtk_container_child_get(GTK_CONTAINER(row), item->data, "pack-type", &type, NULL);
        if (gtk_widget_get_visible(item->data)) {
            g_ptr_array_insert(shown, (int) n_start, item->data);
            n_start += type == GTK_PACK_START ? 1 : 0;
        }
    }
    return shown;
}

static int
natural_width(GtkWidget *child, int most)
{
    int least = 0;
    int natural = 0;

    gtk_widget_get_preferred_width(child, &least, &natural);
    return MAX(least, MIN(natural, most));
}

static int
natural_height(GtkWidget *child, int width)
{
    int natural = 0;

    gtk_widget_get_preferred_height_for_width(child, width, NULL, &natural);
    return natural;
}

static bool
fits(TkeUiButtonRow *row, int width)
{
    int natural = 0;

    GTK_WIDGET_CLASS(tke_ui_button_row_parent_class)
        ->get_preferred_width(GTK_WIDGET(row), NULL, &natural);
    return width >= natural;
}

/* How many children from first on stand in one row; what it takes. */
static guint
take_row(TkeUiButtonRow *row, GPtrArray *children, guint first, int width, GdkRectangle *size)
{
    const int spacing = gtk_box_get_spacing(GTK_BOX(row));
    guint n = 0;

    *size = (GdkRectangle){ 0 };
    while (first + n < children->len) {
        GtkWidget *child = children->pdata[first + n];
        const int own = natural_width(child, width);
        const int gap = n > 0 ? spacing : 0;

        if (n > 0 && size->width + gap + own > width) {
            break;
        }
        size->width += gap + own;
        size->height = MAX(size->height, natural_height(child, own));
        n++;
    }
    return n;
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
    TkeUiButtonRow *row = TKE_UI_BUTTON_ROW(widget);
    g_autoptr(GPtrArray) children = list_children(row);

    GTK_WIDGET_CLASS(tke_ui_button_row_parent_class)->get_preferred_width(widget, least, natural);
    *least = 0;
    for (guint i = 0; i < children->len; i++) {
        int own = 0;

        gtk_widget_get_preferred_width(children->pdata[i], &own, NULL);
        *least = MAX(*least, own);
    }
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
    TkeUiButtonRow *row = TKE_UI_BUTTON_ROW(widget);
    g_autoptr(GPtrArray) children = list_children(row);
    int height = 0;

    if (fits(row, width)) {
        GTK_WIDGET_CLASS(tke_ui_button_row_parent_class)
            ->get_preferred_height_for_width(widget, width, least, natural);
        return;
    }
    for (guint i = 0; i < children->len;) {
        GdkRectangle size;

        height += i > 0 ? gtk_box_get_spacing(GTK_BOX(row)) / 2 : 0;
        i += take_row(row, children, i, width, &size);
        height += size.height;
    }
    *least = height;
    *natural = height;
}

static void
get_preferred_height(GtkWidget *widget, int *least, int *natural)
{
    int width = 0;

    get_preferred_width(widget, &(int){ 0 }, &width);
    get_preferred_height_for_width(widget, width, least, natural);
}

/* A label takes what the buttons of its row leave. */
static void
place_row(TkeUiButtonRow *row, GPtrArray *children, guint first, guint n, GdkRectangle area,
          int used)
{
    int left = area.width - used;

    for (guint i = first; i < first + n; i++) {
        GtkWidget *child = children->pdata[i];
        GtkAllocation place = { .y = area.y,
                                .width = natural_width(child, area.width),
                                .height = area.height };

        if (i == first && gtk_widget_get_hexpand(child)) {
            place.width += left;
        } else if (i == first) {
            area.x += left;
        }
        place.x = area.x;
        gtk_widget_size_allocate(child, &place);
        area.x += place.width + gtk_box_get_spacing(GTK_BOX(row));
    }
}

static void
size_allocate(GtkWidget *widget, GtkAllocation *allocation)
{
    TkeUiButtonRow *row = TKE_UI_BUTTON_ROW(widget);
    g_autoptr(GPtrArray) children = list_children(row);
    GdkRectangle area = *allocation;

    GTK_WIDGET_CLASS(tke_ui_button_row_parent_class)->size_allocate(widget, allocation);
    if (fits(row, allocation->width)) {
        return;
    }
    for (guint i = 0; i < children->len;) {
        GdkRectangle size;
        const guint n = take_row(row, children, i, allocation->width, &size);

        area.height = size.height;
        place_row(row, children, i, n, area, size.width);
        area.y += size.height + gtk_box_get_spacing(GTK_BOX(row)) / 2;
        i += n;
    }
}

static void
tke_ui_button_row_class_init(TkeUiButtonRowClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    widget_class->get_request_mode = get_request_mode;
    widget_class->get_preferred_width = get_preferred_width;
    widget_class->get_preferred_width_for_height = get_preferred_width_for_height;
    widget_class->get_preferred_height = get_preferred_height;
    widget_class->get_preferred_height_for_width = get_preferred_height_for_width;
    widget_class->size_allocate = size_allocate;
}

static void
tke_ui_button_row_init(TkeUiButtonRow *row)
{
    (void) row;
}
