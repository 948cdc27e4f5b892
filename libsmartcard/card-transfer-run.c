/*
 * Copying from one EP11 card to another (card-protocol.md, 8.5 and 13).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "libsmartcard/card-private.h"
#include "libsmartcard/card-transfer.h"

/* One copy under way. */
typedef struct Transfer {
    TkeCard *source, *target;
    const TkeKeyPartList *source_list;
    const TkeTransferPlan *plan;
    TkeTransferProgress progress;
    void *progress_data;
    TkeTransferResult *result;
} Transfer;

static const TkeKeyPart *
part_at(const TkeKeyPartList *list, uint8_t place)
{
    for (unsigned i = 0; i < list->n; i++) {
        if (list->parts[i].place == place) {
            return &list->parts[i];
        }
    }
    return NULL;
}

bool
tke_card_transfer_needs_target_list(const TkeCardStatus *target, const TkeTransferPlan *plan)
{
    return target->n_parts + plan->n_places > TKE_EP11_PLACES;
}

void
tke_card_transfer_plan_all(const TkeCardStatus *source, const TkeKeyPartList *list,
                           TkeTransferPlan *plan)
{
    *plan = (TkeTransferPlan){ .signature_key = source->has_signature_key, .n_places = list->n };
    for (unsigned i = 0; i < list->n; i++) {
        plan->places[i] = list->parts[i].place;
    }
}

static bool
check_contents(const TkeCardStatus *source, const TkeKeyPartList *source_list,
               const TkeCardStatus *target, const TkeTransferPlan *plan, GError **error)
{
    if (plan->signature_key && !source->has_signature_key) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND,
                    _("the source card has no signature key"));
        return false;
    }
    for (unsigned i = 0; i < plan->n_places; i++) {
        if (part_at(source_list, plan->places[i]) == NULL) {
            g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_FOUND,
                        _("the source card has no key part number %u"), plan->places[i]);
            return false;
        }
    }
    if (plan->signature_key && target->has_signature_key &&
        memcmp(source->ski, target->ski, sizeof source->ski) != 0) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_EXISTS,
                    _("the target card has another signature key (“%s”)"), target->admin_name);
        return false;
    }
    return true;
}

static bool
check_room(const TkeKeyPartList *source_list, const TkeCardStatus *target,
           const TkeKeyPartList *target_list, const TkeTransferPlan *plan, GError **error)
{
    unsigned new_parts = 0;

    for (unsigned i = 0; i < plan->n_places; i++) {
        const TkeKeyPart *part = part_at(source_list, plan->places[i]);

        if (target_list == NULL || tke_key_part_list_find(target_list, part->vp) == NULL) {
            new_parts++;
        }
    }
    if (new_parts > TKE_EP11_PLACES - target->n_parts) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_FULL,
                    _("the target card has %u free places, %u are needed"),
                    TKE_EP11_PLACES - target->n_parts, new_parts);
        return false;
    }
    return true;
}

bool
tke_card_transfer_check(const TkeCardStatus *source, const TkeKeyPartList *source_list,
                        const TkeCardStatus *target, const TkeKeyPartList *target_list,
                        const TkeTransferPlan *plan, GError **error)
{
    if (!tke_card_status_need_personalised(source, NULL, error)) {
        g_prefix_error(error, _("source card: "));
        return false;
    }
    if (!tke_card_status_need_personalised(target, source->zone_id, error)) {
        g_prefix_error(error, _("target card: "));
        return false;
    }
    if (memcmp(source->card_id, target->card_id, TKE_CARD_ID_LEN) == 0) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_SAME_CARD,
                    _("source and target are the same card"));
        return false;
    }
    return check_contents(source, source_list, target, plan, error) &&
           check_room(source_list, target, target_list, plan, error);
}

