/*
 * Uses of a card, out of its usage log (card-protocol.md, 9).
 */
#include "libceremony/card-uses.h"

#include <string.h>

#include "libsmartcard/card-evidence.h"
#include "libsmartcard/ep11-card-signer.h"

#define OPERATION(value, name, text, source) USAGE_##name = (value),
enum {
#include "libsmartcard/usage-operation.inc"
};
#undef OPERATION

static bool
is_of_part(const TkeUsageEntry *entry, const TkeKeyPartList *parts)
{
    for (unsigned i = 0; i < parts->n; i++) {
        if (memcmp(entry->x, parts->parts[i].vp, sizeof entry->x) == 0) {
            return true;
        }
    }
    return false;
}

/* A key or part that was deleted, and perhaps replaced, is another one. */
static void
take_page(const TkeUsageLog *log, const TkeCardStatus *status, const TkeKeyPartList *parts,
          TkeCardUses *uses)
{
    for (unsigned i = 0; i < log->n; i++) {
        const TkeUsageEntry *entry = &log->entries[i];

        if (entry->operation == USAGE_SIGNED && entry->argument == TKE_EP11_SIGN_COMMAND) {
            uses->signature =
                uses->signature ||
                (status->has_signature_key && memcmp(entry->x, status->ski, sizeof entry->x) == 0);
        } else if (entry->operation == USAGE_PART_ENCRYPTED) {
            uses->part = uses->part || is_of_part(entry, parts);
        }
    }
}

bool
tke_card_uses_query(TkeCard *card, const TkeCardStatus *status, const TkeKeyPartList *parts,
                    TkeCardUses *uses, GError **error)
{
    g_autofree TkeUsageLog *log = g_new0(TkeUsageLog, 1);
    TkeCardUses found = { .known = true };
    bool wanted = status->has_signature_key || parts->n > 0;

    for (unsigned page = 0; wanted && page < TKE_USAGE_PAGES; page++) {
        if (!tke_card_evidence_query_page(card, page, log, error)) {
            return false;
        }
        take_page(log, status, parts, &found);
        wanted = log->n > 0 && log->entries[0].counter > 1 &&
                 ((status->has_signature_key && !found.signature) || (parts->n > 0 && !found.part));
    }
    *uses = found;
    return true;
}
