/*
 * Cards that are asked for, recognised and kept open (functions 2.2, P-1; F-004, F-008).
 */
#include "libceremony/card-session.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/card-session-private.h"

TkeCardSession *
tke_card_session_new(TkeCardSource *source)
{
    TkeCardSession *session = g_new0(TkeCardSession, 1);

    session->source = source;
    return session;
}

static void
slot_drop(TkeCardSlot *slot)
{
    g_clear_pointer(&slot->card, tke_card_free);
    g_clear_error(&slot->trouble);
    memset(&slot->status, 0, sizeof slot->status);
    memset(slot->verified, 0, sizeof slot->verified);
}

void
tke_card_session_free(TkeCardSession *session)
{
    if (session == NULL) {
        return;
    }
    for (unsigned i = 0; i < TKE_READERS; i++) {
        slot_drop(&session->slots[i]);
        g_free(session->slots[i].reader_name);
        g_free(session->slots[i].model);
        g_free(session->keys[i]);
    }
    g_free(session);
}

void
tke_card_session_set_readers(TkeCardSession *session, const TkeReaderChoice *choice)
{
    for (unsigned i = 0; i < TKE_READERS; i++) {
        g_free(session->keys[i]);
        session->keys[i] = g_strdup(choice->key[i]);
        slot_drop(&session->slots[i]);
        session->slots[i].seen = false;
    }
}

char *
tke_card_session_card_text(const TkeCardStatus *status)
{
    return status->description[0] != '\0' ? g_strdup(status->description)
                                          : tke_card_id_text(status->card_id);
}

/* Opens and recognises a card that has come in. What is wrong with it is kept as its trouble. */
static void
slot_open(TkeOperation *op, TkeCardSlot *slot, unsigned reader)
{
    TkeCardSession *session = tke_operation_get_card_session(op);

    slot->card = tke_card_open(session->source, slot->reader_name, reader,
                               tke_operation_get_cancellable(op), &slot->trouble);
    if (slot->card != NULL && !tke_card_recognise(slot->card, &slot->status, &slot->trouble)) {
        g_clear_pointer(&slot->card, tke_card_free);
    }
}

/* Brings one slot in line with what the reader says now. */
static void
slot_update(TkeOperation *op, unsigned reader, const TkeReaderInfo *info)
{
    TkeCardSlot *slot = tke_card_session_slot(tke_operation_get_card_session(op), reader);
    bool same = slot->seen && info != NULL && g_strcmp0(slot->reader_name, info->name) == 0 &&
                slot->events == info->events;
    bool was_present = slot->present;

    if (same && (slot->card != NULL || !slot->present || slot->trouble != NULL)) {
        return;
    }
    slot_drop(slot);
    g_free(slot->reader_name);
    g_free(slot->model);
    slot->reader_name = g_strdup(info != NULL ? info->name : NULL);
    slot->model = g_strdup(info != NULL ? info->model : NULL);
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
    TkeReaderChoice choice = { { session->keys[0], session->keys[1] } };
    g_autoptr(GPtrArray) infos = session->source->ops->list(session->source, error);
    g_autoptr(TkeReaders) assigned = NULL;

    if (infos == NULL) {
        for (unsigned i = 0; i < TKE_READERS; i++) {
            slot_drop(&session->slots[i]);
            session->slots[i].seen = false;
        }
        return false;
    }
    assigned = tke_readers_assign(infos, &choice);
    for (unsigned i = 0; i < TKE_READERS; i++) {
        slot_update(op, i + 1, assigned->reader[i]);
    }
    if (readers != NULL) {
        *readers = g_steal_pointer(&assigned);
    }
    return true;
}

static const char *
wanted_title(TkeWantedCard wanted)
{
    switch (wanted) {
    case TKE_WANTED_CA:
        return _("Insert a CA card.");
    case TKE_WANTED_EP11:
        return _("Insert a personalised EP11 card.");
    case TKE_WANTED_BLANK_CA:
        return _("Insert a blank card for a CA card.");
    case TKE_WANTED_NEW_EP11:
        return _("Insert a blank card for an EP11 card.");
    case TKE_WANTED_ENROLLED:
        return _("Insert an enrolled EP11 card that has no PIN.");
    case TKE_WANTED_NONE:
    case TKE_WANTED_ANY:
    default:
        return _("Insert a card.");
    }
}

