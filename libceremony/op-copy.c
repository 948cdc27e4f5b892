/*
 * Copy an EP11 card to another of its zone (functions 3.3, F-103).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "libceremony/card-session-private.h"
#include "libceremony/key-copies.h"
#include "libceremony/op-card-entries.h"
#include "libceremony/op-card.h"
#include "libceremony/op-key-part.h"
#include "libceremony/record.h"

typedef struct Copy {
    TkeOperation *op;
    const TkeCopyParams *params;
    TkeCard *source;
    TkeCard *target;
    const TkeCardStatus *source_status;
    TkeCardStatus source_seen; /* as the source was when it was put in */
    TkeCardStatus target_status;
    bool has_source, has_target;
    TkeKeyPartList source_list;
    TkeKeyPartList target_list;
    TkeTransferPlan plan;
    unsigned source_before; /* APDUs of the two cards before the copy */
    unsigned target_before;
} Copy;

/* Before anybody types a PIN: is it the card with the key that was named? */
static bool
check_key(const Copy *copy, GError **error)
{
    const TkeCardStatus *source = copy->source_status;
    const char *wanted = copy->params->ski;
    g_autofree char *ski = NULL;

    if (wanted == NULL || tke_op_card_has_ski(source, wanted)) {
        return true;
    }
    if (!source->has_signature_key) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND, "%s",
                    _("reader 1: the card holds no signature key; nothing was copied"));
        return false;
    }
    ski = tke_hex_grouped(source->ski, sizeof source->ski, 4, ' ');
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND,
                _("reader 1: the signature key of %s, %s, does not begin with “%s” (at least 8 "
                  "digits); nothing was copied"),
                source->admin_name, ski, wanted);
    return false;
}

static TkeCardNeed
need_target(const uint8_t *zone_id, const uint8_t *other_than)
{
    return (TkeCardNeed){ .reader = 2,
                          .wanted = TKE_WANTED_EP11,
                          .purpose = "target",
                          .title = _("Insert the EP11 card that gets the copy."),
                          .zone_id = zone_id,
                          .other_than = other_than };
}

/* Both cards are there, and so are their PINs, unless it is a dry run. */
static bool
take_cards(Copy *copy, const uint8_t card_id[static TKE_CARD_ID_LEN], GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(copy->op);
    const TkeCardStatus *status = NULL;

    copy->source = tke_operation_is_dry_run(copy->op)
                       ? tke_card_session_get(session, 1, &copy->source_status)
                       : tke_card_session_still(copy->op, 1, card_id, &copy->source_status, error);
    copy->target = tke_card_session_get(session, 2, &status);
    if (copy->source == NULL || copy->target == NULL) {
        const unsigned reader = copy->source == NULL ? 1 : 2;

        if (error != NULL && *error == NULL) {
            g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED,
                        _("reader %u: the card was taken out; put it back and start again"),
                        reader);
            tke_card_error_set_reader(*error, reader, NULL);
        }
        return false;
    }
    copy->target_status = *status;
    copy->source_before = tke_card_get_apdus(copy->source);
    copy->target_before = tke_card_get_apdus(copy->target);
    return true;
}

/* Both cards, both PINs: the source's typed now, as it hands secrets on. */
static bool
get_cards(Copy *copy, GError **error)
{
    TkeOperation *op = copy->op;
    const TkeCardStatus *status = NULL;
    uint8_t card_id[TKE_CARD_ID_LEN];
    uint8_t zone_id[TKE_ZONE_ID_LEN];
    TkeCardNeed need = { .reader = 1,
                         .wanted = TKE_WANTED_EP11,
                         .purpose = "source",
                         .title = _("Insert the EP11 card to be copied.") };

    if (tke_card_session_need(op, &need, &copy->source_status, error) == NULL) {
        need = need_target(NULL, NULL);
        tke_card_session_look_also(op, &need);
        return false;
    }
    copy->source_seen = *copy->source_status;
    copy->has_source = true;
    if (!check_key(copy, error) || !tke_card_session_need_pin(op, 1, TKE_PIN_FIRST, true, error)) {
        return false;
    }
    memcpy(card_id, copy->source_status->card_id, sizeof card_id);
    memcpy(zone_id, copy->source_status->zone_id, sizeof zone_id);
    need = need_target(zone_id, card_id);
    if (tke_card_session_need(op, &need, &status, error) == NULL) {
        return false;
    }
    copy->target_status = *status;
    copy->has_target = true;
    return tke_card_session_need_pin(op, 2, TKE_PIN_FIRST, false, error) &&
           take_cards(copy, card_id, error);
}

