/*
 * A virtual desk's connections to tke-sim (4.12; libsmartcard/sim-protocol.h).
 */
#include "simulator/desk-link.h"

#include <glib/gi18n-lib.h>

#include "libsmartcard/sim-protocol.h"

#define WATCH_MS 400    /* how long a watch may keep the end of the link waiting */
#define BREATH_US 20000 /* between two looks, however fast the world changes */
#define RETRY_US 300000 /* before looking for tke-sim again */
#define END_US 2000000  /* how long the end of the link waits for its threads */

/* What is told in the main context. */
typedef enum { NOTE_SEEN, NOTE_LOST, NOTE_REFUSED, NOTE_OTHER_DESK } NoteKind;

typedef struct Note {
    SimDeskLink *link; /* a reference */
    NoteKind kind;
    char *text;
} Note;

struct SimDeskLink {
    gint references; /* atomic: the owner, the threads, notes on their way */
    char *directory;
    bool only;
    SimDeskLinkEvents events;
    void *data;
    bool closed; /* only the owner's thread looks at it */
    GMainContext *context;
    GAsyncQueue *orders; /* of GPtrArray of JsonObject; an empty one ends the sender */
    GMutex lock;         /* of what follows */
    GCond changed;
    bool stopping;
    unsigned running; /* threads */
    bool start_wanted;
    unsigned losses;    /* of the connection; those of before are stale */
    gint64 answered_us; /* monotonic: when tke-sim was heard of last */
    SimDeskWorld *news; /* not told yet */
};

static void
unref_link(SimDeskLink *link)
{
    if (!g_atomic_int_dec_and_test(&link->references)) {
        return;
    }
    sim_desk_world_free(link->news);
    g_async_queue_unref(link->orders);
    g_main_context_unref(link->context);
    g_mutex_clear(&link->lock);
    g_cond_clear(&link->changed);
    g_free(link->directory);
    g_free(link);
}

/* ---- telling ---- */

static SimDeskWorld *
take_news(SimDeskLink *link)
{
    SimDeskWorld *news = NULL;

    g_mutex_lock(&link->lock);
    news = g_steal_pointer(&link->news);
    g_mutex_unlock(&link->lock);
    return news;
}

static gboolean
tell(gpointer data)
{
    const Note *note = data;
    SimDeskLink *link = note->link;
    SimDeskWorld *world = NULL;

    if (link->closed) {
        return G_SOURCE_REMOVE;
    }
    switch (note->kind) {
    case NOTE_SEEN:
        world = take_news(link);
        if (world != NULL) {
            link->events.seen(link->data, world);
        }
        break;
    case NOTE_LOST:
        link->events.lost(link->data, note->text);
        break;
    case NOTE_REFUSED:
        link->events.refused(link->data, note->text);
        break;
    case NOTE_OTHER_DESK:
        link->events.other_desk(link->data);
        break;
    }
    return G_SOURCE_REMOVE;
}

static void
free_note(gpointer data)
{
    Note *note = data;

    unref_link(note->link);
    g_free(note->text);
    g_free(note);
}

static void
post(SimDeskLink *link, NoteKind kind, const char *text)
{
    Note *note = g_new0(Note, 1);
    GSource *source = g_idle_source_new();

    g_atomic_int_inc(&link->references);
    note->link = link;
    note->kind = kind;
    note->text = g_strdup(text);
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, tell, note, free_note);
    g_source_attach(source, link->context);
    g_source_unref(source);
}

/* What was not told yet is replaced: only the newest state counts. */
static void
post_world(SimDeskLink *link, SimDeskWorld *world)
{
    SimDeskWorld *older = NULL;

    g_mutex_lock(&link->lock);
    older = link->news;
    link->news = world;
    g_mutex_unlock(&link->lock);
    if (older == NULL) {
        post(link, NOTE_SEEN, NULL);
    }
    sim_desk_world_free(older);
}

/* ---- watching ---- */

static bool
is_stopping(SimDeskLink *link)
{
    bool stopping = false;

    g_mutex_lock(&link->lock);
    stopping = link->stopping;
    g_mutex_unlock(&link->lock);
    return stopping;
}

