/*
 * One pane of the window: state first, then what it means, then what can be done.
 */
#include "scup/reader-pane.h"

#include <glib/gi18n.h>

#include "gtk-common/container.h"
#include "gtk-common/details.h"
#include "gtk-common/error-text.h"
#include "gtk-common/menu-words.h"
#include "gtk-common/patience.h"
#include "gtk-common/picture.h"
#include "gtk-common/viewport.h"
#include "libsmartcard/reader.h"
#include "scup/ca-card-view.h"
#include "scup/ep11-card-view.h"
#include "scup/notice.h"
#include "scup/other-card-view.h"
#include "scup/suggestions.h"

#define PICTURE_WIDTH 200
#define READING_PATIENCE_MS 600 /* most cards are known before: the page is not exchanged twice */
#define BEFORE_CHECK 3 /* place of the details in an empty pane: below picture, headline and text */

struct _ScupReaderPane {
    GtkBox parent;
    ScupCards *cards;
    unsigned reader;
    GtkWidget *title, *model, *inserted, *stack, *empty, *picture, *headline, *text, *details,
        *check, *notice, *suggestions, *holds;
    GtkWidget *ca, *ep11, *other;
    const ScupSuggestion *suggested; /* static: what is shown now */
    guint patience;                  /* source; 0: nothing waits to be shown */
    int shown;                       /* ScupPlace; -1: none yet */
    gint64 shown_at;                 /* monotonic time; of that */
    guint leaving;                   /* source; 0: the header is as it has to be */
    gint64 inserted_at;              /* monotonic time; when the header began to tell of a card */
};

G_DEFINE_FINAL_TYPE(ScupReaderPane, scup_reader_pane, GTK_TYPE_BOX)

/* Why reader or card cannot be reached; NULL: that is not what is wrong. */
static const GError *
trouble_of(ScupReaderPane *pane)
{
    ScupPlace place = scup_cards_get_place(pane->cards, pane->reader);

    return place == SCUP_PLACE_NO_SERVICE || place == SCUP_PLACE_TROUBLE
               ? scup_cards_get_trouble(pane->cards, pane->reader)
               : NULL;
}

static void
show_empty(ScupReaderPane *pane, const char *picture, const char *headline, const char *text,
           bool check)
{
    tke_ui_picture_set(GTK_IMAGE(pane->picture), picture, PICTURE_WIDTH);
    gtk_label_set_text(GTK_LABEL(pane->headline), headline);
    gtk_label_set_text(GTK_LABEL(pane->text), text);
    gtk_widget_set_visible(pane->check, check);
    tke_ui_details_set_error(TKE_UI_DETAILS(pane->details), trouble_of(pane));
    gtk_stack_set_visible_child_name(GTK_STACK(pane->stack), "empty");
}

static void
show_trouble(ScupReaderPane *pane, const char *picture, const char *headline)
{
    const GError *trouble = trouble_of(pane);
    g_autofree char *message = trouble != NULL ? tke_ui_error_text_message(trouble) : g_strdup("");
    g_autofree char *advice = trouble != NULL ? tke_ui_error_text_advice(trouble) : NULL;
    g_autofree char *both = g_strdup_printf("%s\n\n%s", message, advice != NULL ? advice : "");

    show_empty(pane, picture, headline, g_strchomp(both), true);
}

static void
show_card(ScupReaderPane *pane, const TkeCardInfo *info)
{
    bool in_zone = info->status.has_zone && info->status.life_cycle >= TKE_CARD_MEMBER;

    if (info->status.kind == TKE_CARD_KIND_CA && in_zone) {
        scup_ca_card_view_set(SCUP_CA_CARD_VIEW(pane->ca), &info->status);
        gtk_stack_set_visible_child(GTK_STACK(pane->stack), pane->ca);
    } else if (info->status.kind == TKE_CARD_KIND_EP11 && in_zone) {
        scup_ep11_card_view_set(SCUP_EP11_CARD_VIEW(pane->ep11), info,
                                pane->reader == 2 ? scup_cards_get_zone(pane->cards) : NULL);
        gtk_stack_set_visible_child(GTK_STACK(pane->stack), pane->ep11);
    } else {
        scup_other_card_view_set(SCUP_OTHER_CARD_VIEW(pane->other), &info->status);
        gtk_stack_set_visible_child(GTK_STACK(pane->stack), pane->other);
    }
}

