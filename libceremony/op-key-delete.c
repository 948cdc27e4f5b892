/*
 * Signature keys and key parts are deleted from cards (functions 2.13, F-033).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "libceremony/card-session.h"
#include "libceremony/key-copies.h"
#include "libceremony/key-losses.h"
#include "libceremony/op-card-entries.h"
#include "libceremony/op-card.h"
#include "libceremony/op-key-part.h"
#include "libceremony/record.h"
#include "libceremony/unit-memory.h"
#include "libsmartcard/card-error.h"

#define DELETE "opentke-card.delete"

/* What was to be deleted, and how much of it is gone or may be. */
typedef struct Lost {
    TkeKeyPart parts[TKE_EP11_PLACES];
    unsigned n_parts;
    uint8_t ski[32];
    bool key;
    bool begun; /* the log knows that something is deleted; it has to be told what */
} Lost;

/* The parts to delete, with their patterns; all of them must be there. */
static bool
find_parts(const TkeKeyPartList *list, const TkeDeleteParams *params, TkeKeyPart *found,
           GPtrArray *lines, GError **error)
{
    for (unsigned i = 0; i < params->n_places; i++) {
        const TkeKeyPart *part = NULL;
        g_autofree char *pattern = NULL;

        for (unsigned k = 0; k < list->n; k++) {
            part = list->parts[k].place == params->places[i] ? &list->parts[k] : part;
        }
        if (part == NULL) {
            g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND,
                        _("reader 2: the card has no key part %u; nothing was deleted"),
                        params->places[i]);
            return false;
        }
        found[i] = *part;
        pattern = tke_hex_grouped(part->vp, 8, 4, ' ');
        g_ptr_array_add(lines, g_strdup_printf(_("key part %u “%s”, pattern %s…"), part->place,
                                               part->description, pattern));
    }
    return true;
}

const char *
tke_op_key_word(const TkeCardStatus *status)
{
    return status->description[0] != '\0' ? status->description : "ERASE";
}

static bool
check_ski(const TkeDeleteParams *params, const TkeCardStatus *status, GPtrArray *lines,
          GError **error)
{
    g_autofree char *grouped = NULL;

    if (params->ski == NULL) {
        return true;
    }
    if (!tke_op_card_has_ski(status, params->ski)) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND,
                    _("reader 2: the card has no signature key that begins with “%s” (at least 8 "
                      "digits); nothing was deleted"),
                    params->ski);
        return false;
    }
    grouped = tke_hex_grouped(status->ski, sizeof status->ski, 4, ' ');
    g_ptr_array_add(lines,
                    g_strdup_printf(_("signature key of %s, %s"), status->admin_name, grouped));
    return true;
}

/* Each kind for itself: what is lost with a key is not what is lost with parts (functions 2.13). */
static bool
confirm_kind(TkeOperation *op, const TkeCardStatus *status, const char *title, GPtrArray *lines,
             const char *consequence, GError **error)
{
    const TkePlan plan = { .action = "card-delete",
                           .title = title,
                           .lines = (const char *const *) lines->pdata,
                           .consequence = consequence,
                           .confirm_text = tke_op_key_word(status),
                           .default_no = true };

    return tke_operation_confirm(op, &plan, error);
}

static bool
confirm_parts(TkeOperation *op, const TkeCardStatus *status, unsigned n, GPtrArray *lines,
              GError **error)
{
    g_autofree char *title =
        g_strdup_printf(ngettext("%u key part will be deleted from the card in reader 2:",
                                 "%u key parts will be deleted from the card in reader 2:", n),
                        n);

    return n == 0 ||
           confirm_kind(op, status, title, lines, _("There is no way back without a copy."), error);
}

static bool
confirm_key(TkeOperation *op, const TkeCardStatus *status, GPtrArray *lines, GError **error)
{
    return confirm_kind(op, status,
                        _("The signature key will be deleted from the card in reader 2:"), lines,
                        _("Crypto units where this key is an administrator lose the signer and may "
                          "become unmanageable. There is no way back without a copy."),
                        error);
}

/* What is gone, and what may be, is told whatever happened then (E-C07). */
static bool
stopped_at(GPtrArray *gone, const char *what, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < gone->len; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", (const char *) gone->pdata[i]);
    }
    if (what != NULL && error != NULL && tke_card_error_is_outcome_unknown(*error)) {
        g_prefix_error(error, _("whether %s is deleted too is not known: "), what);
    }
    if (gone->len > 0) {
        g_prefix_error(error, _("these are deleted: %s; then: "), text->str);
    }
    return false;
}

