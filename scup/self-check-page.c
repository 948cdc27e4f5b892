/*
 * The self-check (F-009): what was found, and the remedy for each.
 */
#include "scup/self-check-page.h"

#include <glib/gi18n.h>

#include "gtk-common/details.h"
#include "gtk-common/error-text.h"
#include "gtk-common/menu-words.h"
#include "gtk-common/viewport.h"
#include "libceremony/advice.h"
#include "libceremony/self-check.h"

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

/* What the error says; NULL: there is none. */
static char *
dup_remedy(const TkeFinding *finding)
{
    g_autofree char *message = NULL;
    g_autofree char *advice = NULL;
    g_autofree char *both = NULL;

    if (finding->error == NULL) {
        return finding->remedy != NULL && finding->remedy[0] != '\0'
                   ? tke_ui_menu_words(finding->remedy)
                   : NULL;
    }
    message = tke_ui_error_text_message(finding->error);
    advice = tke_ui_error_text_advice(finding->error);
    both = g_strdup_printf("%s\n%s", message, advice != NULL ? advice : "");
    return tke_ui_menu_words(g_strchomp(both));
}

/* One finding: a mark, what it is, and below what to do. */
static GtkWidget *
make_row(const char *marked, const char *remedy, const char *details)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
    GtkWidget *label = make_label(marked);

    gtk_style_context_add_class(gtk_widget_get_style_context(label), "tke-big");
    gtk_container_add(GTK_CONTAINER(box), label);
    if (remedy != NULL) {
        GtkWidget *advice = make_label(remedy);

        gtk_widget_set_margin_start(advice, 18);
        gtk_container_add(GTK_CONTAINER(box), advice);
    }
    if (details != NULL) {
        GtkWidget *folded = g_object_new(TKE_UI_TYPE_DETAILS, "margin-start", 18, NULL);

        gtk_container_add(GTK_CONTAINER(box), folded);
        gtk_widget_set_no_show_all(folded, TRUE);
        tke_ui_details_set_text(TKE_UI_DETAILS(folded), details);
    }
    return box;
}

/*
 * In its place among the rows. One that says the same stays the widget that it is: the page looks
 * again each second while another program holds a reader, and nobody's focus or reading is to be
 * disturbed by it.
 */
static void
put_row(ScupSelfCheckPage *page, int index, const TkeFinding *finding)
{
    static const char *const marks[] = { "✓", "–", "✗" };
    g_autofree char *what =
        finding->clause ? tke_ui_error_text_sentence(finding->what) : g_strdup(finding->what);
    g_autofree char *marked = g_strdup_printf("%s %s", marks[finding->kind], what);
    g_autofree char *remedy = dup_remedy(finding);
    g_autofree char *details = finding->error != NULL ? tke_advice_details_for_error(finding->error)
                                                      : g_strdup(finding->details);
    g_autofree char *said = g_strdup_printf("%s\n%s\n%s", marked, remedy != NULL ? remedy : "",
                                            details != NULL ? details : "");
    g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(page->rows));
    GtkWidget *before = g_list_nth_data(rows, (guint) index);
    GtkWidget *row;

    if (before != NULL && g_strcmp0(g_object_get_data(G_OBJECT(before), "said"), said) == 0) {
        return;
    }
    if (before != NULL) {
        gtk_widget_destroy(before);
    }
    row = make_row(marked, remedy, details);
    g_object_set_data_full(G_OBJECT(row), "said", g_steal_pointer(&said), g_free);
    gtk_container_add(GTK_CONTAINER(page->rows), row);
    gtk_box_reorder_child(GTK_BOX(page->rows), row, index);
    gtk_widget_show_all(row);
}

static void
remove_rows_from(ScupSelfCheckPage *page, guint index)
{
    g_autoptr(GList) rows = gtk_container_get_children(GTK_CONTAINER(page->rows));

    for (GList *row = g_list_nth(rows, index); row != NULL; row = row->next) {
        gtk_widget_destroy(row->data);
    }
}

/* Why the card in the reader cannot be read; NULL: it can, or there is none. */
static const GError *
get_card_trouble(ScupSelfCheckPage *page, unsigned reader)
{
    return scup_cards_get_place(page->cards, reader) == SCUP_PLACE_TROUBLE
               ? scup_cards_get_trouble(page->cards, reader)
               : NULL;
}

static void
show_found(ScupSelfCheckPage *page, const GError *error, const Check *check)
{
    const GError *const cards[2] = { get_card_trouble(page, 1), get_card_trouble(page, 2) };
    g_autoptr(TkeSelfCheck) verdict =
        error != NULL ? tke_self_check_judge_failure(error)
                      : tke_self_check_judge(check->readers, check->problems, check->good, cards);
    const char *text = verdict->ready ? _("Everything is ready") : _("Something is missing");

    for (guint i = 0; i < verdict->findings->len; i++) {
        put_row(page, (int) i, verdict->findings->pdata[i]);
    }
    remove_rows_from(page, verdict->findings->len);
    if (g_strcmp0(gtk_label_get_text(GTK_LABEL(page->verdict)), text) != 0) {
        gtk_label_set_text(GTK_LABEL(page->verdict), text);
    }
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
    tke_ui_runner_look(tke_ui_page_window_get_runner(TKE_UI_PAGE_WINDOW(page)), do_check,
                       on_checked, check);
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