static bool
unfit(const char **word, char **reason, const char *the_word, const char *text)
{
    *word = the_word;
    *reason = g_strdup(text);
    return false;
}

static bool
fits_kind_ca(const TkeCardStatus *status, bool blank, const char **word, char **reason)
{
    if (status->kind != TKE_CARD_KIND_CA) {
        return unfit(
            word, reason, "wrong-kind",
            status->kind == TKE_CARD_KIND_EP11
                ? _("This is an EP11 card; a CA card is wanted.")
                : _("This is none of our cards, or one without an applet; a CA card is wanted."));
    }
    if (blank && status->life_cycle != TKE_CARD_BLANK) {
        g_autofree char *id = tke_card_id_text(status->zone_id);

        *word = "not-blank";
        *reason =
            g_strdup_printf(_("This is the CA card “%s” of zone %s (%s). A card in use is not "
                              "overwritten here: take a blank one."),
                            status->description, id, status->zone_description);
        return false;
    }
    if (!blank && status->life_cycle != TKE_CARD_MEMBER) {
        return unfit(word, reason, "not-enrolled",
                     _("This CA card has no zone yet: make one on it first (tke zone create)."));
    }
    return true;
}

static bool
fits_kind_ep11(const TkeCardStatus *status, TkeWantedCard wanted, const char **word, char **reason)
{
    if (status->kind != TKE_CARD_KIND_EP11) {
        return unfit(word, reason, "wrong-kind",
                     status->kind == TKE_CARD_KIND_CA
                         ? _("This is a CA card; an EP11 card is wanted.")
                         : _("This is none of our cards, or one without an applet; an EP11 card is "
                             "wanted."));
    }
    if (wanted == TKE_WANTED_NEW_EP11 && status->life_cycle >= TKE_CARD_MEMBER) {
        return unfit(
            word, reason, "not-blank",
            _("This EP11 card is enrolled already. A card in use is not overwritten here: take "
              "a blank one."));
    }
    if (wanted != TKE_WANTED_NEW_EP11 && status->life_cycle < TKE_CARD_MEMBER) {
        return unfit(word, reason, "not-enrolled",
                     _("This EP11 card is not enrolled: enroll it first (tke card enroll)."));
    }
    if (wanted == TKE_WANTED_EP11 && status->life_cycle != TKE_CARD_PERSONALISED) {
        return unfit(word, reason, "not-personalised",
                     _("This EP11 card has no PIN: personalize it first (tke card personalize)."));
    }
    if (wanted == TKE_WANTED_ENROLLED && status->life_cycle == TKE_CARD_PERSONALISED) {
        return unfit(word, reason, "not-blank",
                     _("This EP11 card is personalised already: its PIN is changed with “tke card "
                       "change-pin”, its description with “tke card set-description”."));
    }
    return true;
}

static bool
fits_zone(const TkeCardNeed *need, const TkeCardStatus *status, const char **word, char **reason)
{
    g_autofree char *wanted = NULL;
    g_autofree char *found = NULL;

    if (need->zone_id == NULL || !status->has_zone ||
        memcmp(need->zone_id, status->zone_id, TKE_ZONE_ID_LEN) == 0) {
        return true;
    }
    wanted = tke_card_id_text(need->zone_id);
    found = tke_card_id_text(status->zone_id);
    *word = "wrong-zone";
    *reason = g_strdup_printf(_("This card belongs to zone %s (%s); zone %s is wanted."), found,
                              status->zone_description, wanted);
    return false;
}

static bool
fits(const TkeCardNeed *need, const TkeCardSlot *slot, const char **word, char **reason)
{
    const TkeCardStatus *status = &slot->status;

    if (need->wanted == TKE_WANTED_CA || need->wanted == TKE_WANTED_BLANK_CA) {
        if (!fits_kind_ca(status, need->wanted == TKE_WANTED_BLANK_CA, word, reason)) {
            return false;
        }
    } else if (need->wanted != TKE_WANTED_ANY &&
               !fits_kind_ep11(status, need->wanted, word, reason)) {
        return false;
    }
    if (!fits_zone(need, status, word, reason)) {
        return false;
    }
    if (need->other_than != NULL &&
        memcmp(need->other_than, status->card_id, TKE_CARD_ID_LEN) == 0) {
        return unfit(
            word, reason, "same-card",
            _("This is the card that is already in use in the other reader, or was before: "
              "insert another one."));
    }
    return need->fits == NULL || need->fits(slot->card, status, need->fits_data, word, reason);
}