static bool
delete_parts(TkeOperation *op, TkeCard *card, unsigned n, TkeDeleteResult *result, Lost *lost,
             GPtrArray *gone, GError **error)
{
    const TkeKeyPart *parts = lost->parts;

    for (unsigned i = 0; i < n; i++) {
        g_autofree char *name =
            g_strdup_printf(_("key part %u “%s”"), parts[i].place, parts[i].description);

        if (!tke_operation_check(op, error)) {
            return stopped_at(gone, NULL, error);
        }
        if (!tke_ep11_card_delete_part(card, parts[i].place, parts[i].vp, error)) {
            lost->n_parts += tke_op_card_may_be_done(error) ? 1 : 0;
            return stopped_at(gone, name, error);
        }
        result->n_deleted++;
        lost->n_parts++;
        g_ptr_array_add(gone, g_steal_pointer(&name));
    }
    return true;
}

/* Functions 2.13: units that are known to have the administrator are named. What is not known
 * stops nothing. */
static void
add_known_units(TkeOperation *op, const TkeCardStatus *status, GPtrArray *lines)
{
    const char *directory = tke_world_get_directory(tke_operation_get_world(op), NULL);
    g_autoptr(TkeUnitMemory) memory =
        directory != NULL ? tke_unit_memory_load(directory, NULL) : NULL;
    g_autoptr(GPtrArray) names =
        memory != NULL ? tke_unit_memory_find_admin(memory, status->ski) : NULL;
    g_autofree char *list = NULL;

    if (names != NULL && names->len > 0) {
        g_ptr_array_add(names, NULL);
        list = g_strjoinv(", ", (char **) names->pdata);
        g_ptr_array_add(
            lines, g_strdup_printf(_("installed as administrator, when seen last, in: %s"), list));
    }
}

static bool
delete_key(TkeOperation *op, TkeCard *card, TkeDeleteResult *result, Lost *lost, GPtrArray *gone,
           GError **error)
{
    if (!tke_operation_check(op, error)) {
        return stopped_at(gone, NULL, error);
    }
    if (!tke_ep11_card_delete_signature_key(card, lost->ski, error)) {
        lost->key = tke_op_card_may_be_done(error);
        return stopped_at(gone, _("the signature key"), error);
    }
    result->key_deleted = true;
    lost->key = true;
    g_ptr_array_add(gone, g_strdup(_("the signature key")));
    return true;
}

/* Functions 2.13: after the PIN, from what is there. ski gets the identifier of a chosen key. */
static bool
choose_deleted(TkeOperation *op, const TkeCardStatus *status, const TkeKeyPartList *list,
               TkeDeleteParams *params, char **ski, GError **error)
{
    const TkeEntriesQuestion question = { .what = "deleted", .title = _("What is to be deleted?") };
    TkeTransferPlan chosen = { 0 };

    if ((list->n + (status->has_signature_key ? 1u : 0u) > 1 &&
         !tke_operation_may_change(op, error)) ||
        !tke_op_card_choose_entries(op, &question, status, list, &chosen, error)) {
        return false;
    }
    if (!chosen.signature_key && chosen.n_places == 0) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND,
                    _("reader 2: the card holds no key and no key part: there is nothing to "
                      "delete"));
        return false;
    }
    *ski = chosen.signature_key ? tke_hex_encode(status->ski, sizeof status->ski) : NULL;
    params->ski = *ski;
    params->n_places = chosen.n_places;
    memcpy(params->places, chosen.places, sizeof params->places);
    return true;
}

static JsonObject *
delete_values(const TkeDeleteParams *params, const TkeDeleteResult *result, const Lost *lost)
{
    const TkeKeyPart *parts[TKE_EP11_PLACES];
    JsonObject *values = json_object_new();
    JsonArray *places = json_array_new();

    for (unsigned i = 0; i < result->n_deleted; i++) {
        json_array_add_int_element(places, params->places[i]);
    }
    json_object_set_array_member(values, "places", places);
    json_object_set_boolean_member(values, "signature_key", result->key_deleted);
    for (unsigned i = 0; i < lost->n_parts; i++) {
        parts[i] = &lost->parts[i];
    }
    tke_key_copies_record(values, lost->key ? lost->ski : NULL, parts, lost->n_parts);
    tke_record_card(values, "card", &result->card);
    return values;
}

