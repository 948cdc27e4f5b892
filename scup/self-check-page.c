/*
 * The self-check (F-009): what was found, and the remedy for each.
 */
#include "scup/self-check-page.h"

#include <glib/gi18n.h>

#include "gtk-common/container.h"
#include "gtk-common/details.h"
#include "gtk-common/error-text.h"
#include "gtk-common/menu-words.h"
#include "gtk-common/viewport.h"
#include "libceremony/op-reader.h"
#include "libceremony/self-check.h"
#include "libsmartcard/reader.h"

struct _ScupSelfCheckPage {
    TkeUiPageWindow parent;
    ScupCards *cards;          /* as long as it is open */
    TkeUiWorkplace *workplace; /* for the worker */
    bool checking;
    bool again; /* something changed meanwhile */
    GtkWidget *banner, *verdict, *rows;
};

G_DEFINE_FINAL_TYPE(ScupSelfCheckPage, scup_self_check_page, TKE_UI_TYPE_PAGE_WINDOW)

typedef struct Check {
    ScupSelfCheckPage *page;
    TkeUiWorkplace *workplace;
    GPtrArray *readers;  /* TkeReaderCheck */
    GPtrArray *problems; /* TkeProblem */
    unsigned good;
} Check;

static bool
do_check(TkeOperation *op, gpointer data, GError **error)
{
    Check *check = data;

    return tke_self_check_readers(op, &check->readers, &check->problems, &check->good, error);
}

typedef enum { GOOD, MINOR, BAD } Mark;

static GtkWidget *
make_label(const char *text)
{
    GtkWidget *label = gtk_label_new(text);

    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_max_width_chars(GTK_LABEL(label), 75);
    gtk_label_set_selectable(GTK_LABEL(label), TRUE);
    gtk_widget_set_can_focus(label, FALSE);
    return label;
}

/* One finding: a mark, what it is, and below what to do. */
static void
add_row(ScupSelfCheckPage *page, Mark mark, const char *what, const char *remedy)
{
    static const char *const marks[] = { "✓", "–", "✗" };
    g_autofree char *marked = g_strdup_printf("%s %s", marks[mark], what);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    GtkWidget *label = make_label(marked);

    gtk_style_context_add_class(gtk_widget_get_style_context(label), "tke-big");
    gtk_container_add(GTK_CONTAINER(box), label);
    if (remedy != NULL && remedy[0] != '\0') {
        g_autofree char *words = tke_ui_menu_words(remedy);
        GtkWidget *advice = make_label(words);

        gtk_widget_set_margin_start(advice, 18);
        gtk_container_add(GTK_CONTAINER(box), advice);
    }
    gtk_container_add(GTK_CONTAINER(page->rows), box);
}

/* Below the last row. */
static TkeUiDetails *
add_details(ScupSelfCheckPage *page)
{
    GtkWidget *details = g_object_new(TKE_UI_TYPE_DETAILS, "margin-start", 18, NULL);

    gtk_container_add(GTK_CONTAINER(page->rows), details);
    gtk_widget_set_no_show_all(details, TRUE);
    return TKE_UI_DETAILS(details);
}

static void
add_error(ScupSelfCheckPage *page, const char *what, const GError *error)
{
    g_autofree char *message = tke_ui_error_text_message(error);
    g_autofree char *advice = tke_ui_error_text_advice(error);
    g_autofree char *remedy = g_strdup_printf("%s\n%s", message, advice != NULL ? advice : "");

    add_row(page, BAD, what, g_strchomp(remedy));
    tke_ui_details_set_error(add_details(page), error);
}

/* A reader that answered well; false if the card in it cannot be read. */
static bool
add_reader(ScupSelfCheckPage *page, const TkeReaderCheck *check)
{
    const GError *card =
        check->number != 0 && scup_cards_get_place(page->cards, check->number) == SCUP_PLACE_TROUBLE
            ? scup_cards_get_trouble(page->cards, check->number)
            : NULL;
    g_autofree char *name = tke_reader_dup_text(check->reader);
    g_autofree char *text = NULL;

    if (check->trouble != NULL) {
        return true; /* told as a problem */
    }
    text = check->number != 0
               ? g_strdup_printf(_("Reader %u: %s, keypad takes PINs"), check->number, name)
           : check->alike ? g_strdup_printf(_("Reader without number: %s, keypad takes PINs"), name)
                          : g_strdup_printf(_("Further reader, not used: %s"), name);
    add_row(page, GOOD, text, NULL);
    if (card != NULL) {
        add_error(page, _("The card in it cannot be read"), card);
    }
    return card == NULL;
}

