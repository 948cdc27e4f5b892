/*
 * What a card manager tells, lists and deletes (GlobalPlatform 2.3, 11.2 to 11.4, 11.8, 11.9,
 * annex H; CPLC: Visa GlobalPlatform 2.1.1 Card Implementation Requirements).
 */
#include "libsmartcard/gp-registry.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-builder.h"
#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"
#include "libsmartcard/gp-status.h"

#define INS_GET_STATUS 0xF2u
#define STATUS_DOMAIN 0x80u /* P1 of GET STATUS */
#define STATUS_APPLICATIONS 0x40u
#define STATUS_PACKAGES 0x20u
#define STATUS_TAGGED 0x02u /* P2: answers as objects */
#define STATUS_NEXT 0x01u
#define DELETE_RELATED 0x80u
#define TAG_AID 0x4Fu
#define TAG_ENTRY 0xE3u
#define TAG_LIFE_CYCLE 0x9F70u
#define TAG_PACKAGE 0xC4u
#define ANSWERS_MAX 128u /* to one GET STATUS: about 30 KB */

void
tke_gp_registry_free(TkeGpRegistry *registry)
{
    if (registry != NULL) {
        g_clear_pointer(&registry->applications, g_array_unref);
        g_clear_pointer(&registry->packages, g_array_unref);
        g_free(registry);
    }
}

const char *
tke_gp_registry_life_cycle_text(uint8_t life_cycle)
{
    switch (life_cycle) {
    case TKE_GP_OP_READY:
        return "OP_READY";
    case TKE_GP_INITIALIZED:
        return "INITIALIZED";
    case TKE_GP_SECURED:
        return "SECURED";
    case TKE_GP_CARD_LOCKED:
        return "CARD_LOCKED";
    case TKE_GP_TERMINATED:
        return "TERMINATED";
    default:
        return "?";
    }
}

/* 11.4.3.1: what is not known of an entry is skipped. */
static bool
parse_entry(TkeByteCursor *cursor, TkeGpEntry *entry)
{
    bool has_aid = false;
    bool has_life_cycle = false;

    while (tke_byte_cursor_left(cursor) > 0) {
        TkeByteCursor value = { 0 };
        uint16_t tag = 0;

        if (!tke_tlv_read_any(cursor, &tag, &value)) {
            return false;
        }
        if (tag == TAG_AID) {
            if (has_aid || !tke_gp_aid_read(&value, &entry->aid)) {
                return false;
            }
            has_aid = true;
        } else if (tag == TAG_LIFE_CYCLE) {
            if (has_life_cycle || !tke_byte_cursor_u8(&value, &entry->life_cycle)) {
                return false;
            }
            has_life_cycle = true;
        } else if (tag == TAG_PACKAGE) {
            entry->has_package = tke_gp_aid_read(&value, &entry->package);
        }
    }
    return has_aid && has_life_cycle;
}

GArray *
tke_gp_registry_parse_entries(const uint8_t *bytes, size_t len)
{
    g_autoptr(GArray) entries = g_array_new(FALSE, TRUE, sizeof(TkeGpEntry));
    TkeByteCursor cursor = tke_byte_cursor(bytes, len);

    while (tke_byte_cursor_left(&cursor) > 0) {
        TkeByteCursor value = { 0 };
        TkeGpEntry entry = { 0 };

        if (!tke_tlv_read(&cursor, TAG_ENTRY, &value) || !parse_entry(&value, &entry)) {
            return NULL;
        }
        g_array_append_val(entries, entry);
    }
    return g_steal_pointer(&entries);
}

