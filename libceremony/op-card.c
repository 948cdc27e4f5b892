/*
 * Show and describe cards (functions 2.10 to 2.12; F-030, F-031, F-036).
 */
#include "libceremony/op-card.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "libceremony/card-session-private.h"
#include "libceremony/op-reader.h"
#include "libceremony/record.h"
#include "libsmartcard/card-evidence.h"

void
tke_card_info_free(TkeCardInfo *info)
{
    if (info != NULL) {
        g_free(info->reader_name);
        g_free(info->reader_model);
        g_clear_error(&info->trouble);
        g_clear_error(&info->not_genuine);
        g_clear_error(&info->pad_trouble);
        g_free(info);
    }
}

static bool
is_ours(const TkeCardStatus *status)
{
    return status->kind == TKE_CARD_KIND_CA || status->kind == TKE_CARD_KIND_EP11;
}

/* What the last check of the card has found. */
static void
take_verdict(TkeOperation *op, unsigned reader, TkeCardInfo *info)
{
    const GError *not_genuine = NULL;

    if (tke_card_session_get_genuine(tke_operation_get_card_session(op), reader, &not_genuine)) {
        info->genuine = not_genuine == NULL ? TKE_GENUINE_YES : TKE_GENUINE_NO;
        info->not_genuine = not_genuine != NULL ? g_error_copy(not_genuine) : NULL;
    }
}

/* F-036: certificate, and the statement that the card holds the certified key. */
static bool
check_genuine(TkeOperation *op, unsigned reader, TkeCard *card, TkeCardInfo *info, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    bool ca = info->status.kind == TKE_CARD_KIND_CA;
    g_autoptr(GError) local = NULL;

    if (tke_card_evidence_check_genuine(card, &info->status, ca ? NULL : &info->parts, NULL, NULL,
                                        &local)) {
        tke_card_session_note_genuine(session, reader, NULL);
    } else if (tke_card_error_code(local) == TKE_CARD_ERROR_NOT_GENUINE) {
        tke_card_session_note_genuine(session, reader, local);
    } else {
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }
    take_verdict(op, reader, info);
    return true;
}

/* Can the card prove itself without anybody's doing? */
static bool
proves_unasked(TkeOperation *op, unsigned reader, const TkeCardStatus *status)
{
    TkeCardSession *session = tke_operation_get_card_session(op);

    return status->kind == TKE_CARD_KIND_EP11 ||
           (tke_card_session_is_unlocked(session, reader, TKE_PIN_FIRST) &&
            tke_card_session_is_unlocked(session, reader, TKE_PIN_SECOND));
}

