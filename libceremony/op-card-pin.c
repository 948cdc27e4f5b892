/*
 * Unblock EP11 cards and change PINs (functions 2.5, 2.8, 2.9).
 */
#include "libceremony/op-card-pin.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/card-session-private.h"
#include "libceremony/op-card.h"
#include "libceremony/record.h"
#include "libsmartcard/card-evidence.h"
#include "libsmartcard/ep11-card.h"

#define OPERATION(value, name, text, source) USAGE_##name = (value),
enum {
#include "libsmartcard/usage-operation.inc"
};
#undef OPERATION

static const char *const unblock_steps[] = { N_("CA card and its PINs"), N_("Blocked card"),
                                             N_("The card gets its tries back"), NULL };
static const char *const change_steps[] = { N_("Card"), N_("Old PIN and new PIN"), NULL };
static const char *const choose_steps[] = { N_("Card"), N_("Which PIN"), N_("Old PIN and new PIN"),
                                            NULL };

/* Has the card been unblocked since the step began? Its usage log tells; one that does not reach
 * back tells nothing. */
static bool
got_tries_back(TkeCard *card, const TkeCardStatus *now, const TkeCardStatus *begun, bool *found,
               GError **error)
{
    TkeUsageLog log = { .counter = 0 };
    g_autoptr(GError) inner = NULL;

    *found = false;
    if (!tke_card_evidence_query_log(card, now, begun->usage_counter, begun->usage_head, &log,
                                     &inner)) {
        if (tke_card_error_code(inner) == TKE_CARD_ERROR_LOG_GAP) {
            return true;
        }
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
    for (unsigned i = 0; i < log.n; i++) {
        *found = *found || (log.entries[i].counter > begun->usage_counter &&
                            log.entries[i].operation == USAGE_PIN_UNBLOCKED);
    }
    return true;
}

static bool
not_blocked(const TkeCardStatus *status, GError **error)
{
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_STATE,
                ngettext("reader 2: this card is not blocked: %u try is left; nothing was done",
                         "reader 2: this card is not blocked: %u tries are left; nothing was done",
                         status->pins[0].tries_left),
                status->pins[0].tries_left);
    if (error != NULL) {
        tke_card_error_set_remedy(
            *error, _("There is nothing to unblock: the card can be used with its PIN."));
    }
    return false;
}

/* That it says so is not enough. */
static bool
check_unblocked(const TkeCard *card, const TkeCardStatus *status, GError **error)
{
    GError *made = NULL;

    if (status->pins[0].state == TKE_PIN_SET) {
        return true;
    }
    made =
        g_error_new_literal(TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                            _("the card says that it has taken the unblock, but is not unblocked"));
    tke_card_tag_error(card, &made);
    g_propagate_error(error, made);
    return false;
}

/* What is wanted in reader 2; zone_id NULL: it is not known yet. */
static TkeCardNeed
need_blocked(TkeCardSession *session, const uint8_t *zone_id)
{
    return (TkeCardNeed){ .reader = 2,
                          .wanted = TKE_WANTED_EP11,
                          .title = _("Insert the blocked EP11 card."),
                          .purpose = "unblock",
                          .zone_id = zone_id,
                          .begun_id = tke_card_session_get_begun(session, "unblock") };
}

/* A card that is not blocked: an earlier run has unblocked it, or there is nothing to unblock. */
static bool
end_with_unblocked(TkeOperation *op, const TkeCardNeed *need, TkeCard *card,
                   const TkeCardStatus *status, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    bool found = false;

    if (tke_card_need_is_begun(need, status) &&
        !got_tries_back(card, status, tke_card_session_get_begun_status(session, "unblock"), &found,
                        error)) {
        return false;
    }
    if (!found) {
        return not_blocked(status, error);
    }
    tke_operation_note(op, _("The card is not blocked any more: it got its tries back after the "
                             "step had begun, as its usage log shows."));
    return true;
}

/*
 * The card that lies in reader 2, which step 4 of 2.8 would take, if it is not blocked: nobody is to
 * type a PIN of the CA card for it. NULL: there is none.
 */
static TkeCard *
find_unblocked(TkeOperation *op, const TkeCardNeed *need, const TkeCardStatus **status)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    g_autofree char *reason = NULL;
    const char *word = NULL;
    TkeCard *card = NULL;

    if (tke_card_session_judge(session, need, false, &word, &reason)) {
        card = tke_card_session_get(session, 2, status);
    }
    return card != NULL && (*status)->pins[0].state != TKE_PIN_BLOCKED ? card : NULL;
}

/* Of the CA card that is in reader 1; NULL: there is none, or it has none. */
static const uint8_t *
zone_of_ca(TkeCardSession *session)
{
    const TkeCardStatus *status = NULL;
    const TkeCard *ca = tke_card_session_get(session, 1, &status);

    return ca != NULL && status->kind == TKE_CARD_KIND_CA && status->has_zone ? status->zone_id
                                                                              : NULL;
}