static void
show_place(ScupReaderPane *pane)
{
    g_autofree char *insert = g_strdup_printf(_("Insert a card in reader %u"), pane->reader);

    switch (scup_cards_get_place(pane->cards, pane->reader)) {
    case SCUP_PLACE_OPENING:
        show_empty(pane, "reader-none", _("Looking for readers…"), "", false);
        break;
    case SCUP_PLACE_NO_SERVICE:
        show_trouble(pane, "reader-none", _("The readers cannot be reached"));
        break;
    case SCUP_PLACE_NO_READER:
        show_empty(pane, "reader-none",
                   scup_cards_count_readers(pane->cards) == 0 ? _("No readers found")
                                                              : _("No second reader found"),
                   _("Two readers with keypads are needed. Check their plugs; a reader that is "
                     "plugged in appears here by itself."),
                   true);
        break;
    case SCUP_PLACE_ALIKE:
        show_empty(pane, "reader-none", _("Which reader is it?"),
                   _("The readers cannot be told apart: neither serial number nor port is known of "
                     "them. A card that is put in tells which is which. That holds until one is "
                     "unplugged or the program ends."),
                   true);
        break;
    case SCUP_PLACE_VIRTUAL:
        show_empty(pane, "reader-none", _("This is a virtual reader"),
                   _("Virtual readers are for rehearsals; real work refuses them. Plug in a real "
                     "reader, or start the program with --rehearsal."),
                   true);
        break;
    case SCUP_PLACE_EMPTY:
        show_empty(pane, "card-none", insert,
                   pane->reader == 1
                       ? _("CA cards belong here. A blank card can become one.")
                       : _("EP11 cards belong here, and the blank card that becomes a backup of "
                           "the CA card."),
                   false);
        break;
    case SCUP_PLACE_READING:
        show_empty(pane, "card-blank", _("Reading the card…"), "", false);
        break;
    case SCUP_PLACE_TROUBLE:
        show_trouble(pane, "card-trouble", _("The card cannot be read"));
        break;
    case SCUP_PLACE_CARD:
        show_card(pane, scup_cards_get_card(pane->cards, pane->reader));
        break;
    }
}

/* What is to be known of the reader, and of the card in it; NULL: nothing. */
static char *
dup_notice(ScupReaderPane *pane, bool *bad)
{
    const TkeCardInfo *info = scup_cards_get_card(pane->cards, pane->reader);
    const GError *pad = scup_cards_get_pad_trouble(pane->cards, pane->reader);
    const ScupPlace place = scup_cards_get_place(pane->cards, pane->reader);
    bool zone_there = scup_cards_get_zone(pane->cards) != NULL;
    g_autofree char *card =
        info != NULL ? scup_notice_get(info, pane->reader, zone_there, bad) : NULL;
    g_autofree char *why = pad != NULL ? tke_ui_menu_words(pad->message) : NULL;

    if (pad == NULL ||
        (place != SCUP_PLACE_EMPTY && place != SCUP_PLACE_READING && place != SCUP_PLACE_CARD)) {
        return g_steal_pointer(&card);
    }
    *bad = true;
    return g_strdup_printf(
        _("✗ No PIN can be typed on this reader, so its cards can only be viewed: "
          "%s. “Readers → Check readers” says what helps.%s%s"),
        why, card != NULL ? "\n" : "", card != NULL ? card : "");
}

/* What has to be known before anything is done; what is wrong stands out by sign, words and
 * colour. */
static void
show_notice(ScupReaderPane *pane)
{
    bool bad = false;
    g_autofree char *text = dup_notice(pane, &bad);
    GtkStyleContext *style = gtk_widget_get_style_context(pane->notice);

    gtk_style_context_remove_class(style, bad ? "tke-reason" : "tke-consequence");
    gtk_style_context_add_class(style, bad ? "tke-consequence" : "tke-reason");
    gtk_label_set_text(GTK_LABEL(pane->notice), text != NULL ? text : "");
    gtk_widget_set_visible(pane->notice, text != NULL);
}

