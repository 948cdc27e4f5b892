/*
 * Cards that are asked for, recognised and kept open (functions 2.2, P-1; F-004, F-008).
 */
#include "libceremony/card-session.h"

#include <string.h>

#include "libceremony/advice.h"
#include "libceremony/card-session-private.h"
#include "libceremony/key-losses.h"

#define HELD_RETRY_MS 500 /* how often a reader that another program holds is tried again */

TkeCardSession *
tke_card_session_new(TkeCardSource *source)
{
    TkeCardSession *session = g_new0(TkeCardSession, 1);

    session->source = source;
    session->idle_s = TKE_CARD_SESSION_EP11_IDLE_S;
    session->zones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return session;
}

static void
slot_drop(TkeCardSlot *slot)
{
    g_clear_pointer(&slot->card, tke_card_free);
    g_clear_error(&slot->trouble);
    memset(&slot->status, 0, sizeof slot->status);
    memset(slot->verified, 0, sizeof slot->verified);
    slot->atr_len = 0;
    slot->lapsed = false;
    slot->given_up = false;
}

static void
slot_forget_verdict(TkeCardSlot *slot)
{
    slot->judged = false;
    g_clear_error(&slot->not_genuine);
}

void
tke_card_session_free(TkeCardSession *session)
{
    if (session == NULL) {
        return;
    }
    for (unsigned i = 0; i < TKE_READERS; i++) {
        slot_drop(&session->slots[i]);
        slot_forget_verdict(&session->slots[i]);
        g_free(session->slots[i].reader_name);
        g_free(session->slots[i].text);
        g_free(session->keys[i]);
        g_free(session->names[i]);
    }
    g_hash_table_unref(session->zones);
    g_free(session);
}

char *
tke_card_session_card_text(const TkeCardStatus *status)
{
    return status->description[0] != '\0' ? g_strdup(status->description)
                                          : tke_card_id_text(status->card_id);
}

static void
note_zone(TkeCardSession *session, const TkeCardStatus *status)
{
    if (status->has_zone) {
        g_hash_table_insert(session->zones, tke_card_id_text(status->zone_id),
                            g_strdup(status->zone_description));
    }
}

const char *
tke_card_session_zone_description(TkeCardSession *session, const uint8_t *zone_id)
{
    g_autofree char *id = tke_card_id_text(zone_id);

    return g_hash_table_lookup(session->zones, id);
}

