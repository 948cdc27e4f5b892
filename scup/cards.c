/*
 * The two readers and what is in them.
 */
#include "scup/cards.h"

#include <string.h>

#include "libsmartcard/card-error.h"
#include "scup/cards-look.h"
#include "scup/cards-private.h"

#define RETRY_MS 1000 /* after a failure, and while another program holds a card */

G_DEFINE_FINAL_TYPE(ScupCards, scup_cards, G_TYPE_OBJECT)

static guint changed_signal;

static void look(ScupCards *cards);

static void
tell(ScupCards *cards)
{
    g_signal_emit(cards, changed_signal, 0);
}

/* ---- what the monitor sees ---- */

static void
assign(ScupCards *cards)
{
    const TkeReaderChoice choice = { .key = { cards->keys[0], cards->keys[1] },
                                     .name = { cards->names[0], cards->names[1] } };

    g_clear_pointer(&cards->assigned, tke_readers_free);
    if (cards->readers != NULL) {
        cards->assigned = tke_readers_assign(cards->readers, &choice);
    }
}

static const TkeReaderInfo *
find_reader(const ScupCards *cards, const char *name)
{
    for (guint i = 0; cards->readers != NULL && i < cards->readers->len; i++) {
        const TkeReaderInfo *info = cards->readers->pdata[i];

        if (g_strcmp0(info->name, name) == 0) {
            return info;
        }
    }
    return NULL;
}

static void
set_names(ScupCards *cards, char *const *names)
{
    for (unsigned i = 0; i < TKE_READERS; i++) {
        const TkeReaderInfo *info = names != NULL ? find_reader(cards, names[i]) : NULL;

        g_free(cards->names[i]);
        cards->names[i] = names != NULL ? g_strdup(names[i]) : NULL;
        cards->plugs[i] = info != NULL ? info->plugs : 0;
    }
}

/* The monitor sees a reader that is unplugged even if it is back before the worker looks. */
static void
forget_unplugged(ScupCards *cards)
{
    for (unsigned i = 0; i < TKE_READERS; i++) {
        const TkeReaderInfo *info = find_reader(cards, cards->names[i]);

        if (cards->names[i] != NULL && (info == NULL || info->plugs != cards->plugs[i])) {
            cards->forget_next = true;
        }
    }
    if (cards->forget_next) {
        set_names(cards, NULL);
    }
}

typedef struct Report {
    ScupCards *cards;
    GPtrArray *readers;
    GError *error;
} Report;

static void
report_free(gpointer data)
{
    Report *report = data;

    g_object_unref(report->cards);
    g_clear_pointer(&report->readers, g_ptr_array_unref);
    g_clear_error(&report->error);
    g_free(report);
}

static gboolean
on_report(gpointer data)
{
    Report *report = data;
    ScupCards *cards = report->cards;

    if (!cards->stopped) {
        g_clear_pointer(&cards->readers, g_ptr_array_unref);
        g_clear_error(&cards->trouble);
        cards->readers = g_steal_pointer(&report->readers);
        cards->trouble = g_steal_pointer(&report->error);
        forget_unplugged(cards);
        assign(cards);
        for (unsigned reader = 1; reader <= TKE_READERS; reader++) {
            if (scup_cards_get_reader(cards, reader) == NULL) {
                scup_pads_forget(&cards->pads, reader);
            }
        }
        tell(cards);
        look(cards);
    }
    return G_SOURCE_REMOVE;
}

/* In the monitor's thread. */
static void
on_monitor(GPtrArray *readers, const GError *error, void *data)
{
    Report *report = g_new0(Report, 1);

    report->cards = g_object_ref(data);
    report->error = error != NULL ? g_error_copy(error) : NULL;
    if (readers != NULL) {
        report->readers = g_ptr_array_new_with_free_func((GDestroyNotify) tke_reader_info_free);
        for (guint i = 0; i < readers->len; i++) {
            g_ptr_array_add(report->readers, tke_reader_info_copy(readers->pdata[i]));
        }
    }
    g_idle_add_full(G_PRIORITY_DEFAULT, on_report, report, report_free);
}