/* "What can I do?": menu items that make sense with this card. */
static void
show_suggestions(ScupReaderPane *pane)
{
    const TkeCardInfo *info = scup_cards_get_card(pane->cards, pane->reader);
    const TkeCardStatus *status = info != NULL ? &info->status : NULL;
    const ScupSuggestion *list =
        scup_cards_get_place(pane->cards, pane->reader) == SCUP_PLACE_ALIKE
            ? scup_suggestions_for_alike(pane->reader)
        : scup_cards_get_pad_trouble(pane->cards, pane->reader) != NULL
            ? scup_suggestions_get_to_view(status, pane->reader)
            : scup_suggestions_get(status, pane->reader, scup_cards_get_zone(pane->cards) != NULL);

    if (list == pane->suggested) {
        return; /* the focus may be on one of them */
    }
    pane->suggested = list;
    tke_ui_container_clear(pane->suggestions);
    if (list[0].label != NULL) {
        GtkWidget *title = gtk_label_new(_("What can I do?"));

        gtk_label_set_xalign(GTK_LABEL(title), 0);
        gtk_style_context_add_class(gtk_widget_get_style_context(title), "tke-big");
        gtk_container_add(GTK_CONTAINER(pane->suggestions), title);
    }
    for (unsigned i = 0; list[i].label != NULL; i++) {
        GtkWidget *button = gtk_button_new_with_mnemonic(_(list[i].label));

        gtk_label_set_line_wrap(GTK_LABEL(gtk_bin_get_child(GTK_BIN(button))), TRUE);
        gtk_actionable_set_action_name(GTK_ACTIONABLE(button), list[i].action);
        gtk_widget_set_halign(button, GTK_ALIGN_START);
        gtk_container_add(GTK_CONTAINER(pane->suggestions), button);
    }
    gtk_widget_show_all(pane->suggestions);
    if (gtk_widget_is_focus(pane->holds)) { /* had it as long as there was nothing in it */
        gtk_widget_child_focus(pane->suggestions, GTK_DIR_TAB_FORWARD);
    }
}

static void
draw(ScupReaderPane *pane)
{
    const int place = (int) scup_cards_get_place(pane->cards, pane->reader);

    if (place != pane->shown) {
        pane->shown_at = g_get_monotonic_time();
    }
    pane->shown = place;
    show_place(pane);
    show_notice(pane);
    show_suggestions(pane);
}

/* Milliseconds that something has to be seen still that came then. */
static guint
left_to_stay(gint64 since)
{
    const gint64 left = since + (gint64) TKE_UI_PATIENCE_MS * 1000 - g_get_monotonic_time();

    return left > 0 ? (guint) ((left + 999) / 1000) : 0;
}

/* ---- the header: that a card is in is said at once, whatever the page does ---- */

static gboolean
on_seen(gpointer data)
{
    ScupReaderPane *pane = data;

    pane->leaving = 0;
    gtk_widget_hide(pane->inserted);
    return G_SOURCE_REMOVE;
}

static void
show_inserted(ScupReaderPane *pane, ScupPlace place)
{
    const bool reading = place == SCUP_PLACE_READING;
    const guint left = left_to_stay(pane->inserted_at);

    g_clear_handle_id(&pane->leaving, g_source_remove);
    if (reading && !gtk_widget_get_visible(pane->inserted)) {
        gtk_widget_show(pane->inserted);
        pane->inserted_at = g_get_monotonic_time();
    } else if (!reading && place != SCUP_PLACE_EMPTY && left > 0) {
        pane->leaving = g_timeout_add(left, on_seen, pane);
    } else if (!reading) {
        gtk_widget_hide(pane->inserted);
    }
}

/* ---- when the page changes ---- */

static bool
is_passing(int place)
{
    return place == SCUP_PLACE_OPENING || place == SCUP_PLACE_READING;
}

/* It has lasted. */
static gboolean
on_patience_ended(gpointer data)
{
    ScupReaderPane *pane = data;

    pane->patience = 0;
    draw(pane);
    return G_SOURCE_REMOVE;
}

/*
 * What is on its way to be known is shown if it takes its time: until then the pane stays as it is.
 * What is shown then stays for a moment.
 */