/* The certificate an offer carries is that of the card which was recognised. */
static bool
check_party(const TkeCard *card, const TkeTransferOffer *offer, const TkeCardStatus *status,
            const TkeZoneCertificate *zone, GError **error)
{
    g_autoptr(GError) inner = NULL;

    if (memcmp(offer->certificate.card_id, status->card_id, TKE_CARD_ID_LEN) != 0 ||
        memcmp(offer->certificate.zone_id, status->zone_id, TKE_ZONE_ID_LEN) != 0) {
        return tke_card_fail(card, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE,
                                         _("the card's certificate names another card")));
    }
    if (zone != NULL &&
        !tke_zone_certificate_check_card(&offer->certificate, zone, status->card_id, &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    return true;
}

static bool
agree(const Transfer *t, const TkeCardStatus *source_status, const TkeCardStatus *target_status,
      const TkeZoneCertificate *zone, GError **error)
{
    TkeTransferOffer offer = { 0 };
    TkeTransferOffer answer = { 0 };

    return tke_card_transfer_make_offer(t->target, &offer, error) &&
           check_party(t->target, &offer, target_status, zone, error) &&
           tke_card_transfer_start_sending(t->source, &offer, &answer, error) &&
           check_party(t->source, &answer, source_status, zone, error) &&
           tke_card_transfer_start_receiving(t->target, &answer, error);
}

static void
tell_progress(const Transfer *t)
{
    if (t->progress != NULL) {
        t->progress(t->progress_data, t->result->n,
                    t->plan->n_places + (t->plan->signature_key ? 1 : 0));
    }
}

static bool
copy_key(const Transfer *t, GError **error)
{
    TkeTransferSealed sealed = { .len = 0 };

    if (!tke_card_transfer_send_key(t->source, &sealed, error) ||
        !tke_card_transfer_receive(t->target, &sealed, true, 1, &t->result->entries[t->result->n],
                                   error)) {
        return false;
    }
    t->result->n++;
    tell_progress(t);
    return true;
}

static bool
copy_parts(const Transfer *t, GError **error)
{
    unsigned n = 0;

    for (unsigned done = 0; done < t->plan->n_places; done += n) {
        const uint8_t *places = t->plan->places + done;
        TkeTransferEntry *entries = &t->result->entries[t->result->n];
        TkeTransferSealed sealed = { .len = 0 };

        n = MIN(TKE_TRANSFER_BATCH, t->plan->n_places - done);
        for (unsigned i = 0; i < n; i++) {
            entries[i].source_place = places[i];
        }
        if (!tke_card_transfer_send_parts(t->source, places, n, &sealed, error) ||
            !tke_card_transfer_receive(t->target, &sealed, false, n, entries, error)) {
            return false;
        }
        t->result->n += n;
        tell_progress(t);
    }
    return true;
}

/* Every part asked for is where the target said it put it, and the key is the source's. */
static bool
check_target(const Transfer *t, const TkeCardStatus *source_status,
             const TkeCardStatus *target_status, const TkeKeyPartList *target_list)
{
    if (t->plan->signature_key &&
        (!target_status->has_signature_key ||
         memcmp(source_status->ski, target_status->ski, sizeof source_status->ski) != 0)) {
        return false;
    }
    for (unsigned i = 0; i < t->result->n; i++) {
        const TkeTransferEntry *entry = &t->result->entries[i];
        const TkeKeyPart *sent = NULL;
        const TkeKeyPart *held = NULL;

        if (entry->source_place == 0) {
            continue;
        }
        sent = part_at(t->source_list, entry->source_place);
        held = part_at(target_list, entry->target_place);
        if (sent == NULL || held == NULL || !tke_digest_vp_equal(sent->vp, held->vp)) {
            return false;
        }
    }
    return target_list->n == target_status->n_parts;
}

/* Reads the target again: its list, then its status. */
static bool
read_back(const Transfer *t, const TkeCardStatus *source_status, TkeCardStatus *target_status,
          TkeKeyPartList *target_list, GError **error)
{
    TkeKeyPartList list = { 0 };
    TkeCardStatus status = { 0 };
    unsigned n = target_status->n_parts;

    for (unsigned i = 0; i < t->result->n; i++) {
        if (t->result->entries[i].source_place != 0 && !t->result->entries[i].already_there) {
            n++;
        }
    }
    if (!tke_ep11_card_query_parts(t->target, n, &list, error) ||
        !tke_card_query_status(t->target, &status, error)) {
        return false;
    }
    if (!check_target(t, source_status, &status, &list)) {
        return tke_card_fail(t->target, error,
                             g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                                         _("after the copy the target card does not hold what it "
                                           "should")));
    }
    *target_status = status;
    if (target_list != NULL) {
        *target_list = list;
    }
    return true;
}

bool
tke_card_transfer_run(TkeCard *source, const TkeCardStatus *source_status,
                      const TkeKeyPartList *source_list, TkeCard *target,
                      TkeCardStatus *target_status, TkeKeyPartList *target_list,
                      const TkeZoneCertificate *zone, const TkeTransferPlan *plan,
                      TkeTransferProgress progress, void *progress_data, TkeTransferResult *result,
                      GError **error)
{
    const Transfer t = { .source = source,
                         .target = target,
                         .source_list = source_list,
                         .plan = plan,
                         .progress = progress,
                         .progress_data = progress_data,
                         .result = result };

    g_return_val_if_fail(plan->n_places <= TKE_EP11_PLACES, false);
    *result = (TkeTransferResult){ .n = 0 };
    return agree(&t, source_status, target_status, zone, error) &&
           (!plan->signature_key || copy_key(&t, error)) && copy_parts(&t, error) &&
           read_back(&t, source_status, target_status, target_list, error);
}
