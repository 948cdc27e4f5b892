/*
 * Readers and cards, seen by the worker.
 */
#include "scup/cards-look.h"

static void
lock_ep11(TkeCardSession *session)
{
    for (unsigned reader = 1; reader <= TKE_READERS; reader++) {
        const TkeCardStatus *status = NULL;

        if (tke_card_session_get(session, reader, &status) != NULL &&
            status->kind == TKE_CARD_KIND_EP11) {
            (void) tke_card_session_lock(session, reader, NULL); /* shown as its trouble */
        }
    }
}

/* Every card that is seen is noted. That it cannot be noted hinders nothing else, but is told. */
static void
note_cards(TkeOperation *op, ScupLook *job)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    bool changed = false;

    job->inventory = tke_inventory_load(tke_operation_get_world(op), &job->inventory_error);
    for (guint i = 0; job->inventory != NULL && i < job->infos->len; i++) {
        const TkeCardInfo *info = job->infos->pdata[i];

        if (info->present && info->trouble == NULL) {
            changed =
                tke_inventory_note(job->inventory, &info->status, &info->parts, now) || changed;
            changed = (info->genuine != TKE_GENUINE_NOT_CHECKED &&
                       tke_inventory_note_check(job->inventory, info->status.card_id,
                                                info->genuine == TKE_GENUINE_YES, now)) ||
                      changed;
            changed =
                (info->uses.known &&
                 tke_inventory_note_uses(job->inventory, info->status.card_id, &info->uses)) ||
                changed;
        }
    }
    if (changed) {
        (void) tke_inventory_save(job->inventory, &job->inventory_error);
    }
}

/* As it is after the look, which has noticed readers that were away. */
static void
take_choice(TkeCardSession *session, ScupLook *job)
{
    const TkeReaderChoice choice = tke_card_session_get_readers(session);

    for (unsigned i = 0; i < TKE_READERS; i++) {
        job->keys[i] = g_strdup(choice.key[i]);
        job->names[i] = g_strdup(choice.name[i]);
    }
}

bool
scup_cards_look_run(TkeOperation *op, gpointer data, GError **error)
{
    ScupLook *job = data;
    TkeCardSession *session = tke_operation_get_card_session(op);
    const TkeCardInfoParams params = { .prove = job->prove, .quiet = true, .pads = job->pads };

    if (job->forget) {
        tke_card_session_forget_names(session);
    }
    if (job->want_source) {
        job->source = tke_world_new_cards(tke_operation_get_world(op), error);
        if (job->source == NULL) {
            return false;
        }
    }
    if (job->lock) {
        for (unsigned reader = 1; reader <= TKE_READERS; reader++) {
            (void) tke_card_session_lock(session, reader, NULL); /* shown as the card's trouble */
        }
    }
    if (!tke_op_card_info(op, &params, &job->infos, error)) {
        return false;
    }
    take_choice(session, job);
    note_cards(op, job);
    if (job->let_go) {
        lock_ep11(session);
    }
    tke_card_session_rest(session);
    job->unlocked_s = tke_card_session_ca_seconds_left(session);
    return true;
}

void
scup_cards_look_free(ScupLook *job)
{
    if (job->source != NULL) {
        job->source->ops->free(job->source);
    }
    g_clear_pointer(&job->infos, g_ptr_array_unref);
    tke_inventory_free(job->inventory);
    g_clear_error(&job->inventory_error);
    for (unsigned i = 0; i < TKE_READERS; i++) {
        g_free(job->keys[i]);
        g_free(job->names[i]);
    }
    g_object_unref(job->cards);
    g_free(job);
}
