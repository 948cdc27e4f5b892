/*
 * Overwriting a card in use (functions 2.2, P-5; F-035).
 */
#include "libceremony/op-card-overwrite.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/card-session-private.h"
#include "libceremony/inventory.h"
#include "libceremony/known-copies.h"
#include "libceremony/record.h"

#define ERASE "ERASE" /* typed where a card has no description; not translated */

/* The CA card in the other reader holds the same: that is seen, whatever the log knows. */
static bool
is_beside(TkeOperation *op, unsigned reader, const TkeCardStatus *status)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    const TkeCardStatus *other_status = NULL;

    return tke_card_session_get(session, 3 - reader, &other_status) != NULL &&
           tke_card_session_is_useful(session, 3 - reader) &&
           other_status->kind == TKE_CARD_KIND_CA && other_status->life_cycle >= TKE_CARD_MEMBER &&
           memcmp(other_status->zone_id, status->zone_id, TKE_ZONE_ID_LEN) == 0;
}

static void
add_ids(const char *format, const GPtrArray *ids, GPtrArray *lines)
{
    for (guint i = 0; i < ids->len; i++) {
        g_autoptr(GString) line = g_string_new(format);

        g_string_replace(line, "%s", ids->pdata[i], 1);
        g_ptr_array_add(lines, g_strdup(line->str));
    }
}

/* What this workstation knows, and sees, of copies of the CA card. */
static void
add_copies(TkeOperation *op, unsigned reader, const TkeCardStatus *status, GPtrArray *lines)
{
    g_autoptr(TkeKnownCopies) copies =
        tke_known_copies_read(tke_operation_get_log(op), status->card_id);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(tke_operation_get_world(op), NULL);
    bool beside = is_beside(op, reader, status);

    tke_inventory_drop_useless(inventory, copies->to);
    tke_inventory_drop_useless(inventory, copies->from);
    if (beside) {
        g_ptr_array_add(lines,
                        g_strdup_printf(_("The card in reader %u holds the same."), 3 - reader));
    }
    add_ids(_("Copied to card %s, as this workstation knows."), copies->to, lines);
    add_ids(_("Copied from card %s, as this workstation knows."), copies->from, lines);
    if (!beside && copies->to->len == 0 && copies->from->len == 0) {
        g_ptr_array_add(lines, g_strdup(_("No copy of it is known to this workstation.")));
    }
}

static void
add_zone(const TkeCardNeed *need, const TkeCardStatus *status, GPtrArray *lines)
{
    g_autofree char *zone = tke_card_id_text(status->zone_id);
    const bool same =
        need->zone_id != NULL && memcmp(need->zone_id, status->zone_id, TKE_ZONE_ID_LEN) == 0;

    g_ptr_array_add(lines, g_strdup_printf(_("Zone %s “%s”"), zone, status->zone_description));
    if (same && status->kind == TKE_CARD_KIND_CA) {
        g_ptr_array_add(lines, g_strdup(_("It is a CA card of this very zone already: it would be "
                                          "made again.")));
    }
    if (tke_card_status_is_lost(status)) {
        g_ptr_array_add(lines,
                        g_strdup(_("One of its PINs is blocked for good: it is of no use any "
                                   "more.")));
    }
}

static GPtrArray *
make_lines(TkeOperation *op, const TkeCardNeed *need, const TkeCardStatus *status)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *id = NULL;

    if (status->kind == TKE_CARD_KIND_OTHER_VERSION) {
        g_ptr_array_add(
            lines,
            g_strdup_printf(status->applet == TKE_CARD_KIND_CA
                                ? _("CA card with an applet of version %u.%u.%u, which this "
                                    "program does not know: it cannot tell which zone it is of.")
                                : _("EP11 card with an applet of version %u.%u.%u, which this "
                                    "program does not know: it cannot tell which keys it holds."),
                            status->version[0], status->version[1], status->version[2]));
    } else {
        id = tke_card_id_text(status->card_id);
        g_ptr_array_add(lines,
                        g_strdup_printf(status->kind == TKE_CARD_KIND_CA ? _("CA card “%s”, %s")
                                                                         : _("EP11 card “%s”, %s"),
                                        status->description, id));
        add_zone(need, status, lines);
        if (status->kind == TKE_CARD_KIND_EP11) {
            tke_op_card_overwrite_add_keys(op, need->reader, status, lines);
        } else {
            add_copies(op, need->reader, status, lines);
        }
    }
    g_ptr_array_add(lines, NULL);
    return lines;
}

static bool
is_ca(const TkeCardStatus *status)
{
    return status->kind == TKE_CARD_KIND_CA ||
           (status->kind == TKE_CARD_KIND_OTHER_VERSION && status->applet == TKE_CARD_KIND_CA);
}

bool
tke_op_card_overwrite_confirm(TkeOperation *op, const TkeCardNeed *need,
                              const TkeCardStatus *status, GError **error)
{
    g_autoptr(GPtrArray) lines = NULL;
    g_autofree char *title = NULL;
    TkePlan plan = { .action = "card-overwrite", .default_no = true };

    if (tke_card_status_is_blank(status)) {
        return true;
    }
    lines = make_lines(op, need, status);
    title = g_strdup_printf(_("The card in reader %u is in use. It will be overwritten."),
                            need->reader);
    plan.title = title;
    plan.lines = (const char *const *) lines->pdata;
    plan.consequence =
        is_ca(status)
            ? _("Everything on it is erased for good. Its zone can enroll and unblock no card any "
                "more unless a backup CA card exists.")
            : _("Everything on it is erased for good.");
    plan.confirm_text = status->description[0] != '\0' ? status->description : ERASE;
    return tke_operation_confirm(op, &plan, error);
}

bool
tke_op_card_overwrite_is_same(TkeOperation *op, const TkeCardNeed *need,
                              const TkeCardStatus *status, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    const TkeCardSlot *slot = tke_card_session_slot(session, need->reader);
    const TkeCardStatus before = *status;
    const uint32_t events = slot->events;
    const bool has_id = before.kind == TKE_CARD_KIND_CA || before.kind == TKE_CARD_KIND_EP11;
    const TkeCardStatus *now = NULL;

    if (!tke_card_session_look(op, NULL, error)) {
        return false;
    }
    if (tke_card_session_get(session, need->reader, &now) == NULL || now->kind != before.kind ||
        memcmp(now->card_id, before.card_id, TKE_CARD_ID_LEN) != 0 ||
        memcmp(now->zone_id, before.zone_id, TKE_ZONE_ID_LEN) != 0 ||
        (!has_id && slot->events != events)) { /* whose id cannot be read must not have moved */
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED,
                    _("reader %u: the card was taken out or changed; nothing was erased, start "
                      "again"),
                    need->reader);
        return false;
    }
    return true;
}

void
tke_op_card_overwrite_record(JsonObject *values, const TkeCardStatus *status)
{
    if (status->kind == TKE_CARD_KIND_CA || status->kind == TKE_CARD_KIND_EP11) {
        tke_record_card(values, "card", status);
        json_object_set_int_member(values, "key_parts", status->n_parts);
    } else {
        json_object_set_string_member(values, "card", "other-version");
        json_object_set_string_member(values, "kind", is_ca(status) ? "ca" : "ep11");
    }
}
