/*
 * The window of scup (functions 2.1).
 */
#include "scup/main-window.h"

#include <glib/gi18n.h>
#include <string.h>

#include "gtk-common/focus.h"
#include "gtk-common/picture.h"
#include "gtk-common/prompt-dialog.h"
#include "gtk-common/side-by-side.h"
#include "gtk-common/viewport.h"
#include "gtk-common/window-size.h"
#include "libsmartcard/card-error.h"
#include "scup/reader-pane.h"

struct _ScupMainWindow {
    GtkApplicationWindow parent;
    ScupCards *cards;
    GtkWidget *banner, *panes, *readers, *unlocked, *lock;
    GtkWidget *pane[TKE_READERS];
    char *seen[TKE_READERS]; /* reader and its count of insertions; NULL: there was none */
    unsigned shown;          /* reader that is scrolled to until its card is read; 0: none */
    guint tick;
    bool was_unlocked;
};

G_DEFINE_FINAL_TYPE(ScupMainWindow, scup_main_window, GTK_TYPE_APPLICATION_WINDOW)

static void
draw_unlocked(ScupMainWindow *window)
{
    unsigned left = scup_cards_get_unlocked_s(window->cards);
    g_autofree char *text = g_strdup_printf(_("Zone unlocked for %u:%02u"), left / 60, left % 60);

    gtk_label_set_text(GTK_LABEL(window->unlocked), text);
    gtk_widget_set_visible(window->unlocked, left > 0);
    gtk_widget_set_visible(window->lock, left > 0);
    if (window->was_unlocked && left == 0) {
        scup_cards_refresh(window->cards); /* lets the card go */
    }
    window->was_unlocked = left > 0;
}

static char *
pad_text(ScupCards *cards, unsigned reader)
{
    const GError *trouble = scup_cards_get_pad_trouble(cards, reader);

    return g_strdup_printf(tke_card_error_code(trouble) == TKE_CARD_ERROR_IN_USE
                               ? _("✗ Another program holds reader %u")
                               : _("✗ No PIN can be typed on reader %u: its cards can only be "
                                   "viewed"),
                           reader);
}

/* Two readers are there; can PINs be typed on them? */
static char *
dup_pads(ScupCards *cards)
{
    unsigned bad = 0;

    for (unsigned reader = 1; reader <= TKE_READERS; reader++) {
        if (!scup_cards_is_pad_known(cards, reader)) {
            return g_strdup(_("Checking…"));
        }
        bad |= scup_cards_get_pad_trouble(cards, reader) != NULL ? reader : 0;
    }
    if (bad == (1 | 2)) {
        return g_strdup(_("✗ No PIN can be typed on the readers: cards can only be viewed"));
    }
    return bad == 0 ? g_strdup(_("✓ Two readers ready")) : pad_text(cards, bad);
}

/* ---- readers that are out of view ---- */

/* Panes that stand below each other are scrolled to; a long one to its beginning. */
static void
show_pane(ScupMainWindow *window, unsigned reader)
{
    GtkWidget *pane = window->pane[reader - 1];
    GtkWidget *viewport = gtk_widget_get_parent(window->panes);
    GtkAdjustment *adjustment = gtk_scrollable_get_vadjustment(GTK_SCROLLABLE(viewport));
    const double page = gtk_adjustment_get_page_size(adjustment);
    GtkAllocation first = { 0 };
    GtkAllocation last = { 0 };
    int y = 0;

    gtk_widget_get_allocation(window->pane[0], &first);
    gtk_widget_get_allocation(window->pane[TKE_READERS - 1], &last);
    if (first.y != last.y &&
        gtk_widget_translate_coordinates(pane, window->panes, 0, 0, NULL, &y)) {
        gtk_adjustment_clamp_page(
            adjustment, y, MIN(y + page, (double) y + gtk_widget_get_allocated_height(pane)));
    }
}

/* The pane may be of another height than when its card was put in. */
static void
on_panes_placed(GtkWidget *panes, GdkRectangle *place, gpointer data)
{
    ScupMainWindow *window = data;

    (void) panes;
    (void) place;
    if (window->shown != 0) {
        show_pane(window, window->shown);
        if (scup_cards_get_place(window->cards, window->shown) != SCUP_PLACE_READING) {
            window->shown = 0;
        }
    }
}

static void
show_reader(ScupMainWindow *window, unsigned reader)
{
    window->shown = reader;
    gtk_widget_queue_resize(window->panes);
}

/* Asked for by a prompt. */
static void
on_show_reader(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    const guint32 reader = g_variant_get_uint32(parameter);

    (void) action;
    if (reader >= 1 && reader <= TKE_READERS) {
        show_reader(data, reader);
    }
}

/* Whether a card was put in or taken out since the last look. */
static bool
has_changed(ScupMainWindow *window, unsigned reader)
{
    const TkeReaderInfo *info = scup_cards_get_reader(window->cards, reader);
    char **seen = &window->seen[reader - 1];
    g_autofree char *before = *seen;

    *seen = info != NULL ? g_strdup_printf("%u %s", info->events, info->name) : NULL;
    return before != NULL && *seen != NULL && strcmp(before, *seen) != 0;
}

