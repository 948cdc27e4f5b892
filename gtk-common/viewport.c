/*
 * What GTK says of a viewport itself is put right; of what is in it GTK tells the truth.
 */
#include "gtk-common/viewport.h"

#include <gtk/gtk-a11y.h>

struct _TkeUiViewport {
    GtkViewport parent;
};

G_DEFINE_FINAL_TYPE(TkeUiViewport, tke_ui_viewport, GTK_TYPE_VIEWPORT)

typedef struct ViewportAccessible {
    GtkContainerAccessible parent;
} ViewportAccessible;

typedef GtkContainerAccessibleClass ViewportAccessibleClass;

static void viewport_accessible_iface_init(AtkComponentIface *iface);

static GType viewport_accessible_get_type(void);
G_DEFINE_TYPE_WITH_CODE(ViewportAccessible, viewport_accessible, GTK_TYPE_CONTAINER_ACCESSIBLE,
                        G_IMPLEMENT_INTERFACE(ATK_TYPE_COMPONENT, viewport_accessible_iface_init))

static AtkStateSet *
ref_state_set(AtkObject *accessible)
{
    AtkStateSet *states =
        ATK_OBJECT_CLASS(viewport_accessible_parent_class)->ref_state_set(accessible);
    GtkWidget *widget = gtk_accessible_get_widget(GTK_ACCESSIBLE(accessible));

    if (widget != NULL && gtk_widget_get_mapped(widget)) {
        atk_state_set_add_state(states, ATK_STATE_SHOWING);
    }
    return states;
}

static void
get_extents(AtkComponent *component, int *x, int *y, int *width, int *height, AtkCoordType type)
{
    GtkWidget *widget = gtk_accessible_get_widget(GTK_ACCESSIBLE(component));
    GtkAllocation place = { 0 };
    int origin[2] = { 0 };
    int top[2] = { 0 };

    if (widget != NULL && gtk_widget_get_mapped(widget)) {
        GdkWindow *window = gtk_widget_get_parent_window(widget);

        gtk_widget_get_allocation(widget, &place);
        gdk_window_get_origin(window, &origin[0], &origin[1]);
        if (type == ATK_XY_WINDOW) {
            gdk_window_get_origin(gdk_window_get_toplevel(window), &top[0], &top[1]);
        }
    }
    *x = place.x + origin[0] - top[0];
    *y = place.y + origin[1] - top[1];
    *width = place.width;
    *height = place.height;
}

static void
viewport_accessible_iface_init(AtkComponentIface *iface)
{
    iface->get_extents = get_extents;
}

static void
initialize(AtkObject *accessible, gpointer data)
{
    ATK_OBJECT_CLASS(viewport_accessible_parent_class)->initialize(accessible, data);
    accessible->role = ATK_ROLE_VIEWPORT;
}

static void
viewport_accessible_class_init(ViewportAccessibleClass *class)
{
    ATK_OBJECT_CLASS(class)->ref_state_set = ref_state_set;
    ATK_OBJECT_CLASS(class)->initialize = initialize;
}

static void
viewport_accessible_init(ViewportAccessible *accessible)
{
    (void) accessible;
}

/* What has the focus is scrolled into view, as in the viewport that a scrolled window makes by
 * itself. */
static void
notify(GObject *object, GParamSpec *pspec)
{
    GtkScrollable *scrollable = GTK_SCROLLABLE(object);

    gtk_container_set_focus_hadjustment(GTK_CONTAINER(object),
                                        gtk_scrollable_get_hadjustment(scrollable));
    gtk_container_set_focus_vadjustment(GTK_CONTAINER(object),
                                        gtk_scrollable_get_vadjustment(scrollable));
    if (G_OBJECT_CLASS(tke_ui_viewport_parent_class)->notify != NULL) {
        G_OBJECT_CLASS(tke_ui_viewport_parent_class)->notify(object, pspec);
    }
}

static void
tke_ui_viewport_class_init(TkeUiViewportClass *class)
{
    G_OBJECT_CLASS(class)->notify = notify;
    gtk_widget_class_set_accessible_type(GTK_WIDGET_CLASS(class), viewport_accessible_get_type());
}

static void
tke_ui_viewport_init(TkeUiViewport *viewport)
{
    (void) viewport;
}