static bool
add_problem(ScupSelfCheckPage *page, const TkeProblem *problem)
{
    g_autofree char *plain = g_strdup_printf("%s: %s", problem->subject, problem->text);
    g_autofree char *text = tke_ui_error_text_sentence(plain);

    add_row(page, problem->minor ? MINOR : BAD, text, problem->remedy);
    if (problem->details != NULL) {
        tke_ui_details_set_text(add_details(page), problem->details);
    }
    return problem->minor;
}

/* How many are there at all: the others are told of one by one. */
static bool
add_count(ScupSelfCheckPage *page, const GPtrArray *readers)
{
    g_autofree char *text = NULL;
    unsigned n = 0;

    for (guint i = 0; i < readers->len; i++) {
        const TkeReaderCheck *check = readers->pdata[i];

        n += check->number != 0 || check->alike ? 1 : 0;
    }
    if (n >= TKE_READERS) {
        return true;
    }
    text = g_strdup_printf(
        ngettext("%u reader found, two are needed", "%u readers found, two are needed", n), n);
    add_row(page, BAD, text,
            _("Plug in what is missing. If a reader is plugged in and not listed, its driver is "
              "missing: install the package libccid, and unplug and plug in the reader."));
    return false;
}

static bool
show_readers(ScupSelfCheckPage *page, const Check *check)
{
    bool good = check->good >= TKE_READERS;

    add_row(page, GOOD, _("The smart card service answers"), NULL);
    for (guint i = 0; i < check->readers->len; i++) {
        good = add_reader(page, check->readers->pdata[i]) && good;
    }
    for (guint i = 0; i < check->problems->len; i++) {
        good = add_problem(page, check->problems->pdata[i]) && good;
    }
    return add_count(page, check->readers) && good;
}

static void
show_found(ScupSelfCheckPage *page, const GError *error, const Check *check)
{
    bool good = false;

    tke_ui_container_clear(page->rows);
    if (error != NULL) {
        add_error(page, _("The readers cannot be reached"), error);
    } else {
        good = show_readers(page, check);
    }
    gtk_label_set_text(GTK_LABEL(page->verdict), good ? _("Everything is ready")
                                                      : _("Something is missing"));
    gtk_widget_show_all(page->rows);
}

static void start_check(ScupSelfCheckPage *page);

static void
on_checked(const GError *error, gpointer data)
{
    Check *check = data;
    ScupSelfCheckPage *page = check->page;

    page->checking = false;
    if (tke_ui_page_window_is_open(TKE_UI_PAGE_WINDOW(page))) {
        show_found(page, error, check);
        if (page->again) {
            start_check(page);
        }
    }
    g_clear_pointer(&check->readers, g_ptr_array_unref);
    g_clear_pointer(&check->problems, g_ptr_array_unref);
    g_object_unref(page);
    g_free(check);
}

static void
start_check(ScupSelfCheckPage *page)
{
    Check *check;

    if (page->checking) {
        page->again = true;
        return;
    }
    page->checking = true;
    page->again = false;
    check = g_new0(Check, 1);
    check->page = g_object_ref(page);
    check->workplace = page->workplace;
    tke_ui_runner_look(tke_ui_page_window_get_runner(TKE_UI_PAGE_WINDOW(page)), do_check, on_checked, check);
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
update(TkeUiPageWindow *page)
{
    start_check(SCUP_SELF_CHECK_PAGE(page));
}

static void
scup_self_check_page_class_init(ScupSelfCheckPageClass *class)
{
    GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(class);

    TKE_UI_PAGE_WINDOW_CLASS(class)->update = update;
    g_type_ensure(TKE_UI_TYPE_VIEWPORT);
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
    ScupSelfCheckPage *page = g_object_new(SCUP_TYPE_SELF_CHECK_PAGE, NULL);
    const TkeUiPage window = { .parent = parent,
                               .runner = runner,
                               .model = G_OBJECT(cards),
                               .title = _("Check readers"),
                               .size_name = "scup-check",
                               .rehearsal = rehearsal,
                               .banner = page->banner };

    page->cards = cards;
    page->workplace = workplace;
    tke_ui_page_window_open(TKE_UI_PAGE_WINDOW(page), &window);
    gtk_label_set_text(GTK_LABEL(page->verdict), _("Checking…"));
    start_check(page);
    gtk_window_present(GTK_WINDOW(page));
}