/* A word for programs for what keeps a card from being recognised. */
static const char *
trouble_word(const GError *trouble)
{
    switch (tke_card_error_code(trouble)) {
    case TKE_CARD_ERROR_NO_CARD:
    case TKE_CARD_ERROR_REMOVED:
        return "absent";
    case TKE_CARD_ERROR_IN_USE:
        return "in-use";
    default:
        return "unreadable";
    }
}

/* Does the card in the wanted reader do? If not, why; reason stays NULL while there is nothing to say. */
static bool
judge(TkeCardSession *session, const TkeCardNeed *need, const char **word, char **reason)
{
    TkeCardSlot *slot = tke_card_session_slot(session, need->reader);
    TkeCardSlot *other = tke_card_session_slot(session, 3 - need->reader);
    g_autofree char *ignored = NULL;
    const char *ignored_word = NULL;

    if (slot->card != NULL) {
        return fits(need, slot, word, reason);
    }
    if (slot->present && slot->trouble != NULL) {
        *word = trouble_word(slot->trouble);
        *reason = g_strdup(slot->trouble->message);
        return false;
    }
    if (other->card != NULL && need->wanted != TKE_WANTED_ANY &&
        fits(need, other, &ignored_word, &ignored)) {
        *word = "wrong-reader";
        *reason = g_strdup_printf(_("A card that fits is in reader %u: put it into reader %u."),
                                  3 - need->reader, need->reader);
    }
    return false;
}

static void
show_need(TkeOperation *op, const TkeCardNeed *need, const char *word, const char *reason)
{
    TkeCardSlot *slot = tke_card_session_slot(tke_operation_get_card_session(op), need->reader);
    g_autofree char *card = slot->card != NULL ? tke_card_session_card_text(&slot->status) : NULL;
    TkePrompt prompt = {
        .kind = TKE_PROMPT_INSERT_CARD,
        .reader = need->reader,
        .reader_name = slot->model != NULL ? slot->model : "",
        .wanted = need->wanted,
        .title = need->title != NULL ? need->title : wanted_title(need->wanted),
        .reason = reason,
        .card = card,
        .purpose = need->purpose,
        .reason_word = word,
        .number = need->number,
        .total = need->total,
    };

    tke_operation_show(op, &prompt);
}

/* Waits for readers or cards to change. */
static bool
wait_change(TkeOperation *op, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);

    return session->source->ops->wait(session->source, -1, tke_operation_get_cancellable(op),
                                      error);
}

static bool
need_reader(TkeOperation *op, const TkeCardNeed *need, GError **error)
{
    g_autoptr(TkeReaders) readers = NULL;

    return tke_operation_check(op, error) && tke_card_session_look(op, &readers, error) &&
           tke_readers_get(readers, need->reader, error) != NULL;
}

TkeCard *
tke_card_session_need(TkeOperation *op, const TkeCardNeed *need, const TkeCardStatus **status,
                      GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCardSlot *slot = tke_card_session_slot(session, need->reader);
    g_autofree char *shown = NULL;
    bool asked = false;

    for (;;) {
        g_autofree char *reason = NULL;
        const char *word = NULL;

        if (!need_reader(op, need, error)) {
            tke_operation_hide(op);
            return NULL;
        }
        if (judge(session, need, &word, &reason)) {
            break;
        }
        if (!asked || (reason != NULL && g_strcmp0(shown, reason) != 0)) {
            show_need(op, need, word, reason);
            asked = true;
        }
        g_free(shown);
        shown = g_strdup(reason);
        if (!wait_change(op, error)) {
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
tke_card_session_settle(TkeCardSession *session, const GError *error)
{
    TkeCardErrorInfo info;

    if (session == NULL || !tke_card_error_get_info(error, &info)) {
        return;
    }
    for (unsigned i = 0; i < TKE_READERS; i++) {
        TkeCardSlot *slot = &session->slots[i];

        if ((info.reader_number == 0 || info.reader_number == i + 1) &&
            tke_card_error_is_outcome_unknown(error)) {
            slot_drop(slot);
            slot->seen = false;
        }
    }
}

void
tke_card_session_get_counts(const TkeCardSession *session, TkeCardSessionCounts *counts)
{
    *counts = session->counts;
}