/* Before anybody is asked for anything, as far as the cards are in already. */
static TkeCard *
look_first(TkeOperation *op, TkeCardNeed *need, const TkeCardStatus **status)
{
    TkeCardSession *session = tke_operation_get_card_session(op);

    if (!tke_card_session_look(op, NULL, NULL)) {
        return NULL; /* who needs a card says what is wrong */
    }
    *need = need_blocked(session, zone_of_ca(session));
    return find_unblocked(op, need, status);
}

static bool
unblock(TkeOperation *op, const TkeCardStatus **status, TkeCardStatus *signer, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    const TkeCardNeed need_ca = { .reader = 1, .wanted = TKE_WANTED_CA, .purpose = "unblock" };
    const TkeCardStatus *ca_status = NULL;
    TkeZoneCertificate zone;
    uint8_t ca_id[TKE_CARD_ID_LEN];
    TkeCardNeed need;
    TkeCard *card;
    TkeCard *ca;

    tke_operation_set_steps(op, unblock_steps);
    tke_operation_reach(op, 0);
    card = look_first(op, &need, status);
    if (card != NULL) {
        return end_with_unblocked(op, &need, card, *status, error);
    }
    ca = tke_card_session_need(op, &need_ca, &ca_status, error);
    if (ca == NULL) {
        need = need_blocked(session, NULL);
        tke_card_session_look_also(op, &need);
        return false;
    }
    memcpy(ca_id, ca_status->card_id, sizeof ca_id);
    need = need_blocked(session, ca_status->zone_id);
    card = find_unblocked(op, &need, status);
    if (card != NULL) {
        return end_with_unblocked(op, &need, card, *status, error);
    }
    if (!tke_card_session_need_ca_pins(op, 1, false, error) ||
        !tke_card_query_zone_certificate(ca, &zone, error)) {
        return false;
    }
    need = need_blocked(session, zone.zone_id);
    tke_operation_reach(op, 1);
    card = tke_card_session_need(op, &need, status, error);
    if (card == NULL || !tke_operation_check(op, error)) {
        return false;
    }
    if ((*status)->pins[0].state != TKE_PIN_BLOCKED) {
        return end_with_unblocked(op, &need, card, *status, error);
    }
    tke_operation_reach(op, 2);
    if (!tke_operation_may_change(op, error)) {
        return false;
    }
    ca = tke_card_session_still(op, 1, ca_id, &ca_status, error);
    if (ca == NULL) {
        return false;
    }
    *signer = *ca_status;
    tke_card_session_begin(session, "unblock", *status);
    return tke_ep11_card_unblock(card, *status, ca, &zone, error) &&
           tke_card_session_query_status(op, 2, status, error) &&
           check_unblocked(card, *status, error);
}

bool
tke_op_card_unblock(TkeOperation *op, TkeCardStatus *card, GError **error)
{
    const TkeCardStatus *status = NULL;
    TkeCardStatus signer = { .kind = TKE_CARD_KIND_EMPTY };
    JsonObject *values;

    if (!tke_record_check(op, error)) {
        return false;
    }
    tke_operation_note(
        op, _("Unblocking gives the tries back and leaves the PIN as it is. A card whose "
              "PIN is forgotten is not cured by it."));
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(
            op, _("Would give the EP11 card in reader 2 its tries back, with the CA card in "
                  "reader 1."));
        return unblock(op, &status, &signer, error) || tke_op_card_end_dry_run(op, error);
    }
    values = json_object_new();
    if (!unblock(op, &status, &signer, error)) {
        if (signer.kind == TKE_CARD_KIND_CA) {
            tke_record_card(values, "ca", &signer);
        }
        return tke_op_card_fail_known(
            op, "opentke-card.unblock", 2,
            _("start again with the same two cards: the program reads from the card whether it is "
              "still blocked, and unblocks it if so"),
            values, false, error);
    }
    tke_card_session_end(tke_operation_get_card_session(op));
    tke_record_card(values, "card", status);
    if (card != NULL) {
        *card = *status;
    }
    if (signer.kind == TKE_CARD_KIND_CA) {
        tke_record_card_after(op, values, "ca", 1, &signer);
    }
    return tke_record_done(op, "opentke-card.unblock", values, error);
}

/* The other CA PIN pays a try for each change; it needs two. */
static bool
check_other_pin(const TkeCardStatus *status, uint8_t reference, GError **error)
{
    const TkePinStatus *other = tke_card_status_get_pin(
        status, reference == TKE_PIN_FIRST ? TKE_PIN_SECOND : TKE_PIN_FIRST);

    if (other != NULL && other->state != TKE_PIN_NOT_SET && other->tries_left < 2) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_FEW_TRIES,
                    _("reader 1: the other PIN has only %u try left: enter it first (tke card info "
                      "--reader 1 --check), then change this one"),
                    other->tries_left);
        return false;
    }
    return true;
}

