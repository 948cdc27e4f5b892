/*
 * Readers get their numbers by hand (functions 2.1; F-003).
 */
#include "libceremony/op-reader.h"

#include <glib/gi18n-lib.h>

#include "libceremony/card-session-private.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/pin-pad.h"

/* Readers 1 and 2 of the session are remembered for the next time, if they are known then. */
static bool
remember(TkeOperation *op, TkeSettings *settings, bool lasting, GError **error)
{
    const TkeReaderChoice choice = tke_card_session_get_readers(tke_operation_get_card_session(op));

    if (!lasting) {
        tke_operation_note(op, _("The readers cannot be told apart, so nothing is remembered: the "
                                 "numbers hold until a "
                                 "reader is unplugged or the program ends."));
        return true;
    }
    return tke_settings_set_readers(settings, &choice, error);
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
tke_op_reader_swap(TkeOperation *op, TkeSettings *settings, bool *lasting, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCardSource *cards = tke_world_get_cards(tke_operation_get_world(op), error);
    g_autoptr(GPtrArray) infos = cards != NULL ? cards->ops->list(cards, error) : NULL;
    g_autoptr(TkeReaders) readers = infos != NULL ? tke_card_session_assign(session, infos) : NULL;

    if (readers == NULL || !tke_readers_need_both(readers, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op, _("%s would become reader 1, %s reader 2."),
                           readers->reader[1]->name, readers->reader[0]->name);
        return true;
    }
    *lasting = tke_card_session_choose(
        session, infos, (const TkeReaderInfo *const[]){ readers->reader[1], readers->reader[0] });
    return remember(op, settings, *lasting, error);
}

bool
tke_op_reader_identify(TkeOperation *op, TkeSettings *settings, bool *lasting, GError **error)
{
    if (tke_operation_is_dry_run(op)) {
        g_autoptr(TkeReaders) readers = NULL;

        if (!tke_card_session_look(op, &readers, error) ||
            (!readers->unclear && !tke_readers_need_both(readers, error))) {
            return false;
        }
        tke_operation_note(op, _("The reader into which a card is put would become reader 1."));
        return true;
    }
    return tke_card_session_identify(op, lasting, error) && remember(op, settings, *lasting, error);
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
    TkeCard *card = check->number != 0 ? tke_card_session_get(session, check->number, NULL) : NULL;
    TkePinPad pad;

    if (card != NULL) {
        (void) tke_pin_pad_query(card, &pad, &check->trouble);
    } else {
        (void) tke_pin_pad_query_reader(cards, check->reader->name, &pad, &check->trouble);
    }
}

bool
tke_op_reader_check(TkeOperation *op, GPtrArray **checks, GError **error)
{
    TkeCardSource *cards = tke_world_get_cards(tke_operation_get_world(op), error);
    TkeCardSession *session = tke_operation_get_card_session(op);
    g_autoptr(GPtrArray) all =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_reader_check_free);
    g_autoptr(GPtrArray) infos = cards != NULL ? cards->ops->list(cards, error) : NULL;
    g_autoptr(TkeReaders) readers = NULL;

    if (infos == NULL) {
        return false;
    }
    readers = tke_card_session_assign(session, infos);
    for (guint i = 0; i < infos->len; i++) {
        TkeReaderCheck *check = g_new0(TkeReaderCheck, 1);

        check->reader = tke_reader_info_copy(infos->pdata[i]);
        check->number = tke_readers_number(readers, check->reader->name);
        check->alike =
            check->number == 0 && readers->unclear && tke_reader_is_alike(infos, check->reader);
        g_ptr_array_add(all, check);
        ask_keypad(op, cards, check);
    }
    *checks = g_steal_pointer(&all);
    return true;
}
