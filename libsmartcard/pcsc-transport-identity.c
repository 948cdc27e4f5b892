/*
 * Identities that are remembered, and the way to one without a card.
 */
#include <pthread.h>
#include <string.h>

#include "libsmartcard/pcsc-transport-reader.h"
#include "libsmartcard/pcsc-transport-thread.h"

#define ASK_MS 1500 /* a reader in which another program has a PIN typed answers later */

/* Of the whole process: a reader that is held exclusively cannot be asked a second time. */
typedef struct Remembered {
    const TkePcscApi *api;
    char *name;
    TkePcscIdentity identity;
    uint64_t asking; /* number of the question that is under way; 0: none */
} Remembered;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static GPtrArray *all;     /* of Remembered, under lock */
static uint64_t questions; /* asked so far, under lock */

static void
remembered_free(void *data)
{
    Remembered *remembered = data;

    tke_pcsc_identity_clear(&remembered->identity);
    g_free(remembered->name);
    g_free(remembered);
}

static void
copy(const TkePcscIdentity *from, TkePcscIdentity *to)
{
    *to = *from;
    to->serial = g_strdup(from->serial);
    to->port = g_strdup(from->port);
}

/* Under lock; NULL: not there. */
static Remembered *
find(const TkePcscApi *api, const char *name)
{
    for (guint i = 0; all != NULL && i < all->len; i++) {
        Remembered *remembered = g_ptr_array_index(all, i);

        if (remembered->api == api && strcmp(remembered->name, name) == 0) {
            return remembered;
        }
    }
    return NULL;
}

static Remembered *
find_or_add(const TkePcscApi *api, const char *name)
{
    Remembered *remembered = find(api, name);

    if (remembered == NULL) {
        if (all == NULL) {
            all = g_ptr_array_new_with_free_func(remembered_free);
        }
        remembered = g_new0(Remembered, 1);
        remembered->api = api;
        remembered->name = g_strdup(name);
        g_ptr_array_add(all, remembered);
    }
    return remembered;
}

bool
tke_pcsc_identity_recall(const TkePcscApi *api, const char *name, TkePcscIdentity *identity)
{
    const Remembered *remembered = NULL;
    bool known = false;

    pthread_mutex_lock(&lock);
    remembered = find(api, name);
    known = remembered != NULL && remembered->identity.known;
    if (known) {
        copy(&remembered->identity, identity);
    }
    pthread_mutex_unlock(&lock);
    return known;
}

void
tke_pcsc_identity_remember(const TkePcscApi *api, const char *name, const TkePcscIdentity *identity)
{
    Remembered *remembered = NULL;

    pthread_mutex_lock(&lock);
    remembered = find_or_add(api, name);
    tke_pcsc_identity_clear(&remembered->identity);
    copy(identity, &remembered->identity);
    pthread_mutex_unlock(&lock);
}

void
tke_pcsc_identity_forget(const TkePcscApi *api, const char *name)
{
    Remembered *remembered = NULL;

    pthread_mutex_lock(&lock);
    remembered = find(api, name);
    if (remembered != NULL) {
        (void) g_ptr_array_remove_fast(all, remembered);
    }
    if (all != NULL && all->len == 0) {
        g_clear_pointer(&all, g_ptr_array_unref);
    }
    pthread_mutex_unlock(&lock);
}

/* Two answers that differ; none is no answer. */
static bool
differ(const char *a, const char *b)
{
    return a[0] != '\0' && b[0] != '\0' && strcmp(a, b) != 0;
}

static bool
is_elsewhere(const TkePcscApi *api, SCARDHANDLE handle, const char *name,
             const TkePcscIdentity *identity)
{
    TkePcscIdentity now = { 0 };
    bool elsewhere = false;

    tke_pcsc_identity_ask_place(api, handle, name, &now);
    elsewhere = (now.serial != NULL && differ(now.serial, identity->serial)) ||
                differ(now.port, identity->port);
    tke_pcsc_identity_clear(&now);
    return elsewhere;
}

