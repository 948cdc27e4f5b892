/*
 * Pictures and the style sheet, out of the program itself.
 */
#include "gtk-common/picture.h"

#define RESOURCES "/org/opentke/common/"

void
tke_ui_picture_set(GtkImage *image, const char *name, int width)
{
    g_autofree char *path = g_strdup_printf(RESOURCES "pictures/%s.svg", name);
    int scale = gtk_widget_get_scale_factor(GTK_WIDGET(image));
    g_autoptr(GdkPixbuf) pixbuf =
        gdk_pixbuf_new_from_resource_at_scale(path, width * scale, -1, TRUE, NULL);
    cairo_surface_t *surface = NULL;

    if (pixbuf == NULL) {
        gtk_image_clear(image); /* no SVG loader: the words say it all */
        return;
    }
    surface = gdk_cairo_surface_create_from_pixbuf(pixbuf, scale, NULL);
    gtk_image_set_from_surface(image, surface);
    cairo_surface_destroy(surface);
}

void
tke_ui_picture_load_style(void)
{
    static bool loaded = false;
    g_autoptr(GtkCssProvider) provider = NULL;

    if (!loaded) {
        loaded = true;
        provider = gtk_css_provider_new();
        gtk_css_provider_load_from_resource(provider, RESOURCES "style.css");
        gtk_style_context_add_provider_for_screen(gdk_screen_get_default(),
                                                  GTK_STYLE_PROVIDER(provider),
                                                  GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
    }
}
