/*
 * The self-check (F-009): what was found, and the remedy for each.
 */
#include "scup/self-check-page.h"

#include <glib/gi18n.h>

#include "gtk-common/container.h"
#include "gtk-common/menu-words.h"
#include "gtk-common/window-size.h"
#include "libceremony/advice.h"
#include "libceremony/op-reader.h"

struct _ScupSelfCheckPage {
    GtkWindow parent;
    TkeUiRunner *runner;
    ScupCards *cards;
    TkeUiWorkplace *workplace; /* for the worker */
    bool checking;
    GtkWidget *banner, *verdict, *rows;
};

G_DEFINE_FINAL_TYPE(ScupSelfCheckPage, scup_self_check_page, GTK_TYPE_WINDOW)

typedef struct Check {
    ScupSelfCheckPage *page;
    TkeUiWorkplace *workplace;
    GPtrArray *found; /* TkeReaderCheck */
} Check;

static bool
do_check(TkeOperation *op, gpointer data, GError **error)
{
    Check *check = data;

    return tke_op_reader_check(op, tke_ui_workplace_get_settings(check->workplace), &check->found,
                               error);
}

/* One finding: a mark, what it is, and below what to do. */
static void
add_row(ScupSelfCheckPage *page, bool good, const char *what, const char *remedy)
{
    g_autofree char *marked = g_strdup_printf("%s %s", good ? "✓" : "✗", what);
    GtkWidget *label = gtk_label_new(marked);

    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
    gtk_style_context_add_class(gtk_widget_get_style_context(label), "tke-big");
    gtk_container_add(GTK_CONTAINER(page->rows), label);
    if (remedy != NULL) {
        g_autofree char *words = tke_ui_menu_words(remedy);
        GtkWidget *advice = gtk_label_new(words);

        gtk_label_set_xalign(GTK_LABEL(advice), 0);
        gtk_label_set_line_wrap(GTK_LABEL(advice), TRUE);
        gtk_label_set_max_width_chars(GTK_LABEL(advice), 75);
        gtk_widget_set_margin_start(advice, 18);
        gtk_container_add(GTK_CONTAINER(page->rows), advice);
    }
}

static void
add_error(ScupSelfCheckPage *page, const char *what, const GError *error)
{
    g_autofree char *advice = tke_advice_for_error(error);
    g_autofree char *remedy = g_strdup_printf("%s\n%s", error->message, advice != NULL ? advice : "");

    add_row(page, false, what, g_strchomp(remedy));
}

static bool
add_reader(ScupSelfCheckPage *page, const TkeReaderCheck *check)
{
    g_autofree char *name =
        check->number != 0
            ? g_strdup_printf(_("Reader %u: %s"), check->number, check->reader->name)
            : g_strdup_printf(_("Further reader, not used: %s"), check->reader->name);
    g_autofree char *good = g_strdup_printf(_("%s, keypad takes PINs"), name);
    const GError *card =
        check->number != 0 && scup_cards_get_place(page->cards, check->number) == SCUP_PLACE_TROUBLE
            ? scup_cards_get_trouble(page->cards, check->number)
            : NULL;

    if (check->trouble != NULL) {
        add_error(page, name, check->trouble);
        return check->number == 0;
    }
    add_row(page, true, good, NULL);
    if (card != NULL) {
        add_error(page, _("The card in it cannot be read"), card);
    }
    return card == NULL;
}

static void
show_found(ScupSelfCheckPage *page, const GError *error, GPtrArray *found)
{
    unsigned numbered = 0;
    bool good = error == NULL;

    tke_ui_container_clear(page->rows);
    if (error != NULL) {
        add_error(page, _("The readers cannot be reached"), error);
    } else {
        add_row(page, true, _("The smart card service answers"), NULL);
    }
    for (guint i = 0; found != NULL && i < found->len; i++) {
        const TkeReaderCheck *check = found->pdata[i];

        numbered += check->number != 0 ? 1 : 0;
        good = add_reader(page, check) && good;
    }
    if (error == NULL && numbered < TKE_READERS) {
        g_autofree char *text = g_strdup_printf(
            ngettext("%u reader found, two are needed", "%u readers found, two are needed",
                     numbered),
            numbered);

        add_row(page, false, text,
                _("Plug in the missing one. If it is plugged in and not listed, its driver is "
                  "missing: install the package libccid, and unplug and plug in the reader."));
        good = false;
    }
    gtk_label_set_text(GTK_LABEL(page->verdict), good ? _("Everything is ready")
                                                      : _("Something is missing"));
    gtk_widget_show_all(page->rows);
}

