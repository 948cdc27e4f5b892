/*
 * An EP11 card: zone, PIN, administrator, key parts (functions 2.11).
 */
#include "scup/ep11-card-view.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gtk-common/copy-button.h"
#include "gtk-common/grid.h"
#include "gtk-common/identifiers.h"
#include "gtk-common/picture.h"
#include "scup/card-text.h"

#define PICTURE_WIDTH 130

struct _ScupEp11CardView {
    GtkBox parent;
    GtkWidget *picture, *kind, *description, *card_id, *zone, *pin, *admin, *ski, *count,
        *parts_window;
    GtkListStore *parts_store;
};

G_DEFINE_FINAL_TYPE(ScupEp11CardView, scup_ep11_card_view, GTK_TYPE_BOX)

static void
set(GtkWidget *label, const char *text)
{
    gtk_label_set_text(GTK_LABEL(label), text);
}

static void
set_head(ScupEp11CardView *view, const TkeCardStatus *status)
{
    g_autofree char *id = tke_card_id_text(status->card_id);

    tke_ui_picture_set(GTK_IMAGE(view->picture), scup_card_text_picture(status), PICTURE_WIDTH);
    set(view->kind, scup_card_text_kind(status));
    set(view->description, scup_card_text_description(status));
    set(view->card_id, id);
}

/* The zone, and whether it is that of the CA card in the other reader. */
static char *
zone_text(const TkeCardStatus *status, const uint8_t *zone)
{
    g_autofree char *text = scup_card_text_zone(status);

    if (text == NULL) {
        return g_strdup(_("none"));
    }
    if (zone == NULL) {
        return g_steal_pointer(&text);
    }
    return memcmp(zone, status->zone_id, sizeof status->zone_id) == 0
               ? g_strdup_printf(_("%s  ✓ same zone"), text)
               : g_strdup_printf(_("%s  ✗ another zone than the CA card"), text);
}

static void
fill_parts(ScupEp11CardView *view, const TkeKeyPartList *parts)
{
    GtkListStore *store = view->parts_store;

    gtk_list_store_clear(store);
    for (unsigned i = 0; i < parts->n; i++) {
        const TkeKeyPart *part = &parts->parts[i];
        g_autofree char *pattern = scup_card_text_groups(part->vp, 8, 4);

        gtk_list_store_insert_with_values(store, NULL, -1, 0, (guint) part->place, 1,
                                          part->description, 2, pattern, 3,
                                          tke_ep11_card_origin_text(part->origin), -1);
    }
    gtk_widget_set_visible(view->parts_window, parts->n > 0);
}

void
scup_ep11_card_view_set(ScupEp11CardView *view, const TkeCardInfo *info, const uint8_t *zone)
{
    const TkeCardStatus *status = &info->status;
    g_autofree char *zone_line = zone_text(status, zone);
    g_autofree char *pin = scup_card_text_pin(status, 0);
    g_autofree char *ski = scup_card_text_groups(status->ski, sizeof status->ski, 8);
    g_autofree char *count =
        g_strdup_printf(_("%u of %u places used"), status->n_parts, status->n_places);

    set_head(view, status);
    tke_ui_identifiers_set_text(GTK_LABEL(view->zone), zone_line);
    set(view->pin, pin);
    set(view->admin, status->has_signature_key ? status->admin_name : _("no signature key"));
    set(view->ski, status->has_signature_key ? ski : "–");
    set(view->count, count);
    fill_parts(view, &info->parts);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, ScupEp11CardView, name)

static void
scup_ep11_card_view_class_init(ScupEp11CardViewClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    g_type_ensure(TKE_UI_TYPE_GRID);
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/opentke/scup/ep11-card-view.ui");
    BIND(picture);
    BIND(kind);
    BIND(description);
    BIND(card_id);
    BIND(zone);
    BIND(pin);
    BIND(admin);
    BIND(ski);
    BIND(count);
    BIND(parts_window);
    BIND(parts_store);
}

static void
scup_ep11_card_view_init(ScupEp11CardView *view)
{
    gtk_widget_init_template(GTK_WIDGET(view));
    tke_ui_copy_button_add(view->card_id, _("Card identifier"));
    tke_ui_copy_button_add(view->zone, _("Zone identifier"));
    tke_ui_copy_button_add(view->ski, _("Key identifier"));
}

GtkWidget *
scup_ep11_card_view_new(void)
{
    return g_object_new(SCUP_TYPE_EP11_CARD_VIEW, NULL);
}
