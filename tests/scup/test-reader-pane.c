/*
 * A pane shows what lasts, and nothing that comes and goes at once. The cards are a stand-in that
 * tells of a place what the test wants; what must not be seen is over before the main loop runs,
 * so that no timer can come in between.
 */
#include <gtk/gtk.h>
#include <string.h>

#include "scup/reader-pane.h"
#include "tests/support/test-main.h"

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
    GString *texts; /* of the pane, each time one changed */
} Seen;

static void
on_text(GtkLabel *label, GParamSpec *pspec, gpointer data)
{
    GString *texts = data;

    (void) pspec;
    g_string_append_printf(texts, "%s|", gtk_label_get_text(label));
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
    watch(seen->pane, seen->texts);
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

START_TEST(test_card_that_takes_its_time_is_being_read)
{
    Seen seen = { 0 };

    open_pane(&seen);
    put(&seen, SCUP_PLACE_EMPTY);
    put(&seen, SCUP_PLACE_READING);
    wait_for(&seen, "Reading the card…");
    put(&seen, SCUP_PLACE_CARD);
    ck_assert_ptr_nonnull(strstr(seen.texts->str, "Blank card for a CA card"));
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
    tcase_add_test(tests, test_card_that_takes_its_time_is_being_read);
    tcase_add_test(tests, test_readers_that_take_their_time_are_looked_for);
}

int
main(void)
{
    return test_main("reader-pane", add_tests);
}
