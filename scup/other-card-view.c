/*
 * Cards without a zone, and cards of others (functions 2.11).
 */
#include "scup/other-card-view.h"

#include <glib/gi18n.h>
#include <stdbool.h>

#include "gtk-common/copy-button.h"
#include "gtk-common/picture.h"
#include "scup/card-text.h"

#define PICTURE_WIDTH 130

struct _ScupOtherCardView {
    GtkBox parent;
    GtkWidget *picture, *kind, *description, *card_id, *meaning;
};

G_DEFINE_FINAL_TYPE(ScupOtherCardView, scup_other_card_view, GTK_TYPE_BOX)

static const char *
meaning_of(const TkeCardStatus *status)
{
    switch (status->kind) {
    case TKE_CARD_KIND_CA:
        return tke_card_status_is_lost(status) ? _("A CA card was begun on it, and a PIN of it is "
                                                   "blocked: the same step starts "
                                                   "anew.")
               : status->pins[0].state == TKE_PIN_NOT_SET
                   ? _("It can become the CA card of a new zone, or the backup of a CA card.")
                   : _("A CA card was begun on it: the same step goes on where it stopped, or "
                       "starts anew.");
    case TKE_CARD_KIND_EP11:
        return status->life_cycle == TKE_CARD_BLANK
                   ? _("It can join a zone: enroll it with the zone's CA card in reader 1.")
                   : _("Its enrollment was begun: enroll it again in the same zone to go on.");
    case TKE_CARD_KIND_EMPTY:
        return _("It has no applet yet; initializing it installs one.");
    case TKE_CARD_KIND_OTHER_VERSION:
        return _(
            "It is not used. Initializing it anew gives it the applet of this program and loses "
            "what it holds.");
    case TKE_CARD_KIND_FOREIGN:
    default:
        return _("This is none of our cards, and nothing is done to it.");
    }
}

void
scup_other_card_view_set(ScupOtherCardView *view, const TkeCardStatus *status)
{
    bool ours = status->kind == TKE_CARD_KIND_CA || status->kind == TKE_CARD_KIND_EP11;
    bool other = status->kind == TKE_CARD_KIND_OTHER_VERSION;
    g_autofree char *id = ours ? tke_card_id_text(status->card_id) : NULL;
    g_autofree char *version = other ? scup_card_text_version(status) : NULL;
    g_autofree char *applet = other ? g_strdup_printf(_("Applet version %s"), version) : NULL;
    const char *description = other ? applet : status->description;

    tke_ui_picture_set(GTK_IMAGE(view->picture), scup_card_text_picture(status), PICTURE_WIDTH);
    gtk_label_set_text(GTK_LABEL(view->kind), scup_card_text_kind(status));
    gtk_label_set_text(GTK_LABEL(view->description), description);
    gtk_widget_set_visible(view->description, description[0] != '\0');
    gtk_label_set_text(GTK_LABEL(view->card_id), id != NULL ? id : "");
    gtk_widget_set_visible(view->card_id, id != NULL);
    gtk_label_set_text(GTK_LABEL(view->meaning), meaning_of(status));
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, ScupOtherCardView, name)

static void
scup_other_card_view_class_init(ScupOtherCardViewClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/opentke/scup/other-card-view.ui");
    BIND(picture);
    BIND(kind);
    BIND(description);
    BIND(card_id);
    BIND(meaning);
}

static void
scup_other_card_view_init(ScupOtherCardView *view)
{
    gtk_widget_init_template(GTK_WIDGET(view));
    tke_ui_copy_button_add(view->card_id, _("Card identifier"));
}

GtkWidget *
scup_other_card_view_new(void)
{
    return g_object_new(SCUP_TYPE_OTHER_CARD_VIEW, NULL);
}