/* Unasked: a card that refuses stays what it was before, and is looked at all the same. */
static bool
prove(TkeOperation *op, unsigned reader, TkeCard *card, TkeCardInfo *info, GError **error)
{
    g_autoptr(GError) local = NULL;

    if (check_genuine(op, reader, card, info, &local) &&
        (info->status.kind == TKE_CARD_KIND_CA || info->genuine != TKE_GENUINE_YES ||
         tke_card_uses_query(card, &info->status, &info->parts, &info->uses, &local))) {
        return true;
    }
    if (tke_card_error_is_outcome_unknown(local) ||
        g_error_matches(local, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }
    tke_card_session_settle(tke_operation_get_card_session(op), local);
    return true;
}

/* The CA card is open in reader 1 only, where it is at work and its time is shown (P-4). */
static bool
check(TkeOperation *op, unsigned reader, TkeCard *card, TkeCardInfo *info, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    const TkeCardStatus *status = NULL;
    bool done;

    if (info->status.kind != TKE_CARD_KIND_CA) {
        return check_genuine(op, reader, card, info, error);
    }
    done = tke_card_session_need_ca_pins(op, reader, false, error);
    if (!done || tke_operation_is_dry_run(op)) {
        return done; /* what would be asked is told; without the PINs the card proves nothing */
    }
    done = check_genuine(op, reader, card, info, error);
    if (reader != 1) {
        tke_card_session_lock_told(op, reader);
    }
    if (tke_card_session_get(session, reader, &status) != NULL) {
        info->status = *status; /* with the tries that the entry has given back */
    }
    return done;
}

/* Is it genuine? As was asked for, or as is known from before. */
static bool
judge_genuine(TkeOperation *op, unsigned reader, TkeCard *card, const TkeCardInfoParams *params,
              TkeCardInfo *info, GError **error)
{
    if (!is_ours(&info->status) || info->status.life_cycle < TKE_CARD_MEMBER) {
        return true;
    }
    if (params->check) {
        return check(op, reader, card, info, error);
    }
    take_verdict(op, reader, info);
    return !params->prove || info->genuine != TKE_GENUINE_NOT_CHECKED ||
           !proves_unasked(op, reader, &info->status) || prove(op, reader, card, info, error);
}

static bool
read_card(TkeOperation *op, unsigned reader, const TkeCardInfoParams *params, TkeCardInfo *info,
          GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    const TkeCardStatus *status = NULL;
    TkeCard *card = tke_card_session_get(session, reader, &status);
    const GError *trouble = tke_card_session_get_trouble(session, reader);
    const bool is_fresh = tke_card_session_take_fresh(session, reader);
    const uint8_t *atr = NULL;

    if (card == NULL && trouble != NULL) {
        info->trouble = g_error_copy(trouble);
        return true;
    }
    if (card == NULL) {
        g_set_error(&info->trouble, TKE_CARD_ERROR, TKE_CARD_ERROR_UNRESPONSIVE,
                    _("reader %u: the card cannot be read: it may be inserted the wrong way round, "
                      "damaged, or held by another program"),
                    reader);
        return true;
    }
    /* What the look itself has read is not read again, unless somebody is asked meanwhile. */
    if (is_ours(status) && (params->check || !is_fresh) &&
        !tke_card_session_query_status(op, reader, &status, error)) {
        return false;
    }
    info->status = *status;
    atr = tke_card_get_atr(card, &info->atr_len);
    memcpy(info->atr, atr, info->atr_len);
    if (status->kind == TKE_CARD_KIND_EP11 &&
        !tke_ep11_card_query_parts(card, status->n_parts, &info->parts, error)) {
        return false;
    }
    return judge_genuine(op, reader, card, params, info, error);
}

/* A reader that another program holds does not tell: pad_asked stays false. */
static void
ask_pad(TkeOperation *op, TkeCardInfo *info)
{
    TkePinPad pad = { 0 };
    g_autoptr(GError) error = NULL;

    if (!tke_op_reader_describe(op, info->reader, info->reader_name, &pad, &error)) {
        info->pad_asked = tke_card_error_code(error) == TKE_CARD_ERROR_COMMUNICATION;
        info->pad_trouble = g_steal_pointer(&error);
        return;
    }
    info->pad_asked = true;
    (void) tke_pin_pad_check(&pad, info->reader_name, &info->pad_trouble);
}

bool
tke_op_card_info(TkeOperation *op, const TkeCardInfoParams *params, GPtrArray **infos,
                 GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify) tke_card_info_free);
    g_autoptr(TkeReaders) readers = NULL;

    if (params->quiet
            ? !tke_card_session_look(op, &readers, error)
            : !tke_card_session_look_identified(op, params->reader, &readers, NULL, error)) {
        return false;
    }
    for (unsigned i = 0; i < TKE_READERS; i++) {
        TkeCardInfo *info;

        if (params->reader != 0 && params->reader != i + 1) {
            continue;
        }
        info = g_new0(TkeCardInfo, 1);
        g_ptr_array_add(all, info);
        info->reader = i + 1;
        if (readers->reader[i] == NULL) {
            continue;
        }
        info->reader_name = g_strdup(readers->reader[i]->name);
        info->reader_model = g_strdup(readers->reader[i]->model);
        info->reader_virtual = readers->reader[i]->is_virtual;
        info->present = readers->reader[i]->card_present;
        if (info->present && !read_card(op, i + 1, params, info, error)) {
            tke_card_session_settle(tke_operation_get_card_session(op),
                                    error != NULL ? *error : NULL);
            return false;
        }
        if (params->pads) {
            ask_pad(op, info);
        }
    }
    *infos = g_steal_pointer(&all);
    return true;
}