/* Of a card that has both PINs and is not lost, as card-session-fits.c sees to: no PIN is blocked,
 * so each has tries left. */
static char *
tries_text(const TkePinStatus *pin)
{
    return g_strdup_printf(ngettext("%u try left", "%u tries left", pin->tries_left),
                           pin->tries_left);
}

/* 2.5, step 2. */
static bool
choose_pin(TkeOperation *op, const TkeCardStatus *status, unsigned *pin, GError **error)
{
    g_autofree char *first = tries_text(&status->pins[0]);
    g_autofree char *second = tries_text(&status->pins[1]);
    const char *const columns[] = { _("PIN"), _("State"), NULL };
    const char *const first_row[] = { _("First PIN"), first, NULL };
    const char *const second_row[] = { _("Second PIN"), second, NULL };
    const char *const *const rows[] = { first_row, second_row, NULL };
    const TkeChoice choice = { .what = "ca-pin",
                               .title = _("Which PIN of the CA card is to be changed?"),
                               .columns = columns,
                               .rows = rows,
                               .n_rows = 2,
                               .default_row = *pin == 2 ? 2 : 1 };
    unsigned index = 0;

    if (!tke_operation_choose(op, &choice, &index, error)) {
        return false;
    }
    *pin = index + 1;
    return true;
}

/* What a change does to the other PIN is said before anybody chooses. */
static bool
prepare_ca(TkeOperation *op, const TkeCardChangePinParams *params, const TkeCardStatus *status,
           uint8_t *reference, GError **error)
{
    tke_operation_note(op, _("The change costs the other PIN of this CA card one try, until it is "
                             "entered rightly, and needs at least two tries left there. Backups "
                             "of the card keep their own PINs."));
    if (params->ask_pin != NULL && tke_operation_is_dry_run(op)) {
        tke_operation_note(op, _("Which of its two PINs would be asked."));
        return tke_operation_may_change(op, error);
    }
    if (params->ask_pin != NULL) {
        tke_operation_reach(op, 1);
        if (!choose_pin(op, status, params->ask_pin, error)) {
            return false;
        }
        *reference = *params->ask_pin == 2 ? TKE_PIN_SECOND : TKE_PIN_FIRST;
    }
    return check_other_pin(status, *reference, error);
}

static bool
change_pin(TkeOperation *op, const TkeCardChangePinParams *params, uint8_t *reference,
           const TkeCardStatus **status, GError **error)
{
    unsigned reader = params->reader;
    const TkeCardNeed need = { .reader = reader,
                               .title = params->title,
                               .zone_id = params->zone_id,
                               .other_than = params->other_than,
                               .n_other_than = params->n_other_than,
                               .wanted = reader == 1 ? TKE_WANTED_CA : TKE_WANTED_EP11,
                               .purpose = "change-pin" };

    tke_operation_set_steps(op, params->ask_pin != NULL ? choose_steps : change_steps);
    tke_operation_reach(op, 0);
    if (tke_card_session_need(op, &need, status, error) == NULL ||
        (reader == 1 && !prepare_ca(op, params, *status, reference, error))) {
        return false;
    }
    tke_operation_reach(op, params->ask_pin != NULL ? 2 : 1);
    return tke_card_session_change_pin(op, reader, *reference, error) &&
           tke_card_session_query_status(op, reader, status, error);
}

bool
tke_op_card_change_pin(TkeOperation *op, const TkeCardChangePinParams *params, TkeCardStatus *card,
                       GError **error)
{
    uint8_t reference = params->pin == 2 ? TKE_PIN_SECOND : TKE_PIN_FIRST;
    const TkeCardStatus *status = NULL;
    JsonObject *values;

    if (params->reader < 1 || params->reader > 2 || params->pin > 2 ||
        (params->reader == 2 && (params->pin == 2 || params->ask_pin != NULL))) {
        g_set_error(
            error, TKE_ERROR, TKE_ERROR_USAGE,
            _("reader 1 holds a CA card with a first and a second PIN, reader 2 an EP11 card "
              "with one"));
        return false;
    }
    if (!tke_record_check(op, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op, _("Would change a PIN of the card in reader %u."), params->reader);
        return change_pin(op, params, &reference, &status, error) ||
               tke_op_card_end_dry_run(op, error);
    }
    if (!change_pin(op, params, &reference, &status, error)) {
        return tke_op_card_fail(
            op, "opentke-card.change-pin", params->reader,
            _("if the new PIN was typed already, try first with the new PIN which of "
              "the two is set; if not, the old one is"),
            error);
    }
    values = json_object_new();
    tke_record_card(values, "card", status);
    json_object_set_int_member(values, "pin", reference == TKE_PIN_SECOND ? 2 : 1);
    if (card != NULL) {
        *card = *status;
    }
    return tke_record_done(op, "opentke-card.change-pin", values, error);
}