/* ---- looks ---- */

static gboolean
on_retry(gpointer data)
{
    ScupCards *cards = data;

    cards->retry = 0;
    look(cards);
    return G_SOURCE_REMOVE;
}

/* No event tells when another program lets a card, or a reader, go, nor that a reader was back
 * already when its going was told. */
static bool
has_to_look_again(ScupCards *cards)
{
    const GPtrArray *infos = cards->infos;

    for (guint i = 0; infos != NULL && i < infos->len; i++) {
        const TkeCardInfo *info = infos->pdata[i];

        if (scup_pads_is_held(&cards->pads, info->reader) ||
            tke_card_error_code(info->trouble) == TKE_CARD_ERROR_IN_USE ||
            (scup_pads_is_asked_again(&cards->pads, info->reader) &&
             scup_cards_get_reader(cards, info->reader) != NULL)) {
            return true;
        }
    }
    return false;
}

static void
take_look(ScupCards *cards, ScupLook *job)
{
    if (job->pads) {
        scup_pads_take(&cards->pads, job->infos, &job->asked);
    }
    g_clear_pointer(&cards->infos, g_ptr_array_unref);
    cards->infos = g_steal_pointer(&job->infos);
    tke_inventory_free(cards->inventory);
    cards->inventory = g_steal_pointer(&job->inventory);
    g_clear_error(&cards->inventory_error);
    cards->inventory_error = g_steal_pointer(&job->inventory_error);
    if (cards->readers != NULL || cards->monitor == NULL) {
        g_clear_error(&cards->trouble);
    }
    cards->unlocked_until = job->unlocked_s > 0
                                ? g_get_monotonic_time() + (gint64) job->unlocked_s * G_USEC_PER_SEC
                                : 0;
    for (unsigned i = 0; i < TKE_READERS; i++) {
        g_free(cards->keys[i]);
        cards->keys[i] = g_steal_pointer(&job->keys[i]);
    }
    if (!cards->forget_next) { /* else what it tells is from before */
        set_names(cards, job->names);
    }
    assign(cards);
}

static void
on_looked(const GError *error, gpointer data)
{
    ScupLook *job = data;
    ScupCards *cards = job->cards;

    cards->looking = false;
    if (error == NULL) {
        take_look(cards, job);
    } else if (!g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_clear_error(&cards->trouble);
        cards->trouble = g_error_copy(error);
        g_clear_pointer(&cards->infos, g_ptr_array_unref);
    }
    cards->ask_pads = cards->ask_pads || (error != NULL && job->pads);
    if (job->source != NULL && cards->monitor == NULL && !cards->stopped) {
        cards->monitor = tke_reader_monitor_new(g_steal_pointer(&job->source), on_monitor, cards);
    }
    if (!cards->stopped) {
        tell(cards);
    }
    if (cards->look_again) {
        look(cards);
    } else if ((error != NULL || has_to_look_again(cards)) && cards->retry == 0 &&
               !cards->stopped) {
        cards->retry = g_timeout_add(RETRY_MS, on_retry, cards);
    }
    scup_cards_look_free(job);
}

static bool
has_unknown_pad(ScupCards *cards)
{
    for (unsigned reader = 1; reader <= TKE_READERS; reader++) {
        const TkeReaderInfo *there = scup_cards_get_reader(cards, reader);

        if (there != NULL && scup_pads_is_to_ask(&cards->pads, reader, there)) {
            return true;
        }
    }
    return cards->monitor == NULL; /* no look so far */
}

