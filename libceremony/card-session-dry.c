/*
 * Cards of a dry run (functions 4, F-174): those that are in are looked at, nobody is asked for one, and
 * nothing is opened, typed or written.
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/card-session-private.h"

static char *
dup_card_text(const TkeCardStatus *status)
{
    g_autofree char *id = tke_card_id_text(status->card_id);

    switch (status->kind) {
    case TKE_CARD_KIND_EP11:
        return g_strdup_printf(_("EP11 card “%s”, %s"), status->description, id);
    case TKE_CARD_KIND_CA:
        return g_strdup_printf(_("CA card “%s”, %s"), status->description, id);
    case TKE_CARD_KIND_EMPTY:
        return g_strdup(_("blank card without applet"));
    default:
        return g_strdup(_("card that this program does not know"));
    }
}

/* Not there, or not the right one: what the step itself would begin with. */
static void
tell_missing(TkeOperation *op, const TkeCardNeed *need, const char *reason)
{
    const TkeCardSlot *slot =
        tke_card_session_slot(tke_operation_get_card_session(op), need->reader);

    if (reason != NULL) {
        tke_operation_note(op, _("Reader %u: %s"), need->reader, reason);
    } else if (!slot->present) {
        tke_operation_note(op, _("Reader %u: no card is inserted."), need->reader);
    }
    tke_operation_note(
        op, _("Reader %u would ask for a card: “%s” The rest depends on that card."), need->reader,
        need->title != NULL ? need->title : tke_card_session_wanted_title(need->wanted));
}

static bool
look(TkeOperation *op, unsigned reader, GError **error)
{
    g_autoptr(TkeReaders) readers = NULL;

    if (!tke_operation_check(op, error) || !tke_card_session_look(op, &readers, error)) {
        return false;
    }
    if (readers->unclear && readers->reader[reader - 1] == NULL) {
        tke_operation_note(op, _("The readers cannot be told apart: which one is reader 1 would be "
                                 "asked first."));
        return tke_operation_may_change(op, error);
    }
    return tke_card_session_check_reader(op, reader, readers, error);
}

TkeCard *
tke_card_session_find(TkeOperation *op, const TkeCardNeed *need, const TkeCardStatus **status,
                      GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCardSlot *slot = tke_card_session_slot(session, need->reader);
    g_autofree char *reason = NULL;
    g_autofree char *text = NULL;
    const char *word = NULL;

    if (!look(op, need->reader, error)) {
        return NULL;
    }
    if (!tke_card_session_judge(session, need, false, &word, &reason)) {
        tell_missing(op, need, reason);
        (void) tke_operation_may_change(op, error);
        return NULL;
    }
    if (slot->card == NULL) {
        return NULL; /* odd_too */
    }
    text = dup_card_text(&slot->status);
    tke_operation_note(op, _("Reader %u: this card would be taken: %s"), need->reader, text);
    if (status != NULL) {
        *status = &slot->status;
    }
    return slot->card;
}

void
tke_card_session_look_also(TkeOperation *op, const TkeCardNeed *need)
{
    g_autoptr(GError) ignored = NULL;

    if (tke_operation_is_dry_run(op)) {
        (void) tke_card_session_find(op, need, NULL, &ignored);
    }
}