/* Somebody may have left the questions: what has been open too long is asked for again (P-4). */
static bool
still_open(Copy *copy, GError **error)
{
    uint8_t ids[2][TKE_CARD_ID_LEN];

    memcpy(ids[0], copy->source_status->card_id, TKE_CARD_ID_LEN);
    memcpy(ids[1], copy->target_status.card_id, TKE_CARD_ID_LEN);
    copy->source = tke_card_session_still(copy->op, 1, ids[0], &copy->source_status, error);
    copy->target =
        copy->source != NULL ? tke_card_session_still(copy->op, 2, ids[1], NULL, error) : NULL;
    return copy->target != NULL;
}

static bool
make_plan(Copy *copy, GError **error)
{
    const TkeCopyParams *params = copy->params;
    const TkeKeyPartList *target_list = NULL;

    if (!tke_ep11_card_query_parts(copy->source, copy->source_status->n_parts, &copy->source_list,
                                   error)) {
        return false;
    }
    if (params->ask && tke_operation_is_dry_run(copy->op) &&
        copy->source_list.n + (copy->source_status->has_signature_key ? 1u : 0u) > 1) {
        tke_operation_note(copy->op, _("What is to be copied would be asked."));
        return tke_operation_may_change(copy->op, error);
    }
    if (params->ask && !tke_operation_is_dry_run(copy->op)) {
        const TkeEntriesQuestion question = { .what = "copied",
                                              .title = _("What is to be copied?"),
                                              .everything = _("everything") };

        if (!tke_op_card_choose_entries(copy->op, &question, copy->source_status,
                                        &copy->source_list, &copy->plan, error)) {
            return false;
        }
    } else if (params->ask || params->everything) {
        tke_card_transfer_plan_all(copy->source_status, &copy->source_list, &copy->plan);
    } else {
        copy->plan.signature_key = params->signature_key;
        copy->plan.n_places = params->n_places;
        memcpy(copy->plan.places, params->places, params->n_places);
    }
    if (!copy->plan.signature_key && copy->plan.n_places == 0) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND,
                    _("reader 1: the card holds no key and no key part: there is nothing to copy"));
        return false;
    }
    /* also to see whether key parts would be joined */
    if (copy->plan.n_places > 0 ||
        tke_card_transfer_needs_target_list(&copy->target_status, &copy->plan)) {
        if (!tke_ep11_card_query_parts(copy->target, copy->target_status.n_parts,
                                       &copy->target_list, error)) {
            return false;
        }
        target_list = &copy->target_list;
    }
    return tke_card_transfer_check(copy->source_status, &copy->source_list, &copy->target_status,
                                   target_list, &copy->plan, error);
}

static const TkeKeyPart *
part_at(const TkeKeyPartList *list, unsigned place)
{
    for (unsigned i = 0; i < list->n; i++) {
        if (list->parts[i].place == place) {
            return &list->parts[i];
        }
    }
    return NULL;
}

static void
add_line(GPtrArray *lines, const char *format, const TkeKeyPart *part)
{
    g_autofree char *pattern = tke_hex_grouped(part->vp, 8, 4, ' ');
    g_autofree char *name = g_strdup_printf(_("key part %u “%s”, pattern %s…"), part->place,
                                            part->description, pattern);
    g_autoptr(GString) line = g_string_new(format);

    g_string_replace(line, "%s", name, 1);
    g_ptr_array_add(lines, g_strdup(line->str));
}

/* Key parts on the target that the source has not; those that come to it. */
static void
find_joined(const Copy *copy, GPtrArray *there, GPtrArray *coming)
{
    for (unsigned i = 0; i < copy->target_list.n; i++) {
        const TkeKeyPart *part = &copy->target_list.parts[i];

        if (tke_key_part_list_find(&copy->source_list, part->vp) == NULL) {
            add_line(there, _("on the card: %s"), part);
        }
    }
    for (unsigned i = 0; i < copy->plan.n_places; i++) {
        const TkeKeyPart *part = part_at(&copy->source_list, copy->plan.places[i]);

        if (part != NULL && tke_key_part_list_find(&copy->target_list, part->vp) == NULL) {
            add_line(coming, _("to be copied: %s"), part);
        }
    }
}

/* Functions 3.3: two parts of one master key on one card are one person's then. */
static bool
confirm_second_part(const Copy *copy, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) coming = g_ptr_array_new_with_free_func(g_free);
    TkePlan plan = { .action = "second-part",
                     .title = _("The card in reader 2 holds another key part already:"),
                     .consequence =
                         _("Whoever has this card has more than one key part then: parts "
                           "of one master key belong on different cards and to "
                           "different people."),
                     .default_no = true };

    find_joined(copy, lines, coming);
    if (lines->len == 0 || coming->len == 0) {
        return true;
    }
    g_ptr_array_extend_and_steal(lines, g_steal_pointer(&coming));
    g_ptr_array_add(lines, NULL);
    plan.lines = (const char *const *) lines->pdata;
    return tke_operation_confirm(copy->op, &plan, error);
}

static void
on_progress(void *data, unsigned done, unsigned total)
{
    Copy *copy = data;

    tke_operation_step(copy->op, done, total, _("Keys go from card to card"));
    if (done == total) { /* what is left only reads back */
        tke_card_set_cancellable(copy->target, NULL);
    }
}