static void
look(ScupCards *cards)
{
    ScupLook *job;

    if (cards->stopped || tke_ui_runner_is_busy(cards->runner)) {
        return; /* the end of the operation looks */
    }
    if (cards->looking) {
        cards->look_again = true;
        return;
    }
    cards->looking = true;
    cards->look_again = false;
    job = g_new0(ScupLook, 1);
    job->cards = g_object_ref(cards);
    job->workplace = cards->workplace;
    job->want_source = cards->monitor == NULL;
    job->lock = cards->lock_next;
    job->let_go = !cards->held;
    job->prove = cards->proving > 0;
    for (unsigned i = 0; i < TKE_READERS; i++) {
        const TkeReaderInfo *reader = scup_cards_get_reader(cards, i + 1);

        cards->events[i] = reader != NULL ? reader->events : 0;
        job->asked.events[i] = cards->events[i];
        job->asked.plugs[i] = reader != NULL ? reader->plugs : 0;
    }
    job->asked.rehearsal = tke_ui_workplace_is_rehearsal(cards->workplace);
    job->pads = cards->ask_pads || has_unknown_pad(cards);
    cards->ask_pads = false;
    cards->lock_next = false;
    job->forget = cards->forget_next;
    cards->forget_next = false;
    tke_ui_runner_look(cards->runner, scup_cards_look_run, on_looked, job);
}

void
scup_cards_refresh(ScupCards *cards)
{
    cards->ask_pads = true;
    look(cards);
}

void
scup_cards_lock(ScupCards *cards)
{
    cards->lock_next = true;
    look(cards);
}

void
scup_cards_hold(ScupCards *cards, bool hold)
{
    cards->held = hold;
    if (!hold) {
        look(cards);
    }
}

void
scup_cards_prove(ScupCards *cards, bool prove)
{
    g_return_if_fail(prove || cards->proving > 0);

    if (!prove) {
        cards->proving--;
        return;
    }
    cards->proving++;
    look(cards);
}

/* ---- life ---- */

static void
on_busy(TkeUiRunner *runner, GParamSpec *pspec, gpointer data)
{
    (void) pspec;
    if (!tke_ui_runner_is_busy(runner)) {
        look(data);
    }
}

void
scup_cards_stop(ScupCards *cards)
{
    cards->stopped = true;
    g_clear_handle_id(&cards->retry, g_source_remove);
    g_clear_pointer(&cards->monitor, tke_reader_monitor_free);
}

static void
finalize(GObject *object)
{
    ScupCards *cards = SCUP_CARDS(object);

    scup_cards_stop(cards);
    g_clear_pointer(&cards->readers, g_ptr_array_unref);
    g_clear_pointer(&cards->infos, g_ptr_array_unref);
    g_clear_pointer(&cards->assigned, tke_readers_free);
    g_clear_error(&cards->trouble);
    g_clear_error(&cards->inventory_error);
    tke_inventory_free(cards->inventory);
    scup_pads_clear(&cards->pads);
    g_clear_pointer(&cards->changed_ids, g_byte_array_unref);
    for (unsigned i = 0; i < TKE_READERS; i++) {
        g_free(cards->keys[i]);
        g_free(cards->names[i]);
    }
    g_signal_handlers_disconnect_by_data(cards->runner, cards);
    g_object_unref(cards->runner);
    G_OBJECT_CLASS(scup_cards_parent_class)->finalize(object);
}

static void
scup_cards_class_init(ScupCardsClass *class)
{
    G_OBJECT_CLASS(class)->finalize = finalize;
    changed_signal = g_signal_new("changed", SCUP_TYPE_CARDS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                  NULL, G_TYPE_NONE, 0);
}

static void
scup_cards_init(ScupCards *cards)
{
    (void) cards;
}

ScupCards *
scup_cards_new(TkeUiRunner *runner, TkeUiWorkplace *workplace)
{
    ScupCards *cards = g_object_new(SCUP_TYPE_CARDS, NULL);

    cards->runner = g_object_ref(runner);
    cards->workplace = workplace;
    g_signal_connect(runner, "notify::busy", G_CALLBACK(on_busy), cards);
    look(cards);
    return cards;
}