bool
tke_op_card_check(TkeOperation *op, unsigned reader, GPtrArray **infos, GError **error)
{
    const TkeCardInfoParams params = { .reader = reader, .check = true };
    g_autoptr(GPtrArray) all = NULL;
    unsigned checked = 0;

    if (!tke_op_card_info(op, &params, &all, error)) {
        return false;
    }
    for (guint i = 0; i < all->len; i++) {
        const TkeCardInfo *info = all->pdata[i];

        if (info->genuine == TKE_GENUINE_NO) {
            g_propagate_error(error, g_error_copy(info->not_genuine)); /* it names the reader */
            return false;
        }
        checked += info->genuine == TKE_GENUINE_YES ? 1 : 0;
    }
    if (checked == 0) {
        g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_CARD,
                            _("there is no enrolled card or CA card in the readers"));
        return false;
    }
    *infos = g_steal_pointer(&all);
    return true;
}

bool
tke_op_card_open(TkeOperation *op, const char *purpose, TkeCardInfo **info, GError **error)
{
    const TkeCardNeed need = { .reader = 2, .wanted = TKE_WANTED_EP11, .purpose = purpose };
    g_autoptr(TkeCardInfo) local = g_new0(TkeCardInfo, 1);
    const TkeCardStatus *status = NULL;
    TkeCard *card = tke_card_session_need(op, &need, &status, error);

    if (card == NULL || !tke_card_session_need_pin(op, 2, TKE_PIN_FIRST, false, error) ||
        !tke_card_session_query_status(op, 2, &status, error) ||
        !tke_ep11_card_query_parts(card, status->n_parts, &local->parts, error)) {
        tke_card_session_settle(tke_operation_get_card_session(op), error != NULL ? *error : NULL);
        return false;
    }
    local->reader = 2;
    local->present = true;
    local->status = *status;
    *info = g_steal_pointer(&local);
    return true;
}

bool
tke_op_card_check_same(const TkeCardStatus *status, const uint8_t *card_id, GError **error)
{
    if (card_id == NULL || memcmp(status->card_id, card_id, TKE_CARD_ID_LEN) == 0) {
        return true;
    }
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED,
                _("reader 2: this is another card than before; nothing was done to it"));
    return false;
}

/* The description a place has now; false if nothing is there. */
static bool
old_description(TkeCard *card, const TkeCardStatus *status, unsigned place,
                char old[static TKE_CARD_TEXT_MAX + 1], GError **error)
{
    TkeKeyPartList list = { 0 };

    if (place == 0) {
        memcpy(old, status->description, TKE_CARD_TEXT_MAX + 1);
        return true;
    }
    if (!tke_ep11_card_query_parts(card, status->n_parts, &list, error)) {
        return false;
    }
    for (unsigned i = 0; i < list.n; i++) {
        if (list.parts[i].place == place) {
            memcpy(old, list.parts[i].description, TKE_CARD_TEXT_MAX + 1);
            return true;
        }
    }
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND,
                _("reader 2: the card has no key part %u"), place);
    return false;
}

/* Functions 2.10: the card itself or one of its key parts. */
static bool
choose_place(TkeOperation *op, const TkeCardStatus *status, const TkeKeyPartList *list,
             unsigned *place, GError **error)
{
    const char *const columns[] = { _("Number"), _("Description"), _("Verification pattern"),
                                    NULL };
    const char *const card_row[] = { _("the card"), status->description, "", NULL };
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
    TkeChoice choice = { .what = "described",
                         .title = _("What is to be described?"),
                         .columns = columns,
                         .n_rows = list->n + 1,
                         .default_row = 1 };
    unsigned index = 0;

    g_ptr_array_add(rows, (gpointer) card_row);
    for (unsigned i = 0; i < list->n; i++) {
        char **row = g_new0(char *, 4);

        row[0] = g_strdup_printf(_("key part %u"), list->parts[i].place);
        row[1] = g_strdup(list->parts[i].description);
        row[2] = tke_hex_grouped(list->parts[i].vp, sizeof list->parts[i].vp, 4, ' ');
        g_ptr_array_add(texts, row);
        g_ptr_array_add(rows, row);
    }
    g_ptr_array_add(rows, NULL);
    choice.rows = (const char *const *const *) rows->pdata;
    if (!tke_operation_choose(op, &choice, &index, error)) {
        return false;
    }
    *place = index == 0 ? 0 : list->parts[index - 1].place;
    return true;
}