bool
tke_pcsc_identity_confirm(const TkePcscApi *api, SCARDHANDLE handle, const char *name,
                          TkePcscIdentity *identity, bool *exchanged)
{
    bool is_virtual = false;
    const bool was_known = tke_pcsc_identity_recall(api, name, identity);

    *exchanged = was_known && is_elsewhere(api, handle, name, identity);
    if (was_known) {
        is_virtual = identity->is_virtual;
        (void) tke_pcsc_reader_ask_virtual(api, handle, &is_virtual);
        if (is_virtual == identity->is_virtual && !*exchanged) {
            return true;
        }
        tke_pcsc_identity_clear(identity);
    }
    tke_pcsc_identity_ask(api, handle, name, identity);
    if (!identity->known) {
        tke_pcsc_identity_clear(identity);
        return false;
    }
    if (was_known) {
        identity->is_virtual = is_virtual; /* just told, whatever came of the second question */
    }
    tke_pcsc_identity_remember(api, name, identity);
    return true;
}

/* ---- asking without a card ---- */

typedef struct Question {
    const TkePcscApi *api;
    char *name;
    uint64_t number;
} Question;

/* Only one at a time for each reader, however many sources there are. 0: one is under way. */
static uint64_t
begin_asking(const TkePcscApi *api, const char *name)
{
    Remembered *remembered = NULL;
    uint64_t number = 0;

    pthread_mutex_lock(&lock);
    remembered = find_or_add(api, name);
    if (remembered->asking == 0) {
        number = ++questions;
        remembered->asking = number;
    }
    pthread_mutex_unlock(&lock);
    return number;
}

/* The answer counts unless the reader was forgotten meanwhile: it may be another one now. */
static void
end_asking(const Question *question, const TkePcscIdentity *identity)
{
    Remembered *remembered = NULL;

    pthread_mutex_lock(&lock);
    remembered = find(question->api, question->name);
    if (remembered != NULL && remembered->asking == question->number) {
        remembered->asking = 0;
        if (identity->known) {
            tke_pcsc_identity_clear(&remembered->identity);
            copy(identity, &remembered->identity);
        }
    }
    pthread_mutex_unlock(&lock);
}

static void
ask(void *state)
{
    const Question *question = state;
    TkePcscIdentity identity = { 0 };
    SCARDCONTEXT context = 0;
    SCARDHANDLE handle = 0;
    DWORD protocol = 0;

    if (question->api->establish_context(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) ==
        SCARD_S_SUCCESS) {
        if (question->api->connect(context, question->name, SCARD_SHARE_DIRECT, 0, &handle,
                                   &protocol) == SCARD_S_SUCCESS) {
            /* Waits until no other program has a transaction, which would keep attributes from
             * us. */
            if (question->api->begin_transaction(handle) == SCARD_S_SUCCESS) {
                tke_pcsc_identity_ask(question->api, handle, question->name, &identity);
                (void) question->api->end_transaction(handle, SCARD_LEAVE_CARD);
            }
            (void) question->api->disconnect(handle, SCARD_LEAVE_CARD);
        }
        (void) question->api->release_context(context);
    }
    end_asking(question, &identity);
    tke_pcsc_identity_clear(&identity);
}

static void
question_free(void *state)
{
    Question *question = state;

    g_free(question->name);
    g_free(question);
}

static const TkePcscThreadFuncs question_funcs = { .free_memory = question_free };

void
tke_pcsc_identity_find(const TkePcscApi *api, const char *name, TkePcscIdentity *identity)
{
    uint64_t number = 0;

    if (tke_pcsc_identity_recall(api, name, identity)) {
        return;
    }
    number = begin_asking(api, name);
    if (number != 0) {
        Question *question = g_new0(Question, 1);
        TkePcscThread *thread = NULL;

        question->api = api;
        question->name = g_strdup(name);
        question->number = number;
        thread = tke_pcsc_thread_new(&question_funcs, question);
        (void) tke_pcsc_thread_run(thread, ask, ASK_MS, NULL);
        tke_pcsc_thread_free(thread, ASK_MS);
    }
    if (!tke_pcsc_identity_recall(api, name, identity)) {
        tke_pcsc_identity_from_name(name, identity);
    }
}