static void
on_checked(const GError *error, gpointer data)
{
    Check *check = data;
    ScupSelfCheckPage *page = check->page;

    page->checking = false;
    if (page->cards != NULL) { /* it is still open */
        show_found(page, error, check->found);
    }
    g_clear_pointer(&check->found, g_ptr_array_unref);
    g_object_unref(page);
    g_free(check);
}

static void
start_check(ScupSelfCheckPage *page)
{
    Check *check;

    if (page->checking) {
        return;
    }
    page->checking = true;
    check = g_new0(Check, 1);
    check->page = g_object_ref(page);
    check->workplace = page->workplace;
    tke_ui_runner_look(page->runner, do_check, on_checked, check);
}

static void
on_again(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    ScupSelfCheckPage *page = data;

    (void) action;
    (void) parameter;
    scup_cards_refresh(page->cards);
    start_check(page);
}

static void
on_close(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    (void) parameter;
    gtk_widget_destroy(GTK_WIDGET(data));
}

static gboolean
key_press(GtkWidget *widget, GdkEventKey *event)
{
    if (event->keyval == GDK_KEY_Escape) {
        gtk_widget_destroy(widget);
        return TRUE;
    }
    return GTK_WIDGET_CLASS(scup_self_check_page_parent_class)->key_press_event(widget, event);
}

static void
destroy(GtkWidget *widget)
{
    ScupSelfCheckPage *page = SCUP_SELF_CHECK_PAGE(widget);

    if (page->cards != NULL) {
        g_signal_handlers_disconnect_by_data(page->cards, page);
        g_clear_object(&page->cards);
        g_clear_object(&page->runner);
    }
    GTK_WIDGET_CLASS(scup_self_check_page_parent_class)->destroy(widget);
}

static void
scup_self_check_page_class_init(ScupSelfCheckPageClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    widget_class->destroy = destroy;
    widget_class->key_press_event = key_press;
    gtk_widget_class_set_template_from_resource(widget_class,
                                                "/org/opentke/scup/self-check-page.ui");
    gtk_widget_class_bind_template_child(widget_class, ScupSelfCheckPage, banner);
    gtk_widget_class_bind_template_child(widget_class, ScupSelfCheckPage, verdict);
    gtk_widget_class_bind_template_child(widget_class, ScupSelfCheckPage, rows);
}

static void
scup_self_check_page_init(ScupSelfCheckPage *page)
{
    static const GActionEntry entries[] = {
        { .name = "again", .activate = on_again },
        { .name = "close", .activate = on_close },
    };
    g_autoptr(GSimpleActionGroup) actions = g_simple_action_group_new();

    g_action_map_add_action_entries(G_ACTION_MAP(actions), entries, G_N_ELEMENTS(entries), page);
    gtk_widget_init_template(GTK_WIDGET(page));
    gtk_widget_insert_action_group(GTK_WIDGET(page), "check", G_ACTION_GROUP(actions));
}

void
scup_self_check_page_show(GtkWindow *parent, TkeUiRunner *runner, ScupCards *cards,
                          TkeUiWorkplace *workplace, bool rehearsal)
{
    ScupSelfCheckPage *page =
        g_object_new(SCUP_TYPE_SELF_CHECK_PAGE, "transient-for", parent, "application",
                     gtk_window_get_application(parent), NULL);

    if (rehearsal) {
        gtk_window_set_title(GTK_WINDOW(page), _("Check readers — REHEARSAL"));
    }
    page->runner = g_object_ref(runner);
    page->cards = g_object_ref(cards);
    page->workplace = workplace;
    tke_ui_window_size_follow(GTK_WINDOW(page), "scup-check");
    gtk_widget_set_visible(page->banner, rehearsal);
    gtk_label_set_text(GTK_LABEL(page->verdict), _("Checking…"));
    g_signal_connect_swapped(cards, "changed", G_CALLBACK(start_check), page);
    start_check(page);
    gtk_window_present(GTK_WINDOW(page));
}
