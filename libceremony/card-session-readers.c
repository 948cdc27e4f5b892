/*
 * Which reader of a session is number 1 and which number 2 (functions 1.3; F-003), and the person
 * who says so where nothing else does.
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/advice.h"
#include "libceremony/card-session-private.h"
#include "libsmartcard/pin-pad.h"

/* how often a reader that another program holds is asked again who it is */
#define UNASKED_RETRY_MS 250
/* before a person is asked: programs that look at readers hold them for moments */
#define UNASKED_TRIES 12u

void
tke_card_session_set_readers(TkeCardSession *session, const TkeReaderChoice *choice)
{
    for (unsigned i = 0; i < TKE_READERS; i++) {
        g_free(session->keys[i]);
        session->keys[i] = g_strdup(choice->key[i]);
        g_clear_pointer(&session->names[i], g_free);
        tke_card_session_slot(session, i + 1)->given_up = false; /* another reader */
        tke_card_session_drop(session, i + 1);
    }
}

TkeReaderChoice
tke_card_session_get_readers(const TkeCardSession *session)
{
    return (TkeReaderChoice){ .key = { session->keys[0], session->keys[1] },
                              .name = { session->names[0], session->names[1] } };
}

void
tke_card_session_forget_names(TkeCardSession *session)
{
    for (unsigned i = 0; i < TKE_READERS; i++) {
        g_clear_pointer(&session->names[i], g_free);
    }
}

static const TkeReaderInfo *
find(const GPtrArray *infos, const char *name)
{
    for (guint i = 0; i < infos->len; i++) {
        const TkeReaderInfo *info = g_ptr_array_index(infos, i);

        if (strcmp(info->name, name) == 0) {
            return info;
        }
    }
    return NULL;
}

/* A reader that was away may be another one of its name. */
static bool
has_stayed(const GPtrArray *infos, const char *name, uint32_t plugs)
{
    const TkeReaderInfo *info = name != NULL ? find(infos, name) : NULL;

    return name == NULL || (info != NULL && info->plugs == plugs);
}

TkeReaders *
tke_card_session_assign(TkeCardSession *session, GPtrArray *infos)
{
    TkeReaderChoice choice;

    if (!has_stayed(infos, session->names[0], session->plugs[0]) ||
        !has_stayed(infos, session->names[1], session->plugs[1])) {
        tke_card_session_forget_names(session);
    }
    choice = tke_card_session_get_readers(session);
    return tke_readers_assign(infos, &choice);
}

bool
tke_card_session_choose(TkeCardSession *session, GPtrArray *infos,
                        const TkeReaderInfo *const reader[static TKE_READERS])
{
    bool lasting = true;

    for (unsigned i = 0; i < TKE_READERS; i++) {
        lasting = lasting && !tke_reader_is_alike(infos, reader[i]);
    }
    for (unsigned i = 0; i < TKE_READERS; i++) {
        if (lasting) {
            g_free(session->keys[i]);
            session->keys[i] = tke_reader_dup_key(reader[i]);
        }
        g_free(session->names[i]);
        session->names[i] = lasting ? NULL : g_strdup(reader[i]->name);
        session->plugs[i] = reader[i]->plugs;
        tke_card_session_slot(session, i + 1)->given_up = false; /* another reader */
        tke_card_session_drop(session, i + 1);
    }
    return lasting;
}

/* ---- a card that is put in tells which reader is meant ---- */

/* The reader that has got a card since, also one without number; NULL: none. */
static const TkeReaderInfo *
find_new_card(TkeOperation *op, const GPtrArray *before, const GPtrArray *now,
              const char *other_than)
{
    const bool rehearsal = tke_world_is_rehearsal(tke_operation_get_world(op));

    for (guint i = 0; i < now->len; i++) {
        const TkeReaderInfo *info = g_ptr_array_index(now, i);
        const TkeReaderInfo *old = find(before, info->name);

        if (info->card_present && old != NULL && old->events != info->events &&
            g_strcmp0(info->name, other_than) != 0 && (rehearsal || !info->is_virtual)) {
            return info;
        }
    }
    return NULL;
}

static bool
check_enough(TkeCardSession *session, GPtrArray *infos, GError **error)
{
    g_autoptr(TkeReaders) readers = tke_card_session_assign(session, infos);

    return readers->unclear || tke_readers_need_both(readers, error);
}

