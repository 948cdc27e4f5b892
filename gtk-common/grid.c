/*
 * The order of a grid's children is that of GtkContainer's forall(), for accessibility and for
 * programs.
 */
#include "gtk-common/grid.h"

G_DEFINE_TYPE(TkeUiGrid, tke_ui_grid, GTK_TYPE_GRID)

static void
take_child(GtkWidget *child, gpointer data)
{
    /* what is in one place: first come, first read */
    g_ptr_array_insert(data, 0, g_object_ref(child));
}

static int
compare_places(gconstpointer a, gconstpointer b, gpointer grid)
{
    GtkWidget *const *children[] = { a, b };
    int place[2][2];

    for (unsigned i = 0; i < 2; i++) {
        gtk_container_child_get(grid, *children[i], "top-attach", &place[i][0], "left-attach",
                                &place[i][1], NULL);
    }
    return place[0][0] != place[1][0] ? place[0][0] - place[1][0] : place[0][1] - place[1][1];
}

static void
forall(GtkContainer *container, gboolean include_internals, GtkCallback callback, gpointer data)
{
    g_autoptr(GPtrArray) children = g_ptr_array_new_with_free_func(g_object_unref);

    GTK_CONTAINER_CLASS(tke_ui_grid_parent_class)
        ->forall(container, include_internals, take_child, children);
    g_ptr_array_sort_with_data(children, compare_places, container);
    for (guint i = 0; i < children->len; i++) {
        callback(children->pdata[i], data);
    }
}

static void
tke_ui_grid_class_init(TkeUiGridClass *class)
{
    GTK_CONTAINER_CLASS(class)->forall = forall;
}

static void
tke_ui_grid_init(TkeUiGrid *grid)
{
    (void) grid;
}

GtkWidget *
tke_ui_grid_new(void)
{
    return g_object_new(TKE_UI_TYPE_GRID, NULL);
}
