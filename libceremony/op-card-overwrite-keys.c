/*
 * P-5: the keys on an EP11 card that is to be overwritten, and whether there are copies of them.
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/hex.h"
#include "libceremony/card-session-private.h"
#include "libceremony/inventory.h"
#include "libceremony/key-copies.h"
#include "libceremony/op-card-overwrite.h"
#include "libsmartcard/ep11-card-keys.h"

typedef struct Keys {
    const TkeCardStatus *status; /* of the card that is to be overwritten */
    unsigned reader;
    TkeKeyPartList parts;
    TkeKeyCopies *known;
    TkeInventory *inventory; /* what was seen of these cards last; NULL: not known */
    /* The EP11 card of the same zone in the other reader, and what is seen on it; NULL: none. */
    const TkeCardStatus *beside;
    TkeKeyPartList beside_parts;
} Keys;

static void
look_beside(TkeOperation *op, Keys *keys)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    const TkeCardStatus *status = NULL;
    TkeCard *other = tke_card_session_get(session, 3 - keys->reader, &status);

    if (other != NULL && tke_card_session_is_useful(session, 3 - keys->reader) &&
        status->kind == TKE_CARD_KIND_EP11 && status->life_cycle >= TKE_CARD_MEMBER &&
        memcmp(status->zone_id, keys->status->zone_id, TKE_ZONE_ID_LEN) == 0 &&
        tke_ep11_card_query_parts(other, status->n_parts, &keys->beside_parts, NULL)) {
        keys->beside = status;
    }
}

/* "card A, as this workstation knows; card B in reader 1"; NULL: no copy. What is seen counts, not
 * what is known of the same card. The caller frees. */
static char *
tell_copies(const Keys *keys, GPtrArray *ids, bool is_beside)
{
    g_autofree char *own = tke_card_id_text(keys->status->card_id);
    g_autofree char *other = keys->beside != NULL ? tke_card_id_text(keys->beside->card_id) : NULL;
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

    tke_inventory_drop_useless(keys->inventory, ids);
    for (guint i = 0; i < ids->len; i++) {
        if (strcmp(ids->pdata[i], own) != 0 && g_strcmp0(ids->pdata[i], other) != 0) {
            g_ptr_array_add(texts, g_strdup_printf(_("card %s, as this workstation knows"),
                                                   (const char *) ids->pdata[i]));
        }
    }
    if (is_beside) {
        g_ptr_array_add(texts, g_strdup_printf(_("card %s in reader %u"), other, 3 - keys->reader));
    }
    if (texts->len == 0) {
        return NULL;
    }
    g_ptr_array_add(texts, NULL);
    return g_strjoinv("; ", (char **) texts->pdata);
}

/* Whether it has a copy (yes or no, as asked), the key part is told. */
static void
add_part(const Keys *keys, const TkeKeyPart *part, bool with_copy, GPtrArray *lines)
{
    g_autoptr(GPtrArray) ids = tke_key_copies_of_part(keys->known, part->vp);
    const bool beside =
        keys->beside != NULL && tke_key_part_list_find(&keys->beside_parts, part->vp) != NULL;
    g_autofree char *copies = tell_copies(keys, ids, beside);
    g_autofree char *pattern = tke_hex_grouped(part->vp, 8, 4, ' ');

    if (with_copy && copies != NULL) {
        g_ptr_array_add(lines, g_strdup_printf(_("Key part %u “%s”, pattern %s…: also on %s."),
                                               part->place, part->description, pattern, copies));
    } else if (!with_copy && copies == NULL) {
        g_ptr_array_add(lines, g_strdup_printf(_("Key part %u “%s”, pattern %s…: NO copy of it is "
                                                 "known to this workstation."),
                                               part->place, part->description, pattern));
    }
}

static void
add_signature_key(const Keys *keys, bool with_copy, GPtrArray *lines)
{
    const TkeCardStatus *status = keys->status;
    g_autoptr(GPtrArray) ids = tke_key_copies_of_key(keys->known, status->ski);
    const bool beside = keys->beside != NULL && keys->beside->has_signature_key &&
                        memcmp(keys->beside->ski, status->ski, sizeof status->ski) == 0;
    g_autofree char *copies = tell_copies(keys, ids, beside);
    g_autofree char *ski = tke_hex_grouped(status->ski, sizeof status->ski, 4, ' ');

    if (!status->has_signature_key || with_copy != (copies != NULL)) {
        return;
    }
    g_ptr_array_add(lines,
                    copies == NULL
                        ? g_strdup(_("NO copy of the signature key is known to this workstation."))
                        : g_strdup_printf(_("The signature key is also on %s."), copies));
    g_ptr_array_add(lines, g_strdup_printf(_("Signature key of “%s”, %s: every crypto unit "
                                             "where it is an administrator loses that "
                                             "signer."),
                                           status->admin_name, ski));
}

/* First how much would be lost, then what is nowhere else. */
void
tke_op_card_overwrite_add_keys(TkeOperation *op, unsigned reader, const TkeCardStatus *status,
                               GPtrArray *lines)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCard *card = tke_card_session_get(session, reader, NULL);
    g_autoptr(TkeKeyCopies) known = tke_key_copies_read(tke_operation_get_log(op));
    g_autoptr(TkeInventory) inventory = tke_inventory_load(tke_operation_get_world(op), NULL);
    g_autofree Keys *keys = g_new0(Keys, 1);
    const bool listed =
        card != NULL && tke_ep11_card_query_parts(card, status->n_parts, &keys->parts, NULL);

    keys->status = status;
    keys->reader = reader;
    keys->known = known;
    keys->inventory = inventory;
    look_beside(op, keys);
    g_ptr_array_add(lines, g_strdup_printf(ngettext("%u key part", "%u key parts", status->n_parts),
                                           status->n_parts));
    if (!listed) {
        g_ptr_array_add(lines, g_strdup(_("Which key parts they are could not be read: NO copy of "
                                          "them is known.")));
    }
    for (unsigned with_copy = 0; with_copy <= 1; with_copy++) {
        add_signature_key(keys, with_copy == 1, lines);
        for (unsigned i = 0; listed && i < keys->parts.n; i++) {
            add_part(keys, &keys->parts.parts[i], with_copy == 1, lines);
        }
    }
}
