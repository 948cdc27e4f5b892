/*
 * A CA card: zone, PINs, use (functions 2.11).
 */
#include "scup/ca-card-view.h"

#include <glib/gi18n.h>

#include "gtk-common/copy-button.h"
#include "gtk-common/grid.h"
#include "gtk-common/identifiers.h"
#include "gtk-common/picture.h"
#include "scup/card-text.h"

#define PICTURE_WIDTH 130

struct _ScupCaCardView {
    GtkBox parent;
    GtkWidget *picture, *kind, *description, *card_id, *zone, *pin_1, *pin_2, *version, *usage;
};

G_DEFINE_FINAL_TYPE(ScupCaCardView, scup_ca_card_view, GTK_TYPE_BOX)

static void
set(GtkWidget *label, const char *text)
{
    gtk_label_set_text(GTK_LABEL(label), text);
}

static void
set_head(ScupCaCardView *view, const TkeCardStatus *status)
{
    g_autofree char *id = tke_card_id_text(status->card_id);

    tke_ui_picture_set(GTK_IMAGE(view->picture), scup_card_text_picture(status), PICTURE_WIDTH);
    set(view->kind, scup_card_text_kind(status));
    set(view->description, scup_card_text_description(status));
    set(view->card_id, id);
}

void
scup_ca_card_view_set(ScupCaCardView *view, const TkeCardStatus *status)
{
    g_autofree char *zone = scup_card_text_zone(status);
    g_autofree char *pin_1 = scup_card_text_pin(status, 0);
    g_autofree char *pin_2 = scup_card_text_pin(status, 1);
    g_autofree char *version =
        g_strdup_printf("%u.%u.%u", status->version[0], status->version[1], status->version[2]);
    g_autofree char *usage = g_strdup_printf(
        ngettext("%u operation", "%u operations", status->usage_counter), status->usage_counter);

    set_head(view, status);
    tke_ui_identifiers_set_text(GTK_LABEL(view->zone), zone != NULL ? zone : _("none"));
    set(view->pin_1, pin_1);
    set(view->pin_2, pin_2);
    set(view->version, version);
    set(view->usage, usage);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, ScupCaCardView, name)

static void
scup_ca_card_view_class_init(ScupCaCardViewClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    g_type_ensure(TKE_UI_TYPE_GRID);
    gtk_widget_class_set_template_from_resource(widget_class, "/org/opentke/scup/ca-card-view.ui");
    BIND(picture);
    BIND(kind);
    BIND(description);
    BIND(card_id);
    BIND(zone);
    BIND(pin_1);
    BIND(pin_2);
    BIND(version);
    BIND(usage);
}

static void
scup_ca_card_view_init(ScupCaCardView *view)
{
    gtk_widget_init_template(GTK_WIDGET(view));
    tke_ui_copy_button_add(view->card_id, _("Card identifier"));
    tke_ui_copy_button_add(view->zone, _("Zone identifier"));
}

GtkWidget *
scup_ca_card_view_new(void)
{
    return g_object_new(SCUP_TYPE_CA_CARD_VIEW, NULL);
}