/* Another program keeps a reader from telling who it is; no event tells when it lets go. */
static bool
has_unasked(const GPtrArray *infos)
{
    for (guint i = 0; i < infos->len; i++) {
        if (((const TkeReaderInfo *) g_ptr_array_index(infos, i))->unasked) {
            return true;
        }
    }
    return false;
}

/* What a person is asked for with a card. */
typedef struct Question {
    unsigned number;        /* of the reader that is to get it */
    const char *other_than; /* reader that has the other number; NULL: none */
    bool alike;             /* nothing but the answer tells which reader is which */
    bool may_lapse;         /* readers that tell by themselves after all need no answer */
} Question;

/* A reader that does not tell who it is, because another program holds it; NULL: none. */
static const TkeReaderInfo *
find_held(TkeCardSession *session, const GPtrArray *infos, GError **why)
{
    for (guint i = 0; i < infos->len; i++) {
        const TkeReaderInfo *info = g_ptr_array_index(infos, i);
        g_autoptr(GError) error = NULL;
        TkePinPad pad;

        if (info->unasked &&
            !tke_pin_pad_describe_reader(session->source, info->name, &pad, &error) &&
            tke_card_error_code(error) == TKE_CARD_ERROR_IN_USE) {
            g_propagate_error(why, g_steal_pointer(&error));
            return info;
        }
    }
    return NULL;
}

/* Why a person is asked at all: who holds the readers, or that nothing is known of them. */
static void
show(TkeOperation *op, const Question *question, const GPtrArray *infos)
{
    g_autoptr(GError) why = NULL;
    const TkeReaderInfo *held =
        question->alike ? find_held(tke_operation_get_card_session(op), infos, &why) : NULL;
    g_autofree char *reason =
        held != NULL ? g_strdup_printf("%s: %s", held->name, why->message) : NULL;
    g_autofree char *advice = tke_advice_for_error(why);
    g_autofree char *details = tke_advice_details_for_error(why);
    TkePrompt prompt = {
        .kind = TKE_PROMPT_INSERT_CARD,
        .reader = question->number,
        .reader_name = "",
        .wanted = TKE_WANTED_ANY,
        .title = question->number == 1
                     ? _("Insert any card into the reader that is to be reader 1.")
                     : _("Insert any card into the reader that is to be reader 2."),
        .purpose = "identify",
    };

    if (held != NULL) {
        prompt.reason = reason;
        prompt.advice = advice;
        prompt.details = details;
        prompt.reason_word = "in-use";
    } else if (question->alike) {
        prompt.reason = _("The readers cannot be told apart: neither serial number nor port is "
                          "known of them. "
                          "The numbers hold until a reader is unplugged or the program ends.");
        prompt.reason_word = "alike";
    }
    tke_operation_show(op, &prompt);
}

/* Readers that were held a moment ago tell by themselves. False: only of errors. */
static bool
wait_until_told(TkeOperation *op, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);

    for (unsigned i = 0; i < UNASKED_TRIES; i++) {
        g_autoptr(GPtrArray) infos = session->source->ops->list(session->source, error);
        g_autoptr(TkeReaders) readers = NULL;

        if (infos == NULL) {
            return false;
        }
        readers = tke_card_session_assign(session, infos);
        if (!readers->unclear || !has_unasked(infos)) {
            return true;
        }
        if (!session->source->ops->wait(session->source, UNASKED_RETRY_MS,
                                        tke_operation_get_cancellable(op), error)) {
            return false;
        }
    }
    return true;
}

/* Readers that were held when the question was asked tell by themselves now. */
static bool
has_lapsed(TkeCardSession *session, const Question *question, GPtrArray *infos)
{
    g_autoptr(TkeReaders) readers = tke_card_session_assign(session, infos);

    return question->may_lapse && !readers->unclear;
}

/* All readers as they are after the next change; no event tells when a held one is let go. */
static GPtrArray *
wait_for_readers(TkeOperation *op, bool held, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCardSource *cards = session->source;
    g_autoptr(GPtrArray) infos = NULL;
    int ms = -1;

    if (tke_card_session_may_wait(op, held ? UNASKED_RETRY_MS : -1, &ms, error) &&
        cards->ops->wait(cards, ms, tke_operation_get_cancellable(op), error)) {
        infos = cards->ops->list(cards, error);
    }
    return infos != NULL && check_enough(session, infos, error) ? g_steal_pointer(&infos) : NULL;
}

