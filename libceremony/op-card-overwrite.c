/*
 * Overwriting a card in use (functions 2.2, P-5; F-035).
 */
#include "libceremony/op-card-overwrite.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/hex.h"
#include "libceremony/activity-log.h"
#include "libceremony/card-session-private.h"
#include "libceremony/record.h"
#include "libep11admin/json-text.h"

#define ERASE "ERASE" /* typed where a card has no description; not translated */

static const char *
text_of(JsonObject *object, const char *member, const char *name)
{
    JsonNode *node = json_object_get_member(object, member);
    JsonObject *inner =
        node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;

    node = name == NULL ? node : inner != NULL ? json_object_get_member(inner, name) : NULL;
    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

/* If a line of the activity log is a copy or backup of this card: the id of the card it was made to. Caller frees. */
static char *
copied_to(const char *line, const char *id)
{
    g_autoptr(JsonNode) node = tke_json_text_parse(line, strlen(line), TKE_JSON_WHOLE, NULL);
    JsonObject *object =
        node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *action = object != NULL ? text_of(object, "action", NULL) : NULL;

    if (action == NULL || g_strcmp0(text_of(object, "source", "id"), id) != 0 ||
        g_strcmp0(text_of(object, "result", NULL), "done") != 0 ||
        (strcmp(action, "opentke-card.copy") != 0 && strcmp(action, "opentke-zone.backup") != 0)) {
        return NULL;
    }
    return g_strdup(text_of(object, "card", "id"));
}

/* What this workstation knows of copies of the card. */
static void
add_copies(TkeOperation *op, const TkeCardStatus *status, GPtrArray *lines)
{
    g_autofree char *id = tke_card_id_text(status->card_id);
    g_auto(GStrv) log = tke_activity_log_read(tke_operation_get_log(op), 0, NULL);
    g_autofree char *to = NULL;

    for (unsigned i = 0; log != NULL && log[i] != NULL; i++) {
        char *found = copied_to(log[i], id);

        if (found != NULL) {
            g_free(to);
            to = found;
        }
    }
    g_ptr_array_add(lines, to != NULL
                               ? g_strdup_printf(_("Copied to card %s, as this workstation knows."),
                                                 to)
                               : g_strdup(_("No copy of it is known to this workstation.")));
}

static void
add_keys(TkeOperation *op, const TkeCardStatus *status, GPtrArray *lines)
{
    if (status->has_signature_key) {
        g_autofree char *ski = tke_hex_encode(status->ski, sizeof status->ski);

        g_ptr_array_add(lines, g_strdup_printf(_("Signature key of “%s”, %s: every crypto unit "
                                                 "where it is an administrator loses that "
                                                 "signer."),
                                               status->admin_name, ski));
    }
    g_ptr_array_add(lines, g_strdup_printf(ngettext("%u key part", "%u key parts", status->n_parts),
                                           status->n_parts));
    if (status->has_signature_key || status->n_parts > 0) {
        add_copies(op, status, lines);
    }
}

static void
add_zone(const TkeCardNeed *need, const TkeCardStatus *status, GPtrArray *lines)
{
    g_autofree char *zone = tke_card_id_text(status->zone_id);
    const bool same = need->zone_id != NULL &&
                      memcmp(need->zone_id, status->zone_id, TKE_ZONE_ID_LEN) == 0;

    g_ptr_array_add(lines,
                    g_strdup_printf(_("Zone %s “%s”"), zone, status->zone_description));
    if (same && status->kind == TKE_CARD_KIND_CA) {
        g_ptr_array_add(lines, g_strdup(_("It is a CA card of this very zone already: it would be "
                                          "made again.")));
    }
}

static GPtrArray *
make_lines(TkeOperation *op, const TkeCardNeed *need, const TkeCardStatus *status)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *id = NULL;

    if (status->kind == TKE_CARD_KIND_OTHER_VERSION) {
        g_ptr_array_add(lines,
                        g_strdup_printf(_("OpenTKE applet of version %u.%u.%u, which this program "
                                          "does not know: it cannot tell what the card holds."),
                                        status->version[0], status->version[1],
                                        status->version[2]));
    } else {
        id = tke_card_id_text(status->card_id);
        g_ptr_array_add(lines, g_strdup_printf(status->kind == TKE_CARD_KIND_CA
                                                   ? _("CA card “%s”, %s")
                                                   : _("EP11 card “%s”, %s"),
                                               status->description, id));
        add_zone(need, status, lines);
        if (status->kind == TKE_CARD_KIND_EP11) {
            add_keys(op, status, lines);
        } else {
            add_copies(op, status, lines);
        }
    }
    g_ptr_array_add(lines, NULL);
    return lines;
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
        status->kind == TKE_CARD_KIND_CA
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
    }
}