/* Opens and recognises a card that has come in. What is wrong with it is kept as its trouble. */
static void
slot_open(TkeOperation *op, TkeCardSlot *slot, unsigned reader)
{
    TkeCardSession *session = tke_operation_get_card_session(op);

    slot->card = tke_card_open(session->source, slot->reader_name, reader,
                               tke_operation_get_cancellable(op), &slot->trouble);
    if (slot->card != NULL) {
        const uint8_t *atr = tke_card_get_atr(slot->card, &slot->atr_len);

        memcpy(slot->atr, atr, slot->atr_len);
    }
    if (slot->card != NULL && !tke_card_recognise(slot->card, &slot->status, &slot->trouble)) {
        g_clear_pointer(&slot->card, tke_card_free);
    }
    slot->fresh = slot->card != NULL;
    if (slot->card != NULL) {
        note_zone(session, &slot->status);
        tke_key_losses_settle(op, slot->card, &slot->status);
    }
    if (g_error_matches(slot->trouble, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_clear_error(&slot->trouble); /* no fault of the card: the next look tries again */
        slot->seen = false;
    }
}

/* Another program has the card now; no event tells when it lets go. */
static bool
is_held(const TkeCardSlot *slot)
{
    return tke_card_error_code(slot->trouble) == TKE_CARD_ERROR_IN_USE;
}

/* Brings one slot in line with what the reader says now. */
static void
slot_update(TkeOperation *op, unsigned reader, const TkeReaderInfo *info)
{
    TkeCardSlot *slot = tke_card_session_slot(tke_operation_get_card_session(op), reader);
    bool there = info != NULL && g_strcmp0(slot->reader_name, info->name) == 0 &&
                 slot->events == info->events;
    bool same = slot->seen && there;
    bool was_present = slot->present;

    slot->fresh = false;
    if (same &&
        (slot->card != NULL || !slot->present || (slot->trouble != NULL && !is_held(slot)))) {
        return;
    }
    slot_drop(slot);
    if (!there) {
        slot_forget_verdict(slot);
    }
    g_free(slot->reader_name);
    g_free(slot->text);
    slot->reader_name = g_strdup(info != NULL ? info->name : NULL);
    slot->text = info != NULL ? tke_reader_dup_text(info) : NULL;
    slot->events = info != NULL ? info->events : 0;
    slot->seen = info != NULL;
    slot->present = info != NULL && info->card_present;
    if (was_present && (!same || !slot->present)) {
        tke_operation_card(op, reader, false);
    }
    if (slot->present && (!same || !was_present)) {
        tke_operation_card(op, reader, true);
    }
    if (slot->present) {
        slot_open(op, slot, reader);
    }
}

bool
tke_card_session_look(TkeOperation *op, TkeReaders **readers, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    g_autoptr(GPtrArray) infos = session->source->ops->list(session->source, error);
    g_autoptr(TkeReaders) assigned = NULL;

    if (infos == NULL) {
        for (unsigned i = 0; i < TKE_READERS; i++) {
            slot_drop(&session->slots[i]);
            slot_forget_verdict(&session->slots[i]);
            session->slots[i].seen = false;
        }
        return false;
    }
    assigned = tke_card_session_assign(session, infos);
    for (unsigned i = 0; i < TKE_READERS; i++) {
        slot_update(op, i + 1, assigned->reader[i]);
    }
    if (readers != NULL) {
        *readers = g_steal_pointer(&assigned);
    }
    return true;
}

static void
show_need(TkeOperation *op, const TkeCardNeed *need, const char *word, const char *reason)
{
    TkeCardSlot *slot = tke_card_session_slot(tke_operation_get_card_session(op), need->reader);
    g_autofree char *card = slot->card != NULL ? tke_card_session_card_text(&slot->status) : NULL;
    const GError *trouble = reason != NULL ? slot->trouble : NULL;
    g_autofree char *details = tke_advice_details_for_error(trouble);
    g_autofree char *advice = trouble != NULL ? tke_advice_for_error(trouble) : NULL;
    TkePrompt prompt = {
        .kind = TKE_PROMPT_INSERT_CARD,
        .reader = need->reader,
        .reader_name = slot->text != NULL ? slot->text : "",
        .wanted = need->wanted,
        .title = need->title != NULL ? need->title : tke_card_session_wanted_title(need->wanted),
        .reason = reason,
        .advice = advice,
        .details = details,
        .card = card,
        .purpose = need->purpose,
        .reason_word = word,
        .number = need->number,
        .total = need->total,
    };

    tke_operation_show(op, &prompt);
}

/* Waits for readers or cards to change. What is open is closed when its time is over: somebody may
 * have left a step that waits. word, reason: why what is there does not do. */
static bool
wait_change(TkeOperation *op, unsigned reader, const char *word, const char *reason, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    bool held = is_held(&session->slots[0]) || is_held(&session->slots[1]);
    g_autoptr(GError) nobody = NULL;
    int ms = -1;

    if (!tke_card_session_may_wait(op, held ? HELD_RETRY_MS : -1, &ms, &nobody)) {
        return tke_card_session_end_wait(session, reader, word, reason, g_steal_pointer(&nobody),
                                         error);
    }
    return session->source->ops->wait(session->source, ms, tke_operation_get_cancellable(op),
                                      error);
}

/* identified: the prompt that was shown has given way to another one. */
static bool
need_reader(TkeOperation *op, const TkeCardNeed *need, bool *identified, GError **error)
{
    g_autoptr(TkeReaders) readers = NULL;

    return tke_card_session_look_identified(op, need->reader, &readers, identified, error) &&
           tke_card_session_check_reader(op, need->reader, readers, error);
}

TkeCard *
tke_card_session_need(TkeOperation *op, const TkeCardNeed *need, const TkeCardStatus **status,
                      GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCardSlot *slot = tke_card_session_slot(session, need->reader);
    g_autofree char *shown = NULL;
    bool asked = false;
    uint32_t events = 0; /* of the reader when the card was first asked for */

    if (tke_operation_is_dry_run(op)) {
        return tke_card_session_find(op, need, status, error);
    }
    for (;;) {
        g_autofree char *reason = NULL;
        const char *word = NULL;
        bool identified = false;

        if (!need_reader(op, need, &identified, error)) {
            tke_operation_hide(op);
            return NULL;
        }
        asked = asked && !identified;
        events = asked ? events : slot->events;
        if (tke_card_session_judge(session, need, slot->events != events, &word, &reason)) {
            break;
        }
        if (!asked || (reason != NULL && g_strcmp0(shown, reason) != 0)) {
            show_need(op, need, word, reason);
            asked = true;
        }
        g_free(shown);
        shown = g_strdup(reason);
        if (!wait_change(op, need->reader, word, reason, error)) {
            tke_operation_hide(op);
            return NULL;
        }
    }
    tke_operation_hide(op);
    session->counts.insertions += asked ? 1 : 0;
    if (status != NULL) {
        *status = &slot->status;
    }
    return slot->card;
}

TkeCard *
tke_card_session_get(TkeCardSession *session, unsigned reader, const TkeCardStatus **status)
{
    TkeCardSlot *slot = tke_card_session_slot(session, reader);

    if (slot->card != NULL && status != NULL) {
        *status = &slot->status;
    }
    return slot->card;
}

void
tke_card_session_begin(TkeCardSession *session, const char *purpose, const TkeCardStatus *status)
{
    session->begun = purpose;
    session->begun_status = *status;
}

void
tke_card_session_end(TkeCardSession *session)
{
    session->begun = NULL;
}

const uint8_t *
tke_card_session_get_begun(const TkeCardSession *session, const char *purpose)
{
    return g_strcmp0(session->begun, purpose) == 0 ? session->begun_status.card_id : NULL;
}

const TkeCardStatus *
tke_card_session_get_begun_status(const TkeCardSession *session, const char *purpose)
{
    return g_strcmp0(session->begun, purpose) == 0 ? &session->begun_status : NULL;
}

bool
tke_card_session_query_status(TkeOperation *op, unsigned reader, const TkeCardStatus **status,
                              GError **error)
{
    TkeCardSlot *slot = tke_card_session_slot(tke_operation_get_card_session(op), reader);
    TkeCardStatus now;

    g_return_val_if_fail(slot->card != NULL, false);

    if (!tke_card_query_status(slot->card, &now, error)) {
        return false;
    }
    slot->status = now;
    note_zone(tke_operation_get_card_session(op), &now);
    if (status != NULL) {
        *status = &slot->status;
    }
    return true;
}

bool
tke_card_session_recognise(TkeOperation *op, unsigned reader, const TkeCardStatus **status,
                           GError **error)
{
    TkeCardSlot *slot = tke_card_session_slot(tke_operation_get_card_session(op), reader);
    TkeCardStatus now;

    g_return_val_if_fail(slot->card != NULL, false);

    if (!tke_card_recognise(slot->card, &now, error)) {
        return false;
    }
    slot->status = now;
    note_zone(tke_operation_get_card_session(op), &now);
    memset(slot->verified, 0, sizeof slot->verified);
    if (status != NULL) {
        *status = &slot->status;
    }
    return true;
}

void
tke_card_session_set_status(TkeCardSession *session, unsigned reader, const TkeCardStatus *status)
{
    TkeCardSlot *slot = tke_card_session_slot(session, reader);

    if (slot->card != NULL) {
        slot->status = *status;
    }
}

void
tke_card_session_note_genuine(TkeCardSession *session, unsigned reader, const GError *not_genuine)
{
    TkeCardSlot *slot = tke_card_session_slot(session, reader);

    slot_forget_verdict(slot);
    slot->judged = true;
    slot->judged_status = slot->status;
    slot->not_genuine = not_genuine != NULL ? g_error_copy(not_genuine) : NULL;
}

/* A card that has got other keys meanwhile has to prove itself with them; one that is not genuine
 * stays so. */
static bool
is_judged(const TkeCardSlot *slot)
{
    const TkeCardStatus *then = &slot->judged_status;
    const TkeCardStatus *now = &slot->status;

    return slot->judged && slot->card != NULL &&
           memcmp(then->card_id, now->card_id, sizeof then->card_id) == 0 &&
           (slot->not_genuine != NULL ||
            (then->has_signature_key == now->has_signature_key && then->n_parts == now->n_parts &&
             memcmp(then->ski, now->ski, sizeof then->ski) == 0));
}

bool
tke_card_session_get_genuine(TkeCardSession *session, unsigned reader, const GError **not_genuine)
{
    TkeCardSlot *slot = tke_card_session_slot(session, reader);

    if (!is_judged(slot)) {
        return false;
    }
    *not_genuine = slot->not_genuine;
    return true;
}

bool
tke_card_session_is_useful(TkeCardSession *session, unsigned reader)
{
    TkeCardSlot *slot = tke_card_session_slot(session, reader);

    return slot->card != NULL && !tke_card_status_is_lost(&slot->status) &&
           (!is_judged(slot) || slot->not_genuine == NULL);
}

const GError *
tke_card_session_get_trouble(TkeCardSession *session, unsigned reader)
{
    return tke_card_session_slot(session, reader)->trouble;
}

bool
tke_card_session_shakes_belief(const GError *error)
{
    TkeCardErrorInfo info;

    if (!tke_card_error_get_info(error, &info)) {
        return false;
    }
    switch (error->code) {
    case TKE_CARD_ERROR_PROTOCOL:
    case TKE_CARD_ERROR_NOT_GENUINE:
        return true;
    case TKE_CARD_ERROR_PIN_WRONG: /* entries on the pad have been dealt with */
    case TKE_CARD_ERROR_PIN_BLOCKED:
    case TKE_CARD_ERROR_PIN_TIMEOUT:
    case TKE_CARD_ERROR_PIN_CANCELLED:
    case TKE_CARD_ERROR_PIN_DIFFER:
    case TKE_CARD_ERROR_PIN_LENGTH:
    case TKE_CARD_ERROR_PIN_EQUAL:
    case TKE_CARD_ERROR_PIN_FEW_TRIES:
        return false;
    default:
        return info.sw != 0 || tke_card_error_is_outcome_unknown(error);
    }
}

void
tke_card_session_drop(TkeCardSession *session, unsigned reader)
{
    TkeCardSlot *slot = tke_card_session_slot(session, reader);

    if (!slot->given_up) { /* else only its removal changes that */
        slot_drop(slot);
        slot->seen = false;
    }
}

void
tke_card_session_give_up(TkeCardSession *session, unsigned reader, GError *why)
{
    TkeCardSlot *slot = tke_card_session_slot(session, reader);

    slot_drop(slot);
    slot->trouble = why;
    slot->given_up = true;
}

void
tke_card_session_settle(TkeCardSession *session, const GError *error)
{
    TkeCardErrorInfo info;

    if (session == NULL || !tke_card_session_shakes_belief(error) ||
        !tke_card_error_get_info(error, &info)) {
        return;
    }
    for (unsigned reader = 1; reader <= TKE_READERS; reader++) {
        if (info.reader_number == 0 || info.reader_number == reader) {
            if (info.reader_number == reader && error->code == TKE_CARD_ERROR_NOT_GENUINE &&
                tke_card_session_slot(session, reader)->card != NULL) {
                tke_card_session_note_genuine(session, reader, error);
            }
            tke_card_session_drop(session, reader);
        }
    }
}

void
tke_card_session_get_counts(const TkeCardSession *session, TkeCardSessionCounts *counts)
{
    *counts = session->counts;
}