/* Waits so long, or until the link ends or tke-sim is to be started. */
static void
rest(SimDeskLink *link, gint64 us)
{
    const gint64 end = g_get_monotonic_time() + us;

    g_mutex_lock(&link->lock);
    while (!link->stopping && !link->start_wanted &&
           g_cond_wait_until(&link->changed, &link->lock, end)) {
    }
    g_mutex_unlock(&link->lock);
}

static TkeSimClient *
open_client(SimDeskLink *link, GError **error)
{
    bool start = false;

    g_mutex_lock(&link->lock);
    start = link->start_wanted;
    link->start_wanted = false;
    g_mutex_unlock(&link->lock);
    return start ? tke_sim_client_open_or_start(link->directory, error)
                 : tke_sim_client_open(link->directory, error);
}

static JsonObject *
watch(TkeSimClient *client, int64_t revision, GError **error)
{
    g_autoptr(JsonObject) request = json_object_new();

    json_object_set_string_member(request, "command", "watch");
    json_object_set_int_member(request, "revision", revision);
    json_object_set_int_member(request, "timeout_ms", WATCH_MS);
    return tke_sim_client_command(client, request, error);
}

static void
note_answer(SimDeskLink *link)
{
    g_mutex_lock(&link->lock);
    link->answered_us = g_get_monotonic_time();
    g_mutex_unlock(&link->lock);
}

/* Follows the world until the connection ends or the link does. */
static bool
follow(SimDeskLink *link, TkeSimClient *client, const char *region, GError **error)
{
    int64_t revision = 0;

    while (!is_stopping(link)) {
        g_autoptr(JsonObject) status = watch(client, revision, error);
        g_autoptr(SimDeskWorld) world =
            status == NULL ? NULL
                           : sim_desk_world_parse(status, region, g_get_monotonic_time(), error);

        if (world == NULL) {
            return false;
        }
        note_answer(link);
        if (world->revision != revision) {
            revision = world->revision;
            post_world(link, g_steal_pointer(&world));
            g_usleep(BREATH_US);
        }
    }
    return true;
}

/* Says what this connection is, and follows the world. */
static bool
serve(SimDeskLink *link, TkeSimClient *client, GError **error)
{
    g_autoptr(JsonObject) request = json_object_new();
    g_autoptr(JsonObject) answer = NULL;
    g_autoptr(TkeSimWorldInfo) info = NULL;

    json_object_set_string_member(request, "command", "desk");
    json_object_set_boolean_member(request, "only", link->only);
    answer = tke_sim_client_command(client, request, error);
    if (answer == NULL) {
        return false;
    }
    link->only = false; /* once it shows the world it stays, whatever comes */
    info = tke_sim_client_query_world(client, error);
    return info != NULL && follow(link, client, info->region, error);
}

/* A thread is over. */
static void *
leave(SimDeskLink *link)
{
    g_mutex_lock(&link->lock);
    link->running--;
    g_cond_broadcast(&link->changed);
    g_mutex_unlock(&link->lock);
    unref_link(link);
    return NULL;
}

static void
note_loss(SimDeskLink *link)
{
    g_mutex_lock(&link->lock);
    link->losses++;
    g_mutex_unlock(&link->lock);
}

static void *
run_watcher(void *data)
{
    SimDeskLink *link = data;
    bool told = false;
    bool seen = false;

    while (!is_stopping(link)) {
        g_autoptr(GError) error = NULL;
        g_autoptr(TkeSimClient) client = open_client(link, &error);

        if (client != NULL) {
            told = false;
            seen = true;
        }
        if (client != NULL && serve(link, client, &error)) {
            break;
        }
        if (link->only && g_error_matches(error, TKE_SIM_ERROR, TKE_SIM_STATUS_SHARING)) {
            post(link, NOTE_OTHER_DESK, NULL);
            break;
        }
        note_loss(link);
        /* One that hangs is not gone: its silence goes on, and tells it. */
        if (seen && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)) {
            rest(link, RETRY_US);
            continue;
        }
        note_answer(link);
        if (!told) {
            post(link, NOTE_LOST, error->message);
            told = true;
        }
        rest(link, RETRY_US);
    }
    return leave(link);
}

/* ---- orders ---- */

typedef struct Sender {
    TkeSimClient *client;
    unsigned losses; /* when it was opened */
} Sender;