/* The log knows before the card does, whatever becomes of this program (F-170). */
static bool
begin(TkeOperation *op, const TkeDeleteParams *params, const TkeDeleteResult *result, Lost *lost,
      GError **error)
{
    const bool key = params->ski != NULL;
    const TkeKeyLosses losses = { .ski = key ? lost->ski : NULL,
                                  .parts = lost->parts,
                                  .n_parts = params->n_places };
    Lost all = *lost;

    all.n_parts = params->n_places;
    all.key = key;
    lost->begun = tke_operation_check(op, error) &&
                  tke_key_losses_begin(op, DELETE, delete_values(params, result, &all),
                                       result->card.card_id, &losses, error);
    return lost->begun;
}

/* params: what was asked for comes into it, with ski to hold an identifier. */
static bool
delete_keys(TkeOperation *op, TkeDeleteParams *params, char **ski, TkeDeleteResult *result,
            Lost *lost, const TkeCardStatus **status, GError **error)
{
    const TkeCardNeed need = { .reader = 2, .wanted = TKE_WANTED_EP11, .purpose = "delete" };
    g_autoptr(GPtrArray) part_lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) key_lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(g_free);
    TkeKeyPartList list = { 0 };
    TkeCard *card = tke_card_session_need(op, &need, status, error);

    if (card == NULL) {
        return false;
    }
    result->card = **status;
    memcpy(lost->ski, (*status)->ski, sizeof lost->ski);
    if (!tke_op_card_check_same(*status, params->card_id, error) ||
        (params->ask && !tke_card_session_need_pin(op, 2, TKE_PIN_FIRST, false, error)) ||
        !tke_ep11_card_query_parts(card, (*status)->n_parts, &list, error) ||
        (params->ask && !choose_deleted(op, *status, &list, params, ski, error)) ||
        !check_ski(params, *status, key_lines, error) ||
        !find_parts(&list, params, lost->parts, part_lines, error)) {
        return false;
    }
    if (params->ski != NULL) {
        add_known_units(op, *status, key_lines);
    }
    g_ptr_array_add(part_lines, NULL);
    g_ptr_array_add(key_lines, NULL);
    return tke_card_session_need_pin(op, 2, TKE_PIN_FIRST, false, error) &&
           confirm_parts(op, *status, params->n_places, part_lines, error) &&
           (params->ski == NULL || confirm_key(op, *status, key_lines, error)) &&
           tke_operation_may_change(op, error) &&
           /* once more if somebody has left the questions (P-4) */
           tke_card_session_need_pin(op, 2, TKE_PIN_FIRST, false, error) &&
           begin(op, params, result, lost, error) &&
           delete_parts(op, card, params->n_places, result, lost, gone, error) &&
           (params->ski == NULL || delete_key(op, card, result, lost, gone, error)) &&
           (tke_card_session_query_status(op, 2, status, error) || stopped_at(gone, NULL, error));
}

bool
tke_op_delete_keys(TkeOperation *op, const TkeDeleteParams *params, TkeDeleteResult *result,
                   GError **error)
{
    const TkeCardStatus *status = NULL;
    TkeDeleteParams wanted = *params;
    g_autofree char *ski = NULL;
    TkeDeleteResult done = { 0 };
    Lost lost = { 0 };
    bool ok;

    if (!params->ask && params->ski == NULL && params->n_places == 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("say what to delete: --ski for the signature key, --place for key parts"));
        return false;
    }
    if (!tke_record_check(op, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op, _("Would delete keys from the card in reader 2."));
        return delete_keys(op, &wanted, &ski, &done, &lost, &status, error) ||
               tke_op_card_end_dry_run(op, error);
    }
    ok = delete_keys(op, &wanted, &ski, &done, &lost, &status, error);
    if (ok) {
        done.card = *status;
    }
    if (result != NULL) {
        *result = done;
    }
    if (!ok) {
        bool partly = lost.begun || done.n_deleted > 0 || done.key_deleted;

        return tke_op_card_fail_known(
            op, DELETE, 2, _("“tke card info” shows what is left; start again for the rest"),
            status != NULL ? delete_values(&wanted, &done, &lost) : NULL, partly, error);
    }
    return tke_record_done(op, DELETE, delete_values(&wanted, &done, &lost), error);
}