/* A copy may be long: cancelling is looked at before each command to the target. */
static bool
run_copy(Copy *copy, TkeTransferResult *entries, GError **error)
{
    bool ok;

    tke_card_set_cancellable(copy->target, tke_operation_get_cancellable(copy->op));
    ok = tke_card_transfer_run(copy->source, copy->source_status, &copy->source_list, copy->target,
                               &copy->target_status, &copy->target_list, NULL, &copy->plan,
                               on_progress, copy, entries, error);
    tke_card_set_cancellable(copy->target, NULL);
    return ok;
}

/* Signature key and parts that this copy has brought onto the card. */
static unsigned
count_copied(const TkeTransferResult *entries)
{
    unsigned copied = 0;

    for (unsigned i = 0; i < entries->n; i++) {
        copied += entries->entries[i].already_there ? 0 : 1;
    }
    return copied;
}

/* What is on both cards now: copied, or there already. */
static void
record_keys(const Copy *copy, const TkeTransferResult *entries, JsonObject *values)
{
    const TkeKeyPart *parts[TKE_EP11_PLACES];
    const uint8_t *ski = NULL;
    unsigned n = 0;

    for (unsigned i = 0; i < entries->n; i++) {
        const unsigned place = entries->entries[i].source_place;
        const TkeKeyPart *part = part_at(&copy->source_list, place);

        ski = place == 0 ? copy->source_seen.ski : ski;
        if (part != NULL && n < G_N_ELEMENTS(parts)) {
            parts[n++] = part;
        }
    }
    tke_key_copies_record(values, ski, parts, n);
}

/* Both cards are known; the source is recorded beside. */
static void
record_entries(const Copy *copy, const TkeTransferResult *entries, JsonObject *values)
{
    const unsigned copied = count_copied(entries);
    bool key = false;

    for (unsigned i = 0; i < entries->n; i++) {
        key = key || (entries->entries[i].source_place == 0 && !entries->entries[i].already_there);
    }
    tke_record_card(values, "card", &copy->target_status);
    json_object_set_boolean_member(values, "signature_key", key);
    json_object_set_int_member(values, "parts", (gint64) copied - (key ? 1 : 0));
    json_object_set_int_member(values, "already_there", (gint64) entries->n - copied);
    record_keys(copy, entries, values);
}

static bool
fail(Copy *copy, const TkeTransferResult *entries, GError **error)
{
    const unsigned copied = count_copied(entries);
    JsonObject *values = json_object_new();

    if (copy->has_source) {
        tke_record_card(values, "source", &copy->source_seen);
    }
    if (copy->has_target) {
        record_entries(copy, entries, values);
    }
    if (copied > 0) {
        g_prefix_error(
            error,
            ngettext("%u entry was copied, then: ", "%u entries were copied, then: ", copied),
            copied);
    }
    return tke_op_card_fail_known(
        copy->op, "opentke-card.copy", 2,
        _("“tke card info” shows what is there; start the copy again with the same cards: what is "
          "there is skipped"),
        values, entries->n > 0, error);
}

bool
tke_op_copy_card(TkeOperation *op, const TkeCopyParams *params, TkeCopyResult *result,
                 GError **error)
{
    g_autofree Copy *copy = g_new0(Copy, 1);
    g_autofree TkeTransferResult *entries = g_new0(TkeTransferResult, 1);
    JsonObject *values;

    copy->op = op;
    copy->params = params;
    if (!tke_record_check(op, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op, _("Would copy from the card in reader 1 to the card in reader 2."));
        return (get_cards(copy, error) && make_plan(copy, error) &&
                confirm_second_part(copy, error)) ||
               tke_op_card_end_dry_run(op, error);
    }
    if (!get_cards(copy, error)) {
        return fail(copy, entries, error);
    }
    if (result != NULL) {
        result->source = *copy->source_status;
        result->target = copy->target_status;
    }
    if (!make_plan(copy, error) || !confirm_second_part(copy, error) || !still_open(copy, error) ||
        !tke_operation_check(op, error) || !run_copy(copy, entries, error)) {
        if (result != NULL) {
            result->entries = *entries;
        }
        return fail(copy, entries, error);
    }
    tke_card_session_set_status(tke_operation_get_card_session(op), 2, &copy->target_status);
    if (result != NULL) {
        result->source = *copy->source_status;
        result->target = copy->target_status;
        result->entries = *entries;
        result->parts = copy->target_list;
        result->source_apdus = tke_card_get_apdus(copy->source) - copy->source_before;
        result->target_apdus = tke_card_get_apdus(copy->target) - copy->target_before;
    }
    values = json_object_new();
    record_entries(copy, entries, values);
    tke_record_card_after(op, values, "source", 1, &copy->source_seen);
    return tke_record_done(op, "opentke-card.copy", values, error);
}
