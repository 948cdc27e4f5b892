/*
 * A pane shows what lasts, and nothing that comes and goes at once. The cards are a stand-in that
 * tells of a place what the test wants; what must not be seen is over before the main loop runs,
 * so that no timer can come in between.
 */
#include <gtk/gtk.h>
#include <string.h>

#include "scup/reader-pane.h"
#include "tests/support/test-main.h"

#define MOMENT_US (300 * G_USEC_PER_SEC / 1000)

struct _ScupCards {
    GObject parent;
    ScupPlace place;
    TkeCardInfo card;
};

G_DEFINE_FINAL_TYPE(ScupCards, scup_cards, G_TYPE_OBJECT)

static void
scup_cards_class_init(ScupCardsClass *class)
{
    g_signal_new("changed", G_TYPE_FROM_CLASS(class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                 G_TYPE_NONE, 0);
}

static void
scup_cards_init(ScupCards *cards)
{
    cards->card.status.kind = TKE_CARD_KIND_CA;
}

ScupPlace
scup_cards_get_place(ScupCards *cards, unsigned reader)
{
    (void) reader;
    return cards->place;
}

const GError *
scup_cards_get_trouble(ScupCards *cards, unsigned reader)
{
    (void) cards;
    (void) reader;
    return NULL;
}

const TkeReaderInfo *
scup_cards_get_reader(ScupCards *cards, unsigned reader)
{
    (void) cards;
    (void) reader;
    return NULL;
}

const TkeCardInfo *
scup_cards_get_card(ScupCards *cards, unsigned reader)
{
    (void) reader;
    return cards->place == SCUP_PLACE_CARD ? &cards->card : NULL;
}

const uint8_t *
scup_cards_get_zone(ScupCards *cards)
{
    (void) cards;
    return NULL;
}

const GError *
scup_cards_get_pad_trouble(ScupCards *cards, unsigned reader)
{
    (void) cards;
    (void) reader;
    return NULL;
}

unsigned
scup_cards_count_readers(ScupCards *cards)
{
    (void) cards;
    return 2;
}

/* ---- what is seen ---- */

typedef struct Seen {
    ScupCards *cards;
    GtkWidget *pane;
    GString *texts;    /* of the pane, each time one changed */
    gint64 reading_at; /* when it said that the card is read */
} Seen;

static void
on_text(GtkLabel *label, GParamSpec *pspec, gpointer data)
{
    Seen *seen = data;

    (void) pspec;
    g_string_append_printf(seen->texts, "%s|", gtk_label_get_text(label));
    if (g_str_has_prefix(gtk_label_get_text(label), "Reading")) {
        seen->reading_at = g_get_monotonic_time();
    }
}

static void
watch(GtkWidget *widget, gpointer data)
{
    if (GTK_IS_LABEL(widget)) {
        g_signal_connect(widget, "notify::label", G_CALLBACK(on_text), data);
    } else if (GTK_IS_CONTAINER(widget)) {
        gtk_container_forall(GTK_CONTAINER(widget), watch, data);
    }
}

static void
open_pane(Seen *seen)
{
    ck_assert_msg(gtk_init_check(NULL, NULL), "there is no display");
    seen->cards = g_object_new(SCUP_TYPE_CARDS, NULL);
    seen->texts = g_string_new(NULL);
    seen->pane = g_object_ref_sink(scup_reader_pane_new(seen->cards, 1));
    watch(seen->pane, seen);
}

static void
close_pane(Seen *seen)
{
    gtk_widget_destroy(seen->pane);
    g_object_unref(seen->pane);
    g_object_unref(seen->cards);
    g_string_free(seen->texts, TRUE);
}

static void
put(Seen *seen, ScupPlace place)
{
    seen->cards->place = place;
    g_signal_emit_by_name(seen->cards, "changed");
}

static void
wait_for(Seen *seen, const char *text)
{
    while (strstr(seen->texts->str, text) == NULL) {
        g_main_context_iteration(NULL, TRUE);
    }
}

START_TEST(test_card_that_is_recognised_at_once_is_never_being_read)
{
    Seen seen = { 0 };

    open_pane(&seen);
    put(&seen, SCUP_PLACE_EMPTY);
    ck_assert_ptr_nonnull(strstr(seen.texts->str, "Insert a card in reader 1"));
    put(&seen, SCUP_PLACE_READING);
    put(&seen, SCUP_PLACE_CARD);
    ck_assert_ptr_nonnull(strstr(seen.texts->str, "Blank card for a CA card"));
    put(&seen, SCUP_PLACE_READING);
    put(&seen, SCUP_PLACE_EMPTY);
    ck_assert_ptr_null(strstr(seen.texts->str, "Reading"));
    ck_assert_ptr_null(strstr(seen.texts->str, "Looking"));
    close_pane(&seen);
}
END_TEST

/* Nothing comes and goes within a moment. */
START_TEST(test_card_that_takes_its_time_is_being_read_for_a_moment)
{
    Seen seen = { 0 };
    gint64 begun;

    open_pane(&seen);
    put(&seen, SCUP_PLACE_EMPTY);
    put(&seen, SCUP_PLACE_READING);
    wait_for(&seen, "Reading the card…");
    begun = seen.reading_at;
    put(&seen, SCUP_PLACE_CARD);
    if (g_get_monotonic_time() - begun < MOMENT_US / 2) { /* else the test was kept waiting */
        ck_assert_ptr_null(strstr(seen.texts->str, "Blank card for a CA card"));
    }
    wait_for(&seen, "Blank card for a CA card");
    close_pane(&seen);
}
END_TEST

static bool
says_inserted(GtkWidget *widget)
{
    bool says = GTK_IS_LABEL(widget) && gtk_widget_get_visible(widget) &&
                strcmp(gtk_label_get_text(GTK_LABEL(widget)), "Card inserted") == 0;
    g_autoptr(GList) children =
        GTK_IS_CONTAINER(widget) ? gtk_container_get_children(GTK_CONTAINER(widget)) : NULL;

    for (GList *at = children; at != NULL; at = at->next) {
        says = says || says_inserted(at->data);
    }
    return says;
}

START_TEST(test_card_that_is_in_is_told_at_once_and_for_a_moment)
{
    Seen seen = { 0 };
    gint64 begun;

    open_pane(&seen);
    put(&seen, SCUP_PLACE_EMPTY);
    ck_assert(!says_inserted(seen.pane));
    begun = g_get_monotonic_time();
    put(&seen, SCUP_PLACE_READING);
    ck_assert(says_inserted(seen.pane));
    ck_assert_ptr_null(strstr(seen.texts->str, "Reading")); /* the page stays what it was */
    put(&seen, SCUP_PLACE_CARD);
    while (says_inserted(seen.pane)) {
        g_main_context_iteration(NULL, TRUE);
    }
    ck_assert_int_ge(g_get_monotonic_time() - begun, MOMENT_US);
    put(&seen, SCUP_PLACE_READING);
    put(&seen, SCUP_PLACE_EMPTY); /* it is out: that it is in is not said any more */
    ck_assert(!says_inserted(seen.pane));
    close_pane(&seen);
}
END_TEST

START_TEST(test_readers_that_take_their_time_are_looked_for)
{
    Seen seen = { 0 };

    open_pane(&seen);
    ck_assert_str_eq(seen.texts->str, "");
    wait_for(&seen, "Looking for readers…");
    close_pane(&seen);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_card_that_is_recognised_at_once_is_never_being_read);
    tcase_add_test(tests, test_card_that_takes_its_time_is_being_read_for_a_moment);
    tcase_add_test(tests, test_card_that_is_in_is_told_at_once_and_for_a_moment);
    tcase_add_test(tests, test_readers_that_take_their_time_are_looked_for);
}

int
main(void)
{
    return test_main("reader-pane", add_tests);
}