/* At the start, or where the readers were swapped, nothing is scrolled. */
static void
follow_cards(ScupMainWindow *window)
{
    const bool first = has_changed(window, 1);
    const bool second = has_changed(window, 2);

    if (first != second) {
        show_reader(window, first ? 1 : 2);
    }
}

/* ---- the foot ---- */

static void
update(ScupMainWindow *window)
{
    unsigned n = scup_cards_count_readers(window->cards);
    g_autofree char *text = NULL;

    if (scup_cards_get_place(window->cards, 1) == SCUP_PLACE_OPENING) {
        text = g_strdup(_("Checking…"));
    } else if (scup_cards_get_place(window->cards, 1) == SCUP_PLACE_NO_SERVICE) {
        text = g_strdup(_("✗ The readers cannot be reached"));
    } else if (scup_cards_get_place(window->cards, 1) == SCUP_PLACE_ALIKE ||
               scup_cards_get_place(window->cards, 2) == SCUP_PLACE_ALIKE) {
        text = g_strdup(_("✗ The readers cannot be told apart"));
    } else if (n == 2) {
        text = dup_pads(window->cards);
    } else {
        text = g_strdup_printf(
            ngettext("✗ %u reader found, two are needed", "✗ %u readers found, two are needed", n),
            n);
    }
    if (strcmp(gtk_label_get_text(GTK_LABEL(window->readers)), text) != 0) {
        gtk_label_set_text(GTK_LABEL(window->readers), text);
    }
    draw_unlocked(window);
    follow_cards(window);
}

static gboolean
on_tick(gpointer data)
{
    draw_unlocked(data);
    return G_SOURCE_CONTINUE;
}

/* Another program may have worked with the cards meanwhile. */
static void
on_active(GtkWindow *window, GParamSpec *pspec, gpointer data)
{
    (void) pspec;
    (void) data;
    if (gtk_window_is_active(window)) {
        scup_cards_refresh(SCUP_MAIN_WINDOW(window)->cards);
    }
}

static void
destroy(GtkWidget *widget)
{
    ScupMainWindow *window = SCUP_MAIN_WINDOW(widget);

    g_clear_handle_id(&window->tick, g_source_remove);
    if (window->cards != NULL) {
        g_signal_handlers_disconnect_by_data(window->cards, window);
        g_clear_object(&window->cards);
    }
    for (unsigned i = 0; i < TKE_READERS; i++) {
        g_clear_pointer(&window->seen[i], g_free);
    }
    GTK_WIDGET_CLASS(scup_main_window_parent_class)->destroy(widget);
}

#define BIND(name) gtk_widget_class_bind_template_child(widget_class, ScupMainWindow, name)

static void
scup_main_window_class_init(ScupMainWindowClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    widget_class->destroy = destroy;
    g_type_ensure(TKE_UI_TYPE_SIDE_BY_SIDE);
    g_type_ensure(TKE_UI_TYPE_VIEWPORT);
    gtk_widget_class_set_template_from_resource(widget_class, "/org/opentke/scup/main-window.ui");
    BIND(banner);
    BIND(panes);
    BIND(readers);
    BIND(unlocked);
    BIND(lock);
}

static void
scup_main_window_init(ScupMainWindow *window)
{
    tke_ui_picture_load_style();
    gtk_widget_init_template(GTK_WIDGET(window));
}

GtkWidget *
scup_main_window_new(GtkApplication *app, ScupCards *cards, bool rehearsal)
{
    ScupMainWindow *window = g_object_new(
        SCUP_TYPE_MAIN_WINDOW, "application", app, "title",
        rehearsal ? _("Smart Card Utility — REHEARSAL") : _("Smart Card Utility"), NULL);
    static const GActionEntry entries[] = {
        { .name = TKE_UI_SHOW_READER, .activate = on_show_reader, .parameter_type = "u" },
    };

    window->cards = g_object_ref(cards);
    g_action_map_add_action_entries(G_ACTION_MAP(window), entries, G_N_ELEMENTS(entries), window);
    tke_ui_focus_keep(GTK_WINDOW(window));
    tke_ui_window_size_follow(GTK_WINDOW(window), "scup");
    gtk_widget_set_visible(window->banner, rehearsal);
    for (unsigned i = 0; i < TKE_READERS; i++) {
        window->pane[i] = scup_reader_pane_new(cards, i + 1);
        gtk_widget_show(window->pane[i]);
        gtk_box_pack_start(GTK_BOX(window->panes), window->pane[i], TRUE, TRUE, 0);
    }
    g_signal_connect_after(window->panes, "size-allocate", G_CALLBACK(on_panes_placed), window);
    g_signal_connect_swapped(cards, "changed", G_CALLBACK(update), window);
    g_signal_connect(window, "notify::is-active", G_CALLBACK(on_active), NULL);
    window->tick = g_timeout_add_seconds(1, on_tick, window);
    update(window);
    return GTK_WIDGET(window);
}