/* What is asked for after the PIN: which of them, and its new text. */
static bool
ask_description(TkeOperation *op, const TkeCardDescribeParams *params, TkeCard *card,
                const TkeCardStatus **status, TkeCardDescribeResult *result, GError **error)
{
    const TkeTextField field = { .word = "description",
                                 .label = _("New description"),
                                 .proposal = "" };
    g_autofree char *why = NULL;
    TkeKeyPartList list = { 0 };

    if (params->ask_place && (*status)->n_parts > 0 &&
        (!tke_ep11_card_query_parts(card, (*status)->n_parts, &list, error) ||
         !choose_place(op, *status, &list, &result->place, error) ||
         !old_description(card, *status, result->place, result->old, error))) {
        return false;
    }
    if (!params->ask_description) {
        g_strlcpy(result->description, params->description, sizeof result->description);
        return true;
    }
    why = g_strdup_printf(_("It is “%s” now."), result->old);
    return tke_op_card_ask_text(op,
                                result->place == 0 ? _("What is the card called?")
                                                   : _("What is the key part called?"),
                                why, &field, result->description, error) &&
           tke_card_session_query_status(op, 2, status, error);
}

static bool
describe(TkeOperation *op, const TkeCardDescribeParams *params, TkeCardDescribeResult *result,
         GError **error)
{
    const TkeCardNeed need = { .reader = 2, .wanted = TKE_WANTED_EP11, .purpose = "describe" };
    const TkeCardStatus *status = NULL;
    TkeCard *card = tke_card_session_need(op, &need, &status, error);

    if (card == NULL || !tke_op_card_check_same(status, params->card_id, error) ||
        !old_description(card, status, params->place, result->old, error) ||
        !tke_card_session_need_pin(op, 2, TKE_PIN_FIRST, false, error) ||
        !tke_operation_may_change(op, error)) {
        return false;
    }
    result->place = params->place;
    if (!ask_description(op, params, card, &status, result, error)) {
        return false;
    }
    if (!(result->place == 0 ? tke_card_set_description(card, result->description, error)
                             : tke_ep11_card_describe_part(card, (uint8_t) result->place,
                                                           result->description, error))) {
        return false;
    }
    if (!tke_card_session_query_status(op, 2, &status, error)) {
        return false;
    }
    result->card = *status;
    return true;
}

bool
tke_op_card_describe(TkeOperation *op, const TkeCardDescribeParams *params,
                     TkeCardDescribeResult *result, GError **error)
{
    TkeCardDescribeResult local = { 0 };
    JsonObject *values;

    if ((!params->ask_description && !tke_op_card_check_description(params->description, error)) ||
        !tke_record_check(op, error)) {
        return false;
    }
    if (params->place > TKE_EP11_PLACES) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("places of key parts are 1 to %u"),
                    TKE_EP11_PLACES);
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op, _("Would change the description on the EP11 card in reader 2."));
        return describe(op, params, &local, error) || tke_op_card_end_dry_run(op, error);
    }
    if (!describe(op, params, &local, error)) {
        return tke_op_card_fail(op, "opentke-card.describe", 2,
                                _("look with “tke card info” which description the card has"),
                                error);
    }
    values = json_object_new();
    tke_record_card(values, "card", &local.card);
    json_object_set_int_member(values, "place", local.place);
    json_object_set_string_member(values, "old", local.old);
    json_object_set_string_member(values, "new", local.description);
    if (result != NULL) {
        *result = local;
    }
    return tke_record_done(op, "opentke-card.describe", values, error);
}