/*
 * Waits until a reader that may be meant gets a card; its copy, and all readers as they are then.
 * NULL without error: the question has lapsed.
 */
static TkeReaderInfo *
ask(TkeOperation *op, const Question *question, GPtrArray **now, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    g_autoptr(GPtrArray) before = session->source->ops->list(session->source, error);
    g_autoptr(GPtrArray) infos = NULL;
    const TkeReaderInfo *found = NULL;
    bool held = before != NULL && has_unasked(before);

    if (before == NULL) {
        return NULL;
    }
    show(op, question, before);
    while (found == NULL) {
        g_clear_pointer(&infos, g_ptr_array_unref);
        infos = wait_for_readers(op, held, error);
        if (infos == NULL || has_lapsed(session, question, infos)) {
            tke_operation_hide(op);
            return NULL;
        }
        found = find_new_card(op, before, infos, question->other_than);
        if (found == NULL && held != has_unasked(infos)) {
            held = !held;
            show(op, question, infos); /* for another reason now */
        }
    }
    tke_operation_hide(op);
    g_clear_pointer(now, g_ptr_array_unref);
    *now = g_steal_pointer(&infos);
    return tke_reader_info_copy(found);
}

/* The other one, if there is but one that it can be; readers: as they were before. NULL: ask. */
static TkeReaderInfo *
find_second(const TkeCardSession *session, GPtrArray *infos, const TkeReaders *readers,
            const TkeReaderInfo *first)
{
    const TkeReaderChoice choice = { .name = { first->name, NULL },
                                     .key = { NULL, session->keys[1] } };
    g_autoptr(TkeReaders) assigned = NULL;

    if (!readers->unclear) {
        const bool was_second = g_strcmp0(first->name, readers->reader[1]->name) == 0;

        return tke_reader_info_copy(readers->reader[was_second ? 0 : 1]);
    }
    assigned = tke_readers_assign(infos, &choice);
    return assigned->reader[1] != NULL ? tke_reader_info_copy(assigned->reader[1]) : NULL;
}

/* may_lapse: true also when readers that told by themselves meanwhile have made it needless. */
static bool
identify(TkeOperation *op, bool may_lapse, bool *lasting, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    g_autoptr(GPtrArray) infos = session->source->ops->list(session->source, error);
    g_autoptr(TkeReaders) readers = infos != NULL ? tke_card_session_assign(session, infos) : NULL;
    g_autoptr(TkeReaderInfo) first = NULL;
    g_autoptr(TkeReaderInfo) second = NULL;
    g_autoptr(GError) local = NULL;
    Question question = { .number = 1, .may_lapse = may_lapse };

    if (infos == NULL || !check_enough(session, infos, error)) {
        return false;
    }
    question.alike = readers->unclear;
    first = ask(op, &question, &infos, &local);
    if (first == NULL && local == NULL) {
        return true;
    }
    second = first != NULL ? find_second(session, infos, readers, first) : NULL;
    if (first != NULL && second == NULL) {
        question = (Question){ .number = 2, .other_than = first->name, .alike = readers->unclear };
        second = ask(op, &question, &infos, &local);
    }
    if (second == NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }
    *lasting =
        tke_card_session_choose(session, infos, (const TkeReaderInfo *const[]){ first, second });
    return true;
}

bool
tke_card_session_identify(TkeOperation *op, bool *lasting, GError **error)
{
    return identify(op, false, lasting, error);
}

bool
tke_card_session_look_identified(TkeOperation *op, unsigned reader, TkeReaders **readers,
                                 bool *asked, GError **error)
{
    g_autoptr(TkeReaders) found = NULL;
    bool waited = false;
    bool lasting = false;

    for (;;) {
        g_clear_pointer(&found, tke_readers_free);
        if (!tke_operation_check(op, error) || !tke_card_session_look(op, &found, error)) {
            return false;
        }
        if (!found->unclear || (reader != 0 && found->reader[reader - 1] != NULL)) {
            *readers = g_steal_pointer(&found);
            return true;
        }
        if (!waited) {
            waited = true;
            if (!wait_until_told(op, error)) {
                return false;
            }
            continue;
        }
        if (asked != NULL) {
            *asked = true;
        }
        if (!identify(op, true, &lasting, error)) {
            return false;
        }
    }
}
