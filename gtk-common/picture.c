/*
 * Pictures and the style sheet, out of the program itself.
 */
#include "gtk-common/picture.h"

#include <glib/gi18n.h>
#include <string.h>

#define RESOURCES "/org/opentke/common/"

/* What the picture shows. The last character of some names is the reader. */
static char *
dup_words(const char *name)
{
    static const struct {
        const char *name;
        const char *words;
    } pictures[] = {
        { "card-blank", N_("Picture of a blank card") },
        { "card-ca", N_("Picture of a CA card") },
        { "card-ep11", N_("Picture of an EP11 card") },
        { "card-foreign", N_("Picture of a card of another kind") },
        { "card-none", N_("Picture of an empty reader") },
        { "card-trouble", N_("Picture of a card that cannot be read") },
        { "reader-none", N_("Picture of a reader that is missing") },
    };
    unsigned reader = (unsigned) g_ascii_digit_value(name[strlen(name) - 1]);

    for (guint i = 0; i < G_N_ELEMENTS(pictures); i++) {
        if (strcmp(name, pictures[i].name) == 0) {
            return g_strdup(_(pictures[i].words));
        }
    }
    return g_str_has_prefix(name, "insert-")
               ? g_strdup_printf(_("Picture of a card going into reader %u"), reader)
           : g_str_has_prefix(name, "pin-")
               ? g_strdup_printf(_("Picture of the keypad of reader %u, lit"), reader)
           : g_str_has_prefix(name, "remove-")
               ? g_strdup_printf(_("Picture of a card coming out of reader %u"), reader)
               : g_strdup("");
}

void
tke_ui_picture_set(GtkImage *image, const char *name, int width)
{
    g_autofree char *path = g_strdup_printf(RESOURCES "pictures/%s.svg", name);
    int scale = gtk_widget_get_scale_factor(GTK_WIDGET(image));
    g_autoptr(GdkPixbuf) pixbuf =
        gdk_pixbuf_new_from_resource_at_scale(path, width * scale, -1, TRUE, NULL);
    g_autofree char *words = dup_words(name);
    cairo_surface_t *surface = NULL;

    atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(image)), words);
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
