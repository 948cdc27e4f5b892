/*
 * Readers get their numbers by hand (functions 2.1; F-003).
 */
#include "libceremony/op-reader.h"

#include <glib/gi18n-lib.h>

#include "libceremony/card-session.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/pin-pad.h"

/* These become readers 1 and 2; remembered for the next time. */
static bool
remember(TkeOperation *op, TkeSettings *settings, const TkeReaderInfo *first,
         const TkeReaderInfo *second, GError **error)
{
    g_autofree char *one = tke_reader_dup_key(first);
    g_autofree char *two = tke_reader_dup_key(second);
    const TkeReaderChoice choice = { { one, two } };

    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op, _("%s would become reader 1, %s reader 2."), first->name,
                           second->name);
        return true;
    }
    if (!tke_settings_set_readers(settings, &choice, error)) {
        return false;
    }
    tke_card_session_set_readers(tke_operation_get_card_session(op), &choice);
    return true;
}

/* Through the card in it, if the session has one open: it holds the reader then. */
bool
tke_op_reader_describe(TkeOperation *op, unsigned reader, const char *name, TkePinPad *pad,
                       GError **error)
{
    TkeCard *card = tke_card_session_get(tke_operation_get_card_session(op), reader, NULL);
    TkeCardSource *cards = tke_world_get_cards(tke_operation_get_world(op), error);

    if (cards == NULL) {
        return false;
    }
    return card != NULL ? tke_pin_pad_describe(card, pad, error)
                        : tke_pin_pad_describe_reader(cards, name, pad, error);
}

bool
tke_op_reader_swap(TkeOperation *op, TkeSettings *settings, GError **error)
{
    g_autoptr(TkeReaders) readers = NULL;

    return tke_card_session_look(op, &readers, error) && tke_readers_need_both(readers, error) &&
           remember(op, settings, readers->reader[1], readers->reader[0], error);
}

/* The reader that has got a card since, also one without number; NULL: none. */
static const TkeReaderInfo *
find_new_card(const GPtrArray *before, const GPtrArray *now, bool rehearsal)
{
    for (guint i = 0; i < now->len; i++) {
        const TkeReaderInfo *info = g_ptr_array_index(now, i);

        for (guint j = 0; j < before->len && info->card_present; j++) {
            const TkeReaderInfo *old = g_ptr_array_index(before, j);

            if (g_strcmp0(old->name, info->name) == 0 && old->events != info->events &&
                (rehearsal || !info->is_virtual)) {
                return info;
            }
        }
    }
    return NULL;
}

/* Waits until a reader gets a card; all readers as they are then. */
static GPtrArray *
wait_for_card(TkeOperation *op, TkeCardSource *cards, const GPtrArray *before,
              const TkeReaderInfo **found, GError **error)
{
    const bool rehearsal = tke_world_is_rehearsal(tke_operation_get_world(op));
    g_autoptr(GPtrArray) now = NULL;

    while (*found == NULL) {
        g_autoptr(TkeReaders) readers = NULL;

        g_clear_pointer(&now, g_ptr_array_unref);
        if (!cards->ops->wait(cards, -1, tke_operation_get_cancellable(op), error) ||
            !tke_card_session_look(op, &readers, error) || !tke_readers_need_both(readers, error)) {
            return NULL;
        }
        now = cards->ops->list(cards, error);
        if (now == NULL) {
            return NULL;
        }
        *found = find_new_card(before, now, rehearsal);
    }
    return g_steal_pointer(&now);
}

bool
tke_op_reader_identify(TkeOperation *op, TkeSettings *settings, GError **error)
{
    const TkePrompt prompt = { .kind = TKE_PROMPT_INSERT_CARD,
                               .reader = 1,
                               .reader_name = "",
                               .wanted = TKE_WANTED_ANY,
                               .title =
                                   _("Insert any card into the reader that is to be reader 1."),
                               .purpose = "identify" };
    TkeCardSource *cards = tke_world_get_cards(tke_operation_get_world(op), error);
    g_autoptr(TkeReaders) readers = NULL;
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GPtrArray) now = NULL;
    const TkeReaderInfo *first = NULL;

    if (cards == NULL || !tke_card_session_look(op, &readers, error) ||
        !tke_readers_need_both(readers, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op, _("The reader into which a card is put would become reader 1."));
        return true;
    }
    before = cards->ops->list(cards, error);
    if (before == NULL) {
        return false;
    }
    tke_operation_show(op, &prompt);
    now = wait_for_card(op, cards, before, &first, error);
    tke_operation_hide(op);
    return now != NULL &&
           remember(op, settings, first,
                    readers->reader[g_strcmp0(first->name, readers->reader[1]->name) == 0 ? 0 : 1],
                    error);
}

void
tke_reader_check_free(TkeReaderCheck *check)
{
    if (check != NULL) {
        tke_reader_info_free(check->reader);
        g_clear_error(&check->trouble);
        g_free(check);
    }
}

/* A reader whose card this program holds is asked through that card. */
static void
ask_keypad(TkeOperation *op, TkeCardSource *cards, TkeReaderCheck *check)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCard *card =
        check->number != 0 ? tke_card_session_get(session, check->number, NULL) : NULL;
    TkePinPad pad;

    if (card != NULL) {
        (void) tke_pin_pad_query(card, &pad, &check->trouble);
    } else {
        (void) tke_pin_pad_query_reader(cards, check->reader->name, &pad, &check->trouble);
    }
}

bool
tke_op_reader_check(TkeOperation *op, const TkeSettings *settings, GPtrArray **checks,
                    GError **error)
{
    TkeCardSource *cards = tke_world_get_cards(tke_operation_get_world(op), error);
    const TkeReaderChoice choice = tke_settings_get_readers(settings);
    g_autoptr(GPtrArray) all =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_reader_check_free);
    g_autoptr(GPtrArray) infos = cards != NULL ? cards->ops->list(cards, error) : NULL;
    g_autoptr(TkeReaders) readers = NULL;

    if (infos == NULL) {
        return false;
    }
    readers = tke_readers_assign(infos, &choice);
    for (guint i = 0; i < infos->len; i++) {
        TkeReaderCheck *check = g_new0(TkeReaderCheck, 1);

        check->reader = tke_reader_info_copy(infos->pdata[i]);
        check->number = tke_readers_number(readers, check->reader->name);
        g_ptr_array_add(all, check);
        ask_keypad(op, cards, check);
    }
    *checks = g_steal_pointer(&all);
    return true;
}