/* One list; a card that has nothing to list says so. */
static GArray *
list(TkeGpScp *scp, uint8_t what, GError **error)
{
    const char *doing = _("listing the card");
    g_autoptr(GByteArray) all = g_byte_array_new();
    TkeApdu apdu = { .cla = TKE_CLA_OWN,
                     .ins = INS_GET_STATUS,
                     .p1 = what,
                     .p2 = STATUS_TAGGED,
                     .data = (const uint8_t[]){ TAG_AID, 0 },
                     .data_len = 2,
                     .has_answer = true };
    GArray *entries = NULL;
    TkeCardAnswer answer;

    for (unsigned i = 0; i < ANSWERS_MAX; i++) {
        GError *made = NULL;

        if (!tke_gp_scp_transmit(scp, &apdu, &answer, error)) {
            return NULL;
        }
        if (answer.sw == TKE_GP_STATUS_NOT_FOUND && i == 0) {
            return g_array_new(FALSE, TRUE, sizeof(TkeGpEntry));
        }
        if (answer.sw != TKE_GP_STATUS_DONE && answer.sw != TKE_GP_STATUS_MORE) {
            tke_gp_status_set_error(&made, answer.sw, doing);
            tke_card_fail(tke_gp_scp_get_card(scp), error, made);
            return NULL;
        }
        g_byte_array_append(all, answer.data, (guint) answer.len);
        if (answer.sw == TKE_GP_STATUS_DONE) {
            entries = tke_gp_registry_parse_entries(all->data, all->len);
            break;
        }
        apdu.p2 = STATUS_TAGGED | STATUS_NEXT;
    }
    if (entries == NULL) {
        tke_card_set_protocol_error(tke_gp_scp_get_card(scp), doing, error);
    }
    return entries;
}

TkeGpRegistry *
tke_gp_registry_query(TkeGpScp *scp, GError **error)
{
    g_autoptr(TkeGpRegistry) registry = g_new0(TkeGpRegistry, 1);
    g_autoptr(GArray) domain = list(scp, STATUS_DOMAIN, error);

    if (domain == NULL) {
        return NULL;
    }
    if (domain->len != 1) {
        tke_card_set_protocol_error(tke_gp_scp_get_card(scp), _("listing the card"), error);
        return NULL;
    }
    registry->card_life_cycle = g_array_index(domain, TkeGpEntry, 0).life_cycle;
    registry->applications = list(scp, STATUS_APPLICATIONS, error);
    registry->packages = registry->applications != NULL ? list(scp, STATUS_PACKAGES, error) : NULL;
    return registry->packages != NULL ? g_steal_pointer(&registry) : NULL;
}

bool
tke_gp_registry_has_package(const TkeGpRegistry *registry, const TkeGpAid *aid)
{
    for (guint i = 0; i < registry->packages->len; i++) {
        if (tke_gp_aid_equal(&g_array_index(registry->packages, TkeGpEntry, i).aid, aid)) {
            return true;
        }
    }
    return false;
}

bool
tke_gp_registry_delete(TkeGpScp *scp, const TkeGpAid *aid, bool *found, GError **error)
{
    uint8_t data[2 + TKE_GP_AID_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    TkeApdu apdu = { .cla = TKE_CLA_OWN,
                     .ins = TKE_INS_DELETE,
                     .p2 = DELETE_RELATED,
                     .data = data,
                     .has_answer = true };
    GError *made = NULL;
    TkeCardAnswer answer;

    tke_tlv_object(&b, TAG_AID, aid->bytes, aid->len);
    g_assert(!b.failed);
    apdu.data_len = b.len;
    if (!tke_gp_scp_transmit(scp, &apdu, &answer, error)) {
        return false;
    }
    if (answer.sw == TKE_GP_STATUS_NOT_FOUND || answer.sw == TKE_GP_STATUS_NO_APPLICATION) {
        *found = false;
        return true;
    }
    if (answer.sw != TKE_GP_STATUS_DONE && answer.sw != TKE_GP_STATUS_GONE_ALREADY) {
        tke_gp_status_set_error(&made, answer.sw, _("deleting the applet"));
        return tke_card_fail(tke_gp_scp_get_card(scp), error, made);
    }
    *found = true;
    return true;
}