/* A connection that was opened since tke-sim was lost last. */
static bool
connect_sender(SimDeskLink *link, Sender *sender, GError **error)
{
    unsigned losses = 0;

    g_mutex_lock(&link->lock);
    losses = link->losses;
    g_mutex_unlock(&link->lock);
    if (sender->client != NULL && sender->losses == losses) {
        return true;
    }
    g_clear_pointer(&sender->client, tke_sim_client_free);
    sender->losses = losses;
    sender->client = tke_sim_client_open(link->directory, error);
    return sender->client != NULL;
}

/* An order whose answer was lost may have been carried out: it is not sent again. */
static bool
send_order(SimDeskLink *link, Sender *sender, JsonObject *order, GError **error)
{
    g_autoptr(JsonObject) answer = NULL;
    g_autoptr(GError) cause = NULL;

    if (!connect_sender(link, sender, error)) {
        return false;
    }
    answer = tke_sim_client_command(sender->client, order, &cause);
    if (answer == NULL) {
        if (cause->domain != TKE_SIM_ERROR) {
            g_clear_pointer(&sender->client, tke_sim_client_free);
        }
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    return true;
}

static void *
run_sender(void *data)
{
    SimDeskLink *link = data;
    Sender sender = { 0 };

    for (;;) {
        g_autoptr(GPtrArray) orders = g_async_queue_pop(link->orders);
        g_autoptr(GError) error = NULL;

        if (orders->len == 0) {
            break;
        }
        for (unsigned i = 0; i < orders->len && error == NULL; i++) {
            send_order(link, &sender, g_ptr_array_index(orders, i), &error);
        }
        if (error != NULL) {
            post(link, NOTE_REFUSED, error->message);
        }
    }
    tke_sim_client_free(sender.client);
    return leave(link);
}

/* ---- the owner's side ---- */

SimDeskLink *
sim_desk_link_new(const char *directory, bool only, bool start, const SimDeskLinkEvents *events,
                  void *data)
{
    SimDeskLink *link = g_new0(SimDeskLink, 1);

    link->references = 3;
    link->running = 2;
    link->answered_us = g_get_monotonic_time();
    link->directory = g_strdup(directory);
    link->only = only;
    link->start_wanted = start;
    link->events = *events;
    link->data = data;
    link->context = g_main_context_ref_thread_default();
    link->orders = g_async_queue_new_full((GDestroyNotify) g_ptr_array_unref);
    g_mutex_init(&link->lock);
    g_cond_init(&link->changed);
    g_thread_unref(g_thread_new("desk-watch", run_watcher, link));
    g_thread_unref(g_thread_new("desk-send", run_sender, link));
    return link;
}

void
sim_desk_link_free(SimDeskLink *link)
{
    const gint64 end = g_get_monotonic_time() + END_US;

    if (link == NULL) {
        return;
    }
    link->closed = true;
    g_async_queue_push(link->orders, g_ptr_array_new());
    g_mutex_lock(&link->lock);
    link->stopping = true;
    g_cond_broadcast(&link->changed);
    while (link->running > 0 && g_cond_wait_until(&link->changed, &link->lock, end)) {
    }
    g_mutex_unlock(&link->lock);
    unref_link(link);
}

void
sim_desk_link_send_all(SimDeskLink *link, GPtrArray *orders)
{
    if (orders->len > 0) {
        g_async_queue_push(link->orders, g_ptr_array_ref(orders));
    }
}

void
sim_desk_link_send(SimDeskLink *link, JsonObject *order)
{
    g_autoptr(GPtrArray) orders =
        g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);

    g_ptr_array_add(orders, order);
    sim_desk_link_send_all(link, orders);
}

void
sim_desk_link_start(SimDeskLink *link)
{
    g_mutex_lock(&link->lock);
    link->start_wanted = true;
    g_cond_broadcast(&link->changed);
    g_mutex_unlock(&link->lock);
}

unsigned
sim_desk_link_get_silence_ms(SimDeskLink *link)
{
    gint64 silence_us = 0;

    g_mutex_lock(&link->lock);
    silence_us = g_get_monotonic_time() - link->answered_us;
    g_mutex_unlock(&link->lock);
    return silence_us <= 0 ? 0 : (unsigned) (silence_us / 1000);
}