static guint
time_until_drawn(const ScupReaderPane *pane, int place)
{
    if (place == pane->shown) {
        return 0;
    }
    if (is_passing(place)) {
        return place == SCUP_PLACE_READING ? READING_PATIENCE_MS : TKE_UI_PATIENCE_MS;
    }
    return is_passing(pane->shown) ? left_to_stay(pane->shown_at) : 0;
}

static void
update(ScupReaderPane *pane)
{
    const TkeReaderInfo *reader = scup_cards_get_reader(pane->cards, pane->reader);
    const ScupPlace place = scup_cards_get_place(pane->cards, pane->reader);
    g_autofree char *title = g_strdup_printf(_("Reader %u"), pane->reader);
    g_autofree char *model = reader != NULL ? tke_reader_dup_text(reader) : g_strdup("");
    const guint wait = time_until_drawn(pane, (int) place);

    gtk_label_set_text(GTK_LABEL(pane->title), title);
    gtk_label_set_text(GTK_LABEL(pane->model), model);
    show_inserted(pane, place);
    if (is_passing((int) place) && wait > 0 && pane->patience != 0) {
        return; /* it waits already */
    }
    g_clear_handle_id(&pane->patience, g_source_remove);
    if (wait == 0) {
        draw(pane);
    } else {
        pane->patience = g_timeout_add(wait, on_patience_ended, pane);
    }
}

static void
finalize(GObject *object)
{
    ScupReaderPane *pane = SCUP_READER_PANE(object);

    g_clear_handle_id(&pane->patience, g_source_remove);
    g_clear_handle_id(&pane->leaving, g_source_remove);
    g_signal_handlers_disconnect_by_data(pane->cards, pane);
    g_object_unref(pane->cards);
    G_OBJECT_CLASS(scup_reader_pane_parent_class)->finalize(object);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, ScupReaderPane, name)

static void
scup_reader_pane_class_init(ScupReaderPaneClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    G_OBJECT_CLASS(class)->finalize = finalize;
    g_type_ensure(TKE_UI_TYPE_VIEWPORT);
    gtk_widget_class_set_template_from_resource(widget_class, "/org/opentke/scup/reader-pane.ui");
    BIND(title);
    BIND(model);
    BIND(inserted);
    BIND(stack);
    BIND(picture);
    BIND(headline);
    BIND(text);
    BIND(empty);
    BIND(check);
    BIND(notice);
    BIND(suggestions);
    BIND(holds);
}

static GtkWidget *
add_view(ScupReaderPane *pane, GtkWidget *view)
{
    gtk_widget_show(view);
    gtk_container_add(GTK_CONTAINER(pane->stack), view);
    return view;
}

static void
scup_reader_pane_init(ScupReaderPane *pane)
{
    pane->shown = -1;
    gtk_widget_init_template(GTK_WIDGET(pane));
    pane->details = g_object_new(TKE_UI_TYPE_DETAILS, "halign", GTK_ALIGN_CENTER, NULL);
    gtk_container_add(GTK_CONTAINER(pane->empty), pane->details);
    gtk_box_reorder_child(GTK_BOX(pane->empty), pane->details, BEFORE_CHECK);
    pane->ca = add_view(pane, scup_ca_card_view_new());
    pane->ep11 = add_view(pane, scup_ep11_card_view_new());
    pane->other = add_view(pane, scup_other_card_view_new());
}

GtkWidget *
scup_reader_pane_new(ScupCards *cards, unsigned reader)
{
    ScupReaderPane *pane = g_object_new(SCUP_TYPE_READER_PANE, NULL);
    g_autofree char *name = g_strdup_printf(_("Reader %u"), reader);
    g_autofree char *holds = g_strdup_printf(_("What reader %u holds"), reader);

    pane->cards = g_object_ref(cards);
    pane->reader = reader;
    atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(pane)), name);
    atk_object_set_name(gtk_widget_get_accessible(pane->holds), holds);
    /* Both panes may show these: each has keys of its own. */
    gtk_button_set_label(GTK_BUTTON(pane->check),
                         reader == 1 ? _("Chec_k readers…") : _("Check re_aders…"));
    gtk_expander_set_label(GTK_EXPANDER(pane->details),
                           reader == 1 ? _("_Details") : _("De_tails"));
    g_signal_connect_swapped(cards, "changed", G_CALLBACK(update), pane);
    update(pane);
    return GTK_WIDGET(pane);
}
